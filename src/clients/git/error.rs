//! What can go wrong with Git, and whose move it is.

use std::path::PathBuf;
use std::time::Duration;

use crate::finding::{Blame, Retry};
use crate::ids::CommitSha;

/// How long to wait before an upstream failure is tried again.
const PAUSE: Duration = Duration::from_secs(10);

/// Why Git could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// No repository, or one that cannot be read.
    #[error("`{}` could not be opened as a Git repository: {reason}", directory.display())]
    Open {
        /// Where.
        directory: PathBuf,
        /// What gix said.
        reason: String,
    },
    /// A revision text that names no commit.
    #[error("`{revision}` names no commit of this repository: {reason}")]
    UnknownRevision {
        /// The text.
        revision: String,
        /// What gix said.
        reason: String,
    },
    /// A commit that is not in the object database.
    #[error("commit {commit} is not in this repository: {reason}")]
    MissingCommit {
        /// The commit.
        commit: CommitSha,
        /// What gix said.
        reason: String,
    },
    /// A tree that cannot be listed.
    #[error("the folder `{path}` of the repository cannot be listed: {reason}")]
    Tree {
        /// The folder, empty for the root.
        path: String,
        /// Why.
        reason: String,
    },
    /// Neither `origin/HEAD`, `main`, `master` nor a checked-out branch exists.
    #[error("the repository has no default branch; name the base with `--base`")]
    NoDefaultBranch,
    /// The history between two commits cannot be walked.
    #[error("the history of {one} and {other} could not be compared: {reason}")]
    History {
        /// One commit.
        one: CommitSha,
        /// The other.
        other: CommitSha,
        /// What gix said.
        reason: String,
    },
    /// Two commits without a common ancestor.
    #[error("{one} and {other} have no common ancestor")]
    Unrelated {
        /// One commit.
        one: CommitSha,
        /// The other.
        other: CommitSha,
    },
    /// A repository without a working tree was asked for it.
    #[error("`{}` has no working tree", directory.display())]
    NoWorktree {
        /// The repository.
        directory: PathBuf,
    },
    /// The working tree or index could not be read.
    #[error("the working tree could not be read at `{path}`: {reason}")]
    Worktree {
        /// Where.
        path: String,
        /// Why.
        reason: String,
    },
    /// A merge that could not be computed (not a conflict).
    #[error("{base} and {head} could not be merged: {reason}")]
    Merge {
        /// The tip of the target branch.
        base: CommitSha,
        /// The change.
        head: CommitSha,
        /// What gix said.
        reason: String,
    },
    /// An address that Drydock does not fetch from.
    #[error("`{url}` is not an address to fetch from: {reason}")]
    Address {
        /// The address without credentials.
        url: String,
        /// Why.
        reason: &'static str,
    },
    /// The server does not know the credentials, or they do not reach this repository.
    #[error("`{url}` refused the credentials: {reason}")]
    Denied {
        /// The address.
        url: String,
        /// What the server said.
        reason: String,
    },
    /// The server does not have the repository, or not for these credentials.
    #[error("`{url}` has no such repository for these credentials: {reason}")]
    NotFound {
        /// The address.
        url: String,
        /// What the server said.
        reason: String,
    },
    /// The server could not be reached, answered wrongly, or broke off.
    #[error("fetching from `{url}` failed: {reason}")]
    Fetch {
        /// The address.
        url: String,
        /// What gix said, without credentials.
        reason: String,
    },
}

impl GitError {
    /// Whose move it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Tree { .. } | Self::Unrelated { .. } => Blame::Author,
            Self::Open { .. }
            | Self::UnknownRevision { .. }
            | Self::NoDefaultBranch
            | Self::NoWorktree { .. }
            | Self::Worktree { .. }
            | Self::Merge { .. }
            | Self::History { .. }
            | Self::Address { .. }
            | Self::Denied { .. }
            | Self::NotFound { .. } => Blame::Operator,
            Self::MissingCommit { .. } | Self::Fetch { .. } => Blame::Upstream,
        }
    }

    /// Whether trying again can help. A missing commit may arrive: references lag behind events.
    pub fn retry(&self) -> Retry {
        match self {
            Self::MissingCommit { .. } | Self::Fetch { .. } => Retry::After(PAUSE),
            _ => Retry::No,
        }
    }

    pub(super) fn history(one: &CommitSha, other: &CommitSha, error: &gix::Error) -> Self {
        Self::History {
            one: one.clone(),
            other: other.clone(),
            reason: error.to_string(),
        }
    }
}
