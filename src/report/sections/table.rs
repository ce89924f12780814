//! One row per application: its gates and what merging does.

use crate::finding::Gate;
use crate::ids::Side;
use crate::preview::Basis;
use crate::verdict::{AppOutcome, GateResult};

use super::super::markdown::{self, Section};
use super::super::model::{AppReport, Occasion, Report};
use super::super::{membership, tally, values, wording};

/// The table of touched applications, the gravest outcome first; columns that say nothing are left
/// out.
pub(in crate::report) fn apps(report: &Report, occasion: Option<&Occasion>) -> Section {
    let clusters = report.apps.iter().any(|app| !app.cluster.0.is_empty());
    let gates: Vec<Gate> = Gate::ALL
        .into_iter()
        .filter(|gate| report.gates.get(gate) != Some(&GateResult::Off))
        .collect();
    let mut heads = vec!["application"];
    heads.extend(clusters.then_some("cluster"));
    heads.extend(gates.iter().map(|gate| wording::heading(*gate)));
    heads.push("this pull request");
    let mut opening = String::from("\n");
    for row in [heads.clone(), vec!["---"; heads.len()]] {
        put!(opening, "| {} |\n", row.join(" | "));
    }
    // What does not pass stands first: a long table is cut at its end.
    let mut apps: Vec<&AppReport> = report.apps.iter().collect();
    apps.sort_by_key(|app| std::cmp::Reverse(app.outcome));
    Section {
        opening,
        items: apps
            .into_iter()
            .map(|app| row(report, app, clusters, &gates, occasion))
            .collect(),
        closing: membership::summary(&report.apps)
            .map(|summary| format!("\n{summary}.\n"))
            .unwrap_or_default(),
        noun: ("application", "applications"),
        rest: ("| … ", " |"),
        share: 30,
    }
}

fn row(
    report: &Report,
    app: &AppReport,
    clusters: bool,
    gates: &[Gate],
    occasion: Option<&Occasion>,
) -> String {
    let name = markdown::cell(&markdown::code(&wording::name(report, &app.id)));
    let files = occasion.and_then(|occasion| Some((occasion.files.as_ref()?, &occasion.head)));
    let name = match files {
        Some((files, head)) => {
            let path = markdown::encode_path(app.path.as_str());
            markdown::link(&name, &format!("{files}/{head}/{path}"))
        }
        None => name,
    };
    let mut cells = vec![name];
    if clusters {
        cells.push(if app.cluster.0.is_empty() {
            "–".to_owned()
        } else {
            markdown::cell(&markdown::code(&app.cluster.0))
        });
    }
    cells.extend(gates.iter().map(|gate| mark(report, app, *gate)));
    let membership = membership::compose(app);
    cells.push(match membership.as_str() {
        "" => effect(app),
        // What is new or gone is said by what becomes of it.
        _ if matches!(effect(app).as_str(), "new" | "removed" | "no change") => {
            markdown::cell(&membership)
        }
        _ => format!("{}; {}", effect(app), markdown::cell(&membership)),
    });
    format!("| {} |\n", cells.join(" | "))
}

fn mark(report: &Report, app: &AppReport, gate: Gate) -> String {
    let blocking = tally::blocking(report, app, gate);
    let result = app.gates.get(&gate).copied();
    let repaired = app.problems.iter().any(|(side, _)| *side == Side::Base);
    match (gate, result) {
        (_, Some(GateResult::Fail)) if blocking > 0 => {
            format!("❌ {}", wording::grouped(blocking))
        }
        (_, Some(GateResult::Fail)) => "❌".to_owned(),
        (_, Some(GateResult::Error)) => "⚠️ not judged".to_owned(),
        (_, None) if app.outcome == AppOutcome::NotEvaluable => "⚠️ cannot be evaluated".to_owned(),
        (_, None | Some(GateResult::Off)) => "–".to_owned(),
        (Gate::Render, Some(GateResult::Pass)) if repaired => "✅ did not before".to_owned(),
        (Gate::Preview, Some(GateResult::Pass)) => preview(app),
        (_, Some(GateResult::Pass)) => "✅".to_owned(),
    }
}

/// How well the preview is known: the weakest basis of its changes, with its first reason.
fn preview(app: &AppReport) -> String {
    let changes = || app.preview.iter().flat_map(|preview| &preview.changes);
    let Some(weakest) = changes().max_by_key(|change| change.basis) else {
        return "✅".to_owned();
    };
    let word = match weakest.basis {
        Basis::Server => return "✅ server".to_owned(),
        Basis::Schema => "⚠️ by schema",
        Basis::Estimated => "⚠️ estimated",
    };
    let note = changes()
        .filter(|change| change.basis == weakest.basis)
        .find_map(|change| change.note.as_deref());
    match note {
        Some(note) => format!("{word}: {}", markdown::cell(&markdown::prose(note))),
        None => word.to_owned(),
    }
}

fn effect(app: &AppReport) -> String {
    if tally::head_is_broken(app) {
        return "not known".to_owned();
    }
    let marks = tally::effect(app).marks();
    if !marks.is_empty() {
        return marks;
    }
    match (app.base, app.head) {
        _ if values::is_known(app) => "no change".to_owned(),
        (None, Some(_)) if app.problems.is_empty() => "new".to_owned(),
        (None, Some(_)) => "renders again".to_owned(),
        (Some(_), None) => "removed".to_owned(),
        (Some((before, _)), Some((after, _))) if before == after => "no change".to_owned(),
        (Some(_), Some(_)) => "changes".to_owned(),
        (None, None) => "not known".to_owned(),
    }
}
