//! What merging will do: base, head and live compared, each change with its origin and how well it
//! is known.
//!
//! Where the server answered, states are compared as the server would store them, so that defaults
//! and mutations cancel out; where it did not, the renderings are laid over the live object and the
//! result is called an estimate. A side that could not be rendered withholds the application: what is
//! missing is never read as deleted. Nothing here asks, waits or decides whether a change may merge.

mod announced;
mod classify;
mod compare;
mod danger;
mod difference;
mod field_path;
mod findings;
mod immutable;
mod normalize;
mod predict;
mod renames;
mod settle;
mod text;

use crate::ids::{AppId, ObjectRef};
use crate::observe::{Observation, Question};
use crate::plan::PlannedApp;
use crate::render::RenderedApp;

pub use compare::compose_previews;
pub use findings::{PreviewFindings, findings};

/// Everything that a preview is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Touched applications.
    pub planned: &'a [PlannedApp],
    /// Their renderings, in any order.
    pub rendered: &'a [RenderedApp],
    /// What was asked about them (see [`crate::observe::questions`]).
    pub questions: &'a [Question],
    /// What was answered.
    pub observation: &'a Observation,
}

/// The preview of one application.
#[derive(Debug, Clone)]
pub struct AppPreview {
    /// The application.
    pub app: AppId,
    /// Changes in order of object; unchanged objects are counted, not listed.
    pub changes: Vec<Change>,
    /// Objects that neither this change nor drift touches.
    pub unchanged: usize,
    /// True when a side could not be rendered: nothing is then said about its objects.
    pub withheld: bool,
}

/// What happens to one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The object.
    pub object: ObjectRef,
    /// What happens.
    pub action: Action,
    /// Where the difference comes from.
    pub origin: Origin,
    /// How well it is known.
    pub basis: Basis,
    /// A phrase that explains basis or origin ("namespace `edge` is new"), where one is needed.
    pub note: Option<String>,
    /// Field changes in order of pointer; Secret values are tags.
    pub fields: Vec<FieldChange>,
    /// The same as a unified diff of YAML.
    pub diff: String,
    /// Dangers of this change.
    pub dangers: Vec<Danger>,
    /// The uid of the live object, where it was read: a deletion is bound to it.
    pub uid: Option<String>,
}

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It will be made.
    Create,
    /// It will change.
    Update,
    /// It will be removed.
    Delete,
    /// It stays as it is.
    Unchanged,
}

impl Action {
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Where a difference comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// This pull request makes it.
    ThisPr,
    /// Live differs from what base wants; this pull request does not touch it.
    Drift,
    /// This pull request changes fields that drifted.
    OverwritesDrift,
    /// What head wants is already live.
    AlreadyLive,
    /// Live is not known.
    Unknown,
}

impl Origin {
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::ThisPr => "this_pr",
            Self::Drift => "drift",
            Self::OverwritesDrift => "overwrites_drift",
            Self::AlreadyLive => "already_live",
            Self::Unknown => "unknown",
        }
    }
}

/// How well a change is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The destination's server said so in a dry run of the same request.
    Server,
    /// The server could not be asked about this object; its schema was checked.
    Schema,
    /// Compared from renderings or a recording only.
    Estimated,
}

impl Basis {
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Schema => "schema",
            Self::Estimated => "estimated",
        }
    }
}

/// One step of a path into an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A key of a map.
    Field(String),
    /// An item of a list by its name, such as a container's, or a port's number and protocol.
    Item(String),
    /// An item of a list without names by its position, from 0.
    Index(usize),
}

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// JSON pointer; into the state after, where the field is there.
    pub pointer: String,
    /// The same as keys, with items of lists by name where they have one.
    pub path: Vec<Step>,
    /// Value before; `None`: the field was not there.
    pub before: Option<serde_json::Value>,
    /// Value after; `None`: the field goes.
    pub after: Option<serde_json::Value>,
}

/// A consequence that a reviewer must not miss.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Danger {
    /// Stable rule id, such as `danger.delete-volume-claim`.
    pub rule: String,
    /// One sentence without a final period.
    pub message: String,
}
