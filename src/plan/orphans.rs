//! Applications that a change would make invisible: their files stay, and nothing reads them any
//! more, because the folder looks like something else now (a component, a part of a library chart).
//! Whoever deploys that folder goes on doing so, so such a change is refused.

use std::collections::BTreeSet;

use super::kustomization::find_files;
use super::{AppSide, Declared, Refusal, RefusalKind};
use crate::ids::{AppId, DeclaredBy, RepoPath};
use crate::tree::{EntryKind, Tree};

/// Gives every application that only the base has, and whose own files the head still holds unread,
/// a refused side in the head. So is one whose folder became a link or a submodule: deployers follow
/// both. `manifests` reads a folder of the head.
pub(super) fn refuse(
    base: &Declared,
    head: &mut Declared,
    tree: &Tree,
    manifests: impl Fn(&RepoPath) -> BTreeSet<RepoPath>,
) {
    let gone: Vec<(&AppId, &AppSide)> = base
        .apps
        .iter()
        .filter(|(id, _)| !head.apps.contains_key(*id))
        .collect();
    if gone.is_empty() {
        return;
    }
    let read: BTreeSet<RepoPath> = head
        .apps
        .values()
        .flat_map(|side| side.closure.iter().cloned())
        .collect();
    for (id, side) in gone {
        let Some(folder) = side.sources.first().map(|source| &source.path) else {
            continue;
        };
        let stays: BTreeSet<RepoPath> = match id.kind {
            DeclaredBy::Directory => manifests(folder),
            DeclaredBy::Kustomization => find_files(tree, folder).into_iter().collect(),
            _ => BTreeSet::new(),
        };
        let mut orphans: BTreeSet<RepoPath> = stays
            .into_iter()
            .filter(|path| side.closure.contains(path) && !read.contains(path))
            .collect();
        orphans.extend(find_replacement(tree, folder));
        if orphans.is_empty() {
            continue;
        }
        let refusals = orphans.iter().map(|path| Refusal {
            kind: RefusalKind::Orphaned,
            path: path.clone(),
            line: 0,
            text: path.to_string(),
        });
        let refused = AppSide {
            refusals: refusals.collect(),
            closure: orphans,
            ..side.clone()
        };
        head.apps.insert(id.clone(), refused);
    }
}

/// The link or submodule that stands where this folder stood.
fn find_replacement(tree: &Tree, folder: &RepoPath) -> Option<RepoPath> {
    let mut above = folder.clone();
    while !above.is_root() {
        if let Some(entry) = tree.entries().get(&above) {
            return (entry.kind != EntryKind::File).then_some(above);
        }
        above = above.parent();
    }
    None
}
