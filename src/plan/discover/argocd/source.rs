//! One source of an Application: a folder, a chart, or only a name for value files.

use std::collections::BTreeMap;

use serde_json::Value;

use super::application::Parts;
use super::environment::Environment;
use super::{Place, chart, directory, find_text, is_true, kustomize, overrides, tool};
use crate::config::repo::RendererKind;
use crate::ids::{ClusterName, RepoPath};
use crate::plan::discover::Scope;
use crate::plan::{AppSource, RefusalKind, RendererInput, Waiting};

/// Sources by the name that value files use for them (`$name/…`): true for the tree under judgement.
pub(super) struct References<'a>(BTreeMap<&'a str, &'a Value>);

impl<'a> References<'a> {
    pub(super) fn collect(sources: &[&'a Value]) -> Self {
        let named = sources
            .iter()
            .filter_map(|source| Some((find_text(source, "/ref")?, *source)));
        Self(named.collect())
    }

    /// The source of this name.
    pub(super) fn find(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).copied()
    }
}

/// True when a source is the tree under judgement.
pub(super) fn is_own(scope: &Scope<'_>, source: &Value) -> bool {
    let origin = &scope.defaults.origin;
    find_text(source, "/chart").is_none()
        && find_text(source, "/repoURL").is_some_and(|url| origin.is_own(url))
        && origin.tracks(find_text(source, "/targetRevision"))
}

/// One source with everything that reading it needs.
pub(super) struct Source<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) place: &'a Place<'a>,
    /// The Application.
    pub(super) app: &'a Value,
    /// The source itself, with what files of its folder lay over it.
    pub(super) value: &'a Value,
    /// Its folder; the root for a chart of a chart repository.
    pub(super) folder: RepoPath,
    /// Whether the folder is one of the tree under judgement.
    pub(super) is_own: bool,
    pub(super) references: &'a References<'a>,
    /// Where the application goes.
    pub(super) cluster: &'a ClusterName,
    pub(super) environment: Environment,
}

/// Reads a source into `parts`.
pub(super) fn read(
    scope: &Scope<'_>,
    place: &Place<'_>,
    app: &Value,
    value: &Value,
    (references, cluster): (&References<'_>, &ClusterName),
    parts: &mut Parts,
) {
    let path = find_text(value, "/path");
    let chart = find_text(value, "/chart");
    if path.is_none() && chart.is_none() {
        // A name for value files, nothing to render.
        return;
    }
    let Some(url) = find_text(value, "/repoURL") else {
        let text = "a source has no `repoURL`";
        return parts.refuse(place, RefusalKind::Declaration, text);
    };
    let Some(folder) = RepoPath::root().join(path.unwrap_or_default()) else {
        return parts.refuse(
            place,
            RefusalKind::LeavesRepository,
            path.unwrap_or_default(),
        );
    };
    let is_own = is_own(scope, value);
    if is_own && !scope.tree.is_folder(&folder) {
        return parts.refuse(place, RefusalKind::Missing, path.unwrap_or_default());
    }
    let Some((merged, kind)) = choose((scope, place, app), value, &folder, is_own, parts) else {
        return;
    };
    let source = Source {
        scope,
        place,
        app,
        value: &merged,
        is_own,
        references,
        cluster,
        environment: Environment::of(app, value),
        folder,
    };
    let renderer = compose(&source, kind, parts);
    let found = if is_own {
        AppSource::here(source.folder, renderer)
    } else {
        let is_guessed = merged.get("directory").is_none_or(Value::is_null);
        let is_open = is_guessed && matches!(renderer, RendererInput::Directory { .. });
        AppSource {
            waiting: Waiting {
                may_miss: source.is_true("/kustomize/ignoreMissingComponents"),
                // What lies there decides.
                kustomize: is_open.then(|| kustomize::compose(&source, parts)),
                ..Waiting::default()
            },
            repository: Some(url.to_owned()),
            revision: find_text(value, "/targetRevision").map(str::to_owned),
            chart: chart.map(str::to_owned),
            path: source.folder,
            renderer,
        }
    };
    parts.sources.push(found);
}

/// The source with what files of its folder lay over it, and the tool that renders it; nothing where
/// it is refused.
fn choose(
    (scope, place, app): (&Scope<'_>, &Place<'_>, &Value),
    value: &Value,
    folder: &RepoPath,
    is_own: bool,
    parts: &mut Parts,
) -> Option<(Value, RendererKind)> {
    let merge = |source: &Value, parts: &mut Parts| {
        if is_own && find_text(source, "/chart").is_none() {
            overrides::apply(scope.tree, app, source, folder, parts)
        } else {
            source.clone()
        }
    };
    let merged = merge(&tool::without_empty(value), parts);
    if let Some(plugin) = merged.get("plugin").filter(|plugin| !plugin.is_null()) {
        let name = find_text(plugin, "/name").unwrap_or("found by Argo CD");
        // What it reads is its own matter: everything below may matter to it.
        let below = scope.tree.below(folder).filter(|_| is_own);
        parts.files.extend(below.map(|(path, _)| path.clone()));
        let text = format!("an Argo CD plugin (`{name}`)");
        parts.refuse(place, RefusalKind::OtherRenderer, text);
        return None;
    }
    let mut kind = tool::find(scope, &merged, folder, is_own);
    let is_one_of_several = app.pointer("/spec/sources").is_some_and(holds_some);
    if is_one_of_several && tool::find(scope, &merge(value, parts), folder, is_own) != kind {
        let why = "one of its `sources` has only empty options for a tool, and what they mean depends on the version of Argo CD";
        kind = Err(why.to_owned());
    }
    match kind {
        Ok(kind) => Some((merged, kind)),
        Err(why) => {
            // Whatever the tool, it reads from here.
            let below = scope.tree.below(folder).filter(|_| is_own);
            parts.files.extend(below.map(|(path, _)| path.clone()));
            parts.refuse(place, RefusalKind::Declaration, why);
            None
        }
    }
}

fn holds_some(sources: &Value) -> bool {
    sources
        .as_array()
        .is_some_and(|sources| !sources.is_empty())
}

fn compose(source: &Source<'_>, kind: RendererKind, parts: &mut Parts) -> RendererInput {
    match kind {
        RendererKind::Helm => RendererInput::Helm(chart::compose(source, parts)),
        RendererKind::Kustomize => RendererInput::Kustomize(kustomize::compose(source, parts)),
        RendererKind::Directory => directory::compose(source, parts),
    }
}

impl Source<'_> {
    /// True for a field of this source that says so.
    pub(super) fn is_true(&self, pointer: &str) -> bool {
        is_true(self.value, pointer)
    }
}
