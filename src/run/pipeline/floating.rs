//! Findings about what may be something else when it is deployed.

use crate::finding::{Finding, Gate, Precision, Severity, Source};
use crate::ids::{AppId, Side};
use crate::outside::{Supply, shown};
use crate::plan::Plan;
use crate::plan::outside::{Floating, Mounts};
use crate::tree::Tree;

use super::gates::Gated;

/// What each application reads that may be something else tomorrow.
pub(super) fn find(
    plan: &Plan,
    [base, head]: [&Tree; 2],
    (mounts, supply): (&Mounts, &Supply),
    gated: &mut Gated,
) {
    for app in &plan.apps {
        for (side, tree) in [(Side::Base, base), (Side::Head, head)] {
            let Some(planned) = app.side(side) else {
                continue;
            };
            let found = mounts.floating(planned, tree, supply).into_iter();
            let found = found.map(|floating| floating_finding(&app.id, floating));
            match side {
                Side::Base => gated.base.extend(found),
                Side::Head => gated.head.extend(found),
            }
        }
    }
}

fn floating_finding(app: &AppId, floating: Floating) -> Finding {
    let text = shown(&floating.text);
    Finding {
        gate: Gate::Render,
        rule: "render.floating".to_owned(),
        severity: Severity::Warning,
        app: Some(app.clone()),
        object: None,
        pointer: None,
        source: Some(Source {
            path: floating.path,
            line: floating.line.max(1),
            column: 1,
            width: 0,
            precision: if floating.line == 0 {
                Precision::File
            } else {
                Precision::Parent
            },
        }),
        message: format!(
            "`{text}` may be something else when it is deployed; now it is `{}`",
            floating.now
        ),
        fix: Some("name a full commit id, or an exact version in a lock".to_owned()),
        url: None,
        subject: text.to_string(),
    }
}
