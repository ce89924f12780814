//! What merging changes, object by object.

use crate::preview::{Change, Origin};

use super::super::model::{AppReport, Report};
use super::super::tally::Effect;
use super::super::values::{self, Usual};
use super::super::visible;
use super::super::wording::{self, count};
use super::paint::{Colour, Ink};

/// Fields that are shown of one object; further ones are counted.
const FIELDS: usize = 12;
/// Objects that are shown of one application; further ones are counted.
const OBJECTS: usize = 25;
/// Lines that are shown of one diff; further ones are counted.
const LINES: usize = 24;
/// Characters that are shown of one line of a diff.
const COLUMNS: usize = 160;
/// Characters that are shown of one value.
const VALUE: usize = 60;
/// Where the rest is.
const REST: &str = "--format markdown shows more, --format json all";

/// Writes the changes of every application that has some.
pub(super) fn write(out: &mut String, report: &Report, colour: Colour) {
    for app in &report.apps {
        let Some(preview) = &app.preview else {
            continue;
        };
        if preview.withheld {
            continue;
        }
        let changes: Vec<&Change> = preview
            .changes
            .iter()
            .filter(|change| change.origin != Origin::AlreadyLive)
            .collect();
        if changes.is_empty() {
            continue;
        }
        let usual = values::Usual::of(&changes);
        write_title(out, app, &preview.changes, &usual, colour);
        for change in changes.iter().take(OBJECTS) {
            write_change(out, change, &usual, colour);
        }
        if changes.len() > OBJECTS {
            let more = count(changes.len() - OBJECTS, "object", "objects");
            put!(out, "  … {more} more ({REST})\n");
        }
    }
}

fn write_title(out: &mut String, app: &AppReport, all: &[Change], usual: &Usual, colour: Colour) {
    let effect = Effect::of(all);
    let mut parts = vec![effect.words()];
    if effect.drifted > 0 {
        parts.push(format!("{} drifted", effect.drifted));
    }
    if effect.already > 0 {
        parts.push(format!("{} already live", effect.already));
    }
    parts.retain(|part| !part.is_empty());
    let known = usual.words();
    let name = colour.paint(Ink::Strong, &wording::app(&app.id));
    put!(out, "\n{name}: {} ({known})\n", parts.join(", "));
}

fn write_change(out: &mut String, change: &Change, usual: &Usual, colour: Colour) {
    let mark = values::mark(change.action);
    let ink = match mark {
        "+" => Ink::Good,
        "−" => Ink::Error,
        _ => Ink::Warning,
    };
    let remark = values::remark(change, usual)
        .map(|text| format!("   ({text})"))
        .unwrap_or_default();
    put!(
        out,
        "  {} {}{remark}\n",
        colour.paint(ink, mark),
        visible::line(&change.object.to_string())
    );
    if values::needs_diff(change) {
        write_diff(out, &change.diff, colour);
        return;
    }
    for field in change.fields.iter().take(FIELDS) {
        put!(
            out,
            "      {}: {}\n",
            values::path(&field.pointer),
            values::transition(field, VALUE)
        );
    }
    if change.fields.len() > FIELDS {
        let more = count(change.fields.len() - FIELDS, "field", "fields");
        put!(out, "      … {more} more ({REST})\n");
    }
}

/// The changed lines with their context; a text of several lines says nothing as one field.
fn write_diff(out: &mut String, diff: &str, colour: Colour) {
    let lines = values::diff_lines(diff);
    for line in lines.iter().take(LINES) {
        let ink = match line.chars().next() {
            Some('+') => Ink::Good,
            Some('-') => Ink::Error,
            _ => Ink::Faint,
        };
        let line = visible::shorten(&visible::block(line), COLUMNS);
        put!(out, "      {}\n", colour.paint(ink, &line));
    }
    if lines.len() > LINES {
        let more = count(lines.len() - LINES, "line", "lines");
        put!(out, "      … {more} more ({REST})\n");
    }
}
