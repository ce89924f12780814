//! What a gate says about an object: findings, their severity, where they stand.

use crate::ids::{AppId, Digest, ObjectRef, RepoPath};

/// A stage that can refuse a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Both sides can be rendered.
    Render,
    /// Objects satisfy the schemas of the cluster they go to.
    Schema,
    /// Objects satisfy the policies.
    Policy,
    /// The cluster would accept the change.
    Preview,
}

impl Gate {
    /// Every gate, in the order they run.
    pub const ALL: [Self; 4] = [Self::Render, Self::Schema, Self::Policy, Self::Preview];

    /// The word used in JSON, flags and sentences.
    pub fn word(self) -> &'static str {
        match self {
            Self::Render => "render",
            Self::Schema => "schema",
            Self::Policy => "policy",
            Self::Preview => "preview",
        }
    }
}

/// How grave a finding is; ordered, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look; never blocks.
    Warning,
    /// Wrong; blocks where the gate's mode says so.
    Error,
}

impl Severity {
    /// The word used in JSON and sentences.
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How exactly a source position is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// The key or value itself.
    Exact,
    /// The nearest enclosing key that exists in the source.
    Parent,
    /// Only the file (or the document within it) is known.
    File,
}

impl Precision {
    /// The word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Parent => "parent",
            Self::File => "file",
        }
    }
}

/// A place in a file of the repository. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// The file.
    pub path: RepoPath,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// How many characters the place spans on its line; 0 when unknown.
    pub width: u32,
    /// How exactly it is known.
    pub precision: Precision,
}

/// One statement of a gate about a change. Data, not an error: the gate did its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Who says it.
    pub gate: Gate,
    /// Stable rule id, such as `schema.type` or `drydock.workload.run-as-non-root`.
    pub rule: String,
    /// How grave.
    pub severity: Severity,
    /// The application it belongs to; `None` in file mode and for repository-wide findings.
    pub app: Option<AppId>,
    /// The object, where it is about one.
    pub object: Option<ObjectRef>,
    /// JSON pointer into the object, where it is about one field.
    pub pointer: Option<String>,
    /// Where the text stands, as well as it is known.
    pub source: Option<Source>,
    /// One sentence without a final period; values of Secrets never appear in it.
    pub message: String,
    /// What to do, where that is known.
    pub fix: Option<String>,
    /// Where to read more.
    pub url: Option<String>,
    /// The offending value in a normalised form, part of the fingerprint. Empty when the place says
    /// it all.
    pub subject: String,
}

impl Finding {
    /// The identity that survives reordering, file renames and a message's wording: gate, rule,
    /// application, object (without API version), pointer, normalised value.
    pub fn fingerprint(&self) -> Digest {
        let app = self
            .app
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let object = self
            .object
            .as_ref()
            .map(|object| format!("{:?}", object.key()))
            .unwrap_or_default();
        Digest::of_parts([
            self.gate.word().as_bytes(),
            self.rule.as_bytes(),
            app.as_bytes(),
            object.as_bytes(),
            self.pointer.as_deref().unwrap_or_default().as_bytes(),
            self.subject.as_bytes(),
        ])
    }

    /// The total order of every list of findings: gravest first, then place, rule, message.
    pub fn sort_key(&self) -> impl Ord + use<> {
        (
            std::cmp::Reverse(self.severity),
            self.source.clone(),
            self.app.clone(),
            self.object.clone(),
            self.gate,
            self.rule.clone(),
            self.pointer.clone(),
            self.message.clone(),
        )
    }
}

/// What a finding means for this change, found by comparing base and head by fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// The change introduces it.
    New,
    /// It was there before.
    Existing,
    /// The change removes it.
    Fixed,
    /// A waiver covers it.
    Waived,
}

impl State {
    /// The word used in JSON and sentences.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Existing => "existing",
            Self::Fixed => "fixed",
            Self::Waived => "waived",
        }
    }
}

/// A finding with what it means for this change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// The finding.
    pub finding: Finding,
    /// New, existing, fixed or waived.
    pub state: State,
    /// True when the gate's mode makes this finding refuse the change.
    pub blocks: bool,
}

/// Whose move it is when something could not be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blame {
    /// The author of the change.
    Author,
    /// Who may push to the repository.
    Maintainer,
    /// Who runs Drydock or the cluster.
    Operator,
    /// A service both depend on, such as GitHub.
    Upstream,
}

/// Whether trying again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same input gives the same result.
    No,
    /// At once.
    Now,
    /// After this time.
    After(std::time::Duration),
}

/// An object or application that a gate did not judge, and why: counted, never silent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotVerified {
    /// The application, where known.
    pub app: Option<AppId>,
    /// The object.
    pub object: Option<ObjectRef>,
    /// The gate that could not.
    pub gate: Gate,
    /// Why, as a phrase.
    pub reason: String,
}
