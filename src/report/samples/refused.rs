//! A change with new, older and waived findings, dangers and drift in two clusters.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::finding::{Gate, Judged, NotVerified, Precision, Severity, State};
use crate::ids::AppId;
use crate::preview::{Action, Basis, Danger, Origin};
use crate::report::model::{AppReport, Report};
use crate::verdict::{AppOutcome, GateResult, Verdict};

use super::pieces::{WEB, app, app_id, change, field, finding, object, path, preview};
use super::quiet::nothing;

fn shop(cluster: &str) -> AppReport {
    let mut app = app("shop", cluster);
    app.outcome = AppOutcome::Fail;
    app.gates.insert(Gate::Schema, GateResult::Fail);
    app.gates.insert(Gate::Policy, GateResult::Fail);
    let image = "/spec/template/spec/containers/0/image";
    let mut config = change(
        object("ConfigMap", Some("shop"), "web"),
        Action::Update,
        vec![field(
            "/data/app.ini",
            Some(json!("level=info\nport=80\n")),
            Some(json!("level=debug\nport=80\n")),
        )],
    );
    config.diff =
        " data:\n   app.ini: |\n-    level=info\n+    level=debug\n     port=80\n".to_owned();
    let mut changes = vec![
        config,
        change(
            object("Deployment", Some("shop"), "web"),
            Action::Update,
            vec![
                field("/spec/replicas", Some(json!(2)), Some(json!("3"))),
                field(
                    image,
                    Some(json!("registry.example/web:1.4.2")),
                    Some(json!("registry.example/web:1.5.0")),
                ),
            ],
        ),
    ];
    if cluster == "production" {
        let mut gone = change(
            object("PersistentVolumeClaim", Some("shop"), "data"),
            Action::Delete,
            Vec::new(),
        );
        gone.dangers = vec![Danger {
            rule: "danger.delete-volume-claim".to_owned(),
            message: "deleting the claim can delete the data of its volume".to_owned(),
        }];
        changes.push(gone);
        let mut drift = change(
            object("Deployment", Some("shop"), "worker"),
            Action::Update,
            vec![field("/spec/replicas", Some(json!(5)), Some(json!(2)))],
        );
        drift.origin = Origin::Drift;
        changes.push(drift);
    }
    app.preview = preview(&app, changes);
    app
}

fn findings(production: &AppId, staging: &AppId) -> Vec<Judged> {
    let mut findings = Vec::new();
    for app in [production, staging] {
        let mut schema = finding(
            Gate::Schema,
            "schema.type",
            "`spec.replicas` must be an integer, is \"3\"",
            app,
        );
        schema.finding.fix = Some("write 3 without quotes".to_owned());
        findings.push(schema);
    }
    for app in [production, staging] {
        let rule = "drydock.workload.run-as-non-root";
        let mut policy = finding(Gate::Policy, rule, "container `web` runs as root", app);
        policy.finding.pointer = Some("/spec/template/spec/containers/0".to_owned());
        policy.finding.url = Some("https://policies.example/run-as-non-root".to_owned());
        if let Some(source) = &mut policy.finding.source {
            (source.line, source.column, source.width) = (11, 11, 4);
            source.precision = Precision::Parent;
        }
        findings.push(policy);
    }
    let mut warning = finding(
        Gate::Policy,
        "drydock.workload.limits",
        "container `web` has no memory limit",
        production,
    );
    (
        warning.blocks,
        warning.finding.severity,
        warning.finding.source,
    ) = (false, Severity::Warning, None);
    findings.push(warning);
    for (state, rule) in [
        (State::Existing, "older"),
        (State::Waived, "waived"),
        (State::Fixed, "gone"),
    ] {
        let mut other = finding(Gate::Policy, rule, "image has no digest", staging);
        (other.blocks, other.state) = (false, state);
        findings.push(other);
    }
    findings
}

/// Two findings at one place in two clusters, a danger, drift, a missing schema, older findings.
pub(in crate::report) fn refused() -> Report {
    let (production, staging) = (shop("production"), shop("staging"));
    let mut ingress = app("ingress", "production");
    let mut edge = change(
        object("Service", Some("edge"), "gate"),
        Action::Create,
        Vec::new(),
    );
    edge.basis = Basis::Estimated;
    edge.note = Some("namespace `edge` is new".to_owned());
    ingress.preview = preview(&ingress, vec![edge]);
    let findings = findings(&production.id, &staging.id);
    let mut gates = nothing().gates;
    gates.insert(Gate::Schema, GateResult::Fail);
    gates.insert(Gate::Policy, GateResult::Fail);
    Report {
        verdict: Verdict::Fail,
        gates,
        apps: vec![ingress, production, staging],
        findings,
        rendered: 6,
        not_verified: vec![NotVerified {
            app: Some(app_id("ingress", "production")),
            object: Some(object("Certificate", Some("edge"), "gate")),
            gate: Gate::Schema,
            reason: "no schema for `cert-manager.io/v1 Certificate`".to_owned(),
        }],
        excerpts: BTreeMap::from([(path("apps/shop/web.yaml"), Arc::from(WEB))]),
        judged_with: BTreeMap::from([
            ("drydock".to_owned(), "0.1.0".to_owned()),
            ("kustomize".to_owned(), "5.8.0".to_owned()),
        ]),
        ..nothing()
    }
}
