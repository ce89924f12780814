//! `.drydock.yaml`: what a repository says about its applications and its gates.

mod destinations;
mod parse;
mod words;

use std::collections::BTreeMap;

use crate::cluster_facts::KubernetesVersion;
use crate::config::argocd::ArgoDestination;
use crate::finding::Gate;
use crate::ids::{ClusterName, RepoPath};

pub use parse::parse;
pub use words::{Dialect, Engine, Mode, OnMerge, RendererKind, Unavailable};

/// The file's path, at the root of the repository.
pub const FILE_NAME: &str = ".drydock.yaml";

/// A destination, by the name that the operator's settings give credentials to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The version whose schemas judge; absent by default: read from the cluster itself where one is
    /// connected, else [`KubernetesVersion::default`].
    pub kubernetes: Option<KubernetesVersion>,
    /// Who applies there; `kubectl` by default.
    pub engine: Engine,
    /// The Helm of its deployer, 3 or 4; absent by default: 4.
    pub helm: Option<u8>,
    /// How Argo CD's Applications name it; absent by default.
    pub argocd: Option<ArgoDestination>,
    /// Needs an approval; a preview that could not be had holds the change. False by default.
    pub protected: bool,
}

/// An application that discovery cannot know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedApp {
    /// Its name, unique in the file.
    pub name: String,
    /// Folder that the renderer starts at.
    pub path: RepoPath,
    /// The tool; found by the folder's files when absent.
    pub renderer: Option<RendererKind>,
    /// Helm release name; the app's name when absent.
    pub release: Option<String>,
    /// Namespace of the release or of objects that name none.
    pub namespace: Option<String>,
    /// Value files, relative to `path`, in order.
    pub values: Vec<String>,
    /// Helm 3 or 4; what the cluster says when absent.
    pub helm: Option<u8>,
    /// The destination, by a name of `clusters`; `None`: no configured cluster.
    pub cluster: Option<ClusterName>,
}

/// What discovery looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent switches, as the file has them"
)]
pub struct Discovery {
    /// Argo CD Applications. True by default.
    pub argocd: bool,
    /// Flux Kustomizations and HelmReleases. True by default.
    pub flux: bool,
    /// Kustomizations that no other refers to. True by default.
    pub kustomize: bool,
    /// Helm charts of the repository, libraries left out. True by default.
    pub helm: bool,
    /// Patterns of folders whose plain manifests are apps; `None`: every folder of manifests outside
    /// other apps.
    pub directories: Option<Vec<String>>,
    /// Patterns of paths that are never looked at.
    pub exclude: Vec<String>,
}

impl Default for Discovery {
    fn default() -> Self {
        Self {
            argocd: true,
            flux: true,
            kustomize: true,
            helm: true,
            directories: None,
            exclude: Vec::new(),
        }
    }
}

/// Where policies are and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySource {
    /// A file or folder of the repository.
    pub path: RepoPath,
    /// Convention; `auto` by default.
    pub dialect: Dialect,
    /// What its findings do; `block_new` by default.
    pub mode: Mode,
}

/// The repository's configuration: `.drydock.yaml` of the base commit, or the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoConfig {
    /// Destinations by the names that the operator's settings give them too. Empty by default.
    pub clusters: BTreeMap<ClusterName, Cluster>,
    /// Applications that discovery cannot know, in the file's order. Empty by default.
    pub apps: Vec<ListedApp>,
    /// What discovery looks for.
    pub discovery: Discovery,
    /// Policy sources; `None`: conftest's `policy/` when it exists.
    pub policies: Option<Vec<PolicySource>>,
    /// The most each gate may do; a gate that is not named has its default.
    pub gates: BTreeMap<Gate, Mode>,
    /// What a missing preview does; `warn` by default. Protected clusters hold.
    pub preview_unavailable: Unavailable,
    /// What a touched application that cannot be evaluated at head does; `block_new` by default.
    pub unevaluable: Mode,
    /// The waiver file. None by default.
    pub waivers: Option<RepoPath>,
    /// What happens after a merge; `observe` by default.
    pub on_merge: OnMerge,
    /// Order of clusters in a deployment; those not named come last, by name. Empty by default.
    pub sync_order: Vec<ClusterName>,
}

impl Default for RepoConfig {
    fn default() -> Self {
        Self {
            clusters: BTreeMap::new(),
            apps: Vec::new(),
            discovery: Discovery::default(),
            policies: None,
            gates: BTreeMap::new(),
            preview_unavailable: Unavailable::Warn,
            unevaluable: Mode::BlockNew,
            waivers: None,
            on_merge: OnMerge::Observe,
            sync_order: Vec::new(),
        }
    }
}

impl RepoConfig {
    /// The most a gate may do: what the file says, else `render` block, `schema` block_new,
    /// `policy` block, `preview` warn.
    pub fn gate_mode(&self, gate: Gate) -> Mode {
        self.gates.get(&gate).copied().unwrap_or(match gate {
            Gate::Render | Gate::Policy => Mode::Block,
            Gate::Schema => Mode::BlockNew,
            Gate::Preview => Mode::Warn,
        })
    }

    /// True when what goes to this cluster may not pass without a preview: the cluster is protected,
    /// or `preview_unavailable` is `hold`.
    pub fn demands_preview(&self, cluster: &ClusterName) -> bool {
        self.preview_unavailable == Unavailable::Hold || self.is_protected(cluster)
    }

    /// True when the file calls this cluster protected.
    pub fn is_protected(&self, cluster: &ClusterName) -> bool {
        self.clusters
            .get(cluster)
            .is_some_and(|cluster| cluster.protected)
    }

    /// Takes over what another version of the file demands more: a preview, a protected cluster.
    pub fn tighten(&mut self, other: &Self) {
        if other.preview_unavailable == Unavailable::Hold {
            self.preview_unavailable = Unavailable::Hold;
        }
        for (name, cluster) in other.clusters.iter().filter(|(_, other)| other.protected) {
            self.clusters
                .entry(name.clone())
                .or_insert_with(|| cluster.clone())
                .protected = true;
        }
    }
}

#[cfg(test)]
mod tests;
