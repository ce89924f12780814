//! Applications that a change would make invisible: their files stay, and nothing reads them any
//! more, because the folder looks like something else now (a component, a part of a library chart).
//! Whoever deploys that folder goes on doing so, so such a change is refused.

use std::collections::BTreeSet;

use super::{AppSide, Declared, Refusal, RefusalKind};
use crate::ids::{AppId, DeclaredBy, RepoPath};

/// Gives every application that only the base has, and whose own files the head still holds unread,
/// a refused side in the head. `roots` gives the kustomizations in a folder of the head, `manifests`
/// its manifests.
pub(super) fn refuse(
    base: &Declared,
    head: &mut Declared,
    roots: impl Fn(&RepoPath) -> Vec<RepoPath>,
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
        let folder: RepoPath = id.name.parse().unwrap_or_default();
        let stays: BTreeSet<RepoPath> = match id.kind {
            DeclaredBy::Directory => manifests(&folder),
            DeclaredBy::Kustomization => roots(&folder).into_iter().collect(),
            _ => BTreeSet::new(),
        };
        let orphans: BTreeSet<RepoPath> = stays
            .into_iter()
            .filter(|path| side.closure.contains(path) && !read.contains(path))
            .collect();
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
