//! What merging changes, object by object.

use crate::ids::ObjectRef;
use crate::preview::{Action, Change, Origin};

use super::super::model::{AppReport, Report};
use super::super::tally::Effect;
use super::super::values::{self, Usual};
use super::super::visible;
use super::super::wording::{self, count};
use super::paint::{Colour, Ink};

/// Fields that are shown of one object; further ones are counted.
const FIELDS: usize = 12;
/// Lines of objects that are shown of one application; further objects are counted.
const OBJECTS: usize = 25;
/// Names on one line of new objects; further ones are counted.
const NAMES: usize = 12;
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
        write_title(out, report, app, &preview.changes, &usual, colour);
        let lines = gather(&changes, &usual);
        for line in lines.iter().take(OBJECTS) {
            match line {
                Line::One(change) => write_change(out, change, &usual, colour),
                Line::New(objects) => write_new(out, objects, colour),
            }
        }
        let hidden: usize = lines.iter().skip(OBJECTS).map(Line::len).sum();
        if hidden > 0 {
            let more = count(hidden, "object", "objects");
            put!(out, "  … {more} more ({REST})\n");
        }
    }
}

fn write_title(
    out: &mut String,
    report: &Report,
    app: &AppReport,
    all: &[Change],
    usual: &Usual,
    colour: Colour,
) {
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
    let name = colour.paint(Ink::Strong, &wording::app(report, &app.id));
    put!(out, "\n{name}: {} ({known})\n", parts.join(", "));
}

/// One line of the list.
enum Line<'a> {
    /// A change.
    One(&'a Change),
    /// New objects of one kind and namespace, of which nothing is to be said but their names.
    New(Vec<&'a ObjectRef>),
}

impl Line<'_> {
    fn len(&self) -> usize {
        match self {
            Self::One(_) => 1,
            Self::New(objects) => objects.len(),
        }
    }
}

/// Puts new objects that follow each other onto one line.
fn gather<'a>(changes: &[&'a Change], usual: &Usual) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for change in changes {
        let quiet = change.action == Action::Create
            && change.fields.is_empty()
            && change.dangers.is_empty()
            && values::remark(change, usual).is_none();
        let object = &change.object;
        match lines.last_mut() {
            Some(Line::New(objects))
                if quiet
                    && objects.first().is_some_and(|first| {
                        (&first.kind, &first.group, &first.namespace)
                            == (&object.kind, &object.group, &object.namespace)
                    }) =>
            {
                objects.push(object);
            }
            _ if quiet => lines.push(Line::New(vec![object])),
            _ => lines.push(Line::One(change)),
        }
    }
    lines
}

fn write_new(out: &mut String, objects: &[&ObjectRef], colour: Colour) {
    let mark = colour.paint(Ink::Good, values::mark(Action::Create));
    match objects {
        [] => {}
        [one] => put!(out, "  {mark} {}\n", visible::line(&one.to_string())),
        [first, ..] => {
            let names: Vec<String> = objects
                .iter()
                .take(NAMES)
                .map(|object| visible::line(&object.name))
                .collect();
            let more = match objects.len().saturating_sub(NAMES) {
                0 => String::new(),
                number => format!(" and {} more", wording::grouped(number)),
            };
            let place = first
                .namespace
                .as_ref()
                .map(|namespace| format!(" in {}", visible::line(namespace)))
                .unwrap_or_default();
            put!(
                out,
                "  {mark} {} {}{place}: {}{more}\n",
                wording::grouped(objects.len()),
                visible::line(&first.kind),
                names.join(", ")
            );
        }
    }
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
            values::path(&field.path),
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
