//! Charts that make random values, in a change.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::binary::{Ran, parts, run};
use crate::repo::Repo;

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";

fn template(replicas: u8) -> String {
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData:\n  password: {{{{ randAlphaNum 20 }}}}\n---\n\
         apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate-{{{{ randAlphaNum 6 | lower }}}}\nspec:\n  parallelism: 1\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d\nspec:\n  replicas: {replicas}\n  template:\n    metadata:\n      \
         annotations: {{made: {{{{ now | date \"2006-01-02\" | quote }}}}, roll: {{{{ uuidv4 | quote }}}}}}\n"
    )
}

fn check(repo: &Repo, cache: &Path, more: &[&str]) -> Ran {
    run(Command::new(env!("CARGO_BIN_EXE_drydock"))
        .args(["check", "--base", "HEAD~1", "--format", "json"])
        .args(more)
        .current_dir(repo.path())
        .env("PATH", parts().join("bin"))
        .env("XDG_CACHE_HOME", cache))
}

#[test]
fn only_the_real_change_shows_and_random_values_are_named_once() {
    let repo = Repo::new();
    repo.write("shop/Chart.yaml", CHART);
    repo.write("shop/templates/all.yaml", template(2));
    repo.commit("base");
    repo.write("shop/templates/all.yaml", template(3));
    repo.commit("head");
    let cache = tempfile::tempdir().unwrap();
    let judge = |more: &[&str]| {
        let args = [&["--gates", "render"], more].concat();
        check(&repo, cache.path(), &args)
    };
    let cold = judge(&["--head", "HEAD"]);
    assert_eq!(cold.code, 0, "{cold:?}");
    let report = cold.json();
    let changes = report["apps"][0]["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{changes:#?}");
    assert_eq!(changes[0]["object"]["kind"], "Deployment");
    let fields = changes[0]["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 1, "{fields:#?}");
    assert_eq!(fields[0]["pointer"], "/spec/replicas");
    let diff = changes[0]["diff"].as_str().unwrap();
    let changed = diff.lines().filter(|line| line.starts_with(['+', '-']));
    let changed: Vec<&str> = changed.filter(|line| line.contains(": ")).collect();
    assert_eq!(changed, ["-  replicas: 2", "+  replicas: 3"]);
    let told = report["not_verified"].as_array().unwrap();
    let told: Vec<&str> = told
        .iter()
        .filter_map(|line| line["reason"].as_str())
        .filter(|reason| reason.contains("render to render"))
        .collect();
    assert_eq!(
        told,
        [
            "4 values differ from render to render (random or time-based) and are not compared: \
             Deployment d /spec/template/metadata/annotations/made, Deployment d /spec/template/metadata/annotations/roll, \
             Job migrate-* /metadata/name, Secret s /stringData/password"
        ]
    );
    // Another process, where one side or both come from the cache, and one without: the same report,
    // though every password is another one.
    assert_eq!(judge(&["--head", "HEAD"]).stdout, cold.stdout);
    assert_eq!(judge(&["--head", "HEAD", "--no-cache"]).stdout, cold.stdout);
    let entries = cache.path().join("drydock/renders/entries");
    let kept = std::fs::read_dir(&entries).unwrap().count();
    assert_eq!(kept, 2);
    std::fs::remove_dir_all(
        std::fs::read_dir(&entries)
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .path(),
    )
    .unwrap();
    assert_eq!(judge(&["--head", "HEAD"]).stdout, cold.stdout);
}

/// What exists, or is of another form, from an hour after the render on.
fn timed(then: &str, otherwise: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let soon = now.unwrap().as_secs() + 3600;
    format!(
        "{{{{ if gt (now | unixEpoch | int) {soon} }}}}\n{then}{{{{ else }}}}\n{otherwise}{{{{ end }}}}\n"
    )
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n";

/// The findings of these rules, with their objects and states, of a change from one template to
/// another.
fn judge(base: &str, head: &str) -> (i32, Vec<String>) {
    let repo = Repo::new();
    repo.write("shop/Chart.yaml", CHART);
    repo.write("shop/templates/all.yaml", base);
    repo.commit("base");
    repo.write("shop/templates/all.yaml", head);
    repo.commit("head");
    let cache = tempfile::tempdir().unwrap();
    let gates = ["--head", "HEAD", "--gates", "render,schema,policy"];
    let cold = check(&repo, cache.path(), &gates);
    // What the cache keeps says the same.
    assert_eq!(check(&repo, cache.path(), &gates).stdout, cold.stdout);
    let report = cold.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().unwrap().iter().map(|found| {
        let object = &found["object"];
        [
            text(&found["state"]),
            text(&found["severity"]),
            text(&found["rule"]),
            text(&object["kind"]),
            text(&object["namespace"]),
            text(&object["name"]),
            text(&found["pointer"]),
        ]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
    });
    (cold.code, findings.collect())
}

fn later(object: &str) -> String {
    format!("{CONFIG}---\n{}", timed(object, ""))
}

const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: prod}\n\
    roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects: []\n";

#[test]
fn an_object_that_another_time_brings_refuses_the_change_once() {
    let found = "error render.comes-and-goes RoleBinding prod b";
    let (code, findings) = judge(CONFIG, &later(BINDING));
    assert_eq!(findings, [format!("new {found}")]);
    assert_eq!(code, 1);
    // What the base had, too, is no fault of the change, until it is another object.
    let both = |head: &str| judge(&later(BINDING), &head.replace("a: b", "a: c"));
    assert_eq!(
        both(&later(BINDING)),
        (0, vec![format!("existing {found}")])
    );
    let other = BINDING.replace("name: r}", "name: admin}");
    let (code, findings) = both(&later(&other));
    assert_eq!(
        (code, findings.contains(&format!("new {found}"))),
        (1, true)
    );
}

#[test]
fn an_object_that_another_time_takes_away_refuses_the_change() {
    let head = format!("{CONFIG}---\n{}", timed("", BINDING));
    let found = "new error render.comes-and-goes RoleBinding prod b";
    assert_eq!(judge(CONFIG, &head), (1, vec![found.to_owned()]));
}

#[test]
fn a_chart_that_fails_at_another_time_is_not_taken_for_one_that_stays() {
    let head = format!("{CONFIG}---\n{}", timed("{{ fail \"too late\" }}", ""));
    let found = "new error render.comes-and-goes";
    assert_eq!(judge(CONFIG, &head), (1, vec![found.to_owned()]));
}

#[test]
fn what_another_time_brings_is_judged_by_its_schema() {
    let wrong = BINDING.replace("subjects: []", "subjects: 7");
    let (_, findings) = judge(CONFIG, &later(&wrong));
    let schema = "new error schema.type RoleBinding prod b /subjects".to_owned();
    assert!(findings.contains(&schema), "{findings:?}");
    // The same object in another form: no other finding says so.
    let timed = timed("data: {a: [7]}\n", "data: {a: text}\n");
    let head = CONFIG.replace("data: {a: b}\n", &timed);
    let (code, findings) = judge(CONFIG, &head);
    assert_eq!(code, 1);
    assert!(
        findings.contains(&"new error schema.type ConfigMap c /data/a".to_owned()),
        "{findings:?}"
    );
}

#[test]
fn a_map_with_other_keys_is_named_and_what_lasts_of_it_is_compared() {
    let template = |fixed: &str| {
        CONFIG.replace(
            "{a: b}",
            &format!("\n  a: {fixed}\n  {{{{ randAlpha 8 | lower }}}}: x"),
        )
    };
    let (code, findings) = judge(CONFIG, &template("b"));
    assert_eq!(code, 0);
    assert_eq!(
        findings,
        ["new warning render.unstable-shape ConfigMap c /data"]
    );
    let (_, findings) = judge(&template("b"), &template("c"));
    assert_eq!(
        findings,
        ["existing warning render.unstable-shape ConfigMap c /data"]
    );
}

#[test]
fn what_another_time_brings_is_judged_by_policies() {
    let pod = |privileged: bool| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: prod}}\nspec:\n  containers:\n  - name: a\n    \
             image: a.example/a:1\n    securityContext: {{privileged: {privileged}}}\n"
        )
    };
    let is_privileged =
        |found: &String| found.starts_with("new") && found.contains("privileged Pod prod p");
    let (_, findings) = judge(CONFIG, &later(&pod(true)));
    assert!(findings.iter().any(is_privileged), "{findings:?}");
    // Another form of an object that the base has.
    let timed = timed("    securityContext: {privileged: true}\n", "");
    let plain = pod(false);
    let head = plain.replace("    securityContext: {privileged: false}\n", &timed);
    let (_, findings) = judge(&plain, &head);
    assert!(findings.iter().any(is_privileged), "{findings:?}");
}
