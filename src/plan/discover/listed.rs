//! Applications that the configuration lists.

use std::collections::BTreeSet;

use super::chart::FILE_NAME as CHART;
use super::{Destination, Scope, directory, helm};
use crate::config::repo::{self, ListedApp, RendererKind, RepoConfig};
use crate::ids::{AppId, DeclaredBy, RepoPath};
use crate::plan::kustomization::{Closure, Walk, find_files};
use crate::plan::{
    AppSide, AppSource, Declared, HelmInput, Refusal, RefusalKind, RendererInput, Untouched,
    UntouchedItem, UntouchedReason, remote,
};

/// Declares the listed applications; what was discovered in the same folder gives way.
pub(super) fn declare(
    scope: &Scope<'_>,
    config: &RepoConfig,
    declared: &mut Declared,
    taken: &mut BTreeSet<RepoPath>,
) {
    for listed in &config.apps {
        let destination = match &listed.cluster {
            Some(cluster) => Destination::at(cluster.clone(), config, scope.defaults),
            None => scope.destination.clone(),
        };
        let id = AppId {
            kind: DeclaredBy::Config,
            cluster: destination.cluster.clone(),
            namespace: String::new(),
            name: listed.name.clone(),
            variant: None,
        };
        if !scope.tree.is_folder(&listed.path) {
            declared.left_out.push(Untouched {
                what: UntouchedItem::App(id),
                reason: UntouchedReason::FolderMissing,
            });
            continue;
        }
        declared.apps.retain(|id, side| {
            id.kind == DeclaredBy::Config
                || side.sources.iter().all(|source| source.path != listed.path)
        });
        let (renderer, closure) = compose(scope, listed);
        taken.extend(closure.files.iter().cloned());
        let side = AppSide {
            sources: vec![AppSource::here(listed.path.clone(), renderer)],
            cluster: destination.cluster,
            namespace: listed.namespace.clone(),
            engine: destination.engine,
            closure: closure.files,
            refusals: closure.refusals.into_iter().collect(),
            ..AppSide::default()
        };
        declared.apps.insert(id, side);
    }
}

/// The tool of a folder where none is named.
pub(super) fn find_renderer(scope: &Scope<'_>, folder: &RepoPath) -> RendererKind {
    if !find_files(scope.tree, folder).is_empty() {
        RendererKind::Kustomize
    } else if folder
        .join(CHART)
        .is_some_and(|path| scope.tree.claims_file(&path))
    {
        RendererKind::Helm
    } else {
        RendererKind::Directory
    }
}

fn compose(scope: &Scope<'_>, listed: &ListedApp) -> (RendererInput, Closure) {
    let folder = &listed.path;
    let kind = listed
        .renderer
        .unwrap_or_else(|| find_renderer(scope, folder));
    match kind {
        RendererKind::Directory => {
            let closure = Closure {
                files: directory::read_folder(scope, folder),
                ..Closure::default()
            };
            (directory::input(&closure.files), closure)
        }
        RendererKind::Kustomize => {
            let renderer = RendererInput::Kustomize(scope.kustomize_input());
            let reader = scope.tree.reader();
            let closure = Walk::run(scope.tree, &reader, scope.cache, folder);
            (renderer, closure)
        }
        RendererKind::Helm => compose_chart(scope, listed),
    }
}

fn compose_chart(scope: &Scope<'_>, listed: &ListedApp) -> (RendererInput, Closure) {
    let (_, mut closure) = helm::read(scope, &scope.tree.reader(), &listed.path);
    let mut values = Vec::new();
    for text in &listed.values {
        match find_values(scope, &listed.path, text) {
            Ok(path) => {
                if let Ok(real) = scope.tree.resolve(&path) {
                    closure.files.insert(real);
                }
                closure.files.insert(path.clone());
                values.push(path);
            }
            Err(kind) => {
                let path = RepoPath::root().join(repo::FILE_NAME).unwrap_or_default();
                closure.refusals.insert(Refusal {
                    kind,
                    path,
                    line: 0,
                    text: text.clone(),
                });
            }
        }
    }
    let release = listed.release.as_ref().unwrap_or(&listed.name);
    let namespace = listed.namespace.as_ref();
    let cluster = listed.cluster.as_ref();
    let major = cluster.map_or(scope.defaults.helm_major, |cluster| {
        scope.helm_major(cluster)
    });
    let input = HelmInput {
        values,
        major: listed.helm.unwrap_or(major),
        ..scope.helm_input(release, namespace.unwrap_or(&scope.defaults.namespace))
    };
    (RendererInput::Helm(input), closure)
}

/// A values file of the configuration, or why it cannot be used. Helm would download a URL.
fn find_values(scope: &Scope<'_>, folder: &RepoPath, text: &str) -> Result<RepoPath, RefusalKind> {
    if remote::looks_remote(text) || remote::is_remote_file(text) {
        return Err(RefusalKind::RemoteReference);
    }
    let path = folder.join(text).ok_or(RefusalKind::LeavesRepository)?;
    match scope.tree.resolve(&path) {
        Err(_) => Err(RefusalKind::UnsafeEntry),
        Ok(_) if scope.tree.is_file(&path) => Ok(path),
        Ok(_) => Err(RefusalKind::Missing),
    }
}
