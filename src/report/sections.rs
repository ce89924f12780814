//! The parts of every Markdown output: what must be fixed, what merging does, what else is known.

mod changes;
mod findings;
mod table;

use crate::ids::{AppId, RepoPath};

use super::markdown::{self, Section};
use super::model::{Occasion, Report, Trouble};
use super::tally::{self, Tally};
use super::wording::{self, count};

pub(super) use changes::{aside, effects};
pub(super) use findings::{dangers, to_fix, warnings, why_not_rendered};
pub(super) use table::apps;

/// The verdict in one line: `❌ Drydock: 2 findings block this change`.
pub(super) fn heading(report: &Report, tally: &Tally) -> String {
    use crate::verdict::Verdict;
    let refusals = tally.refusals();
    match &report.verdict {
        Verdict::Pass(_) if report.apps.is_empty() => {
            "✅ Drydock: nothing to inspect in this change".to_owned()
        }
        Verdict::Pass(_) => "✅ Drydock: this change passes".to_owned(),
        Verdict::Fail if tally.blocking > 0 => {
            format!("❌ Drydock: {} this change", wording::listed(&refusals))
        }
        Verdict::Fail if !refusals.is_empty() => {
            format!("❌ Drydock: {}", wording::listed(&refusals))
        }
        Verdict::Fail => "❌ Drydock: this change is refused".to_owned(),
        Verdict::Error => "⚠️ Drydock: this change could not be judged".to_owned(),
    }
}

/// What merging does, as one sentence.
pub(super) fn effect(report: &Report, tally: &Tally, occasion: Option<&Occasion>) -> String {
    let subject = subject(report, occasion);
    let unknown = match tally.broken {
        0 => String::new(),
        1 => " What it does to the application that does not render is not known.".to_owned(),
        several => format!(
            " What it does to the {} applications that do not render is not known.",
            wording::grouped(several)
        ),
    };
    if report.apps.is_empty() {
        let files = "changes no file that an application reads";
        return format!("{subject} {files}.");
    }
    if tally.changed == 0 {
        let touched = count(report.apps.len(), "application", "applications");
        return format!("{subject} touches {touched} and changes nothing they deploy.{unknown}");
    }
    let mut what = Vec::new();
    let effect = tally.effect;
    for (number, word, strong) in [
        (effect.updated, "updated", ""),
        (effect.created, "created", ""),
        (effect.deleted, "deleted", "**"),
    ] {
        if number > 0 {
            let number = if what.is_empty() {
                count(number, "object", "objects")
            } else {
                wording::grouped(number)
            };
            what.push(format!("{strong}{number} {word}{strong}"));
        }
    }
    let what = if what.is_empty() {
        String::new()
    } else {
        format!(": {}", what.join(", "))
    };
    format!(
        "{subject} changes **{}**{what}.{unknown}",
        tally::reach(tally)
    )
}

fn subject(report: &Report, occasion: Option<&Occasion>) -> String {
    if let Some(occasion) = occasion {
        return format!(
            "Merging `{}` into {} (at `{}`)",
            occasion.head.short(),
            markdown::code(&occasion.target),
            occasion.base.short()
        );
    }
    let base = wording::side(report.base_name.as_deref(), report.base.as_ref());
    let head = wording::side(report.head_name.as_deref(), report.head.as_ref());
    match (base, head) {
        (Some(base), Some(head)) => format!(
            "Going from {} to {}",
            markdown::code(&base),
            markdown::code(&head)
        ),
        _ => "This".to_owned(),
    }
}

/// Why there is no preview, where a cluster could have been asked and nothing demands that it is.
pub(super) fn without_preview(report: &Report) -> String {
    tally::without_preview(report).map_or_else(String::new, |reason| {
        let why = wording::no_preview(reason);
        format!("\n**Not previewed on a cluster**: {why}. What changes is compared from the renderings only.\n")
    })
}

/// What kept the change from being judged.
pub(super) fn troubles(report: &Report, occasion: Option<&Occasion>) -> Section {
    Section {
        opening: "\n**Could not be judged**\n".to_owned(),
        items: wording::troubles(report)
            .into_iter()
            .map(|(trouble, apps)| {
                format!("- {}\n", trouble_line(report, trouble, &apps, occasion))
            })
            .collect(),
        closing: String::new(),
        noun: ("reason", "reasons"),
        rest: ("- ", ""),
        share: 30,
    }
}

fn trouble_line(
    report: &Report,
    trouble: &Trouble,
    apps: &[&AppId],
    occasion: Option<&Occasion>,
) -> String {
    let place = trouble
        .place
        .as_ref()
        .map(|(path, line, _)| format!("{} ", self::place(path, *line, occasion)))
        .unwrap_or_default();
    let app = if apps.is_empty() {
        String::new()
    } else {
        format!(" {},", wording::apps(report, apps, 8, markdown::code))
    };
    let hint = trouble
        .hint
        .as_ref()
        .map(|hint| format!(": {}", markdown::prose(hint)))
        .unwrap_or_default();
    format!(
        "{place}{} —{app} {}{hint}",
        markdown::prose(&trouble.what),
        wording::whose(trouble.blame),
    )
}

/// An application in a sentence.
fn app_name(report: &Report, id: &AppId) -> String {
    let name = markdown::code(&wording::name(report, id));
    if id.cluster.0.is_empty() {
        name
    } else {
        format!("{name} in {}", markdown::code(&id.cluster.0))
    }
}

/// A place in a file, as a link where files can be linked to.
fn place(path: &RepoPath, line: u32, occasion: Option<&Occasion>) -> String {
    let label = if line > 0 {
        markdown::code(&format!("{path}:{line}"))
    } else {
        markdown::code(&path.to_string())
    };
    let Some((files, head)) =
        occasion.and_then(|occasion| Some((occasion.files.as_ref()?, &occasion.head)))
    else {
        return label;
    };
    let encoded = markdown::encode_path(path.as_str());
    let anchor = if line > 0 {
        format!("#L{line}")
    } else {
        String::new()
    };
    markdown::link(&label, &format!("{files}/{head}/{encoded}{anchor}"))
}

/// The line under everything: what judged.
pub(super) fn footer(report: &Report, occasion: Option<&Occasion>) -> String {
    let mut parts = Vec::new();
    if let Some(crate::tree::Revision::Commit(tree)) = &report.head {
        let word = if occasion.is_some() {
            "judged as merged: tree"
        } else {
            "judged:"
        };
        parts.push(format!("{word} <code>{}</code>", tree.short()));
    }
    for (name, version) in &report.judged_with {
        let (name, version) = (markdown::html_code(name), markdown::html_code(version));
        parts.push(format!("{name} {version}"));
    }
    if let Some(occasion) = occasion {
        parts.push(format!("run {}", markdown::html_code(&occasion.run.0)));
    }
    if !report.confined {
        parts.push("rendered without the kernel's confinement".to_owned());
    }
    if parts.is_empty() {
        return String::new();
    }
    // Bounded by hand: tools and versions are ours, yet a page must never outgrow its budget here.
    parts.truncate(12);
    format!("\n<sub>{}</sub>\n", parts.join(" · "))
}
