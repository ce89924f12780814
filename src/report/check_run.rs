//! The check: a title for lists, a summary, the rest as text, and annotations on lines.

use crate::finding::{Finding, Judged, Precision, Severity, Source, State};
use crate::verdict::Verdict;

use super::comment;
use super::groups::Part;
use super::model::{Occasion, Report};
use super::tally::Tally;
use super::visible;
use super::wording::{self, count};

/// GitHub refuses a longer summary or text, counted in bytes; the check would then stay pending.
pub const LIMIT: usize = 65_535;
/// Annotations that GitHub takes in one request.
pub const BATCH: usize = 50;
/// Annotations of one check: further ones are only in the text. More than a person reads on lines,
/// few enough that a broken base does not cost hundreds of requests.
pub const ANNOTATIONS: usize = 500;
/// Bytes of one annotation's message, far below GitHub's 64 KB.
const MESSAGE: usize = 2_000;
/// Characters of a title.
const TITLE: usize = 200;

/// A completed check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// How it ends.
    pub conclusion: Conclusion,
    /// What a list of checks shows.
    pub title: String,
    /// Markdown, at most [`LIMIT`] bytes.
    pub summary: String,
    /// Markdown, at most [`LIMIT`] bytes: what the summary leaves out; `None` when that is nothing.
    pub text: Option<String>,
    /// Batches of at most [`BATCH`], the blocking ones first.
    pub annotations: Vec<Vec<Annotation>>,
}

/// How a check ends. `neutral` and `skipped` do not exist here: a required check would read them as
/// a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conclusion {
    /// The change passes.
    Success,
    /// It is refused, or could not be judged.
    Failure,
}

impl Conclusion {
    /// GitHub's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// One remark on lines of the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// File from the repository's root.
    pub path: String,
    /// The line, from 1; annotations span one line.
    pub line: u32,
    /// First and last column, from 1, where the place is exact.
    pub columns: Option<(u32, u32)>,
    /// How grave.
    pub level: Level,
    /// One line, plain text.
    pub title: String,
    /// Plain text.
    pub message: String,
}

/// How grave an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It refuses the change.
    Failure,
    /// Worth a look.
    Warning,
    /// Worth knowing.
    Notice,
}

impl Level {
    /// GitHub's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// The check of a report.
pub fn compose(report: &Report, occasion: &Occasion) -> CheckRun {
    let without_page = Occasion {
        page: None,
        ..occasion.clone()
    };
    // Half the limit keeps the first view readable; the text has room for the rest.
    let elsewhere = "in the details below";
    let summary = comment::page(report, Some(&without_page), &[], LIMIT / 2, elsewhere);
    let text = (summary.left_out > 0).then(|| {
        let elsewhere = match &occasion.page {
            Some(_) => "in the full report",
            None => "`drydock check --format json` has all",
        };
        comment::page(report, Some(occasion), &[], LIMIT, elsewhere).text
    });
    CheckRun {
        conclusion: match &report.verdict {
            Verdict::Pass(_) => Conclusion::Success,
            Verdict::Fail | Verdict::Error => Conclusion::Failure,
        },
        title: title(report),
        summary: summary.text,
        text,
        annotations: annotations(report)
            .chunks(BATCH)
            .map(<[Annotation]>::to_vec)
            .collect(),
    }
}

/// `2 findings block · 3 apps change · 1 deletion`.
pub fn title(report: &Report) -> String {
    let tally = Tally::of(report);
    let title = match &report.verdict {
        Verdict::Pass(_) if report.apps.is_empty() => {
            return "Nothing to inspect: no application reads the changed files".to_owned();
        }
        Verdict::Pass(_) => join(vec!["Passes".to_owned()], &tally),
        Verdict::Error => match report.troubles.first() {
            Some(trouble) => format!(
                "Could not be judged: {} ({})",
                visible::line(&trouble.what),
                wording::whose(trouble.blame)
            ),
            None => join(vec!["Could not be judged".to_owned()], &tally),
        },
        Verdict::Fail => match (tally.refusals(), report.troubles.first()) {
            (refusals, Some(trouble)) if refusals.is_empty() => {
                format!("Refused: {}", visible::line(&trouble.what))
            }
            (refusals, _) if refusals.is_empty() => join(vec!["Refused".to_owned()], &tally),
            (refusals, _) => join(refusals, &tally),
        },
    };
    visible::shorten(&title, TITLE)
}

fn join(mut parts: Vec<String>, tally: &Tally) -> String {
    parts.push(match tally.changed {
        0 => "nothing changes".to_owned(),
        number => count(number, "app changes", "apps change"),
    });
    if tally.effect.deleted > 0 {
        parts.push(count(tally.effect.deleted, "deletion", "deletions"));
    }
    parts.join(" · ")
}

/// What stands on lines of the head: blocking findings and new ones, where the line is known.
pub(super) fn annotations(report: &Report) -> Vec<Annotation> {
    let mut all: Vec<(Level, Annotation)> = report
        .findings
        .iter()
        .filter(|judged| is_for_lines(report, judged))
        .filter_map(|judged| annotate(judged).map(|annotation| (annotation.level, annotation)))
        .collect();
    all.sort_by_key(|(level, _)| *level);
    let mut annotations: Vec<Annotation> =
        all.into_iter().map(|(_, annotation)| annotation).collect();
    // A base that several applications include is annotated once.
    let mut seen = std::collections::BTreeSet::new();
    annotations.retain(|annotation| {
        seen.insert((
            annotation.path.clone(),
            annotation.line,
            annotation.title.clone(),
            annotation.message.clone(),
        ))
    });
    annotations.truncate(ANNOTATIONS);
    annotations
}

/// The line of a finding, where it is known.
pub(super) fn line(finding: &Finding) -> Option<&Source> {
    finding
        .source
        .as_ref()
        .filter(|source| source.precision != Precision::File && source.line > 0)
}

/// True for what blocks and for what is new.
pub(super) fn is_for_lines(report: &Report, judged: &Judged) -> bool {
    matches!(Part::of(report, judged), Some(Part::Blocking | Part::New))
        && judged.state != State::Fixed
}

fn annotate(judged: &Judged) -> Option<Annotation> {
    let source = line(&judged.finding)?;
    let columns = (source.precision == Precision::Exact && source.column > 0).then(|| {
        let last = source.column.saturating_add(source.width.saturating_sub(1));
        (source.column, last)
    });
    Some(Annotation {
        path: source.path.as_str().to_owned(),
        line: source.line,
        columns,
        level: level(judged),
        title: title_of(&judged.finding),
        message: message(&judged.finding),
    })
}

/// How grave a finding is.
pub(super) fn level(judged: &Judged) -> Level {
    match (judged.blocks, judged.finding.severity) {
        (true, _) => Level::Failure,
        (false, Severity::Error | Severity::Warning) => Level::Warning,
        (false, Severity::Info) => Level::Notice,
    }
}

/// The rule, as one line.
pub(super) fn title_of(finding: &Finding) -> String {
    visible::shorten(&wording::rule(finding), TITLE)
}

/// What is wrong, with what, and how to fix it.
pub(super) fn message(finding: &Finding) -> String {
    let mut message = visible::line(&finding.message);
    for (name, more) in [
        ("", finding.object.as_ref().map(ToString::to_string)),
        ("To fix: ", finding.fix.clone()),
        ("See ", finding.url.clone()),
    ] {
        if let Some(more) = more {
            put!(message, "\n{name}{}", visible::line(&more));
        }
    }
    visible::shorten(&message, MESSAGE)
}
