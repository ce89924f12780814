//! `.drydock.yaml`: what a repository says about its applications and its gates.

use std::collections::BTreeMap;

use crate::cluster_facts::KubernetesVersion;
use crate::finding::Gate;
use crate::ids::{ClusterName, RepoPath};

/// The file's path, at the root of the repository.
pub const FILE_NAME: &str = ".drydock.yaml";

/// Who applies an application's objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Drydock's own server-side apply.
    Apply,
    /// Argo CD.
    ArgoCd,
    /// Flux.
    Flux,
    /// A person or pipeline with kubectl.
    Kubectl,
}

impl Engine {
    /// The word of configuration, flags and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::ArgoCd => "argocd",
            Self::Flux => "flux",
            Self::Kubectl => "kubectl",
        }
    }

    /// The engine of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Apply, Self::ArgoCd, Self::Flux, Self::Kubectl]
            .into_iter()
            .find(|engine| engine.word() == word)
    }
}

/// How a gate or policy source treats what it finds; ordered, the strictest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Not evaluated.
    Off,
    /// Evaluated and recorded, not shown on the pull request.
    Shadow,
    /// Shown, never blocks.
    Warn,
    /// Only what the change introduces blocks.
    BlockNew,
    /// Every finding blocks.
    Block,
}

impl Mode {
    /// The word of configuration.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Shadow => "shadow",
            Self::Warn => "warn",
            Self::BlockNew => "block_new",
            Self::Block => "block",
        }
    }

    /// The mode of a word.
    pub fn find(word: &str) -> Option<Self> {
        [
            Self::Off,
            Self::Shadow,
            Self::Warn,
            Self::BlockNew,
            Self::Block,
        ]
        .into_iter()
        .find(|mode| mode.word() == word)
    }
}

/// In which Rego convention a policy source is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Found out per package: `drydock.*` is Drydock's own, else conftest.
    Auto,
    /// Drydock's own input contract.
    Drydock,
    /// conftest's `deny`, `warn`, `violation`.
    Conftest,
    /// Gatekeeper templates and constraints (part 6).
    Gatekeeper,
}

impl Dialect {
    /// The word of configuration and flags.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Drydock => "drydock",
            Self::Conftest => "conftest",
            Self::Gatekeeper => "gatekeeper",
        }
    }

    /// The dialect of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Auto, Self::Drydock, Self::Conftest, Self::Gatekeeper]
            .into_iter()
            .find(|dialect| dialect.word() == word)
    }
}

/// A destination, by the name that the operator's settings give credentials to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The version whose schemas judge; read from the cluster itself where one is connected.
    pub kubernetes: Option<KubernetesVersion>,
    /// Who applies there.
    pub engine: Engine,
    /// Needs an approval; a preview that could not be had holds the change.
    pub protected: bool,
}

/// Which tool turns files into manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RendererKind {
    /// Plain files, read natively.
    Directory,
    /// `kustomize build`.
    Kustomize,
    /// `helm template`.
    Helm,
}

impl RendererKind {
    /// The word of configuration and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Kustomize => "kustomize",
            Self::Helm => "helm",
        }
    }

    /// The renderer of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::Directory, Self::Kustomize, Self::Helm]
            .into_iter()
            .find(|renderer| renderer.word() == word)
    }
}

/// An application that discovery cannot know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedApp {
    /// Its name, unique in the file.
    pub name: String,
    /// Root folder.
    pub path: RepoPath,
    /// The tool; found by the folder's files when absent.
    pub renderer: Option<RendererKind>,
    /// Helm release name; the app's name when absent.
    pub release: Option<String>,
    /// Namespace of the release or of objects that name none.
    pub namespace: Option<String>,
    /// Value files, relative to `path`, in order.
    pub values: Vec<String>,
    /// The destination.
    pub cluster: Option<ClusterName>,
}

/// What discovery looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// Argo CD Applications (part 2).
    pub argocd: bool,
    /// Flux Kustomizations and HelmReleases (part 2).
    pub flux: bool,
    /// Kustomize roots.
    pub kustomize: bool,
    /// Charts.
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
    /// Convention.
    pub dialect: Dialect,
    /// What its findings do.
    pub mode: Mode,
}

/// What the bot does after a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnMerge {
    /// Nothing.
    Off,
    /// Watches and reports.
    Observe,
    /// Starts the deployment.
    Trigger,
}

impl OnMerge {
    /// The value of a word.
    pub fn find(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "observe" => Some(Self::Observe),
            "trigger" => Some(Self::Trigger),
            _ => None,
        }
    }
}

/// What happens when a preview that was asked for could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unavailable {
    /// Said in the report.
    Warn,
    /// The check does not pass.
    Hold,
}

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoConfig {
    /// Destinations by name.
    pub clusters: BTreeMap<ClusterName, Cluster>,
    /// Listed applications.
    pub apps: Vec<ListedApp>,
    /// What discovery looks for.
    pub discovery: Discovery,
    /// Policy sources; `None`: conftest's `policy/` when it exists.
    pub policies: Option<Vec<PolicySource>>,
    /// The most each gate may do; a gate that is not named has its default.
    pub gates: BTreeMap<Gate, Mode>,
    /// What a missing preview does.
    pub preview_unavailable: Unavailable,
    /// What a touched application that cannot be evaluated does.
    pub unevaluable: Mode,
    /// The waiver file (part 5).
    pub waivers: Option<RepoPath>,
    /// After a merge.
    pub on_merge: OnMerge,
    /// Order of clusters in a deployment.
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
}
