//! `drydock check` on repositories and files.

use std::process::Command;

use crate::binary::{drydock, parts, run};
use crate::repo::Repo;

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: registry.example/web:1.4.2
";

fn shop() -> Repo {
    let repo = Repo::new();
    repo.write("apps/shop/web.yaml", DEPLOYMENT);
    repo.write("docs/notes.md", "# Notes\n");
    repo.commit("base");
    repo
}

#[test]
fn a_wrong_type_is_refused_on_its_line() {
    let repo = shop();
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: \"3\""),
    );
    let ran = drydock(
        repo.path(),
        &["check", "--base", "HEAD", "--format", "json"],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["verdict"], "fail");
    assert_eq!(report["gates"]["schema"], "fail");
    let finding = &report["findings"][0];
    assert_eq!(finding["gate"], "schema", "{finding}");
    assert_eq!(finding["state"], "new");
    assert_eq!(finding["blocks"], true);
    assert_eq!(finding["pointer"], "/spec/replicas");
    assert_eq!(finding["source"]["path"], "apps/shop/web.yaml");
    assert_eq!(finding["source"]["line"], 7);
    assert_eq!(finding["source"]["precision"], "exact");
}

#[test]
fn a_change_that_no_application_reads_passes_and_says_so() {
    let repo = shop();
    repo.write("docs/notes.md", "# More notes\n");
    let ran = drydock(
        repo.path(),
        &["check", "--base", "HEAD", "--format", "json"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["apps"].as_array().unwrap().len(), 0);
    assert!(
        report["untouched"].to_string().contains("docs/notes.md"),
        "{report}"
    );
}

#[test]
fn an_older_violation_is_shown_and_does_not_block() {
    let repo = Repo::new();
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: \"3\""),
    );
    repo.commit("base");
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT
            .replace("replicas: 2", "replicas: \"3\"")
            .replace("1.4.2", "1.5.0"),
    );
    let ran = drydock(
        repo.path(),
        &["check", "--base", "HEAD", "--format", "json"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let finding = &ran.json()["findings"][0];
    assert_eq!(finding["state"], "existing");
    assert_eq!(finding["blocks"], false);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let repo = shop();
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: \"3\""),
    );
    for format in ["text", "json", "markdown", "github"] {
        let once = drydock(
            repo.path(),
            &["check", "--base", "HEAD", "--format", format],
        );
        let again = drydock(
            repo.path(),
            &["check", "--base", "HEAD", "--format", format],
        );
        assert_eq!(once.stdout, again.stdout, "{format}");
        assert!(!once.stdout.is_empty());
    }
}

#[test]
fn a_head_that_cannot_be_rendered_is_refused_and_deletes_nothing() {
    let repo = Repo::new();
    repo.write("k/kustomization.yaml", "resources: [web.yaml]\n")
        .write("k/web.yaml", DEPLOYMENT);
    repo.commit("base");
    repo.write("k/kustomization.yaml", "resources: [web.yaml, gone.yaml]\n");
    let ran = drydock(
        repo.path(),
        &["check", "--base", "HEAD", "--format", "json"],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["gates"]["render"], "fail");
    assert_eq!(report["apps"][0]["outcome"], "fail");
    assert_eq!(report["apps"][0]["problems"][0]["side"], "head");
    assert_eq!(report["apps"][0]["changes"].as_array().unwrap().len(), 0);
}

#[test]
fn a_remote_base_is_refused_before_anything_starts() {
    let repo = shop();
    repo.write(
        "k/kustomization.yaml",
        "resources:\n  - web.yaml\n  - https://127.0.0.1:1/base\n",
    );
    repo.write("k/web.yaml", DEPLOYMENT);
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stdout.contains("k/kustomization.yaml:3"),
        "{}",
        ran.stdout
    );
}

#[test]
fn the_configuration_that_judges_is_the_one_of_the_base() {
    let repo = shop();
    repo.write(".drydock.yaml", "version: 1\ngates: { schema: warn }\n");
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: \"3\""),
    );
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(
        ran.code, 1,
        "a change must not loosen the gate that judges it: {ran:?}"
    );
}

#[test]
fn a_deleted_policy_of_the_head_still_judges() {
    let repo = shop();
    repo.write(
        "policy/replicas.rego",
        "package main\n\nimport rego.v1\n\ndeny contains msg if {\n\tinput.kind == \"Deployment\"\n\tinput.spec.replicas > 2\n\t\
         msg := \"too many replicas\"\n}\n",
    );
    repo.commit("policy");
    repo.remove("policy").write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: 3"),
    );
    let ran = drydock(
        repo.path(),
        &["check", "--base", "HEAD", "--format", "json"],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("too many replicas"), "{}", ran.stdout);
}

#[test]
fn secret_values_appear_in_no_output() {
    let repo = shop();
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: s, namespace: shop}}\nstringData:\n  password: {value}\n"
        )
    };
    repo.write("apps/shop/secret.yaml", secret("canary-before"));
    repo.commit("secret");
    repo.write("apps/shop/secret.yaml", secret("canary-after"));
    for format in ["text", "json", "markdown", "github"] {
        let ran = drydock(
            repo.path(),
            &["check", "--base", "HEAD", "--format", format],
        );
        assert!(
            !ran.stdout.contains("canary") && !ran.stderr.contains("canary"),
            "{format}: {ran:?}"
        );
    }
    let ran = drydock(
        repo.path(),
        &[
            "check",
            "--base",
            "HEAD",
            "--gates",
            "render,schema,policy",
            "--format",
            "json",
        ],
    );
    assert_eq!(
        ran.json()["apps"][0]["changes"][0]["action"],
        "update",
        "{ran:?}"
    );
}

#[test]
fn given_files_are_judged_without_git() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("web.yaml"),
        DEPLOYMENT.replace("replicas: 2", "replicas: two"),
    )
    .unwrap();
    std::fs::write(
        folder.path().join("other.yaml"),
        "apiVersion: acme.dev/v1\nkind: Widget\nmetadata: {name: w}\n",
    )
    .unwrap();
    let ran = drydock(folder.path(), &["check", ".", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let report = ran.json();
    let status = |name: &str| {
        let objects = report["objects"].as_array().unwrap();
        objects
            .iter()
            .find(|object| object["object"]["name"] == name)
            .unwrap()["schema"]
            .clone()
    };
    assert_eq!(status("web"), "invalid");
    assert_eq!(status("w"), "no_schema");
}

#[test]
fn all_judges_every_application_and_every_finding_is_new() {
    let repo = Repo::new();
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: \"3\""),
    );
    repo.commit("base");
    let ran = drydock(repo.path(), &["check", "--all", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.json()["findings"][0]["state"], "new");
}

#[test]
fn a_misspelt_api_version_is_refused_and_deletes_nothing() {
    let repo = shop();
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("apiVersion", "apiVerison"),
    );
    let ran = drydock(
        repo.path(),
        &["check", "--base", "HEAD", "--format", "json"],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    let report = ran.json();
    assert_eq!(report["gates"]["render"], "fail");
    assert_eq!(report["apps"][0]["changes"], serde_json::json!([]));
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("`apiVersion`"), "{message}");
    // A file that is removed or emptied is a deletion that somebody meant.
    repo.write("apps/shop/web.yaml", "# nothing\n");
    repo.write("apps/shop/other.yaml", DEPLOYMENT.replace("web", "other"));
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_kubernetes_without_schemas_is_an_error_and_not_a_pass() {
    let repo = shop();
    repo.write(
        "apps/shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: \"3\""),
    );
    let arguments = ["check", "--base", "HEAD", "--kubernetes-version", "1.20"];
    let ran = drydock(repo.path(), &arguments);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stdout.contains("1.20 is older than"), "{ran:?}");
}

const DENIES_WEB: &str =
    "package main\n\ndeny contains \"no web\" if input.metadata.name == \"web\"\n";

#[test]
fn a_policy_behind_a_link_judges_and_one_out_of_the_repository_is_an_error() {
    let repo = shop();
    repo.write("rules/web.rego", DENIES_WEB);
    repo.write(
        "policy/other.rego",
        "package main\n\ndeny contains \"never\" if input.kind == \"Never\"\n",
    );
    let link = repo.path().join("policy/web.rego");
    std::os::unix::fs::symlink("../rules/web.rego", &link).unwrap();
    repo.commit("policies");
    repo.write("apps/shop/new.yaml", DEPLOYMENT.replace("shop", "edge"));
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("no web"), "{ran:?}");
    std::fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("/etc/web.rego", &link).unwrap();
    repo.commit("a link out");
    repo.write("apps/shop/more.yaml", DEPLOYMENT.replace("shop", "more"));
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn rules_of_a_misspelt_package_are_named_and_not_silent() {
    let repo = shop();
    repo.write("policy/other.rego", DENIES_WEB);
    repo.write("policy/web.rego", DENIES_WEB.replace("main", "mian"));
    repo.commit("policies");
    repo.write("apps/shop/new.yaml", DEPLOYMENT.replace("web", "edge"));
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    let named =
        "1 policy package by policy: the rules of package `mian` in `policy` are not evaluated";
    assert!(ran.stdout.contains(named), "{}", ran.stdout);
}

#[test]
fn a_head_without_a_common_commit_is_not_judged_by_its_own_rules() {
    let repo = shop();
    repo.write("policy/web.rego", DENIES_WEB);
    repo.commit("policy");
    repo.git(&["checkout", "-q", "--orphan", "stranger"]);
    repo.remove("policy");
    repo.commit("without the policy");
    let ran = drydock(repo.path(), &["check", "--head", "stranger"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("no common ancestor"), "{ran:?}");
    // Named, it judges: by its policies, for which nothing here is new.
    let arguments = ["check", "--base", "main", "--head", "stranger", "--all"];
    let ran = drydock(repo.path(), &arguments);
    assert!(ran.stdout.contains("1 older finding"), "{ran:?}");
}

fn definition(spec: &str) -> String {
    format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.acme.dev}}
spec:
  group: acme.dev
  scope: Namespaced
  names: {{kind: Widget, plural: widgets, singular: widget}}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {spec}
"
    )
}

#[test]
fn a_definition_that_nothing_deploys_does_not_soften_its_own_judgement() {
    let strict = "{type: object, properties: {size: {type: integer}}}";
    let free = "{type: object, x-kubernetes-preserve-unknown-fields: true}";
    let widget = "apiVersion: acme.dev/v1\nkind: Widget\nmetadata: {name: a, namespace: shop}\nspec: {size: 1}\n";
    let repo = shop();
    repo.write("crds/widgets.yaml", definition(strict));
    repo.write("app/kustomization.yaml", "resources: [widget.yaml]\n");
    repo.write("app/widget.yaml", widget);
    repo.commit("widgets");
    repo.write("app/widget.yaml", widget.replace("size: 1", "size: large"));
    // No kustomization names it, so it reaches no cluster.
    repo.write("app/a.yaml", definition(free));
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("spec.size"), "{ran:?}");
    // One that the change deploys judges what comes with it.
    repo.remove("app/a.yaml");
    repo.write("crds/widgets.yaml", definition(free));
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn an_object_that_calls_itself_a_chart_test_is_judged_where_no_chart_rendered_it() {
    let repo = shop();
    let test = DEPLOYMENT
        .replace("replicas: 2", "replicas: \"3\"")
        .replace(
            "  namespace",
            "  annotations: {helm.sh/hook: test}\n  namespace",
        );
    repo.write("apps/shop/web.yaml", test);
    let ran = drydock(
        repo.path(),
        &["check", "--base", "HEAD", "--format", "json"],
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.json()["findings"][0]["pointer"], "/spec/replicas");
}

#[test]
fn a_tool_that_lies_in_the_judged_repository_is_not_used() {
    let repo = shop();
    repo.write("app/kustomization.yaml", "resources: []\n");
    std::fs::copy(parts().join("bin/kustomize"), repo.path().join("kustomize")).unwrap();
    let ran = run(Command::new(env!("CARGO_BIN_EXE_drydock"))
        .args(["check", "--base", "HEAD"])
        .current_dir(repo.path())
        .env("PATH", ".:"));
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stdout.contains("Kustomize 5 is not on this machine"),
        "{ran:?}"
    );
}

#[test]
fn a_given_folder_is_judged_with_its_dot_files_and_links() {
    let wrong = DEPLOYMENT.replace("replicas: 2", "replicas: \"3\"");
    for (file, target) in [(".web.yaml", None), ("text", Some("linked.yaml"))] {
        let repo = Repo::new();
        repo.write(&format!("app/{file}"), &wrong);
        repo.write("app/fine.yaml", DEPLOYMENT);
        if let Some(link) = target {
            std::os::unix::fs::symlink(file, repo.path().join("app").join(link)).unwrap();
        }
        let ran = drydock(repo.path(), &["check", "app"]);
        assert_eq!(ran.code, 1, "{file}: {ran:?}");
    }
    let repo = Repo::new();
    repo.write("app/fine.yaml", DEPLOYMENT);
    std::os::unix::fs::symlink("/proc/self/environ", repo.path().join("app/e.yaml")).unwrap();
    let ran = drydock(repo.path(), &["check", "app"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("leaves the given folder"), "{ran:?}");
}
