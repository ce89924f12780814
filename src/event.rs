//! What can start work: a closed list. An event means "look again"; its payload is never acted on.

use crate::ids::{CommitSha, Digest, PrNumber, RepoName, RepositoryId};

/// Something that happened, or that time or a person asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Event {
    /// A pull request was opened, reopened, pushed to, edited, marked ready or draft, labelled.
    PullRequestChanged {
        /// The base repository.
        repository: RepositoryId,
        /// The pull request.
        pr: PrNumber,
    },
    /// A pull request was closed, merged or not.
    PullRequestClosed {
        /// The base repository.
        repository: RepositoryId,
        /// The pull request.
        pr: PrNumber,
    },
    /// Someone asked for a check again.
    CheckRequested {
        /// The repository of the commit.
        repository: RepositoryId,
        /// The commit whose check is asked for.
        head: CommitSha,
    },
    /// A branch moved.
    BranchMoved {
        /// The repository.
        repository: RepositoryId,
        /// The branch, without `refs/heads/`.
        branch: String,
    },
    /// The App was installed, removed, suspended, or its repositories changed.
    InstallationChanged {
        /// GitHub's installation id.
        installation: u64,
    },
    /// A repository was renamed, transferred or deleted.
    RepositoryChanged {
        /// The repository.
        repository: RepositoryId,
    },
    /// A ping, or an event that asks for nothing.
    Nothing,
}

/// A repository as a delivery names it, with the installation through which it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The repository's stable id.
    pub repository: RepositoryId,
    /// Its name now.
    pub name: RepoName,
    /// GitHub's installation id.
    pub installation: u64,
}

/// A webhook delivery whose signature was right, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// GitHub's delivery id; a redelivery has the same.
    pub guid: String,
    /// The event's name, such as `pull_request`.
    pub name: String,
    /// Digest of the body as it came.
    pub body: Digest,
    /// What it asks for.
    pub event: Event,
    /// The repository it is about, where it names one.
    pub origin: Option<Origin>,
}
