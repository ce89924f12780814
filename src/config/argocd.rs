//! How an Argo CD names a cluster, and what its installation is set to.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::build_options::BuildOptions;

/// How Applications name a cluster: what Argo CD's cluster Secret says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgoDestination {
    /// `destination.name`. Default: the name that Drydock's configuration gives the cluster.
    #[serde(default)]
    pub name: Option<String>,
    /// `destination.server`. Default: none.
    #[serde(default)]
    pub server: Option<String>,
    /// Labels of the Secret, which ApplicationSets select clusters by. Default: none.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Annotations of the Secret. Default: none.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// The project that the cluster belongs to. Default: none.
    #[serde(default)]
    pub project: Option<String>,
    /// `kustomize.buildOptions` of the Argo CD that deploys there. Default: what holds for the whole
    /// installation.
    #[serde(default)]
    pub kustomize_build_options: Option<BuildOptions>,
}

/// What holds for every Application of an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgoInstallation {
    /// `kustomize.buildOptions` of `argocd-cm`; empty text where that has none. Default: not known, and
    /// what needs an option is rendered as if it were set; the load restrictor stays closed.
    #[serde(default)]
    pub kustomize_build_options: Option<BuildOptions>,
}
