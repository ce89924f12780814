//! Files that are another text once they are checked out: `.gitattributes` can name an encoding, a
//! filter or line ends, and deployers read what `git checkout` writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gix::attrs::search::{MetadataCollection, Outcome};
use gix::attrs::{Search, StateRef};
use gix::glob::pattern::Case;

use crate::config::repo::Engine;
use crate::ids::RepoPath;
use crate::plan::{AppSide, Doubt, Refusal, RefusalKind};
use crate::tree::{EntryKind, Tree};

/// The name of the file, in any folder.
const FILE_NAME: &str = ".gitattributes";

/// The attributes that can change what is written on Linux.
const REWRITING: [&str; 4] = ["working-tree-encoding", "filter", "ident", "eol"];

/// Refuses every side that reads a file which is checked out as another text, and doubts those where
/// that depends on the installation. Flux checks out with a library that applies no attributes.
pub(super) fn refuse_rewritten<'a>(tree: &Tree, sides: impl Iterator<Item = &'a mut AppSide>) {
    let mut attributes = Attributes::read(tree);
    if attributes.is_empty() {
        return;
    }
    for side in sides.filter(|side| side.engine != Engine::Flux) {
        // One of each kind for each line of an attribute file.
        let mut found: BTreeMap<(RepoPath, u32, Effect), Refusal> = BTreeMap::new();
        for path in &side.closure {
            let Some((effect, refusal)) = attributes.find(tree, path) else {
                continue;
            };
            // A reader of YAML takes both line ends for the same.
            if effect != Effect::LineEnds || side.data.contains(path) {
                let place = (refusal.path.clone(), refusal.line, effect);
                found.entry(place).or_insert(refusal);
            }
        }
        for ((path, _, effect), refusal) in found {
            side.closure.insert(path);
            if effect == Effect::Certain {
                side.refusals.push(refusal);
            } else {
                side.doubts.insert(Doubt::of(refusal.text, ""));
            }
        }
    }
}

/// What an attribute does to a file; the gravest comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// Other line ends.
    LineEnds,
    /// Another text where a filter of this name is set up; without one Git passes the file on as it is.
    Filtered,
    /// Another text, or not known.
    Certain,
}

/// The attribute files of a tree, as Git lays them over each other.
struct Attributes {
    search: Search,
    outcome: Outcome,
    /// Those that cannot be read.
    unreadable: Vec<RepoPath>,
    known: BTreeMap<RepoPath, Option<(Effect, Refusal)>>,
}

impl Attributes {
    fn read(tree: &Tree) -> Self {
        let entries = tree.own_entries().iter();
        let mut files: Vec<&RepoPath> = entries
            // Git follows no link here.
            .filter(|(path, entry)| path.file_name() == FILE_NAME && entry.kind == EntryKind::File)
            .map(|(path, _)| path)
            .collect();
        // Deeper ones win.
        files.sort_by_key(|path| path.as_str().matches('/').count());
        let mut search = Search::default();
        let mut names = MetadataCollection::default();
        let mut unreadable = Vec::new();
        for path in files {
            let source = PathBuf::from(path.as_str());
            let may_define = path.parent().is_root();
            let added = tree.read(path).ok().and_then(|bytes| {
                let root = Some(Path::new(""));
                search
                    .add_patterns_buffer(&bytes, source, root, &mut names, may_define)
                    .ok()
            });
            if added.is_none() {
                unreadable.push(path.clone());
            }
        }
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&names, REWRITING);
        Self {
            search,
            outcome,
            unreadable,
            known: BTreeMap::new(),
        }
    }

    fn is_empty(&self) -> bool {
        self.search.num_pattern_lists() == 0 && self.unreadable.is_empty()
    }

    fn find(&mut self, tree: &Tree, path: &RepoPath) -> Option<(Effect, Refusal)> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let is_own_file = tree
            .own_entries()
            .get(path)
            .is_some_and(|entry| entry.kind == EntryKind::File);
        let found = if is_own_file {
            self.find_unreadable(path)
                .map(|refusal| (Effect::Certain, refusal))
                .or_else(|| self.find_rewriting(tree, path))
        } else {
            None
        };
        self.known.insert(path.clone(), found.clone());
        found
    }

    fn find_unreadable(&self, path: &RepoPath) -> Option<Refusal> {
        let above = |file: &&RepoPath| {
            let folder = file.parent();
            let inside = path.as_str().strip_prefix(folder.as_str());
            folder.is_root() || inside.is_some_and(|rest| rest.starts_with('/'))
        };
        let file = self.unreadable.iter().find(above)?;
        Some(Refusal {
            kind: RefusalKind::Unreadable,
            path: file.clone(),
            line: 0,
            text: "what Git does with the files below it is not known".to_owned(),
        })
    }

    fn find_rewriting(&mut self, tree: &Tree, path: &RepoPath) -> Option<(Effect, Refusal)> {
        self.outcome.reset();
        self.search.pattern_matching_relative_path(
            path.as_str().into(),
            Case::Sensitive,
            Some(false),
            &mut self.outcome,
        );
        let all = self.outcome.iter_selected().filter_map(|found| {
            let name = found.assignment.name.as_str();
            let value = match found.assignment.state {
                StateRef::Value(value) => value.as_bstr().to_string(),
                StateRef::Set => String::new(),
                StateRef::Unset | StateRef::Unspecified => return None,
            };
            let effect = find_effect(name, &value, || tree.read(path).ok())?;
            let shown = if value.is_empty() {
                name.to_owned()
            } else {
                format!("{name}={value}")
            };
            let text = match effect {
                Effect::Certain => format!("`{shown}` makes Git write `{path}` as another text"),
                Effect::Filtered => format!(
                    "`{shown}` makes Git write `{path}` as another text where a filter of this name is set up, which Argo CD does not do: `{path} -filter` in `.gitattributes` says so"
                ),
                Effect::LineEnds => format!(
                    "`{shown}` makes Git write `{path}` with other line ends, which go into what is made of it"
                ),
            };
            let file = found.location.source.and_then(Path::to_str);
            let refusal = Refusal {
                kind: RefusalKind::Checkout,
                path: file.and_then(|file| file.parse().ok()).unwrap_or_default(),
                line: u32::try_from(found.location.sequence_number).unwrap_or_default(),
                text,
            };
            Some((effect, refusal))
        });
        all.max_by_key(|(effect, _)| *effect)
    }
}

/// What an attribute with this value does to a file, whose text is read where it matters.
fn find_effect(name: &str, value: &str, read: impl Fn() -> Option<Vec<u8>>) -> Option<Effect> {
    match name {
        "working-tree-encoding" if value.is_empty() || value.eq_ignore_ascii_case("utf-8") => None,
        "working-tree-encoding" => Some(Effect::Certain),
        // What Git LFS keeps elsewhere is a pointer here, and known as one.
        "filter" if value.is_empty() || value == "lfs" => None,
        "filter" => Some(Effect::Filtered),
        "ident" => read()
            .is_none_or(|bytes| has_id(&bytes))
            .then_some(Effect::Certain),
        _ => (value == "crlf").then_some(Effect::LineEnds),
    }
}

/// True for a text in which Git puts the id of its content.
fn has_id(bytes: &[u8]) -> bool {
    bytes.windows(3).any(|window| window == b"$Id")
}
