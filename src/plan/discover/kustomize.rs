//! Kustomize applications: kustomizations that no other application refers to. A component that
//! nobody uses, or a kustomization that the configuration excludes, builds nothing: what only these
//! refer to is deployed by itself, and stays an application.

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
    let mut closures = walk_all(scope, find_roots(scope, &parsed));
    add_circles(scope, &folders, &mut closures);

    let mut taken = BTreeSet::new();
    for (folder, closure) in closures {
        // Whoever puts a manifest into a value as it stands does not deploy it.
        taken.extend(closure.files.difference(&closure.values).cloned());
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
        let renderer = RendererInput::Kustomize(scope.kustomize_input());
        let side = scope.side(&folder, renderer, None, closure);
        declared.apps.insert(id, side);
    }
    taken
}

fn find_folders(scope: &Scope<'_>) -> BTreeSet<RepoPath> {
    scope
        .tree
        .own_entries()
        .keys()
        .filter(|path| FILE_NAMES.contains(&path.file_name()) && scope.tree.claims_file(path))
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

type References = BTreeMap<RepoPath, BTreeSet<RepoPath>>;

/// Folders that no other kustomization refers to, and those that only such refer to as build nothing.
fn find_roots(
    scope: &Scope<'_>,
    parsed: &BTreeMap<RepoPath, Option<Arc<Parsed>>>,
) -> Vec<RepoPath> {
    let references = find_references(scope, parsed);
    let builds = |folder: &RepoPath| {
        let parsed = parsed.get(folder).and_then(Option::as_ref);
        !scope.exclude.matches(folder) && !parsed.is_some_and(|parsed| parsed.is_component)
    };
    let targets: BTreeSet<&RepoPath> = references.values().flatten().collect();
    let mut roots: BTreeSet<RepoPath> = parsed
        .keys()
        .filter(|folder| !targets.contains(folder))
        .cloned()
        .collect();
    let built = reach(roots.iter().filter(|root| builds(root)), &references);
    let left: BTreeSet<&RepoPath> = parsed
        .keys()
        .filter(|folder| builds(folder) && !built.contains(folder))
        .collect();
    let targets: BTreeSet<&RepoPath> = left
        .iter()
        .filter_map(|folder| references.get(*folder))
        .flatten()
        .collect();
    roots.extend(left.difference(&targets).map(|folder| (*folder).clone()));
    roots.into_iter().collect()
}

/// Everything that these folders lead to, themselves included.
fn reach<'a>(
    from: impl Iterator<Item = &'a RepoPath>,
    references: &'a References,
) -> BTreeSet<&'a RepoPath> {
    let mut open: Vec<&RepoPath> = from.collect();
    let mut reached = BTreeSet::new();
    while let Some(folder) = open.pop() {
        if reached.insert(folder) {
            open.extend(references.get(folder).into_iter().flatten());
        }
    }
    reached
}

/// The folders that each kustomization builds on.
fn find_references(
    scope: &Scope<'_>,
    parsed: &BTreeMap<RepoPath, Option<Arc<Parsed>>>,
) -> References {
    let mut references = References::new();
    for (folder, parsed) in parsed {
        for reference in parsed.iter().flat_map(|parsed| &parsed.references) {
            let text = reference.text.as_str();
            if matches!(reference.role, Role::File | Role::Data) || remote::is_repository(text) {
                continue;
            }
            let target = folder
                .join(text)
                .and_then(|target| scope.tree.resolve(&target).ok());
            if let Some(target) = target.filter(|target| target != folder) {
                references.entry(folder.clone()).or_default().insert(target);
            }
        }
    }
    references
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
