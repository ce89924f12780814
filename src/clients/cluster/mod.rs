//! The Kubernetes API of one cluster: raw requests, typed answers, no decisions.
//!
//! Two clients share one connection and differ in what they *can* do. [`PreviewClient`] reads and
//! dry-runs; it has no method that stores anything, and it refuses Secrets, because a dry run with
//! `patch` returns live values. [`ApplyClient`] writes and belongs to the syncer alone. Every object
//! that an answer carries is masked before it leaves this module. At most
//! [`wire::CONCURRENT_REQUESTS`] requests run at a time, because more bring nothing to a server and
//! take from others.

mod address;
mod apply_client;
mod connect;
mod facts;
mod fence;
mod guard;
mod preview_client;
mod reader;
mod request;
mod status;
mod wire;

use std::time::Duration;

use crate::cluster_facts::ServedKind;
use crate::finding::{Blame, Retry};
use crate::ids::{ClusterName, ObjectRef};
use crate::object::Manifest;

pub use apply_client::{ApplyClient, Deleted};
pub use connect::Credentials;
pub use fence::{FENCE_POLICY, Fence};
pub use preview_client::PreviewClient;
pub use wire::CONCURRENT_REQUESTS;

/// A server-side apply: the value that both the dry run and the real apply are made of.
#[derive(Debug, Clone, Copy)]
pub struct Apply<'a> {
    /// The object, with the namespace it goes to.
    pub object: &'a ObjectRef,
    /// How the cluster serves its kind.
    pub served: &'a ServedKind,
    /// The desired state.
    pub manifest: &'a Manifest,
    /// Labels that the deployer adds.
    pub labels: &'a [(String, String)],
    /// Annotations that the deployer adds.
    pub annotations: &'a [(String, String)],
    /// Field manager.
    pub field_manager: &'a str,
    /// Whether fields of other managers are taken over.
    pub force: bool,
}

/// What a server says to an apply, dry or real.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It accepts it.
    Accepted {
        /// The object as it is (or would be) stored, masked.
        object: Manifest,
        /// Texts of `Warning` headers, in order.
        warnings: Vec<String>,
    },
    /// It refuses it, and says why.
    Rejected(Rejection),
}

/// Why a server refuses an apply. All of these are about the request; trouble between Drydock and
/// the server is a [`ClusterError`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// The namespace does not exist.
    NamespaceMissing,
    /// The kind is not served: the address itself does not exist.
    KindMissing,
    /// Other managers own fields that the request sets (field and the server's text, in its order);
    /// only without `force`.
    Conflict(Vec<(String, String)>),
    /// The object does not fit the schema. The server's text differs between identical requests, so
    /// it is not kept.
    DoesNotFitSchema,
    /// A webhook that does not support dry runs stands in the way; the server's text.
    WebhookWithoutDryRun(String),
    /// Everything else: validation, admission, policy.
    Refused {
        /// HTTP status.
        code: u16,
        /// `Status.reason`; empty when the server gave none.
        reason: String,
        /// Field and message of each cause, in order.
        causes: Vec<(String, String)>,
        /// The server's message.
        message: String,
    },
}

/// Why a cluster could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClusterError {
    /// The credentials could not be read or used.
    #[error("the credentials of {cluster} could not be used: {reason}")]
    Credentials {
        /// The cluster, as reports name it.
        cluster: String,
        /// What is wrong, free of secrets.
        reason: String,
    },
    /// No connection.
    #[error("{cluster} could not be reached: {reason}")]
    Unreachable {
        /// The cluster, as reports name it.
        cluster: String,
        /// What the system said.
        reason: String,
    },
    /// No answer in time.
    #[error("{cluster} did not answer within {} s", limit.as_secs())]
    TimedOut {
        /// The cluster, as reports name it.
        cluster: String,
        /// The limit of one request.
        limit: Duration,
    },
    /// The server does not accept the identity.
    #[error("{cluster} does not accept these credentials (401)")]
    Unauthenticated {
        /// The cluster, as reports name it.
        cluster: String,
    },
    /// The identity may not do this.
    #[error("{cluster} does not allow this identity to {what}")]
    Forbidden {
        /// The cluster, as reports name it.
        cluster: String,
        /// What was asked, such as `patch deployments.apps in namespace shop`.
        what: String,
    },
    /// The server is too busy, also after waiting as it asked.
    #[error("{cluster} is too busy (429)")]
    Busy {
        /// The cluster, as reports name it.
        cluster: String,
    },
    /// An answer that means neither yes nor no.
    #[error("{cluster} answered {code} to {what}: {message}")]
    Unexpected {
        /// The cluster, as reports name it.
        cluster: String,
        /// HTTP status.
        code: u16,
        /// What was asked.
        what: String,
        /// The server's text, shortened.
        message: String,
    },
    /// The preview identity could write: nothing is asked with it.
    #[error("the fence of {cluster} does not hold, so nothing is previewed there: {reason}")]
    FenceMissing {
        /// The cluster, as reports name it.
        cluster: String,
        /// What the proof showed, as a sentence.
        reason: String,
    },
    /// Secrets are neither read nor dry-run by the preview client.
    #[error("{0} holds Secret values, which a preview never asks a cluster about")]
    SecretWithheld(ObjectRef),
    /// A rendering that came masked can be compared, not applied.
    #[error("{0} was rendered without its Secret values, so it cannot be applied")]
    SecretNotAtHand(ObjectRef),
}

impl ClusterError {
    /// Whose move it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Credentials { .. }
            | Self::Unauthenticated { .. }
            | Self::Forbidden { .. }
            | Self::FenceMissing { .. }
            | Self::SecretWithheld(_)
            | Self::SecretNotAtHand(_) => Blame::Operator,
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Busy { .. }
            | Self::Unexpected { .. } => Blame::Upstream,
        }
    }

    /// Whether trying again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Credentials { .. }
            | Self::Unauthenticated { .. }
            | Self::Forbidden { .. }
            | Self::SecretWithheld(_)
            | Self::SecretNotAtHand(_) => Retry::No,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Busy { .. } => {
                Retry::After(Duration::from_secs(15))
            }
            Self::Unexpected { .. } | Self::FenceMissing { .. } => {
                Retry::After(Duration::from_mins(1))
            }
        }
    }
}

/// How messages name a cluster: by its configured name, else as "the cluster".
pub(crate) fn shown(cluster: &ClusterName) -> String {
    if cluster.0.is_empty() {
        "the cluster".to_owned()
    } else {
        format!("cluster `{cluster}`")
    }
}
