//! Phrases that several outputs share.

use crate::finding::{Blame, Finding, Gate};
use crate::ids::AppId;
use crate::plan::{UntouchedReason, Why};
use crate::preview::Action;
use crate::render::Problem;
use crate::tree::Revision;

use super::model::{NoPreview, Report, Trouble};
use super::visible;

/// `1 finding`, `2 findings`, `12,345 findings`.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// A number with a comma between thousands.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Whose move it is.
pub(super) fn whose(blame: Blame) -> &'static str {
    match blame {
        Blame::Author => "for the author",
        Blame::Maintainer => "for a maintainer",
        Blame::Operator => "for the operator",
        Blame::Upstream => "for the service it depends on",
    }
}

/// Why no cluster was asked, as a sentence without a final period.
pub(super) fn no_preview(reason: NoPreview) -> &'static str {
    match reason {
        NoPreview::NotConnected => "no cluster is connected to Drydock",
        NoPreview::Fork => {
            "this pull request comes from a fork, and nothing from a fork is shown to a cluster"
        }
    }
}

/// Why an application is touched, as a phrase.
pub(super) fn why(why: &Why) -> String {
    match why {
        Why::File(path) => format!("{path} changed"),
        Why::Declaration(path) => format!("its declaration in {path} changed"),
        Why::Introduced => "this change introduces it".to_owned(),
        Why::Removed => "this change removes it".to_owned(),
        Why::Asked => "everything was asked for".to_owned(),
    }
}

/// Why something was left out, as a phrase.
pub(super) fn left_out(reason: UntouchedReason) -> &'static str {
    match reason {
        UntouchedReason::NothingItReadsChanged => "no file it reads changed",
        UntouchedReason::LibraryChart => "a library chart renders nothing by itself",
        UntouchedReason::NoApplicationReadsIt => "no application reads it",
        UntouchedReason::Excluded => "the configuration excludes it",
        UntouchedReason::Configuration => "Drydock's own configuration, which is read at the base",
        UntouchedReason::FolderMissing => "the folder that the configuration lists does not exist",
        UntouchedReason::DeclarationUnknown => {
            "what declares it does not render on one side, so whether it is still there is not known"
        }
        UntouchedReason::NotEvaluated => "this version does not evaluate what declares it",
    }
}

/// The rule as people look for it: `schema.type`, `policy drydock.workload.run-as-non-root`.
pub(super) fn rule(finding: &Finding) -> String {
    let gate = finding.gate.word();
    let own = finding
        .rule
        .strip_prefix(gate)
        .is_some_and(|rest| rest.starts_with('.'));
    if finding.rule.is_empty() || finding.rule == gate {
        gate.to_owned()
    } else if own {
        visible::line(&finding.rule)
    } else {
        format!("{gate} {}", visible::line(&finding.rule))
    }
}

/// What people call an application: the last part of its name where that tells it from every other
/// application of the report that goes to the same cluster, else the whole name.
pub(super) fn name(report: &Report, id: &AppId) -> String {
    let last = |id: &AppId| id.name.rsplit('/').next().map(str::len);
    let ends_alike = |other: &AppId| match (last(id), last(other)) {
        (Some(one), Some(two)) if one == two => {
            id.name.get(id.name.len() - one..) == other.name.get(other.name.len() - two..)
        }
        _ => false,
    };
    let ambiguous = report
        .apps
        .iter()
        .any(|app| app.id.name != id.name && app.id.cluster == id.cluster && ends_alike(&app.id));
    match (&id.variant, ambiguous) {
        (_, false) => id.display_name(),
        (None, true) => id.name.clone(),
        (Some(variant), true) => format!("{} ({variant})", id.name),
    }
}

/// An application in a sentence: its name, and its cluster where it has one.
pub(super) fn app(report: &Report, id: &AppId) -> String {
    let name = visible::line(&name(report, id));
    if id.cluster.0.is_empty() {
        name
    } else {
        format!("{name} in {}", visible::line(&id.cluster.0))
    }
}

/// Several applications in a sentence, those of one name together: `shop in production and staging`.
/// At most `limit` of them are named, the others counted; `quote` makes a name harmless.
pub(super) fn apps(
    report: &Report,
    ids: &[&AppId],
    limit: usize,
    quote: impl Fn(&str) -> String,
) -> String {
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    for id in ids.iter().take(limit) {
        let name = quote(&name(report, id));
        let cluster = Some(quote(&id.cluster.0)).filter(|_| !id.cluster.0.is_empty());
        match names.last_mut().filter(|(known, _)| *known == name) {
            Some((_, clusters)) => clusters.extend(cluster),
            None => names.push((name, cluster.into_iter().collect())),
        }
    }
    let mut parts: Vec<String> = names
        .into_iter()
        .map(|(name, clusters)| {
            if clusters.is_empty() {
                name
            } else {
                format!("{name} in {}", listed(&clusters))
            }
        })
        .collect();
    if ids.len() > limit {
        parts.push(format!("{} more", grouped(ids.len() - limit)));
    }
    parts.join(", ")
}

/// A side of the change: what people call it, and the commit.
pub(super) fn side(name: Option<&str>, revision: Option<&Revision>) -> Option<String> {
    let name = name.map(visible::line);
    Some(match (revision?, name) {
        (Revision::Commit(sha), Some(name)) if name != sha.as_str() && name != sha.short() => {
            format!("{name} ({})", sha.short())
        }
        (Revision::Commit(sha), _) => sha.short().to_owned(),
        (Revision::Worktree | Revision::Empty, Some(name)) => name,
        (Revision::Worktree, None) => "worktree".to_owned(),
        (Revision::Empty, None) => "nothing".to_owned(),
    })
}

/// Troubles that differ in nothing but the application, together with their applications.
pub(super) fn troubles(report: &Report) -> Vec<(&Trouble, Vec<&AppId>)> {
    let mut groups: Vec<(&Trouble, Vec<&AppId>)> = Vec::new();
    for trouble in &report.troubles {
        let same = groups.iter_mut().find(|(first, apps)| {
            !apps.is_empty()
                && trouble.app.is_some()
                && Trouble {
                    app: trouble.app.clone(),
                    ..Trouble::clone(first)
                } == *trouble
        });
        match same {
            Some((_, apps)) => apps.extend(&trouble.app),
            None => groups.push((trouble, trouble.app.iter().collect())),
        }
    }
    groups
}

/// What merging will do, before the name of an object.
pub(super) fn will(action: Action) -> &'static str {
    match action {
        Action::Create => "will create",
        Action::Update => "will change",
        Action::Delete => "will delete",
        Action::Unchanged => "will leave",
    }
}

/// True when a trouble or a finding of the report says the same about the application: it is told
/// once.
pub(super) fn is_told(report: &Report, app: &AppId, problem: &Problem) -> bool {
    let troubles = report
        .troubles
        .iter()
        .any(|trouble| trouble.app.as_ref() == Some(app) && trouble.what == problem.message);
    let finding = || {
        report.findings.iter().any(|judged| {
            judged.finding.gate == Gate::Render
                && judged.finding.app.as_ref() == Some(app)
                && judged.finding.message == problem.message
        })
    };
    troubles || finding()
}

/// True when there is a state before that findings were compared with.
pub(super) fn has_base(report: &Report) -> bool {
    matches!(&report.base, Some(revision) if *revision != Revision::Empty)
}

/// What a gate does, as a column's heading.
pub(super) fn heading(gate: Gate) -> &'static str {
    match gate {
        Gate::Render => "renders",
        Gate::Schema | Gate::Policy | Gate::Preview => gate.word(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_like_sentences() {
        assert_eq!(count(1, "finding", "findings"), "1 finding");
        assert_eq!(
            count(1_234_567, "finding", "findings"),
            "1,234,567 findings"
        );
        assert_eq!(grouped(100), "100");
        let parts = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        assert_eq!(listed(&parts), "a, b and c");
    }
}
