use super::*;

/// Taken from what OPA answered (through conftest) with `input = {"a": {"b": 1}}`.
const NEGATIONS: &str = r#"package main
import rego.v1
deny contains "call" if { not startswith(input.nope, "x") }
deny contains "eq" if { not input.nope == "x" }
deny contains "neq" if { not input.nope != "x" }
deny contains "lt" if { not input.nope < 3 }
deny contains "in" if { not input.nope in ["a"] }
deny contains "in2" if { not "a" in input.nope }
deny contains "nested" if { not startswith(lower(input.nope), "x") }
deny contains "count" if { not count(input.nope) > 1 }
deny contains "ref" if { not input.nope }
deny contains "fn" if { not f(input.nope) }
deny contains "fnu" if { not g(input.a) }
deny contains "rule" if { not h.x == 1 }
deny contains "arr" if { not [input.nope] == [1] }
deny contains "arrcall" if { not startswith([input.nope][0],"x") }
deny contains "obj" if { not object.get({"a": input.nope}, "a", 1) == 1 }
deny contains "idx" if { not input.a[input.nope] }
deny contains "arith" if { not input.nope + 1 > 1 }
deny contains "arith2" if { not (1 + input.nope) * 2 > 1 }
deny contains "compr" if { not count([x | x := input.nope]) == 1 }
deny contains "unify" if { not input.nope = 1 }
deny contains "callref" if { not split(input.nope, ",")[0] == "x" }
deny contains "barecall" if { not g(1) }
deny contains "unbraced" if not startswith(input.nope, "x")
deny contains "unbraced holds" if not startswith("y", lower(input.a.c))
deny contains "holds" if { not startswith(sprintf("%d", [input.a.b]), "x") }
f(x) := true if { x == 1 }
g(x) := true if { input.nope }
h.x := 2 if { input.nope }
"#;

#[test]
fn a_negated_call_over_something_undefined_is_undefined_as_in_opa() {
    let answer = judge(NEGATIONS, r#"{"a": {"b": 1}}"#);
    assert_eq!(answer.failures, []);
    assert_eq!(
        messages(&answer),
        [
            "barecall", "compr", "eq", "fnu", "holds", "ref", "rule", "unify"
        ]
    );
}

#[test]
fn walk_taken_apart_by_assignment_gives_every_path() {
    let text = r#"package main
import rego.v1
deny contains sprintf("%v %v", [path, value]) if {
  [path, value] := walk(input)
  value == 1
}
"#;
    assert_eq!(
        messages(&judge(text, r#"{"a": {"b": 1}}"#)),
        [r#"["a", "b"] 1"#]
    );
}

#[test]
fn sprintf_writes_what_opa_writes() {
    for line in include_str!("sprintf.txt").lines() {
        let (case, expected) = line.rsplit_once(" => ").unwrap();
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        let query = format!("c := {case}; x := sprintf(c[0], c[1])");
        let input = serde_json::Value::Null;
        let (result, _) = evaluate_query(
            &source("package a"),
            Conditions::default(),
            &query,
            Some(&input),
        )
        .unwrap();
        assert_eq!(
            result.pointer("/result/0/bindings/x"),
            Some(&expected),
            "{case}"
        );
    }
}

#[test]
fn a_position_in_rewritten_text_leads_back_to_what_was_written() {
    let text = "package main\nimport rego.v1\ndeny contains \"x\" if {\n  not startswith(input.a, \"x\"); to_number(input.a) > 1\n}\n";
    let answer = judge(text, r#"{"a": "b"}"#);
    let (rule, problem) = answer.failures.first().unwrap();
    assert_eq!(rule, "main.deny");
    assert_eq!(
        (problem.path.as_str(), problem.line, problem.column),
        ("p.rego", 4, 48)
    );
}

#[test]
fn time_is_what_the_conditions_say() {
    let text = "package main\nimport rego.v1\nx := time.now_ns()";
    let conditions = Conditions {
        now_ns: 42,
        ..Conditions::default()
    };
    let (result, _) = evaluate_query(&source(text), conditions, "data.main.x", None).unwrap();
    assert_eq!(
        result.pointer("/result/0/expressions/0/value"),
        Some(&42.into())
    );
}

#[test]
fn yaml_inside_a_policy_is_read_as_kubernetes_reads_it() {
    assert_eq!(
        value("package a", r#"yaml.unmarshal("a: yes")"#, "{}"),
        serde_json::json!({"a": true})
    );
}

#[test]
fn perl_classes_match_ascii_alone() {
    assert_eq!(
        value("package a", r#"regex.match(`^\d+$`, "٣")"#, "{}"),
        false
    );
    assert_eq!(
        value(
            "package a",
            r#"regex.match(`^[\w.-]+:\d+$`, "a-b.c:3")"#,
            "{}"
        ),
        true
    );
}

#[test]
fn a_builtin_error_is_a_failure_and_not_a_pass() {
    let answer = judge(
        "package main\nimport rego.v1\ndeny contains \"x\" if { to_number(input.a) > 1 }",
        r#"{"a": "b"}"#,
    );
    assert_eq!(answer.findings, []);
    assert_eq!(answer.failures.len(), 1);
}

#[test]
fn exceptions_take_out_the_rules_they_name() {
    let text = r#"package main
import rego.v1
deny_run_as_root contains "root" if input.kind == "Pod"
deny_latest contains "latest" if input.kind == "Pod"
exception contains rules if { input.metadata.name == "ok"; rules = ["run_as_root"] }
"#;
    assert_eq!(
        messages(&judge(text, r#"{"kind":"Pod","metadata":{"name":"ok"}}"#)),
        ["latest"]
    );
    assert_eq!(
        messages(&judge(text, r#"{"kind":"Pod","metadata":{"name":"no"}}"#)),
        ["latest", "root"]
    );
}

#[test]
fn rego_v0_and_v1_stand_beside_each_other() {
    let mut source = source("package main\nimport rego.v1\ndeny contains \"one\" if input.a");
    source.files.push(PolicyFile {
        path: "old.rego".to_owned(),
        text: "package main\ndeny[msg] { any([input.a]); msg := \"two\" }".to_owned(),
        rego: RegoVersion::V0,
    });
    let mut policies = Policies::load(&[source], Conditions::default()).unwrap();
    let subject = Subject {
        object: Some(engine_value(&serde_json::json!({"a": true})).unwrap()),
        old: None,
        operation: Operation::Create,
        role: "object".to_owned(),
    };
    let answer = policies.judge(&Surroundings::new(None, None), &subject);
    assert_eq!(messages(&answer), ["one", "two"]);
}

#[test]
fn a_removed_object_is_seen_by_rules_that_read_old() {
    let text = r#"package drydock.gitops.gone
import rego.v1
# METADATA
# title: nothing is deleted
# custom:
#   severity: warning
#   fix: keep it
deny contains {"msg": "gone", "pointer": "/metadata/name"} if { input.operation == "DELETE"; input.old.kind == "Pod" }
deny contains "there" if input.object.kind == "Pod"
"#;
    let mut policies = Policies::load(&[source(text)], Conditions::default()).unwrap();
    let subject = Subject {
        object: None,
        old: Some(engine_value(&serde_json::json!({"kind": "Pod"})).unwrap()),
        operation: Operation::Delete,
        role: "object".to_owned(),
    };
    let answer = policies.judge(&Surroundings::new(None, None), &subject);
    assert_eq!(messages(&answer), ["gone"]);
    let finding = answer.findings.first().unwrap();
    assert_eq!(finding.rule, "drydock.gitops.gone");
    assert_eq!(finding.severity, Level::Warning);
    assert_eq!(finding.pointer.as_deref(), Some("/metadata/name"));
    assert_eq!(finding.fix.as_deref(), Some("keep it"));
}
