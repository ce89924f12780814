//! Files judged without Git.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::finding::Gate;
use crate::ids::{AppId, DeclaredBy};
use crate::report::model::{ObjectReport, Report, SchemaStatus};
use crate::verdict::{GateResult, Verdict};

use super::pieces::{WEB, app_id, finding, object, path};
use super::quiet::nothing;

/// Files judged without Git.
pub(in crate::report) fn files() -> Report {
    let id = AppId {
        kind: DeclaredBy::Files,
        name: "files".to_owned(),
        ..app_id("files", "")
    };
    let mut wrong = finding(
        Gate::Schema,
        "schema.type",
        "must be an integer, is \"3\"",
        &id,
    );
    wrong.finding.app = None;
    let item = |kind: &str, name: &str, schema| ObjectReport {
        object: object(kind, Some("shop"), name),
        path: path("apps/shop/web.yaml"),
        line: 1,
        schema,
    };
    let mut gates = nothing().gates;
    gates.insert(Gate::Schema, GateResult::Fail);
    gates.insert(Gate::Preview, GateResult::Off);
    Report {
        verdict: Verdict::Fail,
        base: None,
        head: None,
        base_name: None,
        gates,
        findings: vec![wrong],
        objects: vec![
            item("Deployment", "web", SchemaStatus::Invalid),
            item("Service", "web", SchemaStatus::Valid),
            item("Certificate", "web", SchemaStatus::NoSchema),
        ],
        untouched: Vec::new(),
        declared: 0,
        excerpts: BTreeMap::from([(path("apps/shop/web.yaml"), Arc::from(WEB))]),
        ..nothing()
    }
}
