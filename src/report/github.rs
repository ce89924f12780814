//! The report as GitHub workflow commands, for `--format github` inside a job: one annotation per
//! finding, on its line where that is known, and one notice with the counts.

use std::collections::BTreeSet;

use super::check_run::{self, Level};
use super::model::Report;
use super::visible;
use super::wording;
use crate::verdict::Verdict;

/// One command per line; nothing in it can start a command of its own.
pub fn compose(report: &Report) -> String {
    let mut out = String::new();
    for trouble in &report.troubles {
        let mut properties = vec![("title", "Drydock could not judge this".to_owned())];
        if let Some((path, line, column)) = &trouble.place {
            properties.push(("file", path.as_str().to_owned()));
            properties.extend((*line > 0).then(|| ("line", line.to_string())));
            properties.extend((*column > 0).then(|| ("col", column.to_string())));
        }
        let whose = wording::whose(trouble.blame);
        let hint = trouble
            .hint
            .as_ref()
            .map(|hint| format!(": {hint}"))
            .unwrap_or_default();
        let message = format!("{} ({whose}){hint}", trouble.what);
        out.push_str(&command("error", &properties, &message));
    }
    write_problems(&mut out, report);
    for annotation in check_run::annotations(report) {
        let mut properties = vec![
            ("title", annotation.title.clone()),
            ("file", annotation.path.clone()),
            ("line", annotation.line.to_string()),
        ];
        if let Some((first, last)) = annotation.columns {
            properties.push(("col", first.to_string()));
            // The last column is exclusive here, unlike in the API.
            properties.push(("endColumn", last.saturating_add(1).to_string()));
        }
        let name = word(annotation.level);
        out.push_str(&command(name, &properties, &annotation.message));
    }
    write_without_line(&mut out, report);
    let name = match report.verdict {
        Verdict::Pass(_) => "notice",
        Verdict::Fail | Verdict::Error => "error",
    };
    let title = [("title", "Drydock".to_owned())];
    out.push_str(&command(name, &title, &check_run::title(report)));
    out
}

/// Findings whose line is not known: no comment beside the log would name them.
fn write_without_line(out: &mut String, report: &Report) {
    let mut seen = BTreeSet::new();
    let mut commands: Vec<(Level, String)> = report
        .findings
        .iter()
        .filter(|judged| check_run::is_for_lines(report, judged))
        .filter(|judged| check_run::line(&judged.finding).is_none())
        .map(|judged| {
            let finding = &judged.finding;
            let mut properties = vec![("title", check_run::title_of(finding))];
            if let Some(source) = &finding.source {
                properties.push(("file", source.path.as_str().to_owned()));
            }
            let level = check_run::level(judged);
            let message = check_run::message(finding);
            (level, command(word(level), &properties, &message))
        })
        .filter(|(_, command)| seen.insert(command.clone()))
        .collect();
    commands.sort_by_key(|(level, _)| *level);
    out.extend(
        commands
            .into_iter()
            .take(check_run::ANNOTATIONS)
            .map(|(_, command)| command),
    );
}

fn word(level: Level) -> &'static str {
    match level {
        Level::Failure => "error",
        Level::Warning => "warning",
        Level::Notice => "notice",
    }
}

fn write_problems(out: &mut String, report: &Report) {
    use crate::ids::Side;
    for app in &report.apps {
        for (side, problem) in &app.problems {
            if wording::is_told(report, &app.id, problem) {
                continue;
            }
            let (name, when) = match side {
                Side::Head => ("error", "does not render"),
                Side::Base => ("warning", "did not render before this change"),
            };
            let mut properties =
                vec![("title", format!("{} {when}", wording::app(report, &app.id)))];
            if let Some(path) = &problem.path {
                properties.push(("file", path.as_str().to_owned()));
                properties.extend((problem.line > 0).then(|| ("line", problem.line.to_string())));
            }
            out.push_str(&command(name, &properties, &problem.message));
        }
    }
}

fn command(name: &str, properties: &[(&str, String)], message: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .map(|(key, value)| format!("{key}={}", escape_property(&visible::line(value))))
        .collect();
    format!(
        "::{name} {}::{}\n",
        properties.join(","),
        escape(&visible::block(message))
    )
}

fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}
