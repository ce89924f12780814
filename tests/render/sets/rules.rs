//! What a set that cannot be evaluated says, what evaluation read, and where it ends.

use std::collections::BTreeSet;

use drydock::plan::TemplateError;
use drydock::plan::set::{Fault, SetPolicy, Unknown};
use serde_json::{Value, json};

use super::{expand, own_repository};
use crate::workbench::path;

#[test]
fn what_asks_a_service_is_named_and_the_other_generators_still_give_applications() {
    let repository = own_repository();
    let spec = json!({
        "goTemplate": true,
        "generators": [
            {"scmProvider": {"github": {"organization": "x"}}},
            {"list": {"elements": [{"name": "a"}]}},
            {"matrix": {"generators": [
                {"list": {"elements": [{"name": "b"}]}},
                {"pullRequest": {"github": {}}},
            ]}},
            {"plugin": {}}, {"clusterDecisionResource": {}}, {"oci": {}},
            {"git": {"repoURL": "other", "revision": "HEAD", "directories": [{"path": "*"}]}},
            {"git": {"repoURL": "r", "revision": "v1", "directories": [{"path": "*"}]}},
            {"clusters": {"selector": {"matchLabels": {"a": "b"}}}},
            {"git": {"repoURL": "r", "revision": "HEAD", "files": [{"path": ":(glob)*"}]}},
            {"list": {"elements": [{"name": "{{ now }}"}]}},
        ],
        "template": {"metadata": {"name": "{{ .name }}{{ if eq .name \"c\" }}{{ uuidv4 }}{{ end }}"}},
    });
    let expansion = expand(&spec, &repository.tree(), &[]);
    let names: Vec<&Value> = expansion
        .applications
        .iter()
        .map(|application| &application["metadata"]["name"])
        .collect();
    assert_eq!(names, ["a"]);
    let unknown: Vec<(&str, &Unknown)> = expansion
        .not_evaluable
        .iter()
        .map(|unknown| (unknown.at.as_str(), &unknown.reason))
        .collect();
    let elsewhere = |url: &str, revision: &str| Unknown::Elsewhere {
        url: url.to_owned(),
        revision: revision.to_owned(),
    };
    let expected = [
        (
            "/spec/generators/0/scmProvider",
            Unknown::Service("scmProvider"),
        ),
        (
            "/spec/generators/2/matrix/generators/1/pullRequest",
            Unknown::Service("pullRequest"),
        ),
        ("/spec/generators/3/plugin", Unknown::Service("plugin")),
        (
            "/spec/generators/4/clusterDecisionResource",
            Unknown::Service("clusterDecisionResource"),
        ),
        ("/spec/generators/5/oci", Unknown::Service("oci")),
        ("/spec/generators/6/git", elsewhere("other", "HEAD")),
        ("/spec/generators/7/git", elsewhere("r", "v1")),
        ("/spec/generators/8/clusters", Unknown::Clusters),
        (
            "/spec/generators/9/git",
            Unknown::Pathspec(":(glob)*".to_owned()),
        ),
    ];
    assert_eq!(
        unknown,
        expected
            .iter()
            .map(|(at, reason)| (*at, reason))
            .collect::<Vec<_>>()
    );
    // A parameter is no template: its text is what the name becomes.
    assert_eq!(
        expansion
            .problems
            .iter()
            .map(|problem| &problem.fault)
            .collect::<Vec<_>>(),
        [&Fault::Name("{{ now }}".to_owned())]
    );
    let spec = json!({
        "goTemplate": true,
        "generators": [{"list": {"elements": [{"name": "a"}]}}],
        "template": {"metadata": {"name": "x-{{ randAlpha 5 }}"}},
    });
    let expansion = expand(&spec, &repository.tree(), &[]);
    assert_eq!(
        expansion.not_evaluable[0].reason,
        Unknown::Function("randAlpha".to_owned())
    );
}

#[test]
fn generators_say_what_they_looked_at() {
    let repository = own_repository();
    let spec = json!({
        "goTemplate": true,
        "generators": [
            {"git": {"repoURL": "r", "revision": "HEAD", "directories": [
                {"path": "apps/*"}, {"path": "apps/_odd", "exclude": true},
            ]}},
            {"git": {"repoURL": "r", "revision": "HEAD", "files": [{"path": "conf/*/prod/*.json"}]}},
        ],
        "template": {"metadata": {"name": "{{ normalize .path.path }}"}},
    });
    let expansion = expand(&spec, &repository.tree(), &[]);
    let expected = [
        "apps",
        "apps/api",
        "apps/web",
        "conf",
        "conf/eu/prod/config.json",
    ];
    assert_eq!(
        expansion.reads,
        expected.into_iter().map(path).collect::<BTreeSet<_>>()
    );
    assert_eq!(expansion.applications.len(), 3);
}

#[test]
fn names_that_repeat_or_cannot_be_are_problems_of_their_applications() {
    let repository = own_repository();
    let spec = json!({
        "generators": [{"list": {"elements": [
            {"name": "a", "x": "1"}, {"name": "a", "x": "2"}, {"name": "B"}, {"name": ""},
        ]}}],
        "template": {"metadata": {"name": "{{name}}", "labels": {"x": "{{x}}"}}},
    });
    let expansion = expand(&spec, &repository.tree(), &[]);
    assert_eq!(expansion.applications.len(), 1);
    assert_eq!(expansion.applications[0]["metadata"]["labels"]["x"], "1");
    let faults: Vec<&Fault> = expansion
        .problems
        .iter()
        .map(|problem| &problem.fault)
        .collect();
    assert_eq!(
        faults,
        [
            &Fault::DuplicateName("a".to_owned()),
            &Fault::Name(String::new()),
            &Fault::Name("B".to_owned()),
        ]
    );
    assert!(faults.iter().all(|fault| !fault.stops_the_set()));
}

#[test]
fn the_policy_of_a_set_is_kept_for_who_compares_sets() {
    let repository = own_repository();
    let policy = |sync: Value| expand(&json!({"syncPolicy": sync}), &repository.tree(), &[]).policy;
    let usual = policy(json!(null));
    assert!(usual.updates && usual.deletes && !usual.keeps_resources);
    let once =
        policy(json!({"applicationsSync": "create-only", "preserveResourcesOnDeletion": true}));
    assert!(!once.updates && !once.deletes && once.keeps_resources);
    let no_deletes = policy(json!({"applicationsSync": "create-update"}));
    assert!(no_deletes.updates && !no_deletes.deletes);
    let spec = json!({"preservedFields": {"annotations": ["a"], "labels": ["b"]}});
    assert_eq!(
        expand(&spec, &repository.tree(), &[]).policy,
        SetPolicy {
            updates: true,
            deletes: true,
            preserved_annotations: vec!["a".to_owned()],
            preserved_labels: vec!["b".to_owned()],
            ..SetPolicy::default()
        }
    );
}

#[test]
fn hostile_sets_end_at_a_limit() {
    let repository = own_repository();
    let many: Vec<Value> = (0..200).map(|n| json!({ "n": n.to_string() })).collect();
    let product = json!({
        "goTemplate": true,
        "generators": [{"matrix": {"generators": [
            {"list": {"elements": many}},
            {"list": {"elements": (0..200).map(|m| json!({ "m": m.to_string() })).collect::<Vec<_>>()}},
        ]}}],
        "template": {"metadata": {"name": "a-{{.n}}-{{.m}}"}},
    });
    let expansion = expand(&product, &repository.tree(), &[]);
    assert!(matches!(expansion.problems[0].fault, Fault::Limit(_)));
    assert_eq!(expansion.applications.len(), 0);
    // Many templates that each stay below their own limit have one together.
    let slow = json!({
        "goTemplate": true,
        "generators": [{"list": {"elements": (0..100).map(|n| json!({ "n": n.to_string() })).collect::<Vec<_>>()}}],
        "template": {"metadata": {"name": "a-{{.n}}{{ range until 300000 }}{{ end }}"}},
    });
    let expansion = expand(&slow, &repository.tree(), &[]);
    assert!(
        expansion.applications.len() < 60,
        "{}",
        expansion.applications.len()
    );
    assert!(matches!(
        &expansion.problems[0].fault,
        Fault::Template {
            error: TemplateError::Limit { .. },
            ..
        }
    ));
}

#[test]
fn combinations_that_give_nothing_end_at_a_limit_too() {
    let repository = own_repository();
    let list =
        |key: &str| -> Vec<Value> { (0..1_000).map(|n| json!({ key: n.to_string() })).collect() };
    let nothing = json!({
        "goTemplate": true,
        "generators": [{"matrix": {"generators": [
            {"list": {"elements": list("a")}},
            {"matrix": {"generators": [
                {"list": {"elements": list("b")}},
                {"list": {"elements": [{"c": "1"}]}, "selector": {"matchLabels": {"c": "2"}}},
            ]}},
        ]}}],
        "template": {"metadata": {"name": "a-{{.a}}"}},
    });
    let expansion = expand(&nothing, &repository.tree(), &[]);
    assert_eq!(expansion.applications.len(), 0);
    assert!(
        matches!(expansion.problems[0].fault, Fault::Limit("200,000 steps")),
        "{:?}",
        expansion.problems
    );
}
