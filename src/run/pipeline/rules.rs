//! What judges a change: configuration of the base, policies, versions, gates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::cluster_facts::{ClusterFacts, KubernetesVersion};
use crate::config::ConfigError;
use crate::config::repo::{self, Mode, RepoConfig};
use crate::finding::Gate;
use crate::ids::{ClusterName, RepoPath};
use crate::plan::{AppSide, Defaults, PlannedApp};
use crate::render;
use crate::tree::{Tree, TreeError};

use super::Means;
use super::policies::PolicyInput;

/// What judges. Nothing of it comes from the head of a change.
#[derive(Debug, Clone)]
pub struct Rules {
    /// `.drydock.yaml` of the base.
    pub config: RepoConfig,
    /// What holds where it says nothing.
    pub defaults: Defaults,
    /// The gates that run; rendering always does.
    pub gates: BTreeSet<Gate>,
    /// Policy sources with their modes.
    pub policies: Vec<PolicyInput>,
    /// Further CustomResourceDefinitions.
    pub crds: Vec<Arc<Value>>,
    /// True when a missing preview keeps the change from passing whatever the configuration says:
    /// whoever names a cluster on the command line wants its answer.
    pub preview_required: bool,
    /// The version that judges where no cluster and no configuration says one.
    pub kubernetes: Option<KubernetesVersion>,
}

impl Rules {
    /// Reads the configuration of a tree; a tree without the file has the default one.
    pub fn read_config(tree: &Tree) -> Result<RepoConfig, Vec<ConfigError>> {
        let whole = |message: String| {
            vec![ConfigError {
                message,
                line: 1,
                column: 1,
                hint: None,
            }]
        };
        let path: RepoPath = repo::FILE_NAME
            .parse()
            .map_err(|_| whole("its name is not a path".to_owned()))?;
        match tree.read(&path) {
            Ok(bytes) => repo::parse(&bytes),
            Err(TreeError::Missing(_)) => Ok(RepoConfig::default()),
            Err(error) => Err(whole(error.to_string())),
        }
    }

    /// The mode of each gate that runs. A preview that is demanded of one of these applications is
    /// made whatever its gate's mode says.
    pub(super) fn modes(&self, apps: &[PlannedApp]) -> BTreeMap<Gate, Mode> {
        let runs = |gate: &Gate| *gate == Gate::Render || self.gates.contains(gate);
        let demanded = apps.iter().any(|app| !self.tolerates_no_preview(app));
        Gate::ALL
            .into_iter()
            .filter(runs)
            .map(|gate| match self.config.gate_mode(gate) {
                mode if gate == Gate::Preview && demanded => (gate, mode.max(Mode::Warn)),
                mode => (gate, mode),
            })
            .collect()
    }

    /// True when the clusters are asked about these applications.
    pub(super) fn previews(&self, apps: &[PlannedApp]) -> bool {
        let mode = self.modes(apps).get(&Gate::Preview).copied();
        mode.is_some_and(|mode| mode != Mode::Off)
    }

    /// The version that judges what goes to this cluster: the cluster's own answer, else the
    /// configuration, else the command line, else the default.
    pub(super) fn version(
        &self,
        cluster: &ClusterName,
        facts: &BTreeMap<ClusterName, Arc<ClusterFacts>>,
    ) -> KubernetesVersion {
        facts
            .get(cluster)
            .and_then(|facts| facts.version)
            .or_else(|| {
                self.config
                    .clusters
                    .get(cluster)
                    .and_then(|cluster| cluster.kubernetes)
            })
            .or(self.kubernetes)
            .unwrap_or_default()
    }

    /// Rendering settings with the versions of the destinations.
    pub(super) fn render_settings(
        &self,
        means: &Means,
        facts: &super::preview::Facts,
    ) -> render::Settings {
        let mut settings = means.render.clone();
        settings.default_version = self.version(&ClusterName::default(), &facts.known);
        let names = self.config.clusters.keys().chain(facts.known.keys());
        settings.versions = names
            .map(|name| (name.clone(), self.version(name, &facts.known)))
            .collect();
        let served = facts
            .known
            .iter()
            .filter(|(_, facts)| !facts.kinds.is_empty());
        settings.api_versions = served
            .map(|(name, facts)| (name.clone(), Arc::new(facts.api_versions())))
            .collect();
        settings
    }

    /// True for an application whose declaration sends it to a cluster by a name or address that the
    /// configuration does not know, where some cluster is protected: it may be that very one.
    fn is_unmapped(&self, side: &AppSide) -> bool {
        let clusters = &self.config.clusters;
        side.declaration.is_some()
            && !side.cluster.0.is_empty()
            && !clusters.contains_key(&side.cluster)
            && clusters.values().any(|cluster| cluster.protected)
    }

    /// Whether a preview that could not be had is only said, not held against the change. Both sides
    /// count: an application that leaves a protected cluster is that cluster's matter too.
    pub(super) fn tolerates_no_preview(&self, app: &PlannedApp) -> bool {
        let demands =
            |side: &AppSide| self.config.demands_preview(&side.cluster) || self.is_unmapped(side);
        !self.preview_required && !app.base.iter().chain(&app.head).any(demands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{AppId, DeclaredBy, Digest};
    use crate::plan::{Declaration, OnRemoval, Why};

    fn declared(cluster: &str) -> PlannedApp {
        let id = AppId {
            kind: DeclaredBy::ArgoApplication,
            cluster: ClusterName::default(),
            namespace: "argocd".to_owned(),
            name: "shop".to_owned(),
            variant: None,
        };
        let side = AppSide {
            cluster: ClusterName(cluster.to_owned()),
            declaration: Some(Declaration {
                parent: id.clone(),
                path: None,
                line: 0,
                digest: Digest::ZERO,
                on_removal: OnRemoval::Deleted,
                suspended: false,
                set: None,
            }),
            ..AppSide::default()
        };
        PlannedApp {
            id,
            base: None,
            head: Some(side),
            why: vec![Why::Introduced],
        }
    }

    fn rules(clusters: &str) -> Rules {
        let text = format!("version: 1\nclusters: {clusters}\n");
        Rules {
            config: repo::parse(text.as_bytes()).unwrap(),
            defaults: Defaults::default(),
            gates: BTreeSet::new(),
            policies: Vec::new(),
            crds: Vec::new(),
            preview_required: false,
            kubernetes: None,
        }
    }

    #[test]
    fn a_destination_that_nobody_knows_may_be_the_protected_cluster() {
        let rules = rules("{production: {protected: true}, staging: {}}");
        let tolerates = |cluster| rules.tolerates_no_preview(&declared(cluster));
        assert!(!tolerates("production"));
        assert!(!tolerates("https://another-name.example"));
        assert!(tolerates("staging"));
        let open = self::rules("{staging: {}}");
        assert!(open.tolerates_no_preview(&declared("https://another-name.example")));
    }
}
