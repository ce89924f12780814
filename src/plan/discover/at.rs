//! What one folder renders to, asked for by name.

use std::collections::BTreeSet;

use super::listed::find_renderer;
use super::{CHART, Scope, directory, helm, listed};
use crate::config::repo::{RendererKind, RepoConfig};
use crate::ids::{AppId, DeclaredBy, RepoPath};
use crate::plan::cache::Cache;
use crate::plan::kustomization::{Closure, Walk, find_files, parse_kustomization};
use crate::plan::{AppSide, Declared, Defaults, RendererInput};
use crate::tree::Tree;

/// The applications listed in this folder; when there is none, what the folder's files make, with
/// the identity that discovery would give it: a kustomization (one that others refer to, too), a
/// chart with its variants, a folder of manifests. Empty when the folder holds nothing to render.
/// Reads nothing but what these applications read.
pub fn declare_at(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    folder: &RepoPath,
) -> Declared {
    declare_at_with(tree, config, defaults, folder, &Cache::default())
}

pub(in crate::plan) fn declare_at_with(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    folder: &RepoPath,
    cache: &Cache,
) -> Declared {
    let scope = Scope::new(tree, cache, config, defaults);
    let mut declared = Declared::default();
    if !tree.is_folder(folder) {
        return declared;
    }
    let mut here = config.clone();
    here.apps.retain(|listed| listed.path == *folder);
    listed::declare(&scope, &here, &mut declared, &mut BTreeSet::new());
    if declared.apps.is_empty() {
        compose(&scope, folder, &mut declared);
    }
    declared
}

/// The kustomization in this folder, whether or not others refer to it; `None` when there is none,
/// or only a component.
pub(in crate::plan) fn find_kustomization(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    folder: &RepoPath,
    cache: &Cache,
) -> Option<AppSide> {
    let scope = Scope::new(tree, cache, config, defaults);
    let file = find_files(tree, folder).into_iter().next()?;
    let reader = tree.reader();
    let parsed = cache
        .kustomizations
        .read(tree, &reader, &file, parse_kustomization);
    if !config.discovery.kustomize
        || scope.exclude.matches(folder)
        || parsed.is_ok_and(|parsed| parsed.is_component)
    {
        return None;
    }
    let closure = Walk::run(tree, &reader, cache, folder);
    let renderer = RendererInput::Kustomize(scope.kustomize_input());
    Some(scope.side(folder, renderer, None, closure))
}

/// The application of this identity that the chart in its folder makes, whether or not it is another
/// chart's dependency; `None` when there is none.
pub(in crate::plan) fn find_chart(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    id: &AppId,
    cache: &Cache,
) -> Option<AppSide> {
    let scope = Scope::new(tree, cache, config, defaults);
    let folder: RepoPath = id.name.parse().ok()?;
    let is_chart = tree.claims_file(&folder.join(CHART)?);
    if !is_chart || !config.discovery.helm || scope.exclude.matches(&folder) {
        return None;
    }
    let (chart, closure) = helm::read(&scope, &tree.reader(), &folder);
    if chart.is_library {
        return None;
    }
    let mut declared = Declared::default();
    helm::declare(&scope, &folder, &closure, &mut declared);
    declared.apps.remove(id)
}

/// The manifests directly in this folder, whatever else it holds.
pub(in crate::plan) fn read_manifests(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    folder: &RepoPath,
    cache: &Cache,
) -> BTreeSet<RepoPath> {
    directory::read_folder(&Scope::new(tree, cache, config, defaults), folder)
}

fn compose(scope: &Scope<'_>, folder: &RepoPath, declared: &mut Declared) {
    let reader = scope.tree.reader();
    let (kind, renderer, closure) = match find_renderer(scope, folder) {
        RendererKind::Helm => {
            let (_, closure) = helm::read(scope, &reader, folder);
            return helm::declare(scope, folder, &closure, declared);
        }
        RendererKind::Kustomize => {
            let renderer = RendererInput::Kustomize(scope.kustomize_input());
            let closure = Walk::run(scope.tree, &reader, scope.cache, folder);
            (DeclaredBy::Kustomization, renderer, closure)
        }
        RendererKind::Directory => {
            let files = directory::read_folder(scope, folder);
            if files.is_empty() {
                return;
            }
            let closure = Closure {
                files,
                ..Closure::default()
            };
            (
                DeclaredBy::Directory,
                directory::input(&closure.files),
                closure,
            )
        }
    };
    let id = scope.found(kind, folder, None);
    let side = scope.side(folder, renderer, None, closure);
    declared.apps.insert(id, side);
}
