//! Policies that must fail the gate visibly, and leave the next batch unharmed.

use std::sync::Arc;
use std::time::Duration;

use drydock::gate::policy::{Code, Dialect, PolicyFile, PolicySource, RegoVersion};
use drydock::gate::wire::{Batch, Item, Load, WIRE_VERSION};
use drydock::run::judge::{Judge, JudgeError};
use serde_json::{Value, json};

use crate::sandbox;

fn source(text: &str) -> PolicySource {
    let mut source = PolicySource::new("test", Dialect::Auto);
    source.files.push(PolicyFile {
        path: "p.rego".to_owned(),
        text: format!("package main\nimport rego.v1\n{text}\n"),
        rego: RegoVersion::V1,
    });
    source
}

fn load(sources: Vec<PolicySource>) -> Load {
    Load {
        version: WIRE_VERSION,
        sources,
        schemas: Vec::new(),
        now_ns: 0,
        rule_limit_ms: 300,
        threads: 2,
    }
}

fn start(text: &str) -> Result<Judge, JudgeError> {
    let limit = Duration::from_secs(20);
    Judge::start_within(&sandbox(), load(vec![source(text)]), limit)
}

fn batch(object: Value) -> Batch {
    Batch {
        app: None,
        cluster: None,
        base_schemas: None,
        head_schemas: None,
        policies: true,
        items: vec![Item {
            base: None,
            head: Some(Arc::new(object)),
            role: "object".to_owned(),
        }],
    }
}

#[track_caller]
fn assert_works(judge: &mut Judge) {
    let answer = judge.judge_batch(&batch(json!({"kind": "Fine"}))).unwrap();
    let side = answer.items[0].head.as_ref().unwrap();
    assert_eq!((side.policy.len(), side.failures.len()), (1, 0), "{side:?}");
}

const FINE: &str = "deny contains \"seen\" if input.kind == \"Fine\"\n";

#[test]
fn a_policy_that_loops_is_stopped_and_the_same_worker_goes_on() {
    let text = format!(
        "{FINE}deny contains \"never\" if {{ input.kind == \"Loop\"; count([1 | some i in numbers.range(1, 3000); some j in numbers.range(1, 3000); i * j == -1]) == 1 }}"
    );
    let mut judge = start(&text).unwrap();
    let answer = judge.judge_batch(&batch(json!({"kind": "Loop"}))).unwrap();
    let side = answer.items[0].head.as_ref().unwrap();
    assert_eq!(side.policy, []);
    assert_eq!(
        side.failures[0].1.code,
        Code::Timeout,
        "{:?}",
        side.failures
    );
    assert_works(&mut judge);
}

#[test]
fn a_policy_that_wants_gigabytes_ends_its_worker_and_a_new_one_goes_on() {
    let text = format!(
        "{FINE}deny contains \"never\" if {{ huge := replace(input.text, \"a\", input.text); count(huge) == 1 }}"
    );
    let mut judge = start(&text).unwrap();
    let text = "a".repeat(76 << 10);
    let error = judge
        .judge_batch(&batch(json!({"kind": "Big", "text": text})))
        .unwrap_err();
    assert!(matches!(error, JudgeError::Process(_)), "{error:?}");
    assert_works(&mut judge);
}

#[test]
fn a_built_in_call_that_never_ends_ends_its_worker() {
    let text = format!(
        "{FINE}deny contains \"never\" if {{ input.kind == \"Big\"; count(numbers.range(1, 1000000000000)) == 1 }}"
    );
    let mut judge = start(&text).unwrap();
    match judge.judge_batch(&batch(json!({"kind": "Big"}))) {
        Err(JudgeError::Process(_)) => {}
        Ok(answer) => assert_eq!(answer.items[0].head.as_ref().unwrap().failures.len(), 1),
        Err(other) => panic!("{other:?}"),
    }
    assert_works(&mut judge);
}

#[test]
fn a_policy_calling_http_send_fails_the_gate() {
    let error =
        start("deny contains \"x\" if { r := http.send({\"url\": \"x\"}); r.body }").unwrap_err();
    let problem = &error.problems()[0];
    assert_eq!(problem.code, Code::Unsupported);
    assert!(
        problem
            .to_string()
            .contains("p.rego:3:29: `http.send` is refused"),
        "{error}"
    );
}

#[test]
fn recursion_and_unknown_functions_fail_the_gate() {
    for text in [
        "deny contains \"x\" if f(input)\nf(x) if f(x)",
        "deny contains \"x\" if { input.kind == \"never\"; foo.bar(1) }",
    ] {
        let error = start(text).unwrap_err();
        assert!(matches!(error, JudgeError::Refused(_)), "{error:?}");
    }
}

#[test]
fn one_broken_source_refuses_all() {
    let error = Judge::start(
        &sandbox(),
        load(vec![
            source(FINE),
            PolicySource::new("empty", Dialect::Auto),
        ]),
    )
    .unwrap_err();
    assert!(
        error.problems()[0]
            .to_string()
            .contains("empty: there is no Rego file here"),
        "{error}"
    );
}

#[test]
fn deeply_nested_data_is_not_a_pass() {
    let mut deep = json!(1);
    for _ in 0..1000 {
        deep = json!([deep]);
    }
    let mut judge = start(FINE).unwrap();
    let error = judge
        .judge_batch(&batch(json!({"kind": "Fine", "deep": deep})))
        .unwrap_err();
    assert!(
        matches!(error, JudgeError::Refused(_) | JudgeError::Process(_)),
        "{error:?}"
    );
    assert_works(&mut judge);
}
