//! Applications of one name.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::AppId;
use crate::plan::extend::is_found;
use crate::plan::{AppSide, Refusal, RefusalKind};

/// Adds the application of this name. What a deployer's own rendering declares stands before what only
/// lies in a folder. Different ones in different folders are those of several Argo CDs, told apart by
/// folder; two in one place are a mistake, and neither may hide the other.
pub(super) fn settle(id: &AppId, sides: &[&AppSide], found: &mut BTreeMap<AppId, AppSide>) {
    let parent = |side: &AppSide| side.declaration.as_ref().map(|it| it.parent.clone());
    let digest = |side: &AppSide| side.declaration.as_ref().map(|it| it.digest);
    let is_deployed = |side: &&&AppSide| parent(side).is_some_and(|parent| !is_found(&parent));
    let deployed: Vec<&AppSide> = sides.iter().filter(is_deployed).copied().collect();
    let sides = if deployed.is_empty() {
        sides
    } else {
        &deployed
    };
    let Some(first) = sides.first() else {
        return;
    };
    let differs = |side: &&&AppSide| digest(side) != digest(first);
    let Some(other) = sides.iter().find(differs) else {
        found.insert(id.clone(), (*first).clone());
        return;
    };
    let places: BTreeSet<AppId> = sides.iter().filter_map(|side| parent(side)).collect();
    if deployed.is_empty() && places.len() == sides.len() {
        for side in sides {
            let id = AppId {
                variant: parent(side).map(|parent| parent.name),
                ..id.clone()
            };
            found.insert(id, (*side).clone());
        }
        return;
    }
    let mut kept = (*first).clone();
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
    found.insert(id.clone(), kept);
}

fn file(side: &AppSide) -> crate::ids::RepoPath {
    let declaration = side.declaration.as_ref();
    declaration
        .and_then(|declaration| declaration.path.clone())
        .unwrap_or_default()
}
