//! What the operator knows of an Argo CD installation.

use std::collections::BTreeMap;

use super::inputs::{BuildFeature, KustomizeInput};
use crate::config::argocd::ArgoDestination;
use crate::config::build_options::BuildOptions;
use crate::config::repo::RepoConfig;
use crate::ids::ClusterName;

/// An Argo CD installation. The default knows no cluster but the one that Argo CD runs in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArgoCd {
    /// Its clusters, as its cluster Secrets declare them.
    pub clusters: Vec<ArgoCluster>,
    /// Its `kustomize.buildOptions`; `None`: nobody said what they are.
    pub build_options: Option<BuildOptions>,
}

/// A cluster of an Argo CD installation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArgoCluster {
    /// What Drydock's configuration and settings call it.
    pub cluster: ClusterName,
    /// What Argo CD calls it.
    pub name: String,
    /// Its address, as Applications name it.
    pub server: String,
    /// Labels of its Secret.
    pub labels: BTreeMap<String, String>,
    /// Annotations of its Secret.
    pub annotations: BTreeMap<String, String>,
    /// The project it belongs to, where it belongs to one.
    pub project: Option<String>,
    /// The options of whoever deploys there, where they are not those of the installation.
    pub build_options: Option<BuildOptions>,
}

impl ArgoCluster {
    /// A cluster of the configuration, as Applications name it.
    pub fn of(cluster: &ClusterName, argocd: &ArgoDestination) -> Self {
        Self {
            cluster: cluster.clone(),
            name: argocd.name.clone().unwrap_or_else(|| cluster.0.clone()),
            server: argocd.server.clone().unwrap_or_default(),
            labels: argocd.labels.clone(),
            annotations: argocd.annotations.clone(),
            project: argocd.project.clone(),
            build_options: argocd.kustomize_build_options.clone(),
        }
    }
}

impl ArgoCd {
    /// The same, with what a repository's configuration adds: the operator's word comes first.
    pub(super) fn with(&self, config: &RepoConfig) -> Self {
        let mut all = self.clone();
        for (name, cluster) in &config.clusters {
            let mut named = cluster.argocd.clone().unwrap_or_default();
            if self.build_options.is_some() {
                named.kustomize_build_options = None;
            }
            let known = all.clusters.iter_mut().find(|known| known.cluster == *name);
            match known {
                None => all.clusters.push(ArgoCluster::of(name, &named)),
                Some(known) if known.build_options.is_none() => {
                    known.build_options = named.kustomize_build_options;
                }
                Some(_) => {}
            }
        }
        all
    }

    /// Lets an input for this cluster do what the build options there let Kustomize do. Where nobody said
    /// what they are, everything: a repository with charts or plugins is taken to have an Argo CD that
    /// renders them.
    pub(super) fn apply_options(&self, cluster: &ClusterName, input: &mut KustomizeInput) {
        let known = self.clusters.iter().find(|known| known.cluster == *cluster);
        let own = known.and_then(|known| known.build_options.as_ref());
        let Some(options) = own.or(self.build_options.as_ref()) else {
            return;
        };
        let BuildOptions {
            open_load_restrictor,
            charts,
            plugins,
            exec,
            managed_by_label,
            api_versions,
        } = options.clone();
        input.open_load_restrictor = open_load_restrictor;
        input.managed_by_label = managed_by_label;
        input.more_api_versions = api_versions;
        input.disabled = [
            (BuildFeature::Charts, charts),
            (BuildFeature::Plugins, plugins),
            (BuildFeature::Exec, exec),
        ]
        .into_iter()
        .filter(|(_, is_enabled)| !is_enabled)
        .map(|(feature, _)| feature)
        .collect();
    }

    /// The cluster of a destination. Argo CD's own is `home`; one that is not configured keeps the name
    /// or address that the destination gives.
    pub(super) fn find_cluster(
        &self,
        name: Option<&str>,
        server: Option<&str>,
        home: &ClusterName,
    ) -> ClusterName {
        let known = self.clusters.iter().find(|cluster| match (name, server) {
            (Some(name), _) => cluster.name == name,
            (None, Some(server)) => {
                !cluster.server.is_empty() && trim(&cluster.server) == trim(server)
            }
            (None, None) => false,
        });
        match (known, name, server) {
            (Some(known), _, _) => known.cluster.clone(),
            (None, Some("in-cluster"), _)
            | (None, None, Some("https://kubernetes.default.svc") | None) => home.clone(),
            (None, Some(text), _) | (None, None, Some(text)) => ClusterName(text.to_owned()),
        }
    }
}

fn trim(server: &str) -> &str {
    server.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_found_by_name_or_server_and_else_keeps_its_own_name() {
        let argocd = ArgoCd {
            clusters: vec![ArgoCluster {
                cluster: ClusterName("production".to_owned()),
                name: "prod".to_owned(),
                server: "https://prod.example".to_owned(),
                ..ArgoCluster::default()
            }],
            ..ArgoCd::default()
        };
        let home = ClusterName("staging".to_owned());
        let find = |name, server| argocd.find_cluster(name, server, &home).0;
        assert_eq!(find(Some("prod"), None), "production");
        assert_eq!(find(None, Some("https://prod.example/")), "production");
        assert_eq!(find(Some("in-cluster"), None), "staging");
        assert_eq!(
            find(None, Some("https://kubernetes.default.svc")),
            "staging"
        );
        assert_eq!(find(Some("edge"), None), "edge");
    }
}
