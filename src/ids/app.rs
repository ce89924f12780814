//! Applications: what declares one, where it goes, and which two sides are the same one.

use std::fmt;

/// What declares an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclaredBy {
    /// A kustomization that no other refers to.
    Kustomization,
    /// A chart in the repository.
    Chart,
    /// A folder of plain manifests.
    Directory,
    /// An entry of `apps` in `.drydock.yaml`.
    Config,
    /// An Argo CD `Application`.
    ArgoApplication,
    /// An Argo CD `ApplicationSet`.
    ArgoApplicationSet,
    /// A Flux `Kustomization`.
    FluxKustomization,
    /// A Flux `HelmRelease`.
    FluxHelmRelease,
    /// A `ResourceSet` of the Flux Operator.
    FluxResourceSet,
    /// A `FluxInstance` of the Flux Operator.
    FluxInstance,
    /// Files named on the command line.
    Files,
}

impl DeclaredBy {
    /// The declarer of a word.
    pub fn find(word: &str) -> Option<Self> {
        [
            Self::Kustomization,
            Self::Chart,
            Self::Directory,
            Self::Config,
            Self::ArgoApplication,
            Self::ArgoApplicationSet,
            Self::FluxKustomization,
            Self::FluxHelmRelease,
            Self::FluxResourceSet,
            Self::FluxInstance,
            Self::Files,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }

    /// The word used in ids and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kustomization => "kustomization",
            Self::Chart => "chart",
            Self::Directory => "directory",
            Self::Config => "config",
            Self::ArgoApplication => "argocd",
            Self::ArgoApplicationSet => "argocd-set",
            Self::FluxKustomization => "flux",
            Self::FluxHelmRelease => "flux-helm",
            Self::FluxResourceSet => "flux-set",
            Self::FluxInstance => "flux-instance",
            Self::Files => "files",
        }
    }
}

/// A cluster by the name that configuration and settings give it; empty where none is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterName(pub String);

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An application's identity; both sides of a change pair by it.
///
/// Shown as `kind:name[#variant][@cluster[/namespace]]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId {
    /// What declares it.
    pub kind: DeclaredBy,
    /// Where it goes; empty without a configured cluster.
    pub cluster: ClusterName,
    /// Namespace of the declaring object; empty where the declaration has none.
    pub namespace: String,
    /// Name of the declaring object, or the root path of what was found by its files.
    pub name: String,
    /// One of several renderings of the same root, such as a `ci/` values file.
    pub variant: Option<String>,
}

impl AppId {
    /// What people call it: the last segment of the name, with the variant.
    pub fn display_name(&self) -> String {
        let last = self
            .name
            .rsplit('/')
            .find(|part| !part.is_empty())
            .unwrap_or("root");
        match &self.variant {
            Some(variant) => format!("{last} ({variant})"),
            None => last.to_owned(),
        }
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() {
            "."
        } else {
            &self.name
        };
        write!(f, "{}:{name}", self.kind.word())?;
        if let Some(variant) = &self.variant {
            write!(f, "#{variant}")?;
        }
        if !self.cluster.0.is_empty() {
            write!(f, "@{}", self.cluster)?;
            if !self.namespace.is_empty() {
                write!(f, "/{}", self.namespace)?;
            }
        }
        Ok(())
    }
}
