//! What strains an output: far too much, and a stranger's text in every place.

use serde_json::json;

use crate::finding::{Blame, Finding, Gate};
use crate::ids::{ClusterName, RepoPath, Side};
use crate::plan::Why;
use crate::preview::Action;
use crate::render::Problem;
use crate::report::model::{Report, Trouble};
use crate::verdict::{AppOutcome, Verdict};

use super::pieces::{app, change, field, finding, object, preview};
use super::quiet::nothing;
use super::refused::refused;

/// Far more than any comment holds.
pub(in crate::report) fn large() -> Report {
    let mut apps = Vec::new();
    let mut findings = Vec::new();
    for number in 0..150 {
        let mut app = app(&format!("service-{number:03}"), "production");
        let changes = (0..8)
            .map(|object_number| {
                change(
                    object(
                        "ConfigMap",
                        Some("shop"),
                        &format!("settings-{object_number}"),
                    ),
                    Action::Update,
                    (0..6)
                        .map(|key| {
                            let pointer = format!("/data/key-{key}");
                            field(
                                &pointer,
                                Some(json!("old `value`")),
                                Some(json!("new ```value")),
                            )
                        })
                        .collect(),
                )
            })
            .collect();
        app.preview = preview(&app, changes);
        app.outcome = AppOutcome::Fail;
        let mut judged = finding(
            Gate::Policy,
            "drydock.workload.run-as-non-root",
            &format!("container `web-{number}` runs as root"),
            &app.id,
        );
        if let Some(source) = &mut judged.finding.source {
            source.line = number + 1;
        }
        findings.push(judged);
        apps.push(app);
    }
    Report {
        verdict: Verdict::Fail,
        apps,
        findings,
        declared: 150,
        rendered: 300,
        ..nothing()
    }
}

/// Every name and text of a stranger's choice.
pub(in crate::report) fn hostile(text: &str) -> Report {
    let mut report = refused();
    report.base_name = Some(text.to_owned());
    for app in &mut report.apps {
        app.id.name = text.to_owned();
        app.id.variant = Some(text.to_owned());
        app.id.cluster = ClusterName(text.to_owned());
        app.cluster = app.id.cluster.clone();
        app.namespace = Some(text.to_owned());
        app.path = RepoPath::root().join(text).unwrap_or_default();
        app.why = vec![Why::File(app.path.clone())];
        let file = app.path.clone();
        app.problems = vec![(
            Side::Base,
            Problem {
                message: text.to_owned(),
                path: Some(file),
                line: 3,
                blame: Blame::Author,
            },
        )];
        for change in app
            .preview
            .iter_mut()
            .flat_map(|preview| &mut preview.changes)
        {
            change.object = object(text, Some(text), text);
            change.note = Some(text.to_owned());
            change.diff = text.to_owned();
            change.fields.push(field(
                &format!("/{text}"),
                Some(json!(text)),
                Some(json!({ text: text })),
            ));
            for danger in &mut change.dangers {
                danger.message = text.to_owned();
            }
        }
    }
    let app = report.apps.first().map(|app| app.id.clone());
    for judged in &mut report.findings {
        judged.finding.app.clone_from(&app);
        spoil(&mut judged.finding, text);
    }
    for item in &mut report.not_verified {
        item.reason = text.to_owned();
        item.object = Some(object(text, Some(text), text));
    }
    report.troubles = vec![Trouble {
        what: text.to_owned(),
        app: None,
        place: RepoPath::root().join(text).map(|path| (path, 1, 1)),
        blame: Blame::Author,
        hint: Some(text.to_owned()),
    }];
    report
}

fn spoil(finding: &mut Finding, text: &str) {
    finding.object = Some(object(text, Some(text), text));
    finding.message = text.to_owned();
    finding.fix = Some(text.to_owned());
    // An address is a policy's, not the change's; what is no plain web page is not linked.
    finding.url = Some(format!("javascript:{text}"));
    finding.rule = text.to_owned();
    if let Some(source) = &mut finding.source {
        source.path = RepoPath::root().join(text).unwrap_or_default();
    }
}
