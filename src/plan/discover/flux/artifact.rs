//! This repository's files as an artifact of source-controller holds them: without what is ignored, and
//! without symbolic links, which it does not archive.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::ignore::Rules;
use crate::ids::RepoPath;
use crate::tree::{EntryKind, Tree};

/// Patterns of files that artifacts leave out, in any folder.
const IGNORE_FILE: &str = ".sourceignore";

/// One artifact.
#[derive(Debug)]
pub(super) struct Artifact {
    /// What tells it from other artifacts of the same repository.
    pub(super) key: String,
    pub(super) tree: Tree,
}

/// The artifacts made so far, by what decides their content.
#[derive(Debug, Default)]
pub(super) struct Artifacts(RefCell<BTreeMap<String, Rc<Artifact>>>);

impl Artifacts {
    /// The artifact of the whole repository but for `ignore` (`spec.ignore`), of these folders alone
    /// where there are any (`spec.sparseCheckout`).
    pub(super) fn make(&self, tree: &Tree, ignore: Option<&str>, folders: &[&str]) -> Rc<Artifact> {
        let key = format!("{folders:?} {}", ignore.unwrap_or_default());
        if let Some(known) = self.0.borrow().get(&key) {
            return Rc::clone(known);
        }
        let rules = read_rules(tree, ignore);
        let kept = |path: &str| {
            folders.is_empty() || {
                let mut folders = folders.iter().map(|folder| folder.trim_matches('/'));
                folders.any(|folder| {
                    path.strip_prefix(folder)
                        .is_some_and(|rest| rest.starts_with('/'))
                })
            }
        };
        let tree = tree.restricted(|path, entry| {
            entry.kind != EntryKind::Symlink && kept(path.as_str()) && !rules.exclude(path.as_str())
        });
        let artifact = Rc::new(Artifact {
            key: key.clone(),
            tree,
        });
        self.0.borrow_mut().insert(key, Rc::clone(&artifact));
        artifact
    }

    /// The files of an artifact that stand at or below these paths.
    pub(super) fn narrow(&self, artifact: &Artifact, paths: &[RepoPath]) -> Rc<Artifact> {
        let key = format!(
            "{} of {}",
            paths
                .iter()
                .map(RepoPath::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            artifact.key
        );
        if let Some(known) = self.0.borrow().get(&key) {
            return Rc::clone(known);
        }
        let is_in = |file: &RepoPath| paths.iter().any(|path| file.is_within(path));
        let artifact = Rc::new(Artifact {
            key: key.clone(),
            tree: artifact.tree.restricted(|file, _| is_in(file)),
        });
        self.0.borrow_mut().insert(key, Rc::clone(&artifact));
        artifact
    }
}

/// What an artifact of everything below `root` leaves out.
pub(super) fn read_rules_below(tree: &Tree, root: &RepoPath) -> Rules {
    collect_rules(tree, tree.below(root).map(|(path, _)| path))
}

fn read_rules(tree: &Tree, ignore: Option<&str>) -> Rules {
    let mut rules = collect_rules(tree, tree.entries().keys());
    rules.add(ignore.unwrap_or_default(), "");
    rules
}

fn collect_rules<'a>(tree: &Tree, paths: impl Iterator<Item = &'a RepoPath>) -> Rules {
    let reader = tree.reader();
    let mut files: Vec<_> = paths
        .filter(|path| path.file_name() == IGNORE_FILE)
        .collect();
    // A folder's patterns come behind those of the folder above.
    files.sort_by_key(|path| (path.as_str().split('/').count(), path.as_str()));
    let mut rules = Rules::default();
    for file in files {
        // What cannot be read ignores nothing, so that nothing goes unjudged for it.
        let text = reader.read(file).unwrap_or_default();
        rules.add(&String::from_utf8_lossy(&text), file.parent().as_str());
    }
    rules
}
