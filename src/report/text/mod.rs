//! The report for a terminal. Time stands elsewhere (standard error): equal input, equal bytes.

mod changes;
mod excerpt;
mod findings;
mod paint;
mod summary;

use crate::ids::{AppId, Side};
use crate::plan::{UntouchedItem, UntouchedReason};
use crate::verdict::Verdict;

use super::groups::{self, Part};
use super::model::{Report, Trouble};
use super::visible;
use super::wording::{self, count};
pub use paint::Colour;
use paint::Ink;

/// Left-out files and declarations that are named; further ones are counted.
const NAMED: usize = 8;

/// The whole report.
pub fn compose(report: &Report, colour: Colour) -> String {
    let mut out = header(report, colour);
    for (trouble, apps) in wording::troubles(report) {
        out.push('\n');
        write_trouble(&mut out, report, trouble, &apps, colour);
    }
    findings::write_problems(&mut out, report, colour);
    for group in groups::build(report, Part::Blocking) {
        findings::write_group(&mut out, report, &group, colour);
    }
    findings::write_dangers(&mut out, report, colour);
    for group in groups::build(report, Part::New) {
        findings::write_group(&mut out, report, &group, colour);
    }
    changes::write(&mut out, report, colour);
    write_left_out(&mut out, report, colour);
    summary::write(&mut out, report, colour);
    out
}

/// `drydock check  main → worktree   3 apps touched of 41, 6 rendered`.
fn header(report: &Report, colour: Colour) -> String {
    let sides = match (
        wording::side(report.base_name.as_deref(), report.base.as_ref()),
        wording::side(report.head_name.as_deref(), report.head.as_ref()),
    ) {
        (Some(base), Some(head)) => format!("  {base} → {head}"),
        (None, Some(head)) => format!("  {head}"),
        (_, None) => String::new(),
    };
    let extent = if is_file_mode(report) && report.objects.is_empty() {
        "no object".to_owned()
    } else if is_file_mode(report) {
        let files: std::collections::BTreeSet<_> =
            report.objects.iter().map(|object| &object.path).collect();
        let files = count(files.len(), "file", "files");
        format!(
            "{} in {files}",
            count(report.objects.len(), "object", "objects")
        )
    } else {
        let touched = wording::grouped(report.apps.len());
        let declared = wording::grouped(report.declared.max(report.apps.len()));
        let word = if report.apps.len() == 1 {
            "app"
        } else {
            "apps"
        };
        format!(
            "{touched} {word} touched of {declared}, {} rendered",
            wording::grouped(report.rendered)
        )
    };
    let title = colour.paint(Ink::Strong, "drydock check");
    let mut out = format!("{title}{sides}   {extent}\n");
    if !report.confined {
        let word = colour.paint(Ink::Warning, "note");
        put!(
            out,
            "{word}: rendered without the kernel's confinement (--unconfined)\n"
        );
    }
    out
}

/// True when files were judged without Git.
fn is_file_mode(report: &Report) -> bool {
    report.head.is_none()
}

fn write_trouble(
    out: &mut String,
    report: &Report,
    trouble: &Trouble,
    apps: &[&AppId],
    colour: Colour,
) {
    let word = colour.paint(Ink::Error, "could not be judged");
    let what = colour.paint(Ink::Strong, &visible::line(&trouble.what));
    put!(out, "{word}: {what}\n");
    if let Some((path, line, column)) = &trouble.place {
        let mut place = visible::line(&path.to_string());
        for number in [line, column].into_iter().take_while(|number| **number > 0) {
            put!(place, ":{number}");
        }
        put!(out, "  --> {place}\n");
    }
    if !apps.is_empty() {
        let name = if apps.len() == 1 { "app" } else { "apps" };
        let apps = wording::apps(report, apps, NAMED, visible::line);
        excerpt::note(out, 2, name, &apps, colour);
    }
    excerpt::note(out, 2, "move", wording::whose(trouble.blame), colour);
    if let Some(hint) = &trouble.hint {
        excerpt::note(out, 2, "fix", &visible::line(hint), colour);
    }
}

/// Files and declarations that nobody judged, unless that is what one expects.
fn write_left_out(out: &mut String, report: &Report, colour: Colour) {
    let named: Vec<String> = report
        .untouched
        .iter()
        .filter(|item| item.reason != UntouchedReason::NothingItReadsChanged)
        .map(|item| {
            let what = match &item.what {
                UntouchedItem::App(id) => wording::app(report, id),
                UntouchedItem::Path(path) => visible::line(&path.to_string()),
            };
            format!("  {what}: {}\n", wording::left_out(item.reason))
        })
        .collect();
    if named.is_empty() {
        return;
    }
    put!(out, "\n{}\n", colour.paint(Ink::Strong, "left out"));
    out.extend(named.iter().take(NAMED).cloned());
    if named.len() > NAMED {
        put!(
            out,
            "  and {} more (--format json lists them)\n",
            wording::grouped(named.len() - NAMED)
        );
    }
}

/// One verdict word, in its colour.
fn verdict(verdict: &Verdict, colour: Colour) -> String {
    match verdict {
        Verdict::Pass(_) => colour.paint(Ink::Good, "Passes"),
        Verdict::Fail => colour.paint(Ink::Error, "Refused"),
        Verdict::Error => colour.paint(Ink::Error, "Could not be judged"),
    }
}

/// The side in a sentence about one state of an application.
fn side_word(side: Side) -> &'static str {
    match side {
        Side::Base => "before the change",
        Side::Head => "after the change",
    }
}
