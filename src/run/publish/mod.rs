//! From results to objects on GitHub, through the outbox.
//!
//! What an object should be is written first; then it is looked up, adopted or made, and what was
//! sent is recorded. A write whose answer was lost is never repeated blindly: the object is looked
//! for by what it carries (a check's reference, a comment's author and mark, a deployment's job).

mod check;
mod check_write;
mod comment;
mod deployment;
mod intent;
mod send;

pub use check::{conclude_standing, outputs, publish_check, show_standing};
pub use comment::{publish_comment, publish_note};
pub use deployment::{publish_deployment, publish_deployment_status};
pub use send::{send, send_due};

use serde::{Deserialize, Serialize};

use crate::clients::github::CheckContent;

/// What an evaluation shows, stored with the run before anything is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outputs {
    /// The completed check.
    pub check: CheckContent,
    /// The comment, without its mark.
    pub comment: String,
    /// False when the comment has nothing to say, unless there already is one.
    pub comment_needed: bool,
}
