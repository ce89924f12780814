//! What judging one object gives.

use crate::finding::Severity;

/// What the gate says of one object as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It satisfies its schema; warnings are possible.
    Valid,
    /// It does not: there is at least one finding of severity error.
    Invalid,
    /// No schema is known. Never a pass: the caller lists it as not verified, with the note.
    NoSchema,
    /// Its schema could not be used. Never a pass: the note says why.
    Error,
}

/// The gate's answer about one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The object as a whole.
    pub status: Status,
    /// What is wrong or worth a look, ordered by place in the object, then rule, then message.
    pub findings: Vec<RawFinding>,
    /// What was not verified, as a phrase; `None` when everything was. An object with a note is
    /// listed as not verified even when its status is valid.
    pub note: Option<String>,
}

/// A finding before it is known whose object it is and where its text stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawFinding {
    /// JSON pointer into the object; for a missing field, of the map that should hold it.
    pub pointer: String,
    /// Stable rule id, such as `schema.type`.
    pub rule: &'static str,
    /// One sentence without a final period; never a value of a Secret.
    pub message: String,
    /// What to do, where that is known.
    pub fix: Option<String>,
    /// The offending value in a normalised form; empty when the place says it all.
    pub subject: String,
    /// How grave.
    pub severity: Severity,
    /// True when the key at the pointer is meant rather than its value.
    pub at_key: bool,
}
