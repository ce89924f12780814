//! Kustomize applications: kustomizations that no other refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Scope;
use crate::config::repo::Discovery;
use crate::ids::{DeclaredBy, RepoPath};
use crate::plan::kustomization::{
    Closure, FILE_NAMES, Parsed, Role, Walk, find_files, parse_kustomization,
};
use crate::plan::{
    Declared, RendererInput, Untouched, UntouchedItem, UntouchedReason, parallel, remote,
};

/// Declares every kustomization that no other refers to, and gives the files that kustomizations
/// read: components that nobody uses included, since their files are no manifests either.
pub(super) fn discover(
    scope: &Scope<'_>,
    discovery: &Discovery,
    declared: &mut Declared,
) -> BTreeSet<RepoPath> {
    let folders = find_folders(scope);
    let parsed = parse_all(scope, &folders);
    let referenced = find_referenced(scope, &parsed);
    let unreferenced: Vec<RepoPath> = folders
        .iter()
        .filter(|folder| !referenced.contains(*folder))
        .cloned()
        .collect();
    let mut closures = walk_all(scope, unreferenced);
    add_circles(scope, &folders, &mut closures);

    let mut taken = BTreeSet::new();
    for (folder, closure) in closures {
        taken.extend(closure.files.iter().cloned());
        let is_component = parsed
            .get(&folder)
            .is_some_and(|parsed| parsed.as_ref().is_some_and(|parsed| parsed.is_component));
        if is_component || !discovery.kustomize {
            continue;
        }
        let id = scope.found(DeclaredBy::Kustomization, &folder, None);
        if scope.exclude.matches(&folder) {
            declared.left_out.push(Untouched {
                what: UntouchedItem::App(id),
                reason: UntouchedReason::Excluded,
            });
            continue;
        }
        let renderer = RendererInput::Kustomize {
            open_load_restrictor: false,
        };
        let side = scope.side(&folder, renderer, None, closure);
        declared.apps.insert(id, side);
    }
    taken
}

fn find_folders(scope: &Scope<'_>) -> BTreeSet<RepoPath> {
    scope
        .tree
        .entries()
        .keys()
        .filter(|path| FILE_NAMES.contains(&path.file_name()) && scope.tree.is_file(path))
        .map(RepoPath::parent)
        .collect()
}

/// What each folder's kustomization says; `None` where it cannot be read.
fn parse_all(
    scope: &Scope<'_>,
    folders: &BTreeSet<RepoPath>,
) -> BTreeMap<RepoPath, Option<Arc<Parsed>>> {
    let folders: Vec<&RepoPath> = folders.iter().collect();
    let parsed = parallel::map(scope.tree, &folders, |reader, folder| {
        let file = find_files(scope.tree, folder).into_iter().next()?;
        scope
            .cache
            .kustomizations
            .read(scope.tree, reader, &file, parse_kustomization)
            .ok()
    });
    folders.into_iter().cloned().zip(parsed).collect()
}

/// Folders that some other kustomization builds.
fn find_referenced(
    scope: &Scope<'_>,
    parsed: &BTreeMap<RepoPath, Option<Arc<Parsed>>>,
) -> BTreeSet<RepoPath> {
    let mut referenced = BTreeSet::new();
    for (folder, parsed) in parsed {
        for reference in parsed.iter().flat_map(|parsed| &parsed.references) {
            let text = reference.text.as_str();
            if reference.role == Role::File || remote::is_repository(text) {
                continue;
            }
            let target = folder
                .join(text)
                .and_then(|target| scope.tree.resolve(&target).ok());
            if let Some(target) = target.filter(|target| target != folder) {
                referenced.insert(target);
            }
        }
    }
    referenced
}

fn walk_all(scope: &Scope<'_>, folders: Vec<RepoPath>) -> BTreeMap<RepoPath, Closure> {
    let closures = parallel::map(scope.tree, &folders, |reader, folder| {
        Walk::run(scope.tree, reader, scope.cache, folder)
    });
    folders.into_iter().zip(closures).collect()
}

/// Kustomizations that only refer to each other in a circle have no root; the first of each circle
/// stands for it, so that the circle is refused and not overlooked.
fn add_circles(
    scope: &Scope<'_>,
    folders: &BTreeSet<RepoPath>,
    closures: &mut BTreeMap<RepoPath, Closure>,
) {
    let mut reached: BTreeSet<RepoPath> = closures
        .values()
        .flat_map(|closure| closure.folders.iter().cloned())
        .collect();
    for folder in folders {
        if reached.contains(folder) {
            continue;
        }
        let closure = Walk::run(scope.tree, &scope.tree.reader(), scope.cache, folder);
        reached.extend(closure.folders.iter().cloned());
        closures.insert(folder.clone(), closure);
    }
}
