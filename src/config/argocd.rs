//! How an Argo CD names a cluster, and what its installation is set to.

use std::collections::BTreeMap;

use serde::Deserialize;

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
}

/// What holds for every Application of an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArgoInstallation {
    /// `kustomize.buildOptions` of `argocd-cm`; `--load-restrictor LoadRestrictionsNone` is what counts.
    /// Default: empty.
    #[serde(default)]
    pub kustomize_build_options: String,
}

impl ArgoInstallation {
    /// True when bases and files may lie outside a root, anywhere in the checkout.
    pub fn opens_load_restrictor(&self) -> bool {
        let words = self.kustomize_build_options.split([' ', '=']);
        words
            .filter(|word| !word.is_empty())
            .any(|word| word == "LoadRestrictionsNone")
    }
}
