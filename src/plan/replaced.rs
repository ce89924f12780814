//! Applications found by their files that are deployed through a declared one: the declared one says
//! with which options, and where to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{AppSide, Declared};
use crate::ids::{AppId, DeclaredBy, RepoPath};

/// Found applications with the declared ones that deploy them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Replaced(HashMap<AppId, BTreeSet<AppId>>);

impl Replaced {
    /// What deploys this one; `None`: it stands for itself.
    pub(super) fn find(&self, id: &AppId) -> Option<&BTreeSet<AppId>> {
        self.0.get(id)
    }
}

/// A declared application deploys a found one when it starts at the same folder, or reads everything
/// that the other reads, and reads it as the other does: a manifest that becomes the text of a value is
/// deployed by nobody. What is suspended deploys nothing. What the configuration lists stands for itself.
pub(super) fn find_replaced(found: &Declared, declared: &BTreeMap<AppId, AppSide>) -> Replaced {
    let of_files = || {
        let all = found.apps.iter();
        all.filter(|(id, _)| id.kind != DeclaredBy::Config)
    };
    // Whoever reads all that an application reads reads its first file, too.
    let firsts: HashSet<&RepoPath> = of_files()
        .filter_map(|(_, side)| side.closure.first())
        .collect();
    let mut by_folder: HashMap<&RepoPath, Vec<&AppId>> = HashMap::new();
    let mut by_file: HashMap<&RepoPath, Vec<(&AppId, &AppSide)>> = HashMap::new();
    let is_suspended = |side: &AppSide| {
        let declaration = side.declaration.as_ref();
        declaration.is_some_and(|declaration| declaration.suspended)
    };
    for (id, side) in declared.iter().filter(|(_, side)| !is_suspended(side)) {
        let own = side.sources.iter();
        for source in own.filter(|source| source.repository.is_none()) {
            by_folder.entry(&source.path).or_default().push(id);
        }
        for path in side.closure.iter().filter(|path| firsts.contains(path)) {
            by_file.entry(path).or_default().push((id, side));
        }
    }
    let mut replaced = Replaced::default();
    for (id, side) in of_files() {
        let folders = side.sources.iter().map(|source| &source.path);
        let mut by: BTreeSet<AppId> = folders
            .filter_map(|folder| by_folder.get(folder))
            .flatten()
            .map(|id| (*id).clone())
            .collect();
        let candidates = side.closure.first().and_then(|path| by_file.get(path));
        for (candidate, reader) in candidates.into_iter().flatten() {
            // What only gives values to another application is not deployed through it.
            if side.closure.is_subset(&reader.closure)
                && side.closure.is_disjoint(&reader.values_from)
                && side
                    .closure
                    .intersection(&reader.data)
                    .all(|path| side.data.contains(path))
            {
                by.insert((*candidate).clone());
            }
        }
        if !by.is_empty() {
            replaced.0.insert(id.clone(), by);
        }
    }
    replaced
}

/// Leaves out what is deployed through a declared application. Whether it is, the base decides: a
/// change may not take what stood for itself out of sight by declaring something over it, and what a
/// change ceases to declare is a removal, not an introduction.
pub(super) fn leave_out(base: (&mut Declared, &Replaced), head: (&mut Declared, &Replaced)) {
    let ((base, before), (head, after)) = (base, head);
    head.apps.retain(|id, _| {
        let stood_for_itself = base.apps.contains_key(id) && before.find(id).is_none();
        stood_for_itself || before.find(id).is_none() && after.find(id).is_none()
    });
    base.apps.retain(|id, _| before.find(id).is_none());
}
