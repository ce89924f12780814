//! Findings, problems of rendering and dangers, each with its place and what to do.

use crate::finding::{Blame, Finding, Severity, State};
use crate::ids::{ObjectRef, Side};
use crate::preview::Danger;

use super::super::groups::{Group, Part};
use super::super::model::{AppReport, Report};
use super::super::wording::{self, count};
use super::super::{values, visible};
use super::excerpt;
use super::paint::{Colour, Ink};

/// Applications that a finding names; further ones are counted.
const NAMED: usize = 4;

/// Why sides could not be rendered.
pub(super) fn write_problems(out: &mut String, report: &Report, colour: Colour) {
    for app in &report.apps {
        for (side, problem) in &app.problems {
            if wording::is_told(report, &app.id, problem) {
                continue;
            }
            let word = match (side, problem.blame) {
                (Side::Base, Blame::Author) => colour.paint(Ink::Warning, "warning[render]"),
                (Side::Head, Blame::Author) => colour.paint(Ink::Error, "error[render]"),
                (_, Blame::Maintainer | Blame::Operator | Blame::Upstream) => {
                    colour.paint(Ink::Error, "could not be judged[render]")
                }
            };
            let message = visible::block(problem.message.trim_end());
            let mut lines = message.lines();
            let first = colour.paint(Ink::Strong, lines.next().unwrap_or_default());
            put!(out, "\n{word}: {first}\n");
            if let Some(path) = &problem.path {
                let path = visible::line(&path.to_string());
                let place = if problem.line > 0 {
                    format!("{path}:{}", problem.line)
                } else {
                    path
                };
                put!(out, "  --> {place}\n");
            }
            for line in lines {
                put!(out, "   | {line}\n");
            }
            let name = format!(
                "{}, {}",
                wording::app(report, &app.id),
                super::side_word(*side)
            );
            excerpt::note(out, 2, "app", &name, colour);
            if *side == Side::Base {
                let meaning = "the state before is not known: every finding counts as new";
                excerpt::note(out, 2, "note", meaning, colour);
            }
            if problem.blame != Blame::Author {
                excerpt::note(out, 2, "move", wording::whose(problem.blame), colour);
            }
        }
    }
}

/// One finding, or several that say the same at the same place.
pub(super) fn write_group(out: &mut String, report: &Report, group: &Group<'_>, colour: Colour) {
    let finding = &group.first.finding;
    // What a mode keeps from blocking is counted as a warning, so it is called one.
    let (ink, level) = match (group.first.blocks, finding.severity) {
        (true, _) => (Ink::Error, "error"),
        (false, Severity::Error | Severity::Warning) => (Ink::Warning, "warning"),
        (false, Severity::Info) => (Ink::Good, "note"),
    };
    let word = colour.paint(ink, &format!("{level}[{}]", wording::rule(finding)));
    let message = colour.paint(Ink::Strong, &visible::line(&finding.message));
    let state = match (wording::has_base(report), group.first.state) {
        (false, _) => "",
        (true, State::New) => "   (new)",
        (true, State::Existing) => "   (was there before)",
        (true, State::Fixed) => "   (fixed)",
        (true, State::Waived) => "   (waived)",
    };
    put!(out, "\n{word}: {message}{state}\n");
    let objects = name_objects(&group.objects);
    let secret = group.objects.iter().any(|object| object.kind == "Secret")
        || finding.object.is_none() && holds_secret(report, finding);
    let margin = if let Some(source) = &finding.source {
        excerpt::write(out, report, source, secret, &objects, colour)
    } else {
        if !objects.is_empty() {
            excerpt::note(out, 2, "object", &objects, colour);
        }
        2
    };
    if let Some(pointer) = finding
        .pointer
        .as_deref()
        .filter(|_| finding.source.is_none())
    {
        let path = values::path(&values::steps(pointer));
        excerpt::note(out, margin, "field", &path, colour);
    }
    if !group.apps.is_empty() && (report.apps.len() > 1 || group.apps.len() > 1) {
        let name = if group.apps.len() == 1 { "app" } else { "apps" };
        excerpt::note(
            out,
            margin,
            name,
            &wording::apps(report, &group.apps, NAMED, visible::line),
            colour,
        );
    }
    if let Some(fix) = &finding.fix {
        excerpt::note(out, margin, "fix", &visible::line(fix), colour);
    }
    if let Some(url) = &finding.url {
        excerpt::note(out, margin, "see", &visible::line(url), colour);
    }
}

/// True when the finding's file holds a Secret and it is not known which object the line is of.
fn holds_secret(report: &Report, finding: &Finding) -> bool {
    finding
        .source
        .as_ref()
        .and_then(|source| report.excerpts.get(&source.path))
        .is_some_and(|text| text.contains("Secret"))
}

fn name_objects(objects: &[&ObjectRef]) -> String {
    match objects {
        [] => String::new(),
        [one] => visible::line(&one.to_string()),
        [first, rest @ ..] => format!(
            "{} and {}",
            visible::line(&first.to_string()),
            count(rest.len(), "other", "others")
        ),
    }
}

/// Dangers of the preview that no finding states already.
pub(super) fn write_dangers(out: &mut String, report: &Report, colour: Colour) {
    for app in &report.apps {
        let changes = app.preview.iter().flat_map(|preview| &preview.changes);
        for change in changes {
            for danger in &change.dangers {
                if !is_stated(report, app, &change.object, danger) {
                    let word = colour.paint(Ink::Warning, &format!("warning[{}]", danger.rule));
                    let message = visible::line(&format!(
                        "{} {}: {}",
                        wording::will(change.action),
                        change.object,
                        danger.message
                    ));
                    let message = colour.paint(Ink::Strong, &message);
                    put!(out, "\n{word}: {message}\n");
                    excerpt::note(out, 2, "app", &wording::app(report, &app.id), colour);
                }
            }
        }
    }
}

/// True when a finding that is shown says the same about the same object: it has the same rule, or
/// both are about its deletion.
fn is_stated(report: &Report, app: &AppReport, object: &ObjectRef, danger: &Danger) -> bool {
    report.findings.iter().any(|judged| {
        let rule = judged.finding.rule.as_str();
        let deletion = danger.rule.starts_with("danger.delete") && rule.contains("delete");
        matches!(Part::of(report, judged), Some(Part::Blocking | Part::New))
            && (rule == danger.rule || deletion)
            && judged.finding.app.as_ref() == Some(&app.id)
            && judged.finding.object.as_ref() == Some(object)
    })
}
