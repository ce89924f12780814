//! One `Application`: where its manifests come from, and where they go.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::source::{self, References};
use super::{Place, find_text, is_true, texts};
use crate::config::repo::Engine;
use crate::ids::{AppId, ClusterName, DeclaredBy, Digest};
use crate::plan::discover::Scope;
use crate::plan::{
    AppSide, AppSource, Declaration, Doubt, OnRemoval, Refusal, RefusalKind, RendererInput,
};

/// The finalizer that makes Argo CD delete an application's objects with it; its variants follow
/// behind a slash.
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

/// Where Argo CD lives, for an object that no namespace is known of.
pub(super) const HOME: &str = "argocd";

/// The application that this object declares. `set` is the ApplicationSet that generates it.
pub(super) fn compose(
    scope: &Scope<'_>,
    place: &Place<'_>,
    value: &Value,
    set: Option<&str>,
) -> (AppId, AppSide) {
    let object = place.object;
    let home = object.parent_cluster;
    let namespace = find_text(value, "/metadata/namespace")
        .or(object.effective_namespace())
        .unwrap_or(HOME);
    let name = find_text(value, "/metadata/name").unwrap_or_default();
    let id = AppId {
        kind: DeclaredBy::ArgoApplication,
        cluster: home.clone(),
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        variant: None,
    };
    let cluster = scope.argocd.find_cluster(
        find_text(value, "/spec/destination/name"),
        find_text(value, "/spec/destination/server"),
        home,
    );
    let mut parts = Parts::default();
    read_sources(scope, place, value, &cluster, &mut parts);
    for source in &mut parts.sources {
        let major = scope.helm_major(&cluster);
        match &mut source.renderer {
            RendererInput::Helm(input) => input.major = major,
            RendererInput::Kustomize(input) => input.helm_major = major,
            RendererInput::Directory { .. } => {}
        }
    }
    let provenance = object.manifest.provenance();
    let side = AppSide {
        cluster,
        namespace: find_text(value, "/spec/destination/namespace").map(str::to_owned),
        engine: Engine::ArgoCd,
        sources: parts.sources,
        closure: parts.files,
        data: parts.data,
        refusals: parts.refusals.into_iter().collect(),
        doubts: parts.doubts,
        declaration: Some(Declaration {
            parent: object.parent.clone(),
            path: provenance.path.clone(),
            line: provenance.line,
            digest: digest(value),
            on_removal: on_removal(value),
            suspended: false,
            set: set.map(str::to_owned),
        }),
        creates_namespace: texts(value, "/spec/syncPolicy/syncOptions")
            .any(|option| option.eq_ignore_ascii_case("CreateNamespace=true")),
        ..AppSide::default()
    };
    (id, side)
}

/// What the sources come to.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) sources: Vec<AppSource>,
    pub(super) files: BTreeSet<crate::ids::RepoPath>,
    /// Those of them that are not taken for objects.
    pub(super) data: BTreeSet<crate::ids::RepoPath>,
    pub(super) refusals: BTreeSet<Refusal>,
    pub(super) doubts: BTreeSet<Doubt>,
}

impl Parts {
    /// Refuses the application, at its declaration.
    pub(super) fn refuse(&mut self, place: &Place<'_>, kind: RefusalKind, text: impl Into<String>) {
        self.refusals.insert(place.refuse(kind, text));
    }
}

fn read_sources(
    scope: &Scope<'_>,
    place: &Place<'_>,
    value: &Value,
    cluster: &ClusterName,
    parts: &mut Parts,
) {
    let refuse = |kind, text: &str| place.refuse(kind, text);
    if value.pointer("/spec/sourceHydrator").is_some() {
        let text = "Argo CD's source hydrator";
        parts
            .refusals
            .insert(refuse(RefusalKind::OtherRenderer, text));
        return;
    }
    let several = value.pointer("/spec/sources").and_then(Value::as_array);
    let sources: Vec<&Value> = match several.filter(|sources| !sources.is_empty()) {
        Some(sources) => sources.iter().collect(),
        None => value.pointer("/spec/source").into_iter().collect(),
    };
    if sources.is_empty() {
        let text = "`spec.source` and `spec.sources` are both missing";
        parts
            .refusals
            .insert(refuse(RefusalKind::Declaration, text));
        return;
    }
    let references = References::collect(&sources);
    if value
        .get("operation")
        .is_some_and(|operation| !operation.is_null())
    {
        let text = "its `operation` starts a sync of its own, of any revision and of any manifests";
        parts
            .refusals
            .insert(refuse(RefusalKind::Declaration, text));
    }
    let before = parts.sources.len();
    for source in &sources {
        let around = (&references, cluster);
        source::read(scope, place, value, source, around, parts);
    }
    if parts.sources.len() == before && parts.refusals.is_empty() {
        let text = "none of its sources has a `path` or a `chart`";
        parts
            .refusals
            .insert(refuse(RefusalKind::Declaration, text));
    }
    let may_be_empty = is_true(value, "/spec/syncPolicy/automated/allowEmpty");
    if parts.refusals.is_empty() && !may_be_empty && parts.sources.iter().all(is_empty) {
        let text = "no file of its folder is one that Argo CD would take for a manifest: it is shown as deploying nothing, and an automated sync removes nothing of what was deployed before unless `syncPolicy.automated.allowEmpty: true` says that this is meant";
        parts.doubts.insert(Doubt::of_all(text.to_owned()));
    }
}

/// True for a folder of this tree without manifests.
fn is_empty(source: &AppSource) -> bool {
    let holds_none =
        matches!(&source.renderer, RendererInput::Directory { files } if files.is_empty());
    holds_none && source.repository.is_none()
}

fn on_removal(value: &Value) -> OnRemoval {
    let is_ours = |text: &str| {
        let rest = text.strip_prefix(FINALIZER);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if texts(value, "/metadata/finalizers").any(is_ours) {
        OnRemoval::Deleted
    } else {
        OnRemoval::Kept
    }
}

/// What decides about the application: not its labels, nor what Argo CD writes into it.
fn digest(value: &Value) -> Digest {
    let what = json!({
        "spec": value.get("spec"),
        "finalizers": value.pointer("/metadata/finalizers"),
        "operation": value.get("operation"),
    });
    Digest::of(what.to_string().as_bytes())
}
