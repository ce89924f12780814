//! What one folder renders to, asked for by name.

use super::listed::find_renderer;
use super::{Destination, Patterns, Scope, declare_with, directory, helm};
use crate::config::repo::{RendererKind, RepoConfig};
use crate::ids::{DeclaredBy, RepoPath};
use crate::plan::cache::Cache;
use crate::plan::kustomization::{Closure, Walk};
use crate::plan::{Declared, Defaults, HelmInput, RendererInput};
use crate::tree::Tree;

/// The applications declared in this folder; when there is none, the one that the folder's files
/// make: a kustomization that others refer to, a component's folder, a dependency's chart, any
/// folder of manifests. Empty when the folder holds nothing to render.
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
    let mut declared = declare_with(tree, config, defaults, cache);
    declared
        .apps
        .retain(|_, side| side.sources.iter().any(|source| source.path == *folder));
    declared.left_out.clear();
    if declared.apps.is_empty() && tree.is_folder(folder) {
        let scope = Scope {
            tree,
            cache,
            destination: Destination::of(config, defaults),
            defaults,
            exclude: Patterns::new(&[]),
        };
        compose(&scope, folder, &mut declared);
    }
    declared
}

fn compose(scope: &Scope<'_>, folder: &RepoPath, declared: &mut Declared) {
    let reader = scope.tree.reader();
    let (kind, renderer, namespace, closure) = match find_renderer(scope, folder) {
        RendererKind::Kustomize => {
            let renderer = RendererInput::Kustomize {
                open_load_restrictor: false,
            };
            let closure = Walk::run(scope.tree, &reader, scope.cache, folder);
            (DeclaredBy::Kustomization, renderer, None, closure)
        }
        RendererKind::Helm => {
            let (_, closure) = helm::read(scope, &reader, folder);
            let namespace = scope.defaults.namespace.clone();
            let input = HelmInput {
                release: helm::release_name(folder),
                namespace: namespace.clone(),
                values: Vec::new(),
                major: scope.defaults.helm_major,
                include_crds: scope.defaults.include_crds,
                api_versions: scope.defaults.api_versions.clone(),
            };
            let renderer = RendererInput::Helm(input);
            (DeclaredBy::Chart, renderer, Some(namespace), closure)
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
                RendererInput::Directory,
                None,
                closure,
            )
        }
    };
    let id = scope.found(kind, folder, None);
    let side = scope.side(folder, renderer, namespace, closure);
    declared.apps.insert(id, side);
}
