//! Saying why something is not here, and where the repository refers to what is.

use std::collections::BTreeSet;

use super::{FOLDER, Mounts, charts, mount_of, sources, split_fetched};
use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::outside::{LeftOut, Need, Shortage, Supplied, Supply, shown};
use crate::plan::{AppSide, Plan, Refusal, RefusalKind};
use crate::tree::Tree;

/// Fetched things that refer to one another.
const ROUNDS: usize = 10;

/// A place in something fetched, as the repository refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocated {
    /// The file of the repository that refers to it.
    pub path: RepoPath,
    /// Line in it, from 1; 0 when unknown.
    pub line: u32,
    /// The path in what was fetched, and what that is.
    pub fetched: String,
}

impl Mounts {
    /// Replaces the refusals of what was asked for and did not come by the reasons, and says of
    /// those in what was fetched where the repository refers to it. `fetches`: whether anything may be
    /// fetched at all.
    pub fn explain(&self, plan: &mut Plan, trees: [&Tree; 2], supply: &Supply, fetches: bool) {
        let [base, head] = trees;
        for app in &mut plan.apps {
            for (side, tree) in [(&mut app.base, base), (&mut app.head, head)] {
                let Some(side) = side else { continue };
                refuse_sources(side, supply);
                for refusal in &mut side.refusals {
                    if let Some((blame, text)) = self.reason(refusal, tree, supply, fetches) {
                        refusal.kind = RefusalKind::NotSupplied(blame);
                        refusal.text = text;
                    } else if let Some(origin) = self.origin_of(refusal) {
                        refusal.text = origin;
                    }
                    self.relocate_refusal(refusal);
                }
            }
        }
    }

    /// What stood in the file where a reference was replaced by this one.
    fn origin_of(&self, refusal: &Refusal) -> Option<String> {
        if !refusal.text.contains(FOLDER) {
            return None;
        }
        let target = refusal.path.parent().join(&refusal.text)?;
        let of_file = self
            .references
            .iter()
            .filter(|((path, _), _)| *path == refusal.path);
        of_file
            .filter_map(|((_, text), (_, found))| Some((text, found.as_ref().ok()?)))
            .find(|(_, remote)| {
                mount_of(&remote.need).join(remote.folder.as_str()).as_ref() == Some(&target)
            })
            .map(|(text, _)| text.clone())
    }

    fn relocate_refusal(&self, refusal: &mut Refusal) {
        if let Some(place) = self.relocate(&refusal.path) {
            let inner = match (&refusal.kind, refusal.line) {
                (RefusalKind::NotSupplied(_), _) => refusal.text.clone(),
                (_, 0) => format!("{}` in `{}", refusal.text, place.fetched),
                (_, line) => format!("{}` in line {line} of `{}", refusal.text, place.fetched),
            };
            *refusal = Refusal {
                kind: refusal.kind,
                path: place.path,
                line: place.line,
                text: inner,
            };
        }
    }

    /// Where the repository refers to the fetched thing that holds this path; `None` for a path of
    /// the repository itself.
    pub fn relocate(&self, path: &RepoPath) -> Option<Relocated> {
        let mut at = path.clone();
        let mut fetched = None;
        for _ in 0..ROUNDS {
            let Some((root, rest)) = split_fetched(&at) else {
                break;
            };
            let need = self.placed.get(root)?;
            let named = self.named().find(|named| named.need == need)?;
            fetched.get_or_insert_with(|| {
                let what = format!("{rest} of {}", named.need);
                (named.path.clone(), named.line, what)
            });
            if let Some((_, last_line, _)) = &mut fetched {
                *last_line = named.line;
            }
            at = named.path.clone();
        }
        let (_, line, fetched) = fetched?;
        Some(Relocated {
            path: at,
            line,
            fetched,
        })
    }

    /// A text of a tool with the folders of fetched things replaced by what they are.
    pub fn readable(&self, text: &str) -> String {
        let reserved = format!("{FOLDER}/");
        let mut parts = text.split(reserved.as_str());
        let mut readable = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|letter: char| !letter.is_ascii_alphanumeric());
            let (name, rest) = part.split_at(end.unwrap_or(part.len()));
            match self.placed.get(name) {
                Some(Need::Base(base)) => readable += &shown(&base.url).to_string(),
                Some(need) => readable += &need.to_string(),
                None => readable = readable + &reserved + name,
            }
            readable += rest;
        }
        readable
    }

    fn reason(
        &self,
        refusal: &Refusal,
        tree: &Tree,
        supply: &Supply,
        fetches: bool,
    ) -> Option<(Blame, String)> {
        let subject = format!("`{}`", shown(&refusal.text));
        match refusal.kind {
            RefusalKind::RemoteReference => {
                let key = (refusal.path.clone(), refusal.text.clone());
                match &self.references.get(&key)?.1 {
                    // Where nothing is fetched at all, that is the reason.
                    Err(_) if !fetches => None,
                    Err(bad) => {
                        Some((Blame::Author, format!("{subject} cannot be fetched: {bad}")))
                    }
                    Ok(remote) => shortage(supply, &remote.need),
                }
            }
            RefusalKind::RemoteChart => {
                let key = (refusal.path.clone(), refusal.text.clone());
                shortage(supply, &self.inflated.get(&key)?.1)
            }
            RefusalKind::MissingDependency => {
                let folder = refusal.path.parent();
                let names = BTreeSet::from([refusal.text.clone()]);
                match charts::find(tree, &folder, &names) {
                    Err(problem) => Some((Blame::Author, problem.to_string())),
                    Ok(found) => found.iter().find_map(|found| found.reason(supply)),
                }
            }
            // A base that came may refer to what was left out of it.
            RefusalKind::Missing => {
                let target = refusal.path.parent().join(&refusal.text)?;
                let left_out = left_out(&target, supply)?;
                let subject = self
                    .origin_of(refusal)
                    .map_or(subject, |text| format!("`{}`", shown(&text)));
                Some((Blame::Author, format!("{subject} {left_out}")))
            }
            _ => None,
        }
    }
}

/// Refuses a side whose sources did not come. A host that nobody allowed leaves it as it is: what
/// is not at hand cannot be evaluated, and that is nobody's mistake.
fn refuse_sources(side: &mut AppSide, supply: &Supply) {
    let needs: BTreeSet<Need> = side.sources.iter().filter_map(sources::need_of).collect();
    for need in needs {
        let Some(Err(shortage)) = supply.find(&need) else {
            continue;
        };
        if shortage.short.is_refused_by_settings() {
            continue;
        }
        let declaration = side.declaration.as_ref();
        side.refusals.push(Refusal {
            kind: RefusalKind::NotSupplied(shortage.short.blame()),
            path: declaration
                .and_then(|found| found.path.clone())
                .unwrap_or_default(),
            line: declaration.map_or(0, |found| found.line),
            text: shortage.to_string(),
        });
    }
}

/// Why a need was not met.
pub(super) fn shortage(supply: &Supply, need: &Need) -> Option<(Blame, String)> {
    let answer: &Result<Supplied, Shortage> = supply.find(need)?;
    let shortage = answer.as_ref().err()?;
    Some((shortage.short.blame(), shortage.to_string()))
}

/// Why something was not taken of what was fetched.
fn left_out(target: &RepoPath, supply: &Supply) -> Option<&'static str> {
    supply.iter().find_map(|(need, answer)| {
        let rest = target.as_str().strip_prefix(mount_of(need).as_str())?;
        let supplied = answer.as_ref().ok()?;
        let mut path: RepoPath = rest.trim_start_matches('/').parse().ok()?;
        while !path.is_root() {
            if let Some(reason) = supplied.left_out.get(&path) {
                return Some(match reason {
                    LeftOut::Submodule => {
                        "is a submodule of the repository it comes from, and these are not fetched"
                    }
                    LeftOut::Link => {
                        "is a symbolic link that leads out of the repository it comes from"
                    }
                    LeftOut::TooLarge => "is larger than a file may be that is fetched",
                });
            }
            path = path.parent();
        }
        None
    })
}
