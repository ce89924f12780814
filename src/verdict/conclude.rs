//! From evidence to verdict: every touched application needs one passing result of every required
//! gate; what is missing counts as an error.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::repo::Mode;
use crate::finding::{Blame, Gate, Judged};
use crate::ids::AppId;
use crate::render::{Outcome, Problem, RenderedApp};

use super::{AppOutcome, GateResult, Passed, Results, Verdict};

/// Everything a verdict rests on.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// Every touched application of the frozen plan. File mode has one application of its own.
    pub touched: &'a BTreeSet<AppId>,
    /// What came of rendering; an application that is missing here is an error.
    pub rendered: &'a [RenderedApp],
    /// The mode of each gate; a gate that is not named is off. `render` is never off: without it
    /// nothing is judged.
    pub modes: &'a BTreeMap<Gate, Mode>,
    /// What the schema, policy and preview gates answered: `Pass` for "looked at everything",
    /// `Error` for "could not", `Off` for a preview that nobody asked for and that nothing demands.
    /// Findings are taken from `findings`, rendering from `rendered`.
    pub results: &'a Results,
    /// The findings of all gates.
    pub findings: &'a [Judged],
    /// Applications whose preview may be missing, because `preview_unavailable` says `warn` and their
    /// cluster is not protected.
    pub preview_tolerated: &'a BTreeSet<AppId>,
    /// Touched applications that could not be evaluated before either, from the same source, for the
    /// same reason, to the same place.
    pub unevaluable_before: &'a BTreeSet<AppId>,
    /// What a touched application does to the verdict whose head cannot be evaluated.
    pub unevaluable: Mode,
    /// Whose move it is, for each thing that kept the change as a whole from being judged.
    pub whole: &'a [Blame],
}

/// What follows from the evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concluded {
    /// Whether the change may merge.
    pub verdict: Verdict,
    /// Result of each of the four gates over all applications.
    pub gates: BTreeMap<Gate, GateResult>,
    /// What came of each touched application.
    pub apps: BTreeMap<AppId, AppConclusion>,
}

/// What came of one application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppConclusion {
    /// The gravest of its gates.
    pub outcome: AppOutcome,
    /// Result of each gate that is on. When the head could not be rendered only `render` is here:
    /// the others had nothing to judge.
    pub gates: BTreeMap<Gate, GateResult>,
}

/// Draws the conclusion.
pub fn conclude(evidence: &Evidence<'_>) -> Concluded {
    let index = Index::build(evidence);
    let apps: BTreeMap<AppId, AppConclusion> = evidence
        .touched
        .iter()
        .map(|id| (id.clone(), conclude_app(evidence, &index, id)))
        .collect();
    let gates = Gate::ALL
        .into_iter()
        .map(|gate| (gate, conclude_gate(evidence, &index, gate, &apps)))
        .collect();
    let gravest = apps
        .iter()
        .map(|(id, app)| weigh(evidence, &index, id, app.outcome))
        .chain(evidence.whole.iter().map(|blame| outcome_of(*blame)))
        .chain((!index.refusing.is_empty()).then_some(AppOutcome::Fail))
        .max()
        .unwrap_or(AppOutcome::Pass);
    let verdict = match gravest {
        AppOutcome::Pass => prove(&index, &apps).map_or(Verdict::Error, Verdict::Pass),
        AppOutcome::Fail => Verdict::Fail,
        AppOutcome::NotEvaluable | AppOutcome::Error => Verdict::Error,
    };
    Concluded {
        verdict,
        gates,
        apps,
    }
}

/// The evidence by application.
struct Index<'a> {
    /// `None`: rendered twice, which says nothing.
    rendered: BTreeMap<&'a AppId, Option<&'a RenderedApp>>,
    /// Gates that refuse, with the application where the finding names one.
    refusing: BTreeSet<(Gate, Option<&'a AppId>)>,
}

impl<'a> Index<'a> {
    fn build(evidence: &Evidence<'a>) -> Self {
        let mut rendered = BTreeMap::new();
        for app in evidence.rendered {
            rendered
                .entry(&app.id)
                .and_modify(|known| *known = None)
                .or_insert(Some(app));
        }
        let refusing = evidence
            .findings
            .iter()
            .filter(|judged| judged.blocks)
            .map(|judged| (judged.finding.gate, judged.finding.app.as_ref()))
            .collect();
        Self { rendered, refusing }
    }

    fn find(&self, id: &AppId) -> Option<&'a RenderedApp> {
        self.rendered.get(id).copied().flatten()
    }

    fn refuses(&self, gate: Gate, id: &AppId) -> bool {
        self.refusing.contains(&(gate, Some(id)))
    }
}

/// Collects one head digest per touched application; an application whose head is neither rendered
/// nor absent has none, and then there is no proof.
fn prove(index: &Index<'_>, apps: &BTreeMap<AppId, AppConclusion>) -> Option<Passed> {
    let mut heads = BTreeMap::new();
    for (id, conclusion) in apps {
        if conclusion.outcome == AppOutcome::NotEvaluable {
            // Tolerated by configuration: it has no head that could be approved.
            continue;
        }
        let digest = match &index.find(id)?.head {
            Outcome::Absent => None,
            Outcome::Rendered(rendering) => Some(rendering.digest),
            Outcome::Failed(_) | Outcome::NotEvaluable(_) => return None,
        };
        heads.insert(id.clone(), digest);
    }
    Some(Passed { heads })
}

fn conclude_app(evidence: &Evidence<'_>, index: &Index<'_>, id: &AppId) -> AppConclusion {
    let raise = |gate: Gate, result: GateResult| {
        if index.refuses(gate, id) {
            result.max(GateResult::Fail)
        } else {
            result
        }
    };
    let rendered = index.find(id);
    if rendered.is_some_and(|app| matches!(app.head, Outcome::NotEvaluable(_))) {
        return AppConclusion {
            outcome: AppOutcome::NotEvaluable,
            gates: BTreeMap::new(),
        };
    }
    let render = raise(
        Gate::Render,
        rendered.map_or(GateResult::Error, judge_rendering),
    );
    let mut gates = BTreeMap::from([(Gate::Render, render)]);
    if rendered.is_some_and(|app| !matches!(app.head, Outcome::Failed(_))) {
        for gate in [Gate::Schema, Gate::Policy, Gate::Preview] {
            if mode_of(evidence, gate) == Mode::Off && !index.refuses(gate, id) {
                continue;
            }
            let may_be_off = gate == Gate::Preview && evidence.preview_tolerated.contains(id);
            let answered = evidence
                .results
                .get(&(id.clone(), gate))
                .copied()
                .filter(|result| *result != GateResult::Off || may_be_off)
                .unwrap_or(GateResult::Error);
            gates.insert(gate, raise(gate, answered));
        }
    }
    let outcome = gates
        .iter()
        .map(|(gate, result)| weigh_gate(evidence, id, *gate, *result))
        .max()
        .unwrap_or(AppOutcome::Error);
    AppConclusion { outcome, gates }
}

/// The render gate of one application: a head that cannot be rendered fails whatever base does; a
/// base that the author's files keep from rendering is no reason to refuse its repair, but a base
/// that could not be had leaves the comparison open.
fn judge_rendering(app: &RenderedApp) -> GateResult {
    let head = match &app.head {
        Outcome::Failed(problems) => match blame_of(problems) {
            Blame::Author => GateResult::Fail,
            Blame::Maintainer | Blame::Operator | Blame::Upstream => GateResult::Error,
        },
        // Weighed as a whole by the configuration.
        Outcome::NotEvaluable(_) => GateResult::Error,
        Outcome::Absent | Outcome::Rendered(_) => GateResult::Pass,
    };
    let base = match &app.base {
        Outcome::Failed(problems) if blame_of(problems) != Blame::Author => GateResult::Error,
        Outcome::Failed(_) | Outcome::NotEvaluable(_) | Outcome::Absent | Outcome::Rendered(_) => {
            GateResult::Pass
        }
    };
    match (&app.base, &app.head) {
        // The plan says it is touched, so it is somewhere.
        (Outcome::Absent, Outcome::Absent) => GateResult::Error,
        _ => head.max(base),
    }
}

/// Whose move a failed rendering is: the author's only when every problem is; a failure without a
/// problem is ours.
fn blame_of(problems: &[Problem]) -> Blame {
    problems
        .iter()
        .map(|problem| problem.blame)
        .max_by_key(|blame| *blame != Blame::Author)
        .unwrap_or(Blame::Operator)
}

fn weigh_gate(evidence: &Evidence<'_>, id: &AppId, gate: Gate, result: GateResult) -> AppOutcome {
    let tolerated = gate == Gate::Preview && evidence.preview_tolerated.contains(id)
        || gate != Gate::Render && mode_of(evidence, gate) == Mode::Shadow;
    match result {
        GateResult::Pass => AppOutcome::Pass,
        GateResult::Fail => AppOutcome::Fail,
        GateResult::Off | GateResult::Error if tolerated => AppOutcome::Pass,
        GateResult::Off | GateResult::Error => AppOutcome::Error,
    }
}

/// What an application's outcome does to the verdict: itself, except that configuration decides about
/// what cannot be evaluated.
fn weigh(
    evidence: &Evidence<'_>,
    index: &Index<'_>,
    id: &AppId,
    outcome: AppOutcome,
) -> AppOutcome {
    if outcome != AppOutcome::NotEvaluable {
        return outcome;
    }
    let was_before = index
        .find(id)
        .is_some_and(|app| matches!(&app.base, Outcome::NotEvaluable(_)))
        && evidence.unevaluable_before.contains(id);
    match evidence.unevaluable {
        Mode::Off | Mode::Shadow | Mode::Warn => AppOutcome::Pass,
        Mode::BlockNew if was_before => AppOutcome::Pass,
        Mode::BlockNew | Mode::Block => AppOutcome::Fail,
    }
}

fn conclude_gate(
    evidence: &Evidence<'_>,
    index: &Index<'_>,
    gate: Gate,
    apps: &BTreeMap<AppId, AppConclusion>,
) -> GateResult {
    let own = if index.refusing.iter().any(|(refusing, _)| *refusing == gate) {
        GateResult::Fail
    } else if gate != Gate::Render && mode_of(evidence, gate) == Mode::Off {
        return GateResult::Off;
    } else {
        GateResult::Pass
    };
    apps.iter()
        .filter(|(id, app)| {
            app.outcome != AppOutcome::NotEvaluable
                || weigh(evidence, index, id, app.outcome) != AppOutcome::Pass
        })
        // An application without a result of this gate was not judged by it.
        .map(|(_, app)| app.gates.get(&gate).copied().unwrap_or(GateResult::Error))
        .chain((!evidence.whole.is_empty()).then_some(GateResult::Error))
        .max()
        // Applications that the gate was not asked about do not make it pass.
        .map_or(own, |gravest| match own {
            GateResult::Fail => gravest.max(own),
            _ => gravest,
        })
}

fn outcome_of(blame: Blame) -> AppOutcome {
    match blame {
        Blame::Author => AppOutcome::Fail,
        Blame::Maintainer | Blame::Operator | Blame::Upstream => AppOutcome::Error,
    }
}

fn mode_of(evidence: &Evidence<'_>, gate: Gate) -> Mode {
    evidence.modes.get(&gate).copied().unwrap_or(Mode::Off)
}
