//! The input contract: what rules see is what its published schema says.

use std::sync::Arc;

use drydock::gate::policy::{AppInput, Dialect, PolicyFile, PolicySource, RegoVersion};
use drydock::gate::wire::{Batch, Item, Load, WIRE_VERSION};
use drydock::run::judge::Judge;
use serde_json::{Value, json};

use crate::sandbox;

/// Says its whole input.
const ECHO: &str = "package drydock.test.echo\nimport rego.v1\ndeny contains json.marshal(input)\n";
/// Says how many objects there are.
const COUNT: &str = "package drydock.test.others\nimport rego.v1\ndeny contains sprintf(\"%d\", [count(data.objects)])\n";

fn judge(policy: &str) -> Judge {
    let mut source = PolicySource::new("test", Dialect::Auto);
    source.files.push(PolicyFile {
        path: "echo.rego".to_owned(),
        text: policy.to_owned(),
        rego: RegoVersion::V1,
    });
    let load = Load {
        version: WIRE_VERSION,
        sources: vec![source],
        schemas: Vec::new(),
        now_ns: 0,
        rule_limit_ms: 5000,
        threads: 2,
    };
    Judge::start(&sandbox(), load).unwrap()
}

fn batch(app: bool) -> Batch {
    let pod = |name: &str| Arc::new(json!({"kind": "Pod", "metadata": {"name": name}}));
    let item = |base: Option<&str>, head: Option<&str>| Item {
        base: base.map(pod),
        head: head.map(pod),
        role: "object".to_owned(),
    };
    Batch {
        app: app.then(|| AppInput {
            id: "directory:apps/web".to_owned(),
            name: "web".to_owned(),
            path: "apps/web".to_owned(),
            renderer: "directory".to_owned(),
            namespace: None,
        }),
        cluster: app.then(|| "production".to_owned()),
        base_schemas: None,
        head_schemas: None,
        policies: true,
        items: vec![
            item(None, Some("new")),
            item(Some("before"), Some("after")),
            item(Some("gone"), None),
            item(Some("same"), Some("same")),
        ],
    }
}

#[test]
fn what_rules_see_fits_the_published_schema() {
    let schema: Value =
        serde_json::from_str(include_str!("../../fixtures/policy-input.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut judge = judge(ECHO);
    for app in [true, false] {
        let answer = judge.judge_batch(&batch(app)).unwrap();
        let mut operations = Vec::new();
        for item in &answer.items {
            for side in [&item.base, &item.head].into_iter().flatten() {
                assert_eq!(side.failures, []);
                let input: Value = serde_json::from_str(&side.policy[0].message).unwrap();
                let errors: Vec<String> = validator
                    .iter_errors(&input)
                    .map(|error| error.to_string())
                    .collect();
                assert!(errors.is_empty(), "{input}: {errors:?}");
                operations.push(input["operation"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(
            operations,
            [
                "CREATE",
                "UNCHANGED",
                "UPDATE",
                "UNCHANGED",
                "DELETE",
                "UNCHANGED"
            ]
        );
    }
}

#[test]
fn equal_states_are_judged_once() {
    let answer = judge(ECHO).judge_batch(&batch(true)).unwrap();
    let same: Vec<bool> = answer.items.iter().map(|item| item.same).collect();
    assert_eq!(same, [false, false, false, true]);
    assert!(answer.items[3].base.is_none());
}

#[test]
fn rules_that_look_at_all_objects_see_those_of_their_own_side() {
    let mut one_more = batch(true);
    one_more.items.push(one_more.items[0].clone());
    let answer = judge(COUNT).judge_batch(&one_more).unwrap();
    let said = |side: &Option<drydock::gate::wire::SideAnswer>| {
        side.as_ref().map(|side| side.policy[0].message.clone())
    };
    assert_eq!(said(&answer.items[3].base).as_deref(), Some("3"));
    assert_eq!(said(&answer.items[3].head).as_deref(), Some("4"));
}
