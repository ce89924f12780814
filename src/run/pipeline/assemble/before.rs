//! What could not be evaluated before the change either.

use std::collections::BTreeSet;

use crate::ids::AppId;
use crate::plan::{AppSide, Plan, PlannedApp};
use crate::render::RenderedApp;

/// Applications that a change leaves as little evaluable as they were: it may raise a version, and may
/// neither bring another source nor another destination, nor break what values are not known of.
pub(super) fn find_unevaluable(plan: &Plan, rendered: &[RenderedApp]) -> BTreeSet<AppId> {
    let pairs = plan.apps.iter().zip(rendered);
    pairs
        .filter(|(planned, app)| stays(planned, app))
        .map(|(planned, _)| planned.id.clone())
        .collect()
}

fn stays(planned: &PlannedApp, app: &RenderedApp) -> bool {
    let (Some(base), Some(head)) = (&planned.base, &planned.head) else {
        return false;
    };
    let is_elsewhere = head
        .sources
        .iter()
        .any(|source| source.repository.is_some());
    let same_reason = app.base.problems() == app.head.problems();
    same_place(base, head) && (same_reason || is_elsewhere)
}

/// True when both sides name the same sources, whatever their versions, and the same destination.
fn same_place(base: &AppSide, head: &AppSide) -> bool {
    let sources = |side: &AppSide| -> Vec<_> {
        let sources = side.sources.iter();
        sources
            .map(|it| (it.repository.clone(), it.chart.clone(), it.path.clone()))
            .collect()
    };
    let refusals = |side: &AppSide| -> Vec<_> {
        let refusals = side.refusals.iter();
        refusals.map(|it| (it.kind, it.text.clone())).collect()
    };
    sources(base) == sources(head)
        && refusals(base) == refusals(head)
        && base.cluster == head.cluster
        && base.namespace == head.namespace
}
