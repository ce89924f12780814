//! The report as values: everything that any output says, in its final order.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::repo::{Mode, RendererKind};
use crate::finding::{Blame, Gate, Judged, NotVerified};
use crate::ids::{AppId, ClusterName, CommitSha, Digest, ObjectRef, RepoPath, RunId, Side};
use crate::plan::{AppSource, Declaration, Membership, Untouched, Why};
use crate::preview::AppPreview;
use crate::render::Problem;
use crate::tree::Revision;
use crate::verdict::{AppOutcome, GateResult, Verdict};

/// Everything that is known at the end of a judgement.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether the change may merge.
    pub verdict: Verdict,
    /// The state before; `None` in file mode and with `--all`.
    pub base: Option<Revision>,
    /// The state after; `None` in file mode.
    pub head: Option<Revision>,
    /// What people call `base`, such as `main`; `None` where only the revision is known.
    pub base_name: Option<String>,
    /// What people call `head`.
    pub head_name: Option<String>,
    /// False when renderers ran without the kernel's confinement (`--unconfined`).
    pub confined: bool,
    /// What each gate says of the whole: the worst over all applications.
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
    /// Why no cluster was asked, where a preview could have been made; `None`: the clusters were
    /// asked, or nobody wanted them to be.
    pub no_preview: Option<NoPreview>,
    /// Names and versions of what judged: tool → version, `policies` → digest.
    pub judged_with: BTreeMap<String, String>,
}

impl Report {
    /// A report of nothing but troubles: what stopped the work before any application was judged.
    /// The change is refused when every trouble is the author's, else it could not be judged; this
    /// can never be a pass.
    pub fn of_troubles(
        base: Option<Revision>,
        head: Option<Revision>,
        troubles: Vec<Trouble>,
    ) -> Self {
        let refused = !troubles.is_empty()
            && troubles
                .iter()
                .all(|trouble| trouble.blame == Blame::Author);
        Self {
            verdict: if refused {
                Verdict::Fail
            } else {
                Verdict::Error
            },
            base,
            head,
            base_name: None,
            head_name: None,
            confined: true,
            gates: Gate::ALL
                .into_iter()
                .map(|gate| (gate, GateResult::Error))
                .collect(),
            modes: BTreeMap::new(),
            apps: Vec::new(),
            findings: Vec::new(),
            objects: Vec::new(),
            not_verified: Vec::new(),
            untouched: Vec::new(),
            declared: 0,
            rendered: 0,
            troubles,
            excerpts: BTreeMap::new(),
            no_preview: None,
            judged_with: BTreeMap::new(),
        }
    }
}

/// Why no cluster was asked about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NoPreview {
    /// None is connected.
    NotConnected,
    /// The change comes from a fork: what a stranger proposes is not shown to a cluster, and the
    /// cluster's state is not shown to them.
    Fork,
}

/// One touched application.
#[derive(Debug, Clone)]
pub struct AppReport {
    /// Its identity.
    pub id: AppId,
    /// Root folder of its first source.
    pub path: RepoPath,
    /// The tool that rendered it; of several sources, the first one's.
    pub renderer: RendererKind,
    /// Sources of the head (of the base when it is removed).
    pub sources: Vec<AppSource>,
    /// The destination; empty without one.
    pub cluster: ClusterName,
    /// Namespace for objects that name none.
    pub namespace: Option<String>,
    /// Why it is touched.
    pub why: Vec<Why>,
    /// The object that declares it (of the base when it is removed); `None` where files do.
    pub declaration: Option<Declaration>,
    /// What the change does to the set of declared applications here.
    pub membership: Option<Membership>,
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
    /// It was not checked: its schema cannot be used, or the gate did not start.
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
    /// What to do, as a sentence without a final period, where there is a way.
    pub hint: Option<String>,
}

/// The pull request a comment, check or page speaks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// The branch it goes into, such as `main`.
    pub target: String,
    /// The pull request's newest commit: links to source lines lead here.
    pub head: CommitSha,
    /// The tip of `target` it was merged into for the judgement.
    pub base: CommitSha,
    /// The run, so that operators find its log.
    pub run: RunId,
    /// Where files are shown, up to and without the commit, such as
    /// `https://github.example/owner/name/blob`; `None`: places are named without links.
    pub files: Option<String>,
    /// Address of the full report; `None` where no page is served.
    pub page: Option<String>,
}

/// One line of "what became of the merge".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeploymentRow {
    /// The application.
    pub app: AppId,
    /// Where it goes.
    pub cluster: ClusterName,
    /// The commit that is being or was deployed.
    pub commit: CommitSha,
    /// How far it is.
    pub state: DeploymentState,
    /// Since when, in UTC as RFC 3339 to the second.
    pub since: String,
    /// Why it is in this state, as a phrase, where that is not obvious.
    pub note: Option<String>,
}

/// How far a deployment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeploymentState {
    /// It waits for its turn or for an approval.
    Waiting,
    /// Objects are being written, or an engine was told to.
    InProgress,
    /// Everything is live and ready.
    Deployed,
    /// It ended without being live and ready.
    Failed,
    /// The merged commit was refused, or an earlier environment did not end well: nothing was written.
    Held,
    /// Another engine deploys it; Drydock does not.
    Elsewhere,
}

/// A deployment that failed, for the comment that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedDeployment {
    /// The application.
    pub app: AppId,
    /// Where it should have gone.
    pub cluster: ClusterName,
    /// The merge commit.
    pub commit: CommitSha,
    /// True when `commit` has several parents, so that `git revert` needs to be told the first one.
    pub merge: bool,
    /// What failed, each as a sentence without a final period, in order.
    pub failures: Vec<String>,
    /// What is live now, as sentences without a final period.
    pub live: Vec<String>,
    /// Address of the full record; `None` where no page is served.
    pub page: Option<String>,
}
