//! Applications of one name.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{AppId, Digest};
use crate::plan::extend::is_found;
use crate::plan::{AppSide, Refusal, RefusalKind};

/// Adds the applications of this name. What a deployer's own rendering declares has the name; what
/// lies in a folder and is another one has its folder beside it, as have those of several Argo CDs in
/// folders of their own. Two different ones in one place are a mistake, and neither may hide the other.
pub(super) fn settle(id: &AppId, sides: &[&AppSide], found: &mut BTreeMap<AppId, AppSide>) {
    let is_deployed = |side: &&AppSide| parent(side).is_some_and(|parent| !is_found(parent));
    let (deployed, lying): (Vec<&AppSide>, Vec<&AppSide>) =
        sides.iter().copied().partition(is_deployed);
    if let Some(first) = deployed.first() {
        insert(id.clone(), &deployed, found);
        let others: Vec<&AppSide> = lying
            .into_iter()
            .filter(|side| digest(side) != digest(first))
            .collect();
        insert_by_folder(id, &others, found);
    } else if lying.windows(2).all(same) || count_folders(&lying) < lying.len() {
        insert(id.clone(), &lying, found);
    } else {
        insert_by_folder(id, &lying, found);
    }
}

/// Each folder's own, under its name.
fn insert_by_folder(id: &AppId, sides: &[&AppSide], found: &mut BTreeMap<AppId, AppSide>) {
    let mut by_folder: BTreeMap<Option<&AppId>, Vec<&AppSide>> = BTreeMap::new();
    for side in sides {
        by_folder.entry(parent(side)).or_default().push(side);
    }
    for (folder, sides) in by_folder {
        let id = AppId {
            variant: folder.map(|folder| folder.name.clone()),
            ..id.clone()
        };
        insert(id, &sides, found);
    }
}

/// The first of them, refused where another one differs.
fn insert(id: AppId, sides: &[&AppSide], found: &mut BTreeMap<AppId, AppSide>) {
    let Some(first) = sides.first() else {
        return;
    };
    let mut kept = (*first).clone();
    if let Some(other) = sides.iter().find(|side| digest(side) != digest(first)) {
        kept.refusals.push(Refusal {
            kind: RefusalKind::Declaration,
            path: file(first),
            line: 0,
            text: format!(
                "`{}/{}` is declared again, and differently, in `{}`",
                id.namespace,
                id.name,
                file(other)
            ),
        });
    }
    found.insert(id, kept);
}

fn parent(side: &AppSide) -> Option<&AppId> {
    side.declaration.as_ref().map(|found| &found.parent)
}

fn digest(side: &AppSide) -> Option<Digest> {
    side.declaration.as_ref().map(|found| found.digest)
}

fn same(pair: &[&AppSide]) -> bool {
    let mut digests = pair.iter().map(|side| digest(side));
    digests.next() == digests.next()
}

fn count_folders(sides: &[&AppSide]) -> usize {
    let folders: BTreeSet<_> = sides.iter().map(|side| parent(side)).collect();
    folders.len()
}

fn file(side: &AppSide) -> crate::ids::RepoPath {
    let declaration = side.declaration.as_ref();
    declaration
        .and_then(|declaration| declaration.path.clone())
        .unwrap_or_default()
}
