//! What must be asked of a cluster for a preview, and what was answered or why not.
//!
//! Pure: `run` fetches. A question never names a Secret's live state, and an answer that is missing is
//! said to be missing; nothing here decides what a difference means.

mod misfit;
mod questions;
mod scope;
pub mod snapshot;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cluster_facts::ClusterFacts;
use crate::config::repo::Engine;
use crate::finding::Blame;
use crate::ids::{AppId, ClusterName, ObjectKey, ObjectRef};
use crate::object::Manifest;

pub use misfit::describe_misfit;
pub use questions::{Allowed, Pair, Scope, is_guarded, questions, read_pairs};

/// What must be asked about one object of one application.
#[derive(Debug, Clone)]
pub struct Question {
    /// The application.
    pub app: AppId,
    /// Where to ask.
    pub cluster: ClusterName,
    /// Who applies it: decides field manager and force, and how much the answer proves.
    pub engine: Engine,
    /// The object, with the namespace it will live in.
    pub object: ObjectRef,
    /// The desired state before, to be sent as a dry run.
    pub base: Option<Manifest>,
    /// The desired state after, to be sent as a dry run.
    pub head: Option<Manifest>,
    /// Why no dry run may be sent (Secrets, kinds outside the allowed set): the live object is then
    /// asked for only where `read_live` says so.
    pub withheld: Option<Withheld>,
    /// Whether the live object may be read.
    pub read_live: bool,
}

/// Questions by application, each in its order.
pub fn group_by_app(questions: &[Question]) -> BTreeMap<&AppId, Vec<&Question>> {
    let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for question in questions {
        groups.entry(&question.app).or_default().push(question);
    }
    groups
}

/// Why an object is not sent to the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Withheld {
    /// A Secret: a dry run with `patch` returns live values.
    Secret,
    /// The operator's settings do not allow this namespace or kind.
    NotAllowed,
    /// The document is a hook or a test, which the deployer runs by itself.
    NotApplied,
    /// The name is generated, by the server or with every rendering.
    GeneratedName,
}

/// All answers of all clusters, at one moment.
#[derive(Debug, Clone, Default)]
pub struct Observation {
    /// Facts by cluster; a cluster that did not answer is in `unavailable`.
    pub facts: BTreeMap<ClusterName, Arc<ClusterFacts>>,
    /// Clusters that could not be asked, and why.
    pub unavailable: BTreeMap<ClusterName, Unanswered>,
    /// Answers by application and object.
    pub answers: BTreeMap<(AppId, ObjectKey), Answer>,
    /// True when the answers come from a recording: nothing is then "verified by the server".
    pub recorded: bool,
}

impl Observation {
    /// Why nothing that goes to this cluster could be asked; `None`: it could.
    pub fn find_unavailable(&self, cluster: &ClusterName) -> Option<Unanswered> {
        if self.facts.contains_key(cluster) {
            return None;
        }
        let known = self.unavailable.get(cluster).cloned();
        Some(known.unwrap_or_else(|| Unanswered {
            message: if self.facts.is_empty() && self.unavailable.is_empty() {
                "no cluster is connected".to_owned()
            } else if cluster.0.is_empty() {
                "the application names no cluster that could preview it".to_owned()
            } else {
                format!("cluster `{cluster}` is not connected to Drydock")
            },
            blame: Blame::Operator,
        }))
    }
}

/// What is known about one object.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The live object.
    pub live: Live,
    /// The dry run of the state before.
    pub base: DryRun,
    /// The dry run of the state after.
    pub head: DryRun,
}

/// The live object.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per object, and the large variant is the usual one"
)]
pub enum Live {
    /// Not asked for.
    NotAsked,
    /// It does not exist.
    Absent,
    /// It exists; masked.
    Present(Manifest),
    /// The cluster did not say.
    Unanswered(Unanswered),
}

/// The server's answer to a dry run.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per object, and the large variant is the usual one"
)]
pub enum DryRun {
    /// Not sent: there is nothing to send on this side, or it is withheld.
    NotAsked,
    /// The server would accept it; the object as it would be stored, masked, and the warnings of the
    /// answer's headers.
    Accepted {
        /// The predicted object.
        object: Manifest,
        /// Texts of `Warning` headers, in order.
        warnings: Vec<String>,
        /// Fields that the apply would take from other managers, with the server's words about the
        /// owner, in order.
        takes_over: Vec<(String, String)>,
    },
    /// The server would refuse it.
    Refused(Refusal),
    /// The namespace does not exist (yet).
    NamespaceMissing,
    /// The kind is not served (yet).
    KindMissing,
    /// The cluster did not say.
    Unanswered(Unanswered),
}

/// Why the server would refuse an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub code: u16,
    /// `Status.reason`, such as `Invalid`, `Forbidden`; empty when the server gave none.
    pub reason: String,
    /// Field and message of each cause, in order; for a failed typed patch our fixed wording.
    pub causes: Vec<(String, String)>,
    /// The message as one sentence, without Secret values.
    pub message: String,
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unanswered {
    /// One sentence without a final period.
    pub message: String,
    /// Whose move it is.
    pub blame: Blame,
}
