//! The objects at hand, and which one a reference means.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::ids::{AppId, ClusterName, DeclaredBy, Digest, ObjectRef, RepoPath};
use crate::plan::seen::{Seen, SeenObject};
use crate::plan::{Declaration, OnRemoval};

pub(super) const KUSTOMIZE: &str = "kustomize.toolkit.fluxcd.io";
pub(super) const HELM: &str = "helm.toolkit.fluxcd.io";
pub(super) const SOURCE: &str = "source.toolkit.fluxcd.io";
pub(super) const WATCHER: &str = "source.extensions.fluxcd.io";
pub(super) const OPERATOR: &str = "fluxcd.controlplane.io";

/// The fields of a source that decide what comes from it.
const DECIDING: [&str; 14] = [
    "url",
    "ref",
    "ignore",
    "include",
    "sparseCheckout",
    "type",
    "chart",
    "version",
    "sourceRef",
    "valuesFiles",
    "ignoreMissingValuesFiles",
    "layerSelector",
    "sources",
    "artifacts",
];

/// True for what declares an application, or what a declaration refers to.
fn is_of_interest(object: &ObjectRef) -> bool {
    match object.group.as_str() {
        KUSTOMIZE | HELM | SOURCE | WATCHER | OPERATOR => true,
        "" => matches!(object.kind.as_str(), "ConfigMap" | "Secret"),
        _ => false,
    }
}

/// One object, and where it belongs.
#[derive(Debug, Clone)]
pub(super) struct Object<'a> {
    seen: SeenObject<'a>,
    /// The namespace that it lives in; empty when none is known.
    pub(super) namespace: &'a str,
    /// The folder of the outermost `Kustomization` above it, where no destination tells clusters apart.
    pub(super) instance: Option<String>,
    /// True when a `Kustomization` renders its file, too: the object counts as that renders it.
    pub(super) is_superseded: bool,
}

impl<'a> Object<'a> {
    fn new(seen: SeenObject<'a>) -> Self {
        Self {
            seen,
            namespace: seen.effective_namespace().unwrap_or_default(),
            instance: seen.parent.variant.clone().filter(|_| is_flux(seen.parent)),
            is_superseded: false,
        }
    }

    pub(super) fn group(&self) -> &'a str {
        &self.seen.manifest.object().group
    }

    pub(super) fn kind(&self) -> &'a str {
        &self.seen.manifest.object().kind
    }

    pub(super) fn name(&self) -> &'a str {
        &self.seen.manifest.object().name
    }

    pub(super) fn value(&self) -> &'a Value {
        self.seen.manifest.value()
    }

    pub(super) fn digest(&self) -> Digest {
        self.seen.manifest.digest()
    }

    pub(super) fn parent(&self) -> &'a AppId {
        self.seen.parent
    }

    /// True when a `Kustomization` or a `HelmRelease` rendered it.
    pub(super) fn is_of_flux(&self) -> bool {
        is_flux(self.seen.parent)
    }

    /// Digest of what a declaration takes from the object that it refers to.
    pub(super) fn deciding_digest(&self) -> Digest {
        let (whole, wanted): (&Value, &[&str]) = match self.value().get("spec") {
            Some(spec) if !self.group().is_empty() => (spec, &DECIDING),
            _ => (self.value(), &["data", "stringData"]),
        };
        let parts: Vec<String> = wanted
            .iter()
            .map(|key| whole.get(key).map(Value::to_string).unwrap_or_default())
            .collect();
        Digest::of_parts(parts.iter().map(String::as_bytes))
    }

    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        self.group() == group && self.kind() == kind
    }

    /// Its file; where that is not known, what the application above is found by.
    pub(super) fn file(&self) -> RepoPath {
        let known = self.seen.manifest.provenance().path.clone();
        known.unwrap_or_else(|| self.seen.parent.name.parse().unwrap_or_default())
    }

    pub(super) fn line(&self) -> u32 {
        self.seen.manifest.provenance().line
    }

    /// The identity of the application that it declares.
    pub(super) fn id(&self, kind: DeclaredBy) -> AppId {
        AppId {
            kind,
            cluster: self.seen.parent_cluster.clone(),
            namespace: self.namespace.to_owned(),
            name: self.name().to_owned(),
            variant: self.instance.clone(),
        }
    }

    /// The cluster that it lives in.
    pub(super) fn cluster(&self) -> &'a str {
        &self.seen.parent_cluster.0
    }

    /// How it declares its application. `with` is everything beside the object that decides it.
    pub(super) fn declaration(
        &self,
        with: &[Digest],
        on_removal: OnRemoval,
        suspended: bool,
    ) -> Declaration {
        let mut parts = vec![self.digest().to_string()];
        parts.extend(with.iter().map(ToString::to_string));
        Declaration {
            parent: self.parent().clone(),
            path: self.seen.manifest.provenance().path.clone(),
            line: self.line(),
            digest: Digest::of_parts(parts.iter().map(String::as_bytes)),
            on_removal,
            suspended,
            set: None,
        }
    }

    /// True when a label or annotation of this key has this value.
    pub(super) fn is_marked(&self, key: &str, value: &str) -> bool {
        ["labels", "annotations"].iter().any(|field| {
            let marks = self.value().get("metadata").and_then(|all| all.get(field));
            marks
                .and_then(|marks| marks.get(key))
                .and_then(Value::as_str)
                == Some(value)
        })
    }
}

/// What a declaration takes from other objects than its own.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Of what it takes.
    pub(super) digests: Vec<Digest>,
    /// Where the objects stand, as far as that is known.
    pub(super) files: BTreeSet<RepoPath>,
}

impl Used {
    pub(super) fn take(&mut self, object: &Object<'_>) {
        self.digests.push(object.deciding_digest());
        self.files
            .extend(object.seen.manifest.provenance().path.clone());
    }
}

fn is_flux(parent: &AppId) -> bool {
    matches!(
        parent.kind,
        DeclaredBy::FluxKustomization | DeclaredBy::FluxHelmRelease
    )
}

type Key<'a> = (&'a str, &'a str, &'a str, &'a str);

/// All objects.
#[derive(Debug, Default)]
pub(super) struct Objects<'a> {
    all: Vec<Object<'a>>,
    by_name: HashMap<Key<'a>, Vec<usize>>,
    gaps: Vec<(&'a ClusterName, Option<&'a str>)>,
}

impl<'a> Objects<'a> {
    pub(super) fn index(seen: &Seen<'a>) -> Self {
        let mut objects = Self {
            gaps: seen.gaps.clone(),
            ..Self::default()
        };
        let wanted = seen.objects.iter();
        let wanted = wanted.filter(|seen| is_of_interest(seen.manifest.object()));
        for (place, seen) in wanted.enumerate() {
            let object = Object::new(*seen);
            let key = (
                object.group(),
                object.kind(),
                object.namespace,
                object.name(),
            );
            objects.by_name.entry(key).or_default().push(place);
            objects.all.push(object);
        }
        objects
    }

    pub(super) fn all(&self) -> &[Object<'a>] {
        &self.all
    }

    pub(super) fn all_mut(&mut self) -> &mut [Object<'a>] {
        &mut self.all
    }

    /// The object of this name in the cluster of `from`: of several, the one of the same instance, as a
    /// `Kustomization` renders it, whose file stands nearest.
    pub(super) fn find(
        &self,
        from: &Object<'_>,
        (group, kind): (&str, &str),
        namespace: &str,
        name: &str,
    ) -> Option<&Object<'a>> {
        Self::choose(from, self.named((group, kind, namespace, name)).into_iter())
    }

    /// The ConfigMap or Secret that `from` takes values from: only one of its own instance. Another one
    /// of this name may be deployed nowhere, and what the cluster has may come from elsewhere.
    pub(super) fn find_values(
        &self,
        from: &Object<'_>,
        kind: &str,
        name: &str,
    ) -> Option<&Object<'a>> {
        let found = self.named(("", kind, from.namespace, name)).into_iter();
        let same = found.filter(|object| object.instance == from.instance);
        Self::choose(from, same)
    }

    /// True where values that `from` takes and that were not found may exist all the same: made by what
    /// could not be rendered, or by another instance.
    pub(super) fn may_miss(&self, from: &Object<'_>, kind: &str, name: &str) -> bool {
        let is_there =
            |namespace: Option<&str>| namespace.is_none_or(|namespace| namespace == from.namespace);
        let mut gaps = self.gaps.iter();
        gaps.any(|(cluster, namespace)| cluster.0 == from.cluster() && is_there(*namespace))
            || !self.named(("", kind, from.namespace, name)).is_empty()
    }

    fn named(&self, key: Key<'_>) -> Vec<&Object<'a>> {
        let places = self.by_name.get(&key).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place)).collect()
    }

    /// Of several objects in the cluster of `from` the one that it means.
    pub(super) fn choose<'s>(
        from: &Object<'_>,
        found: impl Iterator<Item = &'s Object<'a>>,
    ) -> Option<&'s Object<'a>>
    where
        'a: 's,
    {
        let file = from.file();
        found
            .filter(|object| object.cluster() == from.cluster())
            .max_by_key(|object| {
                let is_near = object.instance == from.instance;
                // The last of equal ones wins; the first is wanted.
                (
                    is_near,
                    !object.is_superseded,
                    count_shared(&object.file(), &file),
                    std::cmp::Reverse(object.file()),
                )
            })
    }

    /// The `Kustomization` of an application.
    pub(super) fn find_parent(&self, object: &Object<'_>) -> Option<&Object<'a>> {
        let parent = object.parent();
        if parent.kind != DeclaredBy::FluxKustomization {
            return None;
        }
        let key = (
            KUSTOMIZE,
            "Kustomization",
            parent.namespace.as_str(),
            parent.name.as_str(),
        );
        let places = self.by_name.get(&key)?;
        let all = places.iter().filter_map(|place| self.all.get(*place));
        all.into_iter()
            .find(|found| found.id(parent.kind) == *parent)
    }
}

/// How many folders two files have in common.
fn count_shared(one: &RepoPath, other: &RepoPath) -> usize {
    let pairs = one.as_str().split('/').zip(other.as_str().split('/'));
    pairs.take_while(|(one, other)| one == other).count()
}
