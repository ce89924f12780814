//! The report as values: everything that any output says, in its final order.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::repo::{Mode, RendererKind};
use crate::finding::{Blame, Gate, Judged, NotVerified};
use crate::ids::{AppId, ClusterName, Digest, ObjectRef, RepoPath, Side};
use crate::plan::{AppSource, Untouched, Why};
use crate::preview::AppPreview;
use crate::render::Problem;
use crate::tree::Revision;
use crate::verdict::{AppOutcome, GateResult, Verdict};

/// Everything that is known at the end of a judgement.
#[derive(Debug, Clone)]
pub struct Report {
    /// May it merge.
    pub verdict: Verdict,
    /// The state before; `None` in file mode and with `--all`.
    pub base: Option<Revision>,
    /// The state after; `None` in file mode.
    pub head: Option<Revision>,
    /// False when renderers ran without the kernel's confinement (`--unconfined`).
    pub confined: bool,
    /// Result by gate.
    pub gates: BTreeMap<Gate, GateResult>,
    /// The mode each gate ran in.
    pub modes: BTreeMap<Gate, Mode>,
    /// Touched applications in id order.
    pub apps: Vec<AppReport>,
    /// Findings of all gates in their total order.
    pub findings: Vec<Judged>,
    /// Objects of file mode, in input order.
    pub objects: Vec<ObjectReport>,
    /// What was not verified.
    pub not_verified: Vec<NotVerified>,
    /// What the change does not touch.
    pub untouched: Vec<Untouched>,
    /// How many applications the head declares, touched or not.
    pub declared: usize,
    /// How many sides were rendered.
    pub rendered: usize,
    /// Why the whole could not be judged, when that is the verdict.
    pub troubles: Vec<Trouble>,
    /// Source lines that the terminal shows under a finding: text by file of the head.
    pub excerpts: BTreeMap<RepoPath, Arc<str>>,
    /// Names and versions of what judged: tool → version, `policies` → digest.
    pub judged_with: BTreeMap<String, String>,
}

/// One touched application.
#[derive(Debug, Clone)]
pub struct AppReport {
    /// Its identity.
    pub id: AppId,
    /// Root folder.
    pub path: RepoPath,
    /// The tool.
    pub renderer: RendererKind,
    /// Sources of the head (of the base when it is removed).
    pub sources: Vec<AppSource>,
    /// The destination; empty without one.
    pub cluster: ClusterName,
    /// Namespace for objects that name none.
    pub namespace: Option<String>,
    /// Why it is touched.
    pub why: Vec<Why>,
    /// What came of it.
    pub outcome: AppOutcome,
    /// Result of each gate that ran.
    pub gates: BTreeMap<Gate, GateResult>,
    /// Base rendering: digest and number of objects; `None` when absent or failed.
    pub base: Option<(Digest, usize)>,
    /// Head rendering.
    pub head: Option<(Digest, usize)>,
    /// Why a side could not be rendered.
    pub problems: Vec<(Side, Problem)>,
    /// What merging will do; `None` when the preview gate is off.
    pub preview: Option<AppPreview>,
}

/// One object of file mode.
#[derive(Debug, Clone)]
pub struct ObjectReport {
    /// The object.
    pub object: ObjectRef,
    /// The file.
    pub path: RepoPath,
    /// First line of the document.
    pub line: u32,
    /// What the schema gate says of it.
    pub schema: SchemaStatus,
}

/// What the schema gate says of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemaStatus {
    /// It satisfies its schema.
    Valid,
    /// It does not.
    Invalid,
    /// No schema is known: counted, never a pass by silence.
    NoSchema,
    /// The gate was off.
    Skipped,
    /// Its schema could not be used.
    Error,
}

impl SchemaStatus {
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::NoSchema => "no_schema",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}

/// Something that could not be done, in words for people: no internal error chain fits in here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trouble {
    /// What could not be done, as a sentence without a final period.
    pub what: String,
    /// The application, where it is about one.
    pub app: Option<AppId>,
    /// Place in a file: path, line, column; 0 when unknown.
    pub place: Option<(RepoPath, u32, u32)>,
    /// Whose move it is.
    pub blame: Blame,
    /// What to do.
    pub hint: Option<String>,
}
