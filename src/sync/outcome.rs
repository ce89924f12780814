//! How a deployment stands, and every way it can end. Pure values; their wording is made in
//! `report`.

use crate::ids::{AppId, ClusterName, CommitSha, ObjectRef};

/// Where one application's deployment stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It will start.
    Queued,
    /// It is being applied or watched; the text says what is waited for.
    InProgress(String),
    /// It ended.
    Ended(Outcome),
}

/// How a deployment ended.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Every object is applied and healthy.
    Deployed,
    /// What was merged differs from what was approved, and was not deployed.
    Held(Held),
    /// Something was refused or failed; what was applied before stays.
    Failed(Failure),
    /// Everything was applied, but not everything became healthy in time.
    TimedOut {
        /// Objects that were not healthy, and why, in order of object.
        waiting: Vec<(ObjectRef, String)>,
        /// How long was waited, in seconds.
        seconds: u64,
    },
    /// A newer commit is being deployed instead.
    Superseded,
    /// An environment that comes before this one did not end well; nothing was written here.
    Stopped {
        /// The earlier environment.
        after: ClusterName,
    },
    /// Drydock does not deploy this application.
    NotDeployed(NotDeployed),
}

impl Outcome {
    /// True when what was merged is what is live.
    pub fn succeeded(&self) -> bool {
        matches!(self, Self::Deployed)
    }
}

/// Why a merged change was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// No passing evaluation of the pull request exists.
    NeverApproved,
    /// The merged commit renders differently, and judged again it is refused.
    Refused,
    /// The merged commit could not be judged.
    Undecided,
    /// Its cluster demands a preview, and none could be made of the merged commit.
    NotPreviewed,
    /// The rendering of the whole application is empty.
    EmptyRender,
    /// Some of its values are not known here: what would be applied stands for them.
    UnknownValues,
}

/// Why a deployment failed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// The object, where it is about one.
    pub object: Option<ObjectRef>,
    /// One sentence without a final period, without Secret values.
    pub message: String,
    /// How many objects were applied before.
    pub applied: usize,
}

/// Why Drydock does not deploy an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NotDeployed {
    /// `sync.on_merge` is not `trigger`.
    Mode,
    /// The operator's settings do not allow applies to this cluster.
    SettingsForbid,
    /// Argo CD applies it.
    ArgoCd,
    /// Flux applies it.
    Flux,
    /// A person or pipeline applies it.
    Kubectl,
    /// No cluster is configured for it.
    NoCluster,
}

/// One application of a merge with its state: a row of the comment's table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppDeployment {
    /// The application.
    pub app: AppId,
    /// The merged commit.
    pub commit: CommitSha,
    /// Where it stands.
    pub state: State,
    /// Since when, in milliseconds of Unix time.
    pub since: i64,
    /// Objects that the commit no longer has and that stay in the cluster, in order: kinds that are
    /// never deleted, and what the approved preview could not see.
    pub left: Vec<ObjectRef>,
}
