//! The one comment of a pull request: a fixed shape, edited in place.
//!
//! The caller puts its hidden marker in front; what a stranger wrote can never look like one.

use super::deployment;
use super::markdown::{self, Page};
use super::model::{DeploymentRow, Occasion, Report};
use super::sections;
use super::tally::Tally;
use crate::verdict::Verdict;

/// The usual budget in bytes: half of what GitHub is known to take at least, so that the caller's
/// marker and an edited comment's history never come near the limit.
pub const BUDGET: usize = 30_000;

/// The least budget that holds the parts that are never left out.
const LEAST: usize = 6_000;

/// True when the comment says something: an application is touched, or the change does not pass.
pub fn is_needed(report: &Report) -> bool {
    !report.apps.is_empty() || !matches!(report.verdict, Verdict::Pass(_))
}

/// The comment in at most `budget` bytes (no less than 6,000). `deployments` is empty before the
/// merge.
pub fn compose(
    report: &Report,
    occasion: &Occasion,
    deployments: &[DeploymentRow],
    budget: usize,
) -> Page {
    let elsewhere = if occasion.page.is_some() {
        "in the check's details and the full report"
    } else {
        "in the check's details"
    };
    page(report, Some(occasion), deployments, budget, elsewhere)
}

/// The same content for any place; without an occasion nothing is linked.
pub(super) fn page(
    report: &Report,
    occasion: Option<&Occasion>,
    deployments: &[DeploymentRow],
    budget: usize,
    elsewhere: &str,
) -> Page {
    let tally = Tally::of(report);
    let mut head = format!("### {}\n", sections::heading(report, &tally));
    if report.troubles.is_empty() || !report.apps.is_empty() {
        head.push_str(&sections::effect(report, &tally, occasion));
        if let Some(page) = occasion.and_then(|occasion| occasion.page.as_ref()) {
            put!(head, " {}", markdown::link("Full report", page));
        }
        head.push('\n');
        head.push_str(&sections::without_preview(report));
    }
    let mut parts = vec![
        deployment::table(deployments),
        sections::troubles(report, occasion),
        sections::dangers(report),
        sections::apps(report, occasion),
        sections::to_fix(report, occasion),
        sections::warnings(report, occasion),
    ];
    parts.extend(sections::why_not_rendered(report));
    parts.extend(sections::effects(report));
    parts.extend(sections::aside(report, occasion));
    let foot = sections::footer(report, occasion);
    markdown::compose(&head, &parts, &foot, budget.max(LEAST), elsewhere)
}
