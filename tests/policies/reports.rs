//! The published schema of `check --format json` against the reports that are held byte for byte.

use std::path::Path;

use serde_json::{Value, json};

use crate::report_schema;

#[test]
fn every_expected_report_keeps_the_published_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/expected/report");
    let mut reports = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let report: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
            let found = report_schema::violations(&report);
            assert!(found.is_empty(), "{}: {}", path.display(), found.join("\n"));
            reports += 1;
        }
    }
    assert!(reports > 0);
}

#[test]
fn a_report_without_a_promised_field_or_with_an_undescribed_one_is_found() {
    let gates = json!({"render": "pass", "schema": "pass", "policy": "off", "preview": "off"});
    let mut report = json!({
        "schema": "drydock.report/1", "verdict": "pass", "base": null, "head": "worktree",
        "confined": true, "gates": gates, "apps": [], "findings": [], "not_verified": [],
        "untouched": [{"path": "README.md", "reason": "no application reads it"}]
    });
    report_schema::assert_valid(&report);
    report["colour"] = json!("red");
    assert_eq!(report_schema::violations(&report).len(), 1);
    report.as_object_mut().unwrap().remove("colour");
    report.as_object_mut().unwrap().remove("gates");
    assert_eq!(report_schema::violations(&report).len(), 1);
}
