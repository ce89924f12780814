//! `drydock policy`.

use std::path::Path;

use crate::binary::drydock;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_built_in_policies_pass_their_own_tests() {
    let ran = drydock(project(), &["policy", "test", "policies"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.ends_with(", 0 failed\n"), "{ran:?}");
}

#[test]
fn the_list_names_every_built_in_rule() {
    let ran = drydock(project(), &["policy", "list", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout.contains("drydock.workload.privileged"),
        "{ran:?}"
    );
}

#[test]
fn the_list_says_that_built_in_rules_only_warn() {
    let folder = tempfile::tempdir().unwrap();
    let ran = drydock(folder.path(), &["policy", "list"]);
    assert!(ran.stdout.starts_with("rule  "), "{ran:?}");
    assert!(ran.stdout.contains("Built-in rules warn"), "{ran:?}");
}

#[test]
fn a_policy_that_would_fail_open_is_refused_by_lint() {
    let folder = tempfile::tempdir().unwrap();
    let policy = "package main\n\nimport rego.v1\n\ndeny contains msg if {\n\thttp.send({\"url\": \"x\"}).status_code == 200\n\tmsg := \"m\"\n}\n";
    std::fs::write(folder.path().join("a.rego"), policy).unwrap();
    let ran = drydock(folder.path(), &["policy", "lint", "a.rego"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("a.rego:6") && ran.stdout.contains("http.send"),
        "{ran:?}"
    );
}

#[test]
fn eval_answers_in_the_shape_of_opa_and_ends_with_2_when_it_cannot() {
    let ran = drydock(project(), &["policy", "eval", "1 + 1"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.json()["result"][0]["expressions"][0]["value"], 2);
    let refused = drydock(project(), &["policy", "eval", "nothing.here(1)"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(
        refused.json()["errors"][0]["message"].is_string(),
        "{refused:?}"
    );
}
