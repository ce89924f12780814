//! What must be fixed, what is worth a look, what must not be missed.

use crate::finding::{Blame, State};
use crate::ids::{ObjectRef, Side};
use crate::preview::{Change, Danger};

use super::super::groups::{self, Group, Part};
use super::super::markdown::{self, Section};
use super::super::model::{AppReport, Occasion, Report};
use super::super::wording::{self, count};

/// Applications that one finding names; further ones are counted.
const NAMED: usize = 4;

/// Consequences that a reviewer must not miss.
pub(in crate::report) fn dangers(report: &Report) -> Section {
    let mut items = Vec::new();
    for app in &report.apps {
        let changes = app.preview.iter().flat_map(|preview| &preview.changes);
        for (change, danger) in changes.flat_map(with_dangers) {
            if !is_stated(report, app, &change.object, danger) {
                let line = if items.is_empty() { "" } else { ">\n" };
                items.push(format!(
                    "{line}> ⚠️ **{}** {} of {}: {}\n",
                    capitalised(wording::will(change.action)),
                    markdown::code(&change.object.to_string()),
                    super::app_name(report, &app.id),
                    markdown::prose(&danger.message)
                ));
            }
        }
    }
    Section {
        opening: "\n".to_owned(),
        items,
        closing: String::new(),
        noun: ("danger", "dangers"),
        rest: (">\n> ⚠️ ", ""),
        share: 20,
    }
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

fn with_dangers(change: &Change) -> impl Iterator<Item = (&Change, &Danger)> {
    change.dangers.iter().map(move |danger| (change, danger))
}

/// True when a blocking finding says the same about the same object.
fn is_stated(report: &Report, app: &AppReport, object: &ObjectRef, danger: &Danger) -> bool {
    report.findings.iter().any(|judged| {
        judged.blocks
            && judged.finding.rule == danger.rule
            && judged.finding.app.as_ref() == Some(&app.id)
            && judged.finding.object.as_ref() == Some(object)
    })
}

/// Everything that refuses the change, numbered: heads that do not render first.
pub(in crate::report) fn to_fix(report: &Report, occasion: Option<&Occasion>) -> Section {
    let mut lines = Vec::new();
    for (app, problem) in broken(report, Side::Head) {
        if wording::is_told(report, &app.id, problem) {
            continue;
        }
        let place = problem
            .path
            .as_ref()
            .map(|path| format!("{} ", super::place(path, problem.line, occasion)))
            .unwrap_or_default();
        let first = problem.message.lines().next().unwrap_or_default();
        let whose = match problem.blame {
            Blame::Author => String::new(),
            other => format!(" — {}", wording::whose(other)),
        };
        lines.push(format!(
            "{place}{} does not render: {}{whose}",
            super::app_name(report, &app.id),
            markdown::prose(first)
        ));
    }
    for group in groups::build(report, Part::Blocking) {
        lines.push(line(report, &group, occasion));
    }
    Section {
        opening: "\n**To fix**\n".to_owned(),
        items: numbered(&lines),
        closing: String::new(),
        noun: ("place", "places"),
        rest: ("- … ", ""),
        share: 40,
    }
}

/// New findings that do not block.
pub(in crate::report) fn warnings(report: &Report, occasion: Option<&Occasion>) -> Section {
    Section {
        opening: "\n**Worth a look**\n".to_owned(),
        items: groups::build(report, Part::New)
            .iter()
            .map(|group| format!("- {}\n", line(report, group, occasion)))
            .collect(),
        closing: String::new(),
        noun: ("place", "places"),
        rest: ("- … ", ""),
        share: 20,
    }
}

/// The whole message of each rendering that failed, where it has several lines or is of the base.
pub(in crate::report) fn why_not_rendered(report: &Report) -> Vec<Section> {
    let sides = [Side::Head, Side::Base];
    sides
        .into_iter()
        .flat_map(|side| broken(report, side).map(move |found| (side, found)))
        .filter(|(side, (_, problem))| *side == Side::Base || problem.message.contains('\n'))
        .map(|(side, (app, problem))| {
            let mut text = markdown::fenced_text(problem.message.trim_end());
            if text.is_empty() {
                text.push_str("(no message)");
            }
            let fence = markdown::fence(&text);
            let name = markdown::html_code(&wording::name(report, &app.id));
            let title = match side {
                Side::Head => format!("Why {name} does not render"),
                Side::Base => {
                    format!("{name} did not render before this change: every finding counts as new")
                }
            };
            Section {
                opening: format!("\n<details><summary>{title}</summary>\n\n{fence}text\n"),
                items: text.lines().map(|line| format!("{line}\n")).collect(),
                closing: format!("{fence}\n</details>\n"),
                noun: ("line", "lines"),
                rest: ("… ", ""),
                share: 15,
            }
        })
        .collect()
}

fn broken(
    report: &Report,
    wanted: Side,
) -> impl Iterator<Item = (&AppReport, &crate::render::Problem)> {
    report.apps.iter().flat_map(move |app| {
        app.problems
            .iter()
            .filter(move |(side, _)| *side == wanted)
            .map(move |(_, problem)| (app, problem))
    })
}

/// One finding as one line of a list.
pub(super) fn line(report: &Report, group: &Group<'_>, occasion: Option<&Occasion>) -> String {
    let finding = &group.first.finding;
    let place = finding
        .source
        .as_ref()
        .map(|source| format!("{} ", super::place(&source.path, source.line, occasion)))
        .unwrap_or_default();
    let url = finding.url.as_deref().and_then(markdown::find_plain_url);
    let rule = markdown::code(&wording::rule(finding));
    let rule = match url {
        Some(url) => format!("{rule} ({})", markdown::link("why and how to fix", url)),
        None => rule,
    };
    let mut parts = vec![rule];
    if let Some(object) = group.objects.first() {
        let others = match group.objects.len() {
            0 | 1 => String::new(),
            number => format!(" and {}", count(number - 1, "other", "others")),
        };
        parts.push(format!("{}{others}", markdown::code(&object.to_string())));
    }
    if report.apps.len() > 1 && !group.apps.is_empty() {
        parts.push(wording::apps(report, &group.apps, NAMED, markdown::code));
    }
    let state = match (wording::has_base(report), group.first.state) {
        (true, State::Existing) => ". Was there before this change",
        (true, State::New) if group.first.blocks => ". New in this change",
        _ => "",
    };
    let fix = finding
        .fix
        .as_ref()
        .map(|fix| format!(". To fix: {}", markdown::prose(fix)))
        .unwrap_or_default();
    format!(
        "{place}{} — {}{state}{fix}",
        markdown::prose(&finding.message),
        parts.join(", ")
    )
}

fn numbered(lines: &[String]) -> Vec<String> {
    lines
        .iter()
        .enumerate()
        .map(|(index, line)| format!("{}. {line}\n", index + 1))
        .collect()
}
