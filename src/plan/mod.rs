//! Planning: which applications a change touches, and why. Reads trees, starts nothing.
//!
//! An application's closure is the set of files its rendering can read. Rendering gets exactly these
//! files and no others, so a file outside the closure cannot change the result: the affected set is
//! exact by construction.

mod affected;
mod app;
mod argocd;
mod assumed;
mod cache;
mod changes;
mod declaring;
mod discover;
mod doubts;
mod extend;
mod gotemplate;
mod hidden;
mod inputs;
mod kustomization;
mod membership;
mod origin;
mod orphans;
pub mod outside;
mod parallel;
mod remote;
mod replaced;
mod seen;
mod standing;

pub use affected::build;
pub use app::{AppSide, AppSource, Declaration, OnRemoval, Refusal, RefusalKind, Waiting};
pub use argocd::{ArgoCd, ArgoCluster};
pub use changes::find_changes;
pub use discover::{declare, declare_at, expand_set, set};
pub use doubts::{Doubt, find_doubts};
pub use extend::{MAX_DECLARATIONS, MAX_DEPTH, MAX_PARENTS, Planner, Round, SideApps};
pub use gotemplate::TemplateError;
pub use inputs::{
    BuildFeature, CommonMetadata, HelmInput, HelmParameter, Hooks, KustomizeEdits, KustomizeInput,
    RendererInput, Substitution, unknown_value,
};
pub use kustomization::InflatedChart;
pub use membership::Membership;
pub use seen::{Seen, SeenObject, is_declaration};

use std::collections::BTreeMap;

use crate::config::repo::Engine;
use crate::ids::{AppId, ClusterName, DeclaredBy, RepoPath, Side};
use crate::tree::Revision;

pub use origin::Origin;

/// What is judged, which applications it touches and why, and what was left out and why. Immutable.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The state before.
    pub base: Revision,
    /// The state after.
    pub head: Revision,
    /// Touched applications, in id order.
    pub apps: Vec<PlannedApp>,
    /// Applications that the change does not touch, and changed files that belong to none.
    pub untouched: Vec<Untouched>,
    /// Every changed file, both names of a rename.
    pub changed: Vec<ChangedFile>,
}

impl Plan {
    /// A plan of one application that is there after and not before.
    pub fn of_side(side: AppSide, head: &Revision) -> Self {
        let id = AppId {
            kind: DeclaredBy::Config,
            cluster: side.cluster.clone(),
            namespace: String::new(),
            name: String::new(),
            variant: None,
        };
        Self::of_sides([(id, side)], head)
    }

    /// These applications of one tree, and nothing before.
    pub fn of_sides(sides: impl IntoIterator<Item = (AppId, AppSide)>, head: &Revision) -> Self {
        let planned = |(id, side)| PlannedApp {
            id,
            base: None,
            head: Some(side),
            why: vec![Why::Asked],
        };
        Self {
            base: Revision::Empty,
            head: head.clone(),
            apps: sides.into_iter().map(planned).collect(),
            untouched: Vec::new(),
            changed: Vec::new(),
        }
    }
}

/// One application on both sides of a change.
#[derive(Debug, Clone)]
pub struct PlannedApp {
    /// Its identity.
    pub id: AppId,
    /// Before; `None` when the change introduces the application.
    pub base: Option<AppSide>,
    /// After; `None` when the change removes it.
    pub head: Option<AppSide>,
    /// Why it is touched, at least one reason.
    pub why: Vec<Why>,
}

impl PlannedApp {
    /// The application as it is on this side.
    pub fn side(&self, side: Side) -> Option<&AppSide> {
        match side {
            Side::Base => self.base.as_ref(),
            Side::Head => self.head.as_ref(),
        }
    }

    /// The application as it will be, or as it was when the change removes it.
    pub fn latest(&self) -> Option<&AppSide> {
        self.head.as_ref().or(self.base.as_ref())
    }
}

/// Why an application is touched.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// A file that its rendering reads changed.
    File(RepoPath),
    /// Its declaration changed (a listed app, a variant's settings).
    Declaration(RepoPath),
    /// The change introduces it.
    Introduced,
    /// The change removes it.
    Removed,
    /// Everything was asked for.
    Asked,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedFile {
    /// Its path (the new one of a rename).
    pub path: RepoPath,
    /// The old path of a rename.
    pub previous: Option<RepoPath>,
    /// What happened.
    pub status: FileStatus,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileStatus {
    /// It is new.
    Added,
    /// Its content or kind changed.
    Modified,
    /// It is gone.
    Removed,
    /// It has a new path; content may differ too.
    Renamed,
}

/// Something that is not judged, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Untouched {
    /// The application or file.
    pub what: UntouchedItem,
    /// Why.
    pub reason: UntouchedReason,
}

/// What was left out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UntouchedItem {
    /// An application.
    App(AppId),
    /// A changed file.
    Path(RepoPath),
}

/// Why it was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UntouchedReason {
    /// None of the files it reads changed.
    NothingItReadsChanged,
    /// A chart of type `library` renders nothing by itself.
    LibraryChart,
    /// No application reads the file.
    NoApplicationReadsIt,
    /// The configuration excludes it.
    Excluded,
    /// The file is Drydock's own configuration, which is read at the base.
    Configuration,
    /// The application is declared by something that this version does not evaluate.
    NotEvaluated,
    /// What declares the application cannot be rendered on one side.
    DeclarationUnknown,
    /// The configuration lists an application in a folder that does not exist.
    FolderMissing,
}

/// What is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Applications that the change touches.
    Changed,
    /// Every application.
    All,
    /// What this folder renders to, whether or not discovery takes it for an application: those
    /// declared there, else one made of what the folder holds.
    Path(RepoPath),
}

/// What holds where the repository's configuration says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// Where discovered applications go; empty: to the only configured cluster, if there is
    /// exactly one, else nowhere.
    pub cluster: ClusterName,
    /// Who applies where no cluster says it.
    pub engine: Engine,
    /// Helm 3 or 4.
    pub helm_major: u8,
    /// Namespace of a chart's release.
    pub namespace: String,
    /// False leaves out the `crds/` folder of charts.
    pub include_crds: bool,
    /// Further API versions for `.Capabilities`.
    pub api_versions: Vec<String>,
    /// The repository under judgement, as declarations name it.
    pub origin: Origin,
    /// The Argo CD that Applications are for.
    pub argocd: ArgoCd,
}

impl Default for Defaults {
    /// No cluster, Drydock's own apply, Helm 4, namespace `default`, CRDs included.
    fn default() -> Self {
        Self {
            cluster: ClusterName::default(),
            engine: Engine::Apply,
            helm_major: 4,
            namespace: "default".to_owned(),
            include_crds: true,
            api_versions: Vec::new(),
            origin: Origin::default(),
            argocd: ArgoCd::default(),
        }
    }
}

/// The applications of one tree.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// By identity.
    pub apps: BTreeMap<AppId, AppSide>,
    /// What was found and is no application, and why.
    pub left_out: Vec<Untouched>,
}

#[cfg(test)]
mod tests;
