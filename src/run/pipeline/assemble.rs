//! Everything that was found becomes a verdict and a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::repo::Mode;
use crate::finding::{Blame, Gate, Judged, State};
use crate::gate::ratchet;
use crate::ids::{AppId, Digest, RepoPath, Side};
use crate::plan::{Plan, PlannedApp, RendererInput, UntouchedItem};
use crate::render::{Outcome, RenderedApp, ToolKind};
use crate::report::model::{AppReport, Report, Trouble};
use crate::tree::Revision;
use crate::verdict::{self, AppConclusion, AppOutcome, Concluded, Evidence};

use super::gates::Gated;
use super::preview::Seen;
use super::{Judgement, Means, Rules, Subject};

/// Lines of source that a report may carry: enough for every finding that a person reads, bounded
/// for a change of ten thousand findings.
const EXCERPT_FILES: usize = 200;

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
    gated.not_verified.extend(seen.not_verified);
    gated.troubles.extend(render_troubles(&rendered));
    let known_bases: BTreeSet<&AppId> = rendered
        .iter()
        .filter(|app| app.base.manifests().is_some())
        .map(|app| &app.id)
        .collect();
    let modes = rules.modes();
    let mut findings = ratchet::apply(
        std::mem::take(&mut gated.base),
        std::mem::take(&mut gated.head),
        &rule_modes(rules, &gated, &modes),
    );
    // What the base held is not known where it could not be rendered: nothing of it counts as fixed.
    findings.retain(|judged| {
        judged.state != State::Fixed
            || judged
                .finding
                .app
                .as_ref()
                .is_none_or(|app| known_bases.contains(app))
    });
    findings
        .sort_by_cached_key(|judged| (std::cmp::Reverse(judged.blocks), judged.finding.sort_key()));
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
        .filter(|app| tolerated(app, rules))
        .map(|app| app.id.clone())
        .collect();
    let concluded = verdict::conclude(&Evidence {
        touched: &touched,
        rendered: &rendered,
        modes: &modes,
        results: &gated.results,
        findings: &findings,
        preview_tolerated: &tolerated,
        not_evaluable: &BTreeSet::new(),
        unevaluable: rules.config.unevaluable,
        whole: &whole,
    });
    let mut previews = seen.previews;
    let apps = plan
        .apps
        .iter()
        .zip(&rendered)
        .map(|(planned, app)| {
            build_app(
                planned,
                app,
                concluded.apps.get(&planned.id),
                previews.remove(&planned.id),
            )
        })
        .collect();
    gated.not_verified.sort();
    gated.not_verified.dedup();
    gated.troubles.sort();
    gated.troubles.dedup();
    let report = Report {
        excerpts: read_excerpts(text_of, &findings, &gated.troubles),
        ..build_report(
            subject,
            means,
            &plan,
            concluded,
            apps,
            findings,
            &gated,
            modes,
            judged_with(rules, means, &plan, &gated),
        )
    };
    Judgement {
        report,
        plan,
        rendered,
        observation: seen.observation,
    }
}

#[expect(
    clippy::too_many_arguments,
    reason = "the report has one field for each of them"
)]
fn build_report(
    subject: &Subject,
    means: &Means,
    plan: &Plan,
    concluded: Concluded,
    apps: Vec<AppReport>,
    findings: Vec<Judged>,
    gated: &Gated,
    modes: BTreeMap<Gate, Mode>,
    judged_with: BTreeMap<String, String>,
) -> Report {
    let declared = |item: &UntouchedItem| matches!(item, UntouchedItem::App(_));
    let rendered = apps
        .iter()
        .flat_map(|app| [&app.base, &app.head])
        .flatten()
        .count();
    Report {
        verdict: concluded.verdict,
        base: (plan.base != Revision::Empty).then(|| plan.base.clone()),
        head: Some(plan.head.clone()),
        base_name: subject.base_name.clone(),
        head_name: subject.head_name.clone(),
        confined: means.sandbox.is_confined(),
        gates: concluded.gates,
        modes,
        declared: apps
            .iter()
            .filter(|app| app.head.is_some() || !app.problems.is_empty())
            .count()
            + plan
                .untouched
                .iter()
                .filter(|untouched| declared(&untouched.what))
                .count(),
        rendered,
        apps,
        findings,
        objects: Vec::new(),
        not_verified: gated.not_verified.clone(),
        untouched: plan.untouched.clone(),
        troubles: gated.troubles.clone(),
        excerpts: BTreeMap::new(),
        judged_with,
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

fn tolerated(planned: &PlannedApp, rules: &Rules) -> bool {
    let side = planned.head.as_ref().or(planned.base.as_ref());
    side.is_some_and(|side| rules.tolerates_no_preview(&side.cluster))
}

fn build_app(
    planned: &PlannedApp,
    app: &RenderedApp,
    concluded: Option<&AppConclusion>,
    preview: Option<crate::preview::AppPreview>,
) -> AppReport {
    let side = planned.head.as_ref().or(planned.base.as_ref());
    let first = side.and_then(|side| side.sources.first());
    let digest = |outcome: &Outcome| -> Option<(Digest, usize)> {
        outcome
            .rendering()
            .map(|rendering| (rendering.digest, rendering.manifests.len()))
    };
    let problems = [Side::Base, Side::Head]
        .into_iter()
        .flat_map(|side| match app.side(side) {
            Outcome::Failed(problems) => problems
                .iter()
                .map(|problem| (side, problem.clone()))
                .collect(),
            Outcome::Absent | Outcome::Rendered(_) => Vec::new(),
        });
    AppReport {
        id: planned.id.clone(),
        path: first.map(|source| source.path.clone()).unwrap_or_default(),
        renderer: first.map_or(crate::config::repo::RendererKind::Directory, |source| {
            source.renderer.kind()
        }),
        sources: side.map(|side| side.sources.clone()).unwrap_or_default(),
        cluster: side.map(|side| side.cluster.clone()).unwrap_or_default(),
        namespace: side.and_then(|side| side.namespace.clone()),
        why: planned.why.clone(),
        outcome: concluded.map_or(AppOutcome::Error, |concluded| concluded.outcome),
        gates: concluded
            .map(|concluded| concluded.gates.clone())
            .unwrap_or_default(),
        base: digest(&app.base),
        head: digest(&app.head),
        problems: problems.collect(),
        preview,
    }
}

/// The texts of the files that findings point into, of the head.
fn read_excerpts(
    text_of: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
    findings: &[Judged],
    troubles: &[Trouble],
) -> BTreeMap<RepoPath, Arc<str>> {
    let found = findings
        .iter()
        .filter_map(|judged| judged.finding.source.as_ref());
    let places = troubles
        .iter()
        .filter_map(|trouble| trouble.place.as_ref().map(|(path, _, _)| path));
    let wanted: BTreeSet<&RepoPath> = found.map(|source| &source.path).chain(places).collect();
    let read = |path: &RepoPath| Some((path.clone(), text_of(path)?));
    wanted
        .into_iter()
        .filter_map(read)
        .take(EXCERPT_FILES)
        .collect()
}

/// Names and versions of what judged.
fn judged_with(
    rules: &Rules,
    means: &Means,
    plan: &Plan,
    gated: &Gated,
) -> BTreeMap<String, String> {
    let mut with = BTreeMap::from([("drydock".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]);
    if !gated.rules.is_empty() {
        let parts: Vec<&[u8]> = rules
            .policies
            .iter()
            .flat_map(|input| {
                input
                    .source
                    .files
                    .iter()
                    .flat_map(|file| [file.path.as_bytes(), file.text.as_bytes()])
            })
            .collect();
        with.insert("policies".to_owned(), Digest::of_parts(parts).short());
    }
    for kind in used_tools(plan) {
        if let Ok(tool) = means.render.tools.find_one(kind) {
            with.insert(kind.name().to_owned(), tool.version.to_string());
        }
    }
    with
}

/// The tools that the plan's applications are rendered with.
fn used_tools(plan: &Plan) -> BTreeSet<ToolKind> {
    let sides = plan
        .apps
        .iter()
        .flat_map(|app| [&app.base, &app.head])
        .flatten();
    sides
        .flat_map(|side| &side.sources)
        .filter_map(|source| match &source.renderer {
            RendererInput::Directory => None,
            RendererInput::Kustomize { .. } => Some(ToolKind::Kustomize),
            RendererInput::Helm(helm) if helm.major == 3 => Some(ToolKind::Helm3),
            RendererInput::Helm(_) => Some(ToolKind::Helm4),
        })
        .collect()
}
