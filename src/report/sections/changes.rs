//! What merging changes, application by application; and what it does not cause.

use crate::plan::{UntouchedItem, UntouchedReason};
use crate::preview::{Change, Origin};

use super::super::groups::{self, Part};
use super::super::markdown::{self, Section};
use super::super::model::{AppReport, Occasion, Report};
use super::super::tally::{self, Effect};
use super::super::values::{self, Usual};
use super::super::wording::count;
use super::super::{visible, wording};

/// Fields that are shown of one object; further ones are counted.
const FIELDS: usize = 40;
/// Characters that are shown of one value.
const VALUE: usize = 160;
/// Lines that are shown of one object's diff; further ones are counted.
const LINES: usize = 80;
/// Characters that are shown of one line of a diff.
const COLUMNS: usize = 400;

/// One part per application that merging changes, folded.
pub(in crate::report) fn effects(report: &Report) -> Vec<Section> {
    report
        .apps
        .iter()
        .filter_map(|app| {
            let preview = app.preview.as_ref().filter(|preview| !preview.withheld)?;
            let changes: Vec<&Change> = preview.changes.iter().filter(|c| is_own(c)).collect();
            let title = Effect::of(&preview.changes).words();
            (!changes.is_empty()).then(|| folded(report, app, &changes, &title, "object"))
        })
        .collect()
}

fn is_own(change: &Change) -> bool {
    !matches!(change.origin, Origin::Drift | Origin::AlreadyLive)
}

fn folded(
    report: &Report,
    app: &AppReport,
    changes: &[&Change],
    title: &str,
    noun: &'static str,
) -> Section {
    let usual = Usual::of(changes);
    let items: Vec<String> = changes.iter().map(|change| block(change, &usual)).collect();
    let fence = markdown::fence(&items.concat());
    let name = markdown::html_code(&wording::name(report, &app.id));
    let place = if app.cluster.0.is_empty() {
        String::new()
    } else {
        format!(" in {}", markdown::html_code(&app.cluster.0))
    };
    let known = if usual.is_plain() {
        String::new()
    } else {
        format!(" ({})", markdown::html_text(&usual.words()))
    };
    Section {
        opening: format!(
            "\n<details><summary>{name}{place}: {title}{known}</summary>\n\n{fence}diff\n"
        ),
        items,
        closing: format!("{fence}\n</details>\n"),
        noun: (noun, "objects"),
        rest: ("# … ", ""),
        share: 60,
    }
}

/// One object's change as lines of a `diff` fence.
fn block(change: &Change, usual: &Usual) -> String {
    use crate::preview::Action;
    let sign = match change.action {
        Action::Create => "+ ",
        Action::Delete => "- ",
        Action::Update | Action::Unchanged => "  ",
    };
    let remark = values::remark(change, usual)
        .map(|text| format!("   # {text}"))
        .unwrap_or_default();
    let object = visible::shorten(&visible::line(&change.object.to_string()), COLUMNS);
    let mut out = format!("{sign}{object}{remark}\n");
    if values::needs_diff(change) {
        let lines = values::diff_lines(&change.diff);
        for line in lines.iter().take(LINES) {
            let line = visible::shorten(line, COLUMNS);
            let (sign, rest) = line.split_at(line.chars().next().map_or(0, char::len_utf8));
            put!(out, "{sign}   {rest}\n");
        }
        push_more(&mut out, lines.len(), LINES, ("line", "lines"));
    } else {
        for field in change.fields.iter().take(FIELDS) {
            let path = values::path(&field.path);
            for (sign, value) in [("-", &field.before), ("+", &field.after)] {
                if let Some(value) = value {
                    let value = values::value(value, VALUE);
                    put!(out, "{sign}   {path}: {value}\n");
                }
            }
        }
        push_more(&mut out, change.fields.len(), FIELDS, ("field", "fields"));
    }
    markdown::fenced_text(&out)
}

fn push_more(out: &mut String, total: usize, shown: usize, noun: (&str, &str)) {
    if total > shown {
        let more = count(total - shown, noun.0, noun.1);
        put!(out, "#   … {more} more\n");
    }
}

/// What this change does not cause or nobody judged: drift, older findings, waivers, gaps.
pub(in crate::report) fn aside(report: &Report, occasion: Option<&Occasion>) -> Vec<Section> {
    let mut sections = vec![drift(report), older(report, occasion), gaps(report)];
    sections.retain(|section| !section.items.is_empty());
    sections
}

fn drift(report: &Report) -> Section {
    let mut items = Vec::new();
    for app in &report.apps {
        let changes = app.preview.iter().flat_map(|preview| &preview.changes);
        for change in changes.filter(|change| !is_own(change)) {
            let name = super::app_name(report, &app.id);
            let object = markdown::code(&change.object.to_string());
            let fields: Vec<String> = change
                .fields
                .iter()
                .take(NAMED)
                .map(|field| {
                    let path = values::path(&field.path);
                    let values = values::transition(field, VALUE);
                    markdown::code(&format!("{path}: {values}"))
                })
                .collect();
            let word = if change.origin == Origin::Drift {
                "drifted"
            } else {
                "is live already as this change wants it"
            };
            let mut line = format!("- {object} of {name} {word}");
            if !fields.is_empty() {
                put!(line, ": {}", fields.join(", "));
            }
            if change.fields.len() > NAMED {
                let more = count(change.fields.len() - NAMED, "field", "fields");
                put!(line, " and {more} more");
            }
            line.push('\n');
            items.push(line);
        }
    }
    let title = count(items.len(), "object differs", "objects differ");
    list(&format!("Not caused by this change: {title}"), items)
}

/// Fields that one line of drift names.
const NAMED: usize = 3;

fn older(report: &Report, occasion: Option<&Occasion>) -> Section {
    let mut items = Vec::new();
    let mut title = Vec::new();
    for (part, one, many, word) in [
        (Part::Older, "older", "older", "older"),
        (Part::Waived, "waived", "waived", "waived"),
        (
            Part::Fixed,
            "fixed by this change",
            "fixed by this change",
            "fixed",
        ),
    ] {
        let groups = groups::build(report, part);
        let number: usize = groups.iter().map(|group| group.count).sum();
        if number > 0 {
            title.push(count(number, one, many));
        }
        for group in &groups {
            let line = super::findings::line(report, group, occasion);
            items.push(format!("- {word}: {line}\n"));
        }
    }
    list(&format!("Other findings: {}", title.join(", ")), items)
}

fn gaps(report: &Report) -> Section {
    let mut items: Vec<String> = tally::not_verified(report)
        .into_iter()
        .map(|(gate, reason, number)| {
            format!(
                "- {number} not verified by {}: {}\n",
                gate.word(),
                markdown::prose(&reason)
            )
        })
        .collect();
    let (mut apps, mut files) = (0, 0);
    for item in &report.untouched {
        if item.reason != UntouchedReason::NothingItReadsChanged {
            let what = match &item.what {
                UntouchedItem::App(id) => {
                    apps += 1;
                    super::app_name(report, id)
                }
                UntouchedItem::Path(path) => {
                    files += 1;
                    markdown::code(&path.to_string())
                }
            };
            items.push(format!("- {what}: {}\n", wording::left_out(item.reason)));
        }
    }
    let unverified = tally::Tally::of(report).not_verified;
    let title: Vec<String> = [
        (unverified.objects, "object", "objects"),
        (unverified.apps + apps, "application", "applications"),
        (unverified.packages, "policy package", "policy packages"),
        (files, "changed file", "changed files"),
    ]
    .into_iter()
    .filter(|(number, _, _)| *number > 0)
    .map(|(number, one, many)| count(number, one, many))
    .collect();
    list(&format!("Not judged: {}", wording::listed(&title)), items)
}

fn list(title: &str, items: Vec<String>) -> Section {
    Section {
        opening: format!("\n<details><summary>{title}</summary>\n\n"),
        items,
        closing: "\n</details>\n".to_owned(),
        noun: ("entry", "entries"),
        rest: ("- … ", ""),
        share: 30,
    }
}
