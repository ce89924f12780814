//! What can start work: a closed list. An event means "look again"; its payload is never acted on.

use crate::ids::{CommitSha, PrNumber, RepositoryId};

/// Something that happened, or that time or a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
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
