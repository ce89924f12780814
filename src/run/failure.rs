//! Why work stopped: what people are told, what the log says, whose move it is, whether to try again.

use std::time::Duration;

use crate::clients::git::GitError;
use crate::clients::github::GitHubError;
use crate::clients::store::StoreError;
use crate::finding::{Blame, Retry};
use crate::sync::SyncError;

/// Work that could not be finished. `said` may be shown to anyone, `detail` only to the operator.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{said}: {detail}")]
pub struct Failure {
    /// One of our own phrases, for people.
    pub said: &'static str,
    /// The chain of causes, for the log.
    pub detail: String,
    /// Whose move it is.
    pub blame: Blame,
    /// Whether trying again can help.
    pub retry: Retry,
    /// True when GitHub no longer lets the App see the repository: not a reason to try again.
    pub lost_access: bool,
}

impl Failure {
    /// A failure of our own making.
    pub fn internal(detail: impl Into<String>) -> Self {
        Self {
            said: "Drydock failed while it judged the change",
            detail: detail.into(),
            blame: Blame::Operator,
            retry: Retry::After(Duration::from_secs(30)),
            lost_access: false,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self {
            said: "Drydock's database did not work",
            detail: chain(&error),
            blame: error.blame(),
            retry: error.retry(),
            lost_access: false,
        }
    }
}

impl From<SyncError> for Failure {
    fn from(error: SyncError) -> Self {
        let (said, blame, retry) = match &error {
            SyncError::Cluster(error) => (
                "the cluster did not take part in the deployment",
                error.blame(),
                error.retry(),
            ),
            SyncError::Store(error) => (
                "Drydock's database did not work",
                error.blame(),
                error.retry(),
            ),
        };
        Self {
            said,
            detail: chain(&error),
            blame,
            retry,
            lost_access: false,
        }
    }
}

impl From<GitHubError> for Failure {
    fn from(error: GitHubError) -> Self {
        Self {
            said: "GitHub did not give what the judgement needs",
            detail: chain(&error),
            blame: error.blame(),
            retry: error.retry(),
            lost_access: matches!(error, GitHubError::Forbidden { .. }),
        }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        Self {
            said: "the commits could not be read",
            detail: chain(&error),
            blame: error.blame(),
            retry: error.retry(),
            lost_access: false,
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}
