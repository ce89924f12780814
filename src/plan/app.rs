//! An application on one side of a change: where it comes from, where it goes, what it reads.

use std::collections::BTreeSet;

use super::doubts::Doubt;
use super::inputs::{KustomizeInput, RendererInput};
use crate::config::repo::Engine;
use crate::finding::Blame;
use crate::ids::{AppId, ClusterName, Digest, RepoPath};

/// Everything that decides what an application renders to on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSide {
    /// Where its manifests come from.
    pub sources: Vec<AppSource>,
    /// The destination; empty without one.
    pub cluster: ClusterName,
    /// Namespace for objects that name none, where the declaration gives one.
    pub namespace: Option<String>,
    /// Who applies it.
    pub engine: Engine,
    /// Every file that rendering can read, in path order.
    pub closure: BTreeSet<RepoPath>,
    /// Those of them that it takes values from and does not deploy: they hold ConfigMaps and Secrets of
    /// another application.
    pub values_from: BTreeSet<RepoPath>,
    /// Those of them that it reads and does not take for objects: patches, values of generated objects.
    pub data: BTreeSet<RepoPath>,
    /// Why it must not be rendered: found before anything starts. Empty: it may.
    pub refusals: Vec<Refusal>,
    /// What its deployer may see otherwise.
    pub doubts: BTreeSet<Doubt>,
    /// The object that declares it; `None` where files or the configuration do.
    pub declaration: Option<Declaration>,
    /// True where the deployer makes the namespace when it is missing.
    pub creates_namespace: bool,
    /// The source that counts as this repository although no object says so, as it is referred to.
    pub assumed: Option<String>,
}

impl Default for AppSide {
    /// Nothing, applied by Drydock to no named cluster.
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            cluster: ClusterName::default(),
            namespace: None,
            engine: Engine::Apply,
            closure: BTreeSet::new(),
            values_from: BTreeSet::new(),
            data: BTreeSet::new(),
            refusals: Vec::new(),
            doubts: BTreeSet::new(),
            declaration: None,
            creates_namespace: false,
            assumed: None,
        }
    }
}

/// The object of another application that declares this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The application whose rendering holds the object.
    pub parent: AppId,
    /// The object's file, where known.
    pub path: Option<RepoPath>,
    /// Its first line, from 1; 0 when unknown.
    pub line: u32,
    /// Digest of the object and of what generates it.
    pub digest: Digest,
    /// What happens to the application's objects when the declaration goes.
    pub on_removal: OnRemoval,
    /// True when its deployer does nothing for now (Flux `suspend`).
    pub suspended: bool,
    /// The set that generates it, where one does.
    pub set: Option<String>,
}

/// What happens to an application's objects when its declaration is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnRemoval {
    /// They are deleted.
    Deleted,
    /// They stay: no finalizer, `preserveResourcesOnDeletion`, or Flux `prune: false`.
    Kept,
}

/// One source of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppSource {
    /// The repository's URL; `None` for the repository under judgement.
    pub repository: Option<String>,
    /// Branch, tag, commit or chart version in it, as declared; `None` for the tree under judgement.
    pub revision: Option<String>,
    /// Chart name, where `repository` is a chart repository or registry.
    pub chart: Option<String>,
    /// Root folder in it.
    pub path: RepoPath,
    /// How it renders.
    pub renderer: RendererInput,
    /// What of its declaration waits for its files, where they are elsewhere.
    pub waiting: Waiting,
}

/// What of a source's declaration can only be read beside its files. The default, and of a source whose
/// files are here: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Value files below the root of the source, in order: they take the place of the chart's own
    /// values, as Flux has it.
    pub values: Vec<String>,
    /// True leaves out value files and components that are not there.
    pub may_miss: bool,
    /// How it is built if its folder holds a kustomization; `None`: it is not, or as it renders already.
    pub kustomize: Option<KustomizeInput>,
}

impl AppSource {
    /// A folder of the repository under judgement.
    pub fn here(path: RepoPath, renderer: RendererInput) -> Self {
        Self {
            repository: None,
            revision: None,
            chart: None,
            path,
            renderer,
            waiting: Waiting::default(),
        }
    }
}

/// Why an application is not rendered at all, found by reading its files.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// What is refused.
    pub kind: RefusalKind,
    /// The file that says so.
    pub path: RepoPath,
    /// Line in it, from 1; 0 when the whole file is meant.
    pub line: u32,
    /// The reference or field as written.
    pub text: String,
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// A reference to another host, or what Kustomize would take for one.
    RemoteReference,
    /// An absolute path, or one that leaves the repository.
    LeavesRepository,
    /// A symbolic link that leaves the repository, a submodule.
    UnsafeEntry,
    /// Charts inflated by Kustomize (`helmCharts`) in a way that is not followed here.
    KustomizeHelm,
    /// A chart inflated by Kustomize that is not in the repository.
    RemoteChart,
    /// What the deployer's options do not let Kustomize do.
    BuildOption,
    /// A generator, transformer or validator that runs a program or container.
    RunsProgram,
    /// Bases that refer to each other in a circle.
    Cycle,
    /// A file that is referred to and does not exist.
    Missing,
    /// A kustomization or `Chart.yaml` that cannot be read.
    Unreadable,
    /// A chart whose dependencies are not in the repository.
    MissingDependency,
    /// Something from outside that was asked for and did not come; whose move it is.
    NotSupplied(Blame),
    /// More files, bytes or levels than the limits allow.
    TooLarge,
    /// A file that made the application before and stays, while nothing would read it any more.
    Orphaned,
    /// A field of the declaration that its deployer would refuse, or whose value makes no sense.
    Declaration,
    /// Declarations that declare each other deeper than is followed.
    TooDeep,
    /// More declarations of applications than are followed.
    TooMany,
    /// A way to make manifests that is never run here: Jsonnet, a plugin.
    OtherRenderer,
    /// A generator of applications whose answer is not in the trees: SCM providers, pull requests,
    /// plugins, cluster decisions, another repository.
    OtherGenerator,
    /// A file that Git writes as another text when it checks it out.
    Checkout,
    /// A source that is not in the repository under judgement, at another revision of it, or not found.
    Elsewhere,
}

impl RefusalKind {
    /// True where the application is nobody's mistake and cannot be evaluated here.
    pub fn is_not_evaluable(self) -> bool {
        matches!(
            self,
            Self::OtherRenderer | Self::OtherGenerator | Self::Elsewhere | Self::Checkout
        )
    }
}
