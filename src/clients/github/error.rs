//! What can go wrong between Drydock and GitHub.

use std::time::Duration;

use crate::finding::{Blame, Retry};

/// Why GitHub did not do what it was asked. `call` is method and path, never a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    /// The settings cannot be used.
    #[error("the GitHub client cannot be set up: {reason}")]
    Settings {
        /// Why.
        reason: String,
    },
    /// No complete answer came. A write may have been done.
    #[error("GitHub did not answer `{call}`: {reason}")]
    NoAnswer {
        /// The request.
        call: String,
        /// What happened.
        reason: String,
    },
    /// A limit is used up.
    #[error("GitHub asks to wait {} s before `{call}`", wait.as_secs())]
    Limited {
        /// The request.
        call: String,
        /// How long.
        wait: Duration,
    },
    /// The App's key or token was refused.
    #[error("GitHub refused the App's credentials at `{call}`: {message}")]
    Credentials {
        /// The request.
        call: String,
        /// GitHub's words.
        message: String,
    },
    /// The App may not do this: a permission is missing, it is suspended, or it was uninstalled.
    #[error("the App may not `{call}`: {message}")]
    Forbidden {
        /// The request.
        call: String,
        /// GitHub's words.
        message: String,
    },
    /// It does not exist, or the App may not see it.
    #[error("`{call}`: not found")]
    NotFound {
        /// The request.
        call: String,
    },
    /// GitHub understood and refused.
    #[error("GitHub refused `{call}` with {status}: {message}")]
    Rejected {
        /// The request.
        call: String,
        /// HTTP status.
        status: u16,
        /// GitHub's words.
        message: String,
    },
    /// GitHub failed. A write may have been done.
    #[error("GitHub failed at `{call}` with {status}")]
    Failed {
        /// The request.
        call: String,
        /// HTTP status.
        status: u16,
    },
    /// The answer is not what is documented.
    #[error("the answer to `{call}` could not be read: {reason}")]
    Unreadable {
        /// The request.
        call: String,
        /// What is wrong.
        reason: String,
    },
    /// A list is longer than any that Drydock reads.
    #[error("`{call}` lists more than {pages} pages")]
    TooMany {
        /// The request.
        call: String,
        /// The limit.
        pages: u32,
    },
}

impl GitHubError {
    /// Whose move it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Settings { .. } | Self::Credentials { .. } | Self::Forbidden { .. } => {
                Blame::Operator
            }
            Self::NoAnswer { .. }
            | Self::Limited { .. }
            | Self::NotFound { .. }
            | Self::Rejected { .. }
            | Self::Failed { .. }
            | Self::Unreadable { .. }
            | Self::TooMany { .. } => Blame::Upstream,
        }
    }

    /// Whether asking again can help, and when.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Limited { wait, .. } => Retry::After(*wait),
            Self::NoAnswer { .. } | Self::Failed { .. } => Retry::After(Duration::from_secs(5)),
            Self::Credentials { .. } | Self::Forbidden { .. } | Self::Unreadable { .. } => {
                Retry::After(Duration::from_mins(5))
            }
            Self::Settings { .. }
            | Self::NotFound { .. }
            | Self::Rejected { .. }
            | Self::TooMany { .. } => Retry::No,
        }
    }

    /// True when the thing asked for is not there (any more).
    pub fn is_gone(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. } | Self::Rejected { status: 410, .. }
        )
    }
}
