//! The report as Markdown for `--format markdown`: what the comment says, in full.

use super::comment;
use super::model::Report;

/// The most bytes GitHub shows of a job's summary, with room for what a script adds.
const BUDGET: usize = 1_000_000;

/// The whole report.
pub fn compose(report: &Report) -> String {
    comment::page(report, None, &[], BUDGET, "`--format json` has all").text
}
