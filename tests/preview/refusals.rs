//! What the cluster says against a change, and what could not be asked.

use drydock::config::settings::Allow;
use drydock::finding::Severity;
use drydock::observe::{Allowed, Live};
use drydock::preview::{Action, Basis, Origin};

use crate::apiserver::ApiServer;
use crate::scene::Scene;
use crate::support::restrict_pods;

fn deployment(selector: &str, extra: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 2
{extra}  selector:
    matchLabels: {{app: {selector}}}
  template:
    metadata:
      labels: {{app: {selector}}}
    spec:
      containers:
      - name: web
        image: shop/web:1
"
    )
}

fn in_namespace(namespace: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: {namespace}}}\ndata: {{a: \"1\"}}\n"
    )
}

#[tokio::test]
async fn an_immutable_field_is_a_finding_on_its_line_and_a_danger() {
    let server = ApiServer::shared();
    let namespace = server.namespace("fixed");
    server.kubectl(
        &["-n", &namespace, "apply", "--server-side", "-f", "-"],
        &deployment("web", ""),
    );
    let (base, head) = (deployment("web", ""), deployment("shop", ""));
    let scene = Scene::new(&namespace, Some(&base), Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let finding = seen.finding("preview.immutable");
    assert_eq!(finding.pointer.as_deref(), Some("/spec/selector"));
    assert_eq!(finding.severity, Severity::Error);
    let source = finding.source.as_ref().unwrap();
    assert_eq!((source.path.as_str(), source.line), ("app/all.yaml", 7));
    let change = seen.change();
    assert_eq!(change.basis, Basis::Estimated);
    assert_eq!(change.dangers[0].rule, "danger.recreate");
    assert!(
        seen.findings
            .base
            .iter()
            .all(|finding| finding.rule != "preview.immutable")
    );
}

#[tokio::test]
async fn undeclared_fields_are_listed_the_same_way_twenty_times() {
    let server = ApiServer::shared();
    let namespace = server.namespace("misfit");
    let head = deployment("web", "  replica: 3\n  stratagy: {type: Recreate}\n");
    let scene = Scene::new(&namespace, None, Some(&head));
    let first = scene.preview(Some(server.admin())).await;
    let messages: Vec<_> = first
        .findings
        .head
        .iter()
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "the cluster refuses `/spec/replica`: is not declared in the schema",
            "the cluster refuses `/spec/stratagy`: is not declared in the schema",
        ]
    );
    for _ in 1..20 {
        let again = scene.preview(Some(server.admin())).await;
        assert_eq!(again.findings.head, first.findings.head);
        assert_eq!(again.preview.changes, first.preview.changes);
    }
}

#[tokio::test]
async fn a_namespace_of_the_same_change_is_new_and_no_finding() {
    let server = ApiServer::shared();
    let namespace = format!("edge-{}", std::process::id());
    let head = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n---\n{}",
        in_namespace(&namespace)
    );
    let scene = Scene::new("default", None, Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let change = &seen.preview.changes[0];
    assert_eq!(change.object.kind, "ConfigMap");
    assert_eq!(
        (change.action, change.origin),
        (Action::Create, Origin::ThisPr)
    );
    assert_eq!(change.basis, Basis::Schema);
    assert_eq!(change.note, Some(format!("namespace `{namespace}` is new")));
    assert_eq!(seen.preview.changes[1].basis, Basis::Server);
    assert!(seen.findings.head.is_empty(), "{:?}", seen.findings.head);
    assert_eq!(seen.findings.not_verified.len(), 1, "counted, never silent");
}

#[tokio::test]
async fn a_namespace_that_nobody_makes_is_a_finding() {
    let server = ApiServer::shared();
    let scene = Scene::new("default", None, Some(&in_namespace("nowhere")));
    let seen = scene.preview(Some(server.admin())).await;
    let finding = seen.finding("preview.namespace-missing");
    assert_eq!(finding.pointer.as_deref(), Some("/metadata/namespace"));
    assert_eq!(finding.source.as_ref().unwrap().line, 3);
}

const WIDGETS: &str = "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gears.shop.example}
spec:
  group: shop.example
  scope: Namespaced
  names: {kind: Gear, plural: gears}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {teeth: {type: integer}}}}}}
";
const WIDGET: &str =
    "apiVersion: shop.example/v1\nkind: Gear\nmetadata: {name: big}\nspec: {teeth: 12}\n";

#[tokio::test]
async fn a_kind_that_the_same_change_defines_is_named_so() {
    let server = ApiServer::shared();
    let namespace = server.namespace("gear");
    let head = format!("{WIDGETS}---\n{WIDGET}");
    let scene = Scene::new(&namespace, None, Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let gear = seen
        .preview
        .changes
        .iter()
        .find(|change| change.object.kind == "Gear")
        .unwrap();
    assert_eq!(gear.basis, Basis::Schema);
    assert_eq!(
        gear.note.as_deref(),
        Some("kind `Gear` is defined by this change")
    );
    assert_eq!(gear.object.namespace.as_deref(), Some(namespace.as_str()));
    assert!(seen.findings.head.is_empty(), "{:?}", seen.findings.head);
    let alone = Scene::new(&namespace, None, Some(WIDGET));
    let seen = alone.preview(Some(server.admin())).await;
    assert_eq!(
        seen.finding("preview.kind-missing").pointer.as_deref(),
        Some("/kind")
    );
}

#[tokio::test]
async fn a_warning_header_becomes_a_finding() {
    let server = ApiServer::shared();
    let namespace = server.namespace("warned");
    restrict_pods(server, &namespace);
    let scene = Scene::new(&namespace, None, Some(&deployment("web", "")));
    let seen = scene.preview(Some(server.admin())).await;
    let finding = seen.finding("preview.warning");
    assert_eq!(finding.severity, Severity::Warning);
    assert!(
        finding
            .message
            .starts_with("the cluster warns: would violate PodSecurity"),
        "{}",
        finding.message
    );
    assert_eq!(seen.change().basis, Basis::Server);
}

#[tokio::test]
async fn a_refused_pod_is_a_finding_with_the_clusters_words() {
    let server = ApiServer::shared();
    let namespace = server.namespace("pods");
    restrict_pods(server, &namespace);
    server.kubectl(
        &["-n", &namespace, "create", "serviceaccount", "default"],
        "",
    );
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i}]}\n";
    let scene = Scene::new(&namespace, None, Some(pod));
    let seen = scene.preview(Some(server.admin())).await;
    let finding = seen.finding("preview.refused");
    assert!(
        finding.message.contains("violates PodSecurity"),
        "{}",
        finding.message
    );
}

#[tokio::test]
async fn a_secret_is_not_asked_about_and_its_value_is_nowhere() {
    let server = ApiServer::shared();
    let namespace = server.namespace("withheld");
    let secret = |value: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: key}}\nstringData: {{token: {value}, other: x}}\n"
        )
    };
    let live = secret("canary-live-0123456789");
    server.kubectl(
        &["-n", &namespace, "apply", "--server-side", "-f", "-"],
        &live,
    );
    let (base, head) = (
        secret("canary-base-0123456789"),
        secret("canary-head-0123456789"),
    );
    let scene = Scene::new(&namespace, Some(&base), Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Update, Origin::Unknown)
    );
    assert_eq!(
        change.fields[0].pointer, "/stringData/token",
        "what changed is told, not the value"
    );
    assert_eq!(seen.findings.not_verified.len(), 1);
    let recorded = drydock::observe::snapshot::write(&seen.observation);
    for text in [seen.everything(), recorded] {
        assert!(!text.contains("canary"), "a Secret's value leaked");
        assert!(
            !text.contains("Y2FuYXJ5"),
            "a Secret's value leaked as base64"
        );
    }
}

#[tokio::test]
async fn an_identity_without_rights_estimates_and_says_whose_move_it_is() {
    let server = ApiServer::shared();
    let namespace = server.namespace("norights");
    let scene = Scene::new(&namespace, None, Some(&in_namespace(&namespace)));
    let seen = scene.preview(Some(server.user("rightless"))).await;
    let change = seen.change();
    assert_eq!(
        (change.basis, change.origin),
        (Basis::Estimated, Origin::Unknown)
    );
    let reason = &seen.findings.not_verified[0].reason;
    assert!(
        reason.contains("does not allow this identity to"),
        "{reason}"
    );
    assert!(seen.findings.head.is_empty(), "no fault of the author");
}

#[tokio::test]
async fn an_unreachable_cluster_is_said_once_and_everything_is_estimated() {
    let server = ApiServer::shared();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    let text = std::fs::read_to_string(server.admin()).unwrap();
    std::fs::write(&path, text.replace(server.url(), "https://127.0.0.1:1")).unwrap();
    let scene = Scene::new("shop", None, Some(&in_namespace("shop")));
    let seen = scene.preview(Some(path)).await;
    assert_eq!(seen.change().basis, Basis::Estimated);
    assert_eq!(seen.findings.not_verified.len(), 1);
    let reason = &seen.findings.not_verified[0].reason;
    assert!(
        reason.starts_with("cluster `staging` could not be reached"),
        "{reason}"
    );
}

#[tokio::test]
async fn an_object_outside_the_allowed_namespaces_is_not_read_back() {
    let server = ApiServer::shared();
    let namespace = server.namespace("private");
    server.apply_as("drydock", &in_namespace(&namespace));
    let mut scene = Scene::new(
        "default",
        None,
        Some(&in_namespace(&namespace).replace("a: \"1\"", "a: \"2\"")),
    );
    scene.allowed = Allowed::only(Allow {
        namespaces: vec!["shop-*".to_owned()].try_into().unwrap(),
        ..Allow::default()
    });
    let seen = scene.preview(Some(server.admin())).await;
    assert_eq!(seen.change().origin, Origin::Unknown);
    let answer = seen.observation.answers.values().next().unwrap();
    assert!(matches!(answer.live, Live::NotAsked));
    assert_eq!(seen.findings.not_verified.len(), 1);
}
