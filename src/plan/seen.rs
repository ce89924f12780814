//! What earlier renderings of one side hold that can declare further applications.

use crate::ids::{AppId, ClusterName};
use crate::object::Manifest;

/// Every object of the applications rendered so far on one side that declares applications or that
/// such a declaration can refer to: those of Argo CD and Flux, ConfigMaps, and Secrets (masked).
#[derive(Debug, Clone, Default)]
pub struct Seen<'a> {
    /// In the order of the applications, then of their manifests.
    pub objects: Vec<SeenObject<'a>>,
    /// What may hold more, and could not be rendered: the cluster that it goes to, and the namespace where
    /// it names one.
    pub gaps: Vec<(&'a ClusterName, Option<&'a str>)>,
}

/// One object, and where it was found.
#[derive(Debug, Clone, Copy)]
pub struct SeenObject<'a> {
    /// The application whose rendering holds it.
    pub parent: &'a AppId,
    /// Where that application goes: the cluster that the object lives in.
    pub parent_cluster: &'a ClusterName,
    /// Namespace of objects that name none, where that application gives one.
    pub namespace: Option<&'a str>,
    /// The object.
    pub manifest: &'a Manifest,
}

impl<'a> SeenObject<'a> {
    /// The namespace that the object lives in; `None` where neither it nor its application names one.
    pub fn effective_namespace(&self) -> Option<&'a str> {
        self.manifest
            .object()
            .namespace
            .as_deref()
            .or(self.namespace)
    }
}

/// True for an object that declares an application, or a set of them.
pub fn is_declaration(manifest: &Manifest) -> bool {
    let object = manifest.object();
    let kind = object.kind.as_str();
    match object.group.as_str() {
        "argoproj.io" => matches!(kind, "Application" | "ApplicationSet"),
        "fluxcd.controlplane.io" => true,
        group => {
            group.ends_with(".toolkit.fluxcd.io") && matches!(kind, "Kustomization" | "HelmRelease")
        }
    }
}
