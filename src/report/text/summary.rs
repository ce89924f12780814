//! The table of applications and the counts at the end.

use unicode_width::UnicodeWidthStr as _;

use crate::finding::Gate;
use crate::ids::Side;
use crate::plan::{Untouched, UntouchedItem, UntouchedReason};
use crate::preview::Basis;
use crate::verdict::{AppOutcome, GateResult, Verdict};

use super::super::membership;
use super::super::model::{AppReport, Report, SchemaStatus};
use super::super::tally::{self, Tally};
use super::super::values;
use super::super::visible;
use super::super::wording::{self, count};
use super::paint::{Colour, Ink};

/// Writes the table, the gates and the counts.
pub(super) fn write(out: &mut String, report: &Report, colour: Colour) {
    let tally = Tally::of(report);
    if super::is_file_mode(report) {
        write_objects(out, report, colour);
    } else {
        write_apps(out, report, colour);
    }
    write_not_verified(out, report, colour);
    let gates: Vec<String> = Gate::ALL
        .iter()
        .map(|gate| {
            let result = report.gates.get(gate).copied().unwrap_or(GateResult::Error);
            format!("{} {}", gate.word(), result.word())
        })
        .collect();
    let gates = colour.paint(Ink::Faint, &format!("gates: {}", gates.join(", ")));
    put!(out, "\n{gates}\n{}\n", closing(report, &tally, colour));
}

/// `Refused: 2 findings block. 3 older findings, 1 finding waived. 4 objects not verified.`
fn closing(report: &Report, tally: &Tally, colour: Colour) -> String {
    let mut sentences = vec![reason(report, tally)];
    let others = tally.others();
    if !others.is_empty() {
        let mut others = others.join(", ");
        if tally.older > 0 {
            others.push_str(" (--format markdown lists the older ones)");
        }
        sentences.push(others);
    }
    let not_verified = tally.not_verified.words();
    if !not_verified.is_empty() {
        sentences.push(format!("{not_verified} not verified"));
    }
    format!(
        "{}: {}.",
        super::verdict(&report.verdict, colour),
        sentences.join(". ")
    )
}

/// The first sentence after the verdict word.
fn reason(report: &Report, tally: &Tally) -> String {
    let refusals = tally.refusals();
    let troubles = wording::troubles(report);
    let also = if refusals.is_empty() {
        String::new()
    } else {
        format!(". {}", wording::listed(&refusals))
    };
    match (&report.verdict, troubles.as_slice()) {
        (Verdict::Pass(_), _) if super::is_file_mode(report) && report.objects.is_empty() => {
            "nothing to inspect, the given files hold no object".to_owned()
        }
        (Verdict::Pass(_), _) if report.apps.is_empty() && !super::is_file_mode(report) => {
            let is_file = |item: &Untouched| matches!(item.what, UntouchedItem::Path(_));
            if report.untouched.iter().any(is_file) {
                "nothing to inspect, no application reads the changed files".to_owned()
            } else {
                "nothing to inspect, no file changed".to_owned()
            }
        }
        (Verdict::Pass(_), _) => "nothing blocks".to_owned(),
        (_, [(one, _)]) => format!(
            "{} ({}){also}",
            visible::line(&one.what),
            wording::whose(one.blame)
        ),
        (_, [_, ..]) => format!(
            "{}, see above{also}",
            count(troubles.len(), "reason", "reasons")
        ),
        (_, []) if refusals.is_empty() => "an application has no result, see the table".to_owned(),
        (_, []) => wording::listed(&refusals),
    }
}

fn write_apps(out: &mut String, report: &Report, colour: Colour) {
    if report.apps.is_empty() {
        return;
    }
    let rows: Vec<[String; 3]> = report.apps.iter().map(|app| row(report, app)).collect();
    let widths: Vec<usize> = (0..3)
        .map(|column| {
            rows.iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    out.push('\n');
    for (app, row) in report.apps.iter().zip(&rows) {
        for (cell, width) in row.iter().zip(&widths) {
            if *width > 0 {
                out.push_str(cell);
                out.push_str(&" ".repeat(width - cell.width() + 2));
            }
        }
        out.push_str(&outcome(app, colour));
        out.push('\n');
    }
    if let Some(summary) = membership::summary(&report.apps) {
        put!(out, "{summary}\n");
    }
    let same = report
        .untouched
        .iter()
        .filter(|item| item.reason == UntouchedReason::NothingItReadsChanged)
        .count();
    if same > 0 {
        let apps = count(same, "other app reads", "other apps read");
        let line = format!("{apps} nothing that changed");
        put!(out, "{}\n", colour.paint(Ink::Faint, &line));
    }
}

/// Name, cluster, and what merging does.
fn row(report: &Report, app: &AppReport) -> [String; 3] {
    let marks = tally::effect(app).marks();
    let membership = membership::compose(app);
    let effect = if tally::head_is_broken(app) {
        "does not render".to_owned()
    } else if !marks.is_empty() {
        marks
    } else if app.problems.iter().any(|(side, _)| *side == Side::Base) {
        "did not render before".to_owned()
    } else if app
        .preview
        .as_ref()
        .is_some_and(|preview| !preview.withheld)
    {
        "no change".to_owned()
    } else {
        match (app.base, app.head) {
            (None, Some(_)) => "new".to_owned(),
            (Some(_), None) => "removed".to_owned(),
            (Some((before, _)), Some((after, _))) if before == after => "no change".to_owned(),
            (Some(_), Some(_)) => "changes".to_owned(),
            (None, None) => String::new(),
        }
    };
    let effect = match membership.as_str() {
        "" => effect,
        // What is new, gone or as before is said by what becomes of the application.
        membership if matches!(effect.as_str(), "" | "new" | "removed" | "no change") => {
            membership.to_owned()
        }
        membership => format!("{effect}, {membership}"),
    };
    [
        visible::line(&wording::name(report, &app.id)),
        visible::line(&app.cluster.0),
        effect,
    ]
}

fn outcome(app: &AppReport, colour: Colour) -> String {
    let word = match app.outcome {
        AppOutcome::Pass => colour.paint(Ink::Good, "passes"),
        AppOutcome::Fail => colour.paint(Ink::Error, "refused"),
        AppOutcome::NotEvaluable => colour.paint(Ink::Warning, "cannot be evaluated"),
        AppOutcome::Error => colour.paint(Ink::Error, "could not be judged"),
    };
    let changes = app.preview.iter().flat_map(|preview| &preview.changes);
    match values::usual_basis(changes) {
        _ if app.gates.get(&Gate::Preview) == Some(&GateResult::Error) => {
            format!("{word}, without a preview")
        }
        Some(Basis::Estimated) => format!("{word}, estimated"),
        Some(Basis::Schema) => format!("{word}, by schema only"),
        Some(Basis::Server) | None => word,
    }
}

fn write_objects(out: &mut String, report: &Report, colour: Colour) {
    if report.objects.is_empty() {
        return;
    }
    let counts: Vec<String> = [
        (SchemaStatus::Valid, "valid"),
        (SchemaStatus::Invalid, "invalid"),
        (SchemaStatus::NoSchema, "without schema"),
        (SchemaStatus::Skipped, "not asked"),
        (SchemaStatus::Error, "not checked against a schema"),
    ]
    .into_iter()
    .map(|(status, word)| {
        let number = report
            .objects
            .iter()
            .filter(|object| object.schema == status)
            .count();
        (number, word)
    })
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{} {word}", wording::grouped(number)))
    .collect();
    let objects = colour.paint(
        Ink::Strong,
        &count(report.objects.len(), "object", "objects"),
    );
    put!(out, "\n{objects}: {}\n", counts.join(", "));
}

fn write_not_verified(out: &mut String, report: &Report, colour: Colour) {
    let reasons = tally::not_verified(report);
    if reasons.is_empty() {
        return;
    }
    put!(out, "\n{}\n", colour.paint(Ink::Strong, "not verified"));
    for (gate, reason, number) in reasons {
        put!(
            out,
            "  {number} by {}: {}\n",
            gate.word(),
            visible::line(&reason)
        );
    }
}
