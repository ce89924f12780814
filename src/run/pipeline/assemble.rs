//! Everything that was found becomes a verdict and a report.

mod app;
mod before;
mod doubts;
mod excerpts;
mod tools;
mod unstable;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::repo::Mode;
use crate::finding::{Blame, Gate, Judged, State};
use crate::gate::ratchet;
use crate::ids::{AppId, RepoPath};
use crate::plan::{Plan, UntouchedItem};
use crate::render::{Outcome, RenderedApp};
use crate::report::model::{AppReport, Report, Trouble};
use crate::tree::Revision;
use crate::verdict::{self, Concluded, Evidence};

use super::gates::Gated;
use super::preview::Seen;
use super::unstable::COMES_AND_GOES;
use super::{Judgement, Means, Rules, Subject};
use app::build_app;
use doubts::note_doubts;
use excerpts::read_excerpts;
use tools::judged_with;
use unstable::find_unstable;

/// Builds the judgement.
#[expect(
    clippy::too_many_arguments,
    reason = "it is where everything comes together"
)]
pub(super) fn assemble(
    subject: &Subject,
    rules: &Rules,
    means: &Means,
    plan: Plan,
    rendered: Vec<RenderedApp>,
    mut gated: Gated,
    seen: Seen,
    text_of: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
) -> Judgement {
    gated.base.extend(seen.base_findings);
    gated.head.extend(seen.head_findings);
    gated.results.extend(seen.results);
    gated.troubles.extend(seen.troubles);
    gated.troubles.extend(render_troubles(&rendered));
    gated.troubles.sort();
    gated.troubles.dedup();
    gated.not_verified.extend(seen.not_verified);
    gated.not_verified.extend(find_unstable(&rendered));
    gated.not_verified.extend(note_doubts(&plan));
    gated.not_verified.sort();
    gated.not_verified.dedup();
    let modes = rules.modes(&plan.apps);
    let findings = judge_findings(rules, &modes, &rendered, &mut gated);
    let concluded = conclude(rules, &modes, &plan, &rendered, &gated, &findings);
    let mut previews = seen.previews;
    let apps = plan
        .apps
        .iter()
        .zip(&rendered)
        .map(|(planned, app)| {
            let concluded = concluded.apps.get(&planned.id);
            build_app(planned, app, concluded, previews.remove(&planned.id))
        })
        .collect();
    let report = Report {
        base_name: subject.base_name.clone(),
        head_name: subject.head_name.clone(),
        confined: means.sandbox.is_confined(),
        excerpts: read_excerpts(text_of, &findings, &gated.troubles),
        judged_with: judged_with(rules, means, &plan, &gated),
        no_preview: seen.no_preview,
        ..build_report(&plan, concluded, apps, findings, gated, modes)
    };
    Judgement {
        report,
        plan,
        rendered,
        observation: seen.observation,
    }
}

/// Tells new findings from older, waived and fixed ones; those that block come first.
fn judge_findings(
    rules: &Rules,
    modes: &BTreeMap<Gate, Mode>,
    rendered: &[RenderedApp],
    gated: &mut Gated,
) -> Vec<Judged> {
    let mut findings = ratchet::apply(
        std::mem::take(&mut gated.base),
        std::mem::take(&mut gated.head),
        &rule_modes(rules, gated, modes),
    );
    // What the base held is not known where it could not be rendered: nothing of it counts as fixed.
    let known_bases: BTreeSet<&AppId> = rendered
        .iter()
        .filter(|app| app.base.manifests().is_some())
        .map(|app| &app.id)
        .collect();
    findings.retain(|judged| {
        let app = judged.finding.app.as_ref();
        judged.state != State::Fixed || app.is_none_or(|app| known_bases.contains(app))
    });
    findings
        .sort_by_cached_key(|judged| (std::cmp::Reverse(judged.blocks), judged.finding.sort_key()));
    findings
}

fn conclude(
    rules: &Rules,
    modes: &BTreeMap<Gate, Mode>,
    plan: &Plan,
    rendered: &[RenderedApp],
    gated: &Gated,
    findings: &[Judged],
) -> Concluded {
    let whole: Vec<Blame> = gated
        .troubles
        .iter()
        .filter(|trouble| trouble.app.is_none())
        .map(|trouble| trouble.blame)
        .collect();
    let touched: BTreeSet<AppId> = plan.apps.iter().map(|app| app.id.clone()).collect();
    let tolerated = plan
        .apps
        .iter()
        .filter(|app| rules.tolerates_no_preview(app))
        .map(|app| app.id.clone())
        .collect();
    verdict::conclude(&Evidence {
        touched: &touched,
        rendered,
        modes,
        results: &gated.results,
        findings,
        preview_tolerated: &tolerated,
        unevaluable_before: &before::find_unevaluable(plan, rendered),
        unevaluable: rules.config.unevaluable,
        whole: &whole,
    })
}

fn build_report(
    plan: &Plan,
    concluded: Concluded,
    apps: Vec<AppReport>,
    findings: Vec<Judged>,
    gated: Gated,
    modes: BTreeMap<Gate, Mode>,
) -> Report {
    let sides = apps.iter().flat_map(|app| [&app.base, &app.head]);
    let rendered = sides.flatten().count();
    let declared = apps
        .iter()
        .filter(|app| app.head.is_some() || !app.problems.is_empty());
    let left_alone = plan
        .untouched
        .iter()
        .filter(|untouched| matches!(untouched.what, UntouchedItem::App(_)));
    let base = (plan.base != Revision::Empty).then(|| plan.base.clone());
    Report {
        verdict: concluded.verdict,
        gates: concluded.gates,
        modes,
        declared: declared.count() + left_alone.count(),
        rendered,
        apps,
        findings,
        not_verified: gated.not_verified,
        untouched: plan.untouched.clone(),
        ..Report::of_troubles(base, Some(plan.head.clone()), gated.troubles)
    }
}

/// The mode of every rule: its policy source's within the gate's. A head that cannot be rendered
/// refuses the change whatever the configuration says.
fn rule_modes(rules: &Rules, gated: &Gated, modes: &BTreeMap<Gate, Mode>) -> ratchet::Modes {
    let mut all = ratchet::Modes::default();
    for gate in Gate::ALL {
        all.cap(gate, modes.get(&gate).copied().unwrap_or(Mode::Off));
    }
    all.cap(Gate::Render, Mode::Block);
    // It has rendered: what the base had just so is no fault of the change.
    all.rule(Gate::Render, COMES_AND_GOES, Mode::BlockNew);
    for rule in &gated.rules {
        let mut sources = rules
            .policies
            .iter()
            .filter(|input| input.source.name == rule.source);
        if let Some(input) = sources.next() {
            all.rule(Gate::Policy, &rule.id, input.mode);
        }
    }
    all
}

/// Rendering failures that are not the author's keep the change from being judged.
fn render_troubles(rendered: &[RenderedApp]) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    for app in rendered {
        if let Outcome::Failed(problems) = &app.head {
            for problem in problems
                .iter()
                .filter(|problem| problem.blame != Blame::Author)
            {
                troubles.push(Trouble {
                    what: problem.message.clone(),
                    app: Some(app.id.clone()),
                    place: problem.path.clone().map(|path| (path, problem.line, 0)),
                    blame: problem.blame,
                    hint: None,
                });
            }
        }
    }
    troubles
}
