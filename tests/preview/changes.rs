//! What a change does to what is live: action, origin, basis.

use drydock::config::repo::Engine;
use drydock::finding::Severity;
use drydock::observe::{Scope, snapshot};
use drydock::preview::{Action, Basis, Origin};
use drydock::render::{Outcome, Problem};
use serde_json::json;

use crate::apiserver::ApiServer;
use crate::scene::Scene;

/// Two replicas of one container; the image and the replicas are what tests change.
fn deployment(image: &str, replicas: u8) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: {replicas}
  selector:
    matchLabels: {{app: web}}
  template:
    metadata:
      labels: {{app: web}}
    spec:
      containers:
      - name: web
        image: {image}
"
    )
}

fn config_map(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings}}\ndata: {{a: \"{value}\"}}\n"
    )
}

/// Makes an object live as the built-in apply would have.
fn apply(server: &ApiServer, namespace: &str, text: &str) {
    server.kubectl(
        &[
            "-n",
            namespace,
            "apply",
            "--server-side",
            "--force-conflicts",
            "--field-manager",
            "drydock",
            "-f",
            "-",
        ],
        text,
    );
}

/// What a person does outside Git.
fn scale_to_five(server: &ApiServer, namespace: &str) {
    let scale = [
        "-n",
        namespace,
        "scale",
        "deployment",
        "web",
        "--replicas=5",
    ];
    server.kubectl(&scale, "");
}

#[tokio::test]
async fn a_new_object_is_created_by_this_pull_request() {
    let server = ApiServer::shared();
    let namespace = server.namespace("create");
    let scene = Scene::new(&namespace, None, Some(&config_map("1")));
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(change.action, Action::Create);
    assert_eq!(change.origin, Origin::ThisPr);
    assert_eq!(change.basis, Basis::Server);
    assert_eq!(change.object.namespace.as_deref(), Some(namespace.as_str()));
    assert!(change.diff.contains("+  a: \"1\""), "{}", change.diff);
    assert_eq!(change.note, None);
    assert!(seen.findings.head.is_empty() && seen.findings.not_verified.is_empty());
}

#[tokio::test]
async fn a_changed_field_is_this_pull_requests_and_defaults_are_no_changes() {
    let server = ApiServer::shared();
    let namespace = server.namespace("update");
    apply(server, &namespace, &deployment("shop/web:1", 2));
    let (base, head) = (deployment("shop/web:1", 2), deployment("shop/web:2", 2));
    let scene = Scene::new(&namespace, Some(&base), Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Update, Origin::ThisPr)
    );
    assert_eq!(change.basis, Basis::Server);
    assert_eq!(change.fields.len(), 1, "{:?}", change.fields);
    assert_eq!(
        change.fields[0].pointer,
        "/spec/template/spec/containers/0/image"
    );
    assert_eq!(change.fields[0].before, Some(json!("shop/web:1")));
    assert_eq!(change.fields[0].after, Some(json!("shop/web:2")));
    assert!(
        change.diff.contains("-        image: shop/web:1\n")
            || change.diff.contains("image: shop/web:1\n")
    );
}

#[tokio::test]
async fn a_value_that_differs_from_render_to_render_is_neither_change_nor_drift() {
    let server = ApiServer::shared();
    let namespace = server.namespace("unstable");
    let text = |random: &str, fixed: u8| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{random: {random}, fixed: \"{fixed}\"}}\n"
        )
    };
    apply(server, &namespace, &text("live", 1));
    let mut scene = Scene::new(&namespace, Some(&text("r1", 1)), Some(&text("r2", 2)));
    scene.mark_unstable("/data/random");
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin, change.basis),
        (Action::Update, Origin::ThisPr, Basis::Server)
    );
    let pointers: Vec<&str> = change
        .fields
        .iter()
        .map(|field| field.pointer.as_str())
        .collect();
    assert_eq!(pointers, ["/data/fixed"]);
    assert!(
        !change.diff.contains("r1") && !change.diff.contains("r2"),
        "{}",
        change.diff
    );
}

#[tokio::test]
async fn a_removed_object_is_deleted_and_a_removed_claim_is_a_danger() {
    let server = ApiServer::shared();
    let namespace = server.namespace("delete");
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    apply(server, &namespace, claim);
    let base = format!("{claim}---\n{}", config_map("1"));
    let mut scene = Scene::new(&namespace, Some(&base), Some(&config_map("1")));
    let seen = scene.preview(Some(server.admin())).await;
    let kept = seen.change();
    assert_eq!(
        (kept.action, kept.dangers.len()),
        (Action::Delete, 0),
        "Drydock's own engine deletes no claim"
    );
    scene.deployed_by(Engine::Flux);
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Delete, Origin::ThisPr)
    );
    assert_eq!(change.dangers[0].rule, "danger.delete-volume-claim");
    assert_eq!(
        seen.preview.unchanged, 1,
        "the ConfigMap was not asked about"
    );
}

#[tokio::test]
async fn an_object_that_is_gone_already_needs_no_deletion() {
    let server = ApiServer::shared();
    let namespace = server.namespace("gone");
    let scene = Scene::new(&namespace, Some(&config_map("1")), None);
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Unchanged, Origin::AlreadyLive)
    );
}

#[tokio::test]
async fn drift_is_seen_when_everything_is_asked_about() {
    let server = ApiServer::shared();
    let namespace = server.namespace("drift");
    apply(server, &namespace, &deployment("shop/web:1", 2));
    scale_to_five(server, &namespace);
    let text = deployment("shop/web:1", 2);
    let mut scene = Scene::new(&namespace, Some(&text), Some(&text));
    let seen = scene.preview(Some(server.admin())).await;
    assert!(
        seen.questions.is_empty(),
        "equal renderings are not asked about"
    );
    assert_eq!(seen.preview.unchanged, 1);
    scene.scope = Scope::All;
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Update, Origin::Drift)
    );
    assert_eq!(change.fields[0].pointer, "/spec/replicas");
    assert_eq!(change.fields[0].before, Some(json!(5)));
    assert_eq!(change.fields[0].after, Some(json!(2)));
}

#[tokio::test]
async fn drift_in_another_field_stands_beside_the_change() {
    let server = ApiServer::shared();
    let namespace = server.namespace("beside");
    apply(server, &namespace, &deployment("shop/web:1", 2));
    scale_to_five(server, &namespace);
    let (base, head) = (deployment("shop/web:1", 2), deployment("shop/web:2", 2));
    let scene = Scene::new(&namespace, Some(&base), Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let origins: Vec<_> = seen
        .preview
        .changes
        .iter()
        .map(|change| change.origin)
        .collect();
    assert_eq!(origins, [Origin::ThisPr, Origin::Drift]);
    let taken = seen.finding("preview.takes-over");
    assert_eq!(taken.pointer.as_deref(), Some("/spec/replicas"));
    assert!(taken.message.contains("kubectl"), "{}", taken.message);
}

#[tokio::test]
async fn a_change_of_a_drifted_field_overwrites_the_drift() {
    let server = ApiServer::shared();
    let namespace = server.namespace("overwrite");
    apply(server, &namespace, &deployment("shop/web:1", 2));
    scale_to_five(server, &namespace);
    let (base, head) = (deployment("shop/web:1", 2), deployment("shop/web:1", 3));
    let scene = Scene::new(&namespace, Some(&base), Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Update, Origin::OverwritesDrift)
    );
    assert_eq!(
        change.fields[0].before,
        Some(json!(5)),
        "what is live is lost"
    );
    assert_eq!(change.fields[0].after, Some(json!(3)));
}

#[tokio::test]
async fn what_head_wants_can_be_live_already() {
    let server = ApiServer::shared();
    let namespace = server.namespace("already");
    apply(server, &namespace, &config_map("2"));
    let scene = Scene::new(&namespace, Some(&config_map("1")), Some(&config_map("2")));
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Unchanged, Origin::AlreadyLive)
    );
}

#[tokio::test]
async fn a_field_that_leaves_the_manifest_leaves_the_object() {
    let server = ApiServer::shared();
    let namespace = server.namespace("dropped");
    let base =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: \"1\", b: \"2\"}\n";
    apply(server, &namespace, base);
    let scene = Scene::new(&namespace, Some(base), Some(&config_map("1")));
    let seen = scene.preview(Some(server.admin())).await;
    let change = seen.change();
    assert_eq!(change.fields[0].pointer, "/data/b");
    assert_eq!(change.fields[0].after, None);
    assert_eq!(change.dangers[0].rule, "danger.config-key-removed");
}

#[tokio::test]
async fn without_a_cluster_the_renderings_are_compared_and_live_is_unknown() {
    let (base, head) = (deployment("shop/web:1", 2), deployment("shop/web:1", 0));
    let scene = Scene::new("shop", Some(&base), Some(&head));
    let seen = scene.preview(None).await;
    let change = seen.change();
    assert_eq!(
        (change.action, change.origin),
        (Action::Update, Origin::Unknown)
    );
    assert_eq!(change.basis, Basis::Estimated);
    assert_eq!(change.note.as_deref(), Some("no cluster is connected"));
    assert_eq!(change.dangers[0].rule, "danger.scale-to-zero");
    assert_eq!(
        seen.findings.not_verified[0].reason,
        "no cluster is connected"
    );
}

#[tokio::test]
async fn a_repair_is_asked_about_although_the_state_before_does_not_render() {
    let server = ApiServer::shared();
    let namespace = server.namespace("repaired");
    let head = deployment("shop/web:1", 2).replace("replicas: 2", "replicas: -1");
    let mut scene = Scene::new(&namespace, Some(&head), Some(&head));
    scene.rendered.base = Outcome::Failed(vec![Problem {
        message: "no such base".into(),
        path: None,
        line: 0,
        blame: drydock::finding::Blame::Author,
    }]);
    let seen = scene.preview(Some(server.admin())).await;
    assert_eq!(seen.finding("preview.refused").severity, Severity::Error);
    assert!(seen.findings.base.is_empty());
    assert!(seen.preview.withheld && seen.preview.changes.is_empty());
    scene.rendered.head = scene.rendered.base.clone();
    assert!(
        scene
            .preview(Some(server.admin()))
            .await
            .questions
            .is_empty()
    );
}

#[tokio::test]
async fn a_side_that_does_not_render_withholds_the_application() {
    let server = ApiServer::shared();
    let namespace = server.namespace("unrendered");
    let mut scene = Scene::new(&namespace, Some(&config_map("1")), Some(&config_map("2")));
    scene.rendered.head = Outcome::Failed(vec![Problem {
        message: "no such base".into(),
        path: None,
        line: 0,
        blame: drydock::finding::Blame::Author,
    }]);
    let seen = scene.preview(Some(server.admin())).await;
    assert!(seen.questions.is_empty());
    assert!(seen.preview.withheld && seen.preview.changes.is_empty());
}

#[tokio::test]
async fn a_recording_gives_the_same_changes_and_is_never_the_server() {
    let server = ApiServer::shared();
    let namespace = server.namespace("recording");
    apply(server, &namespace, &deployment("shop/web:1", 2));
    let (base, head) = (deployment("shop/web:1", 2), deployment("shop/web:2", 2));
    let scene = Scene::new(&namespace, Some(&base), Some(&head));
    let live = scene.preview(Some(server.admin())).await;
    let text = snapshot::write(&live.observation);
    let read = snapshot::parse(&text).unwrap();
    assert!(read.recorded);
    let questions = scene.questions(&read);
    let again = scene.conclude(questions, read);
    let (recorded, seen) = (again.change(), live.change());
    assert_eq!(
        (recorded.action, recorded.origin),
        (seen.action, seen.origin)
    );
    assert_eq!(recorded.fields, seen.fields);
    assert_eq!(recorded.diff, seen.diff);
    assert_eq!(recorded.basis, Basis::Estimated);
    assert_eq!(recorded.note.as_deref(), Some("from a recording"));
    assert_eq!(snapshot::write(&again.observation), text, "equal bytes");
}

#[tokio::test]
async fn a_generated_config_map_shows_what_changed_inside() {
    let server = ApiServer::shared();
    let namespace = server.namespace("generated");
    let named = |hash: &str, value: &str| {
        config_map(value).replace("name: settings", &format!("name: settings-{hash}"))
    };
    let (base, head) = (named("k5h8f2t6mc", "1"), named("9b2gtm7hk4", "2"));
    apply(server, &namespace, &base);
    let scene = Scene::new(&namespace, Some(&base), Some(&head));
    let seen = scene.preview(Some(server.admin())).await;
    let [new, old] = seen.preview.changes.as_slice() else {
        panic!("{:?}", seen.preview.changes);
    };
    assert_eq!((new.action, old.action), (Action::Create, Action::Delete));
    assert_eq!(new.fields[0].pointer, "/data/a");
    assert_eq!(new.note.as_deref(), Some("replaces `settings-k5h8f2t6mc`"));
    assert!(
        new.diff.contains("-  a: \"1\"\n+  a: \"2\"\n"),
        "{}",
        new.diff
    );
}

#[tokio::test]
async fn an_object_that_becomes_a_hook_of_its_deployer_is_deleted() {
    let policy = |hook: &str| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: fence{hook}}}\nspec: {{podSelector: {{}}}}\n"
        )
    };
    let plain = policy("");
    let hook = policy(", annotations: {argocd.argoproj.io/hook: PreSync}");
    let skipped = policy(", annotations: {argocd.argoproj.io/hook: Skip}");
    for (base, head, action) in [
        (&plain, &hook, Action::Delete),
        (&hook, &plain, Action::Create),
        (&plain, &skipped, Action::Update),
    ] {
        let mut scene = Scene::new("default", Some(base), Some(head));
        scene.deployed_by(Engine::ArgoCd);
        let seen = scene.preview(None).await;
        assert_eq!(seen.change().action, action, "{head}");
        if action == Action::Delete {
            assert!(!seen.change().dangers.is_empty());
            let note = seen.change().note.as_deref().unwrap_or_default();
            assert!(note.contains("becomes a hook"), "{note}");
        }
    }
}
