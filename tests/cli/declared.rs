//! Changes of what Argo CD's objects declare, as the command line reports them.

use crate::binary::drydock;
use crate::repo::Repo;

const URL: &str = "https://git.example/acme/deploy";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: registry.example/web:1.4.2}]
";

fn application(name: &str, source: &str, finalizer: bool) -> String {
    let finalizers = if finalizer {
        ", finalizers: [resources-finalizer.argocd.argoproj.io]"
    } else {
        ""
    };
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd{finalizers}}}\nspec:\n  \
         project: default\n  source: {{{source}}}\n  destination: {{namespace: shop, server: https://kubernetes.default.svc}}\n"
    )
}

fn own(path: &str) -> String {
    format!("repoURL: {URL}, path: {path}")
}

const REMOTE: &str = "repoURL: https://charts.example, chart: web, targetRevision: 1.2.3";

fn repo() -> Repo {
    let repo = Repo::new();
    repo.git(&["remote", "add", "origin", "git@git.example:acme/deploy.git"]);
    repo.write("shop/web.yaml", DEPLOYMENT);
    repo.write("argocd/shop.yaml", application("shop", &own("shop"), true));
    repo.write("argocd/keep.yaml", application("keep", &own("shop"), false));
    repo.commit("base");
    repo
}

fn check(repo: &Repo, more: &[&str]) -> crate::binary::Ran {
    let mut arguments = vec!["check", "--base", "HEAD", "--gates", "render"];
    arguments.extend(more);
    drydock(repo.path(), &arguments)
}

fn app<'a>(report: &'a serde_json::Value, id: &str) -> &'a serde_json::Value {
    let apps = report["apps"].as_array().unwrap();
    let found = apps.iter().find(|app| app["id"] == id);
    found.unwrap_or_else(|| panic!("{id}: {apps:#?}"))
}

#[test]
fn a_change_of_a_file_is_judged_in_every_application_that_declares_its_folder() {
    let repo = repo();
    repo.write(
        "shop/web.yaml",
        DEPLOYMENT.replace("replicas: 2", "replicas: 3"),
    );
    let report = check(&repo, &["--format", "json"]).json();
    let ids: Vec<&str> = report["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["argocd:keep", "argocd:shop"]);
    let declared = &app(&report, "argocd:shop")["declared_by"];
    assert_eq!(declared["path"], "argocd/shop.yaml");
    assert_eq!(declared["app"], "directory:argocd");
}

#[test]
fn removing_an_application_says_whether_its_objects_go_with_it() {
    let repo = repo();
    repo.remove("argocd/shop.yaml").remove("argocd/keep.yaml");
    let report = check(&repo, &["--format", "json"]).json();
    assert_eq!(
        app(&report, "argocd:shop")["set_change"],
        "application removed with 1 object"
    );
    assert_eq!(
        app(&report, "argocd:keep")["set_change"],
        "application removed, 1 object left behind"
    );
    assert_eq!(
        app(&report, "argocd:keep")["changes"],
        serde_json::json!([])
    );
    let deleted = &app(&report, "argocd:shop")["changes"][0];
    assert_eq!(deleted["action"], "delete");
    let text = check(&repo, &[]).stdout;
    assert!(text.contains("application removed"), "{text}");
}

#[test]
fn an_application_that_cannot_be_evaluated_fails_only_where_the_change_makes_it_so() {
    let repo = repo();
    repo.write("argocd/remote.yaml", application("remote", REMOTE, true));
    let ran = check(&repo, &["--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let report = ran.json();
    let new = app(&report, "argocd:remote");
    assert_eq!(new["outcome"], "not_evaluable");
    let message = new["problems"][0]["message"].as_str().unwrap();
    assert!(
        message.contains("the chart `web` 1.2.3 of `https://charts.example`"),
        "{message}"
    );

    repo.commit("it is there");
    let newer = REMOTE.replace("1.2.3", "1.2.4");
    repo.write("argocd/remote.yaml", application("remote", &newer, true));
    let ran = check(&repo, &["--format", "json"]);
    assert_eq!(ran.code, 0, "it was so before: {ran:?}");
    let other = REMOTE.replace("charts.example", "elsewhere.example");
    repo.write("argocd/remote.yaml", application("remote", &other, true));
    let ran = check(&repo, &[]);
    assert_eq!(ran.code, 1, "another source is another matter: {ran:?}");
    repo.write("argocd/remote.yaml", application("remote", &newer, true));
    let ran = check(&repo, &["--format", "json"]);
    assert_eq!(
        app(&ran.json(), "argocd:remote")["outcome"],
        "not_evaluable"
    );
}

#[test]
fn a_file_says_which_applications_it_affects_and_why() {
    let repo = repo();
    let why = |file: &str| drydock(repo.path(), &["apps", "--why", file]).stdout;
    let text = why("shop/web.yaml");
    assert!(
        text.contains("argocd:shop  rendering shop reads it"),
        "{text}"
    );
    assert!(
        text.contains("argocd:keep  rendering shop reads it"),
        "{text}"
    );
    let text = why("argocd/keep.yaml");
    assert!(
        text.contains("argocd:keep  its declaration stands there"),
        "{text}"
    );
    assert!(
        text.contains("directory:argocd  rendering argocd reads it"),
        "{text}"
    );
}

#[test]
fn an_application_declared_over_a_folder_does_not_take_it_out_of_sight() {
    let repo = Repo::new();
    repo.git(&["remote", "add", "origin", URL]);
    repo.write("shop/web.yaml", DEPLOYMENT);
    repo.commit("base");
    let broken = DEPLOYMENT.replace("replicas: 2", "replicas: many");
    repo.write("shop/web.yaml", broken);
    repo.write("argocd/shop.yaml", application("shop", &own("shop"), true));
    let ran = drydock(
        repo.path(),
        &[
            "check", "--base", "HEAD", "--gates", "schema", "--format", "json",
        ],
    );
    assert_eq!(ran.code, 1);
    let report = ran.json();
    assert_eq!(app(&report, "directory:shop")["outcome"], "fail");
    assert_eq!(app(&report, "argocd:shop")["outcome"], "fail");
}

#[test]
fn the_cluster_says_which_helm_renders() {
    let repo = Repo::new();
    repo.git(&["remote", "add", "origin", URL]);
    repo.write(
        "chart/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    );
    // Helm 4 leaves out a key whose default is null, Helm 3 keeps it.
    repo.write("chart/values.yaml", "labels: {kept: null, other: a}\n");
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {has: {{ hasKey .Values.labels \"kept\" | quote }} }\n";
    repo.write("chart/templates/cm.yaml", template);
    repo.write("argocd/web.yaml", application("web", &own("chart"), true));
    let rendered = |helm: u8| {
        repo.write(
            ".drydock.yaml",
            format!("version: 1\nclusters:\n  home: {{engine: argocd, helm: {helm}, argocd: {{server: \"https://kubernetes.default.svc\"}}}}\n"),
        );
        let ran = drydock(repo.path(), &["render", "--app", "argocd:web@home/argocd"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.stdout
    };
    assert!(rendered(3).contains("has: \"true\""), "{}", rendered(3));
    assert!(rendered(4).contains("has: \"false\""), "{}", rendered(4));
}
