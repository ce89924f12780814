//! One application in the report.

use crate::config::repo::RendererKind;
use crate::ids::{Digest, Side};
use crate::plan::PlannedApp;
use crate::plan::outside::own_path;
use crate::preview::AppPreview;
use crate::render::{Outcome, RenderedApp};
use crate::report::model::AppReport;
use crate::verdict::{AppConclusion, AppOutcome};

/// What is reported of one application; without a conclusion its outcome is an error.
pub(super) fn build_app(
    planned: &PlannedApp,
    app: &RenderedApp,
    concluded: Option<&AppConclusion>,
    preview: Option<AppPreview>,
) -> AppReport {
    let side = planned.latest();
    let first = side.and_then(|side| side.sources.first());
    let digest = |outcome: &Outcome| -> Option<(Digest, usize)> {
        outcome
            .rendering()
            .map(|rendering| (rendering.digest, rendering.manifests.len()))
    };
    let problems = [Side::Base, Side::Head].into_iter().flat_map(|side| {
        let problems = app.side(side).problems().iter();
        problems.map(move |problem| (side, problem.clone()))
    });
    AppReport {
        id: planned.id.clone(),
        path: first
            .map(|source| own_path(&source.path))
            .unwrap_or_default(),
        renderer: first.map_or(RendererKind::Directory, |source| source.renderer.kind()),
        sources: side.map(|side| side.sources.clone()).unwrap_or_default(),
        cluster: side.map(|side| side.cluster.clone()).unwrap_or_default(),
        namespace: side.and_then(|side| side.namespace.clone()),
        why: planned.why.clone(),
        declaration: side.and_then(|side| side.declaration.clone()),
        membership: planned.membership(),
        outcome: concluded.map_or(AppOutcome::Error, |concluded| concluded.outcome),
        gates: concluded
            .map(|concluded| concluded.gates.clone())
            .unwrap_or_default(),
        base: digest(&app.base),
        head: digest(&app.head),
        problems: problems.collect(),
        preview,
    }
}
