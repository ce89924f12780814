//! Helm applications: charts in the repository, one variant for each values file under `ci/`.

use std::collections::BTreeSet;

use super::Scope;
use super::chart::{self, Chart};
use crate::config::repo::Discovery;
use crate::ids::{DeclaredBy, RepoPath};
use crate::plan::kustomization::Closure;
use crate::plan::{
    Declared, HelmInput, Refusal, RefusalKind, RendererInput, Untouched, UntouchedItem,
    UntouchedReason, parallel,
};
use crate::tree::{Child, Reader, Tree};

/// Where chart authors keep values to try a chart with, and how those files end.
const TRIALS: (&str, &str) = ("ci", "-values.yaml");

/// Declares every chart that is no other chart's dependency, and gives the files of all charts.
pub(super) fn discover(
    scope: &Scope<'_>,
    discovery: &Discovery,
    declared: &mut Declared,
) -> BTreeSet<RepoPath> {
    let folders = find_charts(scope);
    let found = parallel::map(scope.tree, &folders, |reader, folder| {
        let (chart, closure) = read(scope, reader, folder);
        (chart.is_library, closure)
    });
    let mut taken = BTreeSet::new();
    for (folder, (is_library, closure)) in folders.into_iter().zip(found) {
        taken.extend(closure.files.iter().cloned());
        if !discovery.helm {
            continue;
        }
        let reason = match () {
            () if scope.exclude.matches(&folder) => Some(UntouchedReason::Excluded),
            () if is_library => Some(UntouchedReason::LibraryChart),
            () => None,
        };
        if let Some(reason) = reason {
            declared.left_out.push(Untouched {
                what: UntouchedItem::App(scope.found(DeclaredBy::Chart, &folder, None)),
                reason,
            });
            continue;
        }
        declare(scope, &folder, &closure, declared);
    }
    taken
}

/// One application for the chart's own values, and one for each trial.
pub(super) fn declare(
    scope: &Scope<'_>,
    folder: &RepoPath,
    closure: &Closure,
    declared: &mut Declared,
) {
    let trials = find_trials(scope, folder);
    let mut variants = vec![None];
    variants.extend(trials.iter().map(Some));
    for trial in variants {
        let input = HelmInput {
            values: trial.cloned().into_iter().collect(),
            ..scope.helm_input(&release_name(folder), &scope.defaults.namespace)
        };
        // Other trials are left out of what this one gets, so that they cannot change it.
        let mut closure = closure.clone();
        closure
            .files
            .retain(|path| Some(path) == trial || !trials.contains(path));
        let name = trial.map(|path| {
            let name = path.file_name();
            name.strip_suffix(TRIALS.1).unwrap_or(name).to_owned()
        });
        let namespace = Some(input.namespace.clone());
        let side = scope.side(folder, RendererInput::Helm(input), namespace, closure);
        declared
            .apps
            .insert(scope.found(DeclaredBy::Chart, folder, name), side);
    }
}

/// A release is named as its chart's folder; a chart at the root of the repository has none.
fn release_name(folder: &RepoPath) -> String {
    match folder.file_name() {
        "" => "chart".to_owned(),
        name => name.to_owned(),
    }
}

/// Folders of charts that do not belong to another chart's `charts/`.
fn find_charts(scope: &Scope<'_>) -> Vec<RepoPath> {
    let all: BTreeSet<RepoPath> = scope
        .tree
        .own_entries()
        .keys()
        .filter(|path| path.file_name() == chart::FILE_NAME && scope.tree.claims_file(path))
        .map(RepoPath::parent)
        .collect();
    let is_dependency = |folder: &RepoPath| {
        let mut above = folder.clone();
        while !above.is_root() {
            let parent = above.parent();
            if above.file_name() == "charts" && all.contains(&parent) {
                return true;
            }
            above = parent;
        }
        false
    };
    all.iter()
        .filter(|folder| !is_dependency(folder))
        .cloned()
        .collect()
}

fn find_trials(scope: &Scope<'_>, folder: &RepoPath) -> Vec<RepoPath> {
    let Some(trials) = folder.join(TRIALS.0) else {
        return Vec::new();
    };
    scope
        .tree
        .list_folder(&trials)
        .unwrap_or_default()
        .into_iter()
        .filter(|(name, child)| name.ends_with(TRIALS.1) && *child != Child::Folder)
        .filter_map(|(name, _)| trials.join(&name))
        .filter(|path| scope.tree.is_file(path))
        .collect()
}

/// The chart in a folder: what it says, what it holds, and why it must not be rendered.
pub(super) fn read(scope: &Scope<'_>, reader: &Reader<'_>, folder: &RepoPath) -> (Chart, Closure) {
    let mut closure = chart::collect(scope.tree, folder);
    let mut whole = Chart::default();
    for (name, is_required) in [(chart::FILE_NAME, true), ("requirements.yaml", false)] {
        let Some(path) = folder.join(name) else {
            continue;
        };
        if !is_required && !scope.tree.is_file(&path) {
            continue;
        }
        let refuse = |kind, line, text: String| Refusal {
            kind,
            path: path.clone(),
            line,
            text,
        };
        match scope
            .cache
            .charts
            .read(scope.tree, reader, &path, Chart::parse)
        {
            Ok(chart) => {
                if let Some((line, message)) = &chart.error {
                    let refusal = refuse(RefusalKind::Unreadable, *line, message.clone());
                    closure.refusals.insert(refusal);
                }
                for (dependency, line) in &chart.dependencies {
                    if !is_vendored(scope, reader, folder, dependency) {
                        let kind = RefusalKind::MissingDependency;
                        closure
                            .refusals
                            .insert(refuse(kind, *line, dependency.clone()));
                    }
                }
                for (name, local) in &chart.local {
                    let archive = local_archive(folder, name);
                    let is_supplied = archive.is_some_and(|path| scope.tree.is_supplied(&path));
                    // What the archive is made of: whoever changes it changes this application.
                    if (is_supplied || !is_vendored(scope, reader, folder, name))
                        && let Some(local) = folder.join(local)
                    {
                        closure.files.extend(collect_chart(scope.tree, &local));
                    }
                }
                if is_required {
                    whole = Chart::clone(&chart);
                }
            }
            Err(error) => {
                let refusal = refuse(RefusalKind::Unreadable, 0, error.to_string());
                closure.refusals.insert(refusal);
            }
        }
    }
    (whole, closure)
}

/// Where the archive of a dependency stands that is a chart of the same repository.
pub(in crate::plan) fn local_archive(folder: &RepoPath, name: &str) -> Option<RepoPath> {
    folder.join(&format!("charts/{name}-0.local.tgz"))
}

/// The files of a chart, without what must not be taken.
pub(in crate::plan) fn collect_chart(tree: &Tree, folder: &RepoPath) -> BTreeSet<RepoPath> {
    let is_own = |path: &RepoPath| path.is_within(folder) && tree.is_file(path);
    let files = chart::collect(tree, folder).files.into_iter();
    files.filter(is_own).collect()
}

/// True when `charts/` holds a chart of this name, as a folder or an archive. Helm asks the same
/// before it looks at conditions and tags.
fn is_vendored(scope: &Scope<'_>, reader: &Reader<'_>, folder: &RepoPath, name: &str) -> bool {
    let Some(charts) = folder.join("charts") else {
        return false;
    };
    let children = scope.tree.list_folder(&charts).unwrap_or_default();
    children.keys().any(|child| {
        let Some(path) = charts.join(child) else {
            return false;
        };
        if let Some(archive) = child.strip_suffix(".tgz") {
            let rest = archive.strip_prefix(name).unwrap_or_default();
            return rest.strip_prefix('-').is_some_and(|version| {
                version.starts_with(|first: char| first.is_ascii_digit() || first == 'v')
            });
        }
        path.join(chart::FILE_NAME)
            .filter(|file| scope.tree.is_file(file))
            .and_then(|file| {
                let known = &scope.cache.charts;
                known.read(scope.tree, reader, &file, Chart::parse).ok()
            })
            .is_some_and(|chart| chart.name == name)
    })
}
