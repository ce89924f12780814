//! The cluster client: what each answer of a real API server becomes.

use std::collections::BTreeSet;

use drydock::clients::cluster::{
    Answer, Apply, ClusterError, Deleted, Fence, PreviewClient, Rejection,
};
use drydock::ids::ClusterName;
use drydock::run::observe;
use serde_json::{Value, json};

use crate::apiserver::ApiServer;
use crate::support::{
    apply_client, credentials, dry_run, manifest, masker, preview_client, restrict_pods, served,
};

fn config_map(namespace: &str, name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap",
           "metadata": {"name": name, "namespace": namespace}, "data": data})
}

fn deployment(namespace: &str, selector: &str, spec: Value) -> Value {
    let mut value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 2,
            "selector": {"matchLabels": {"app": selector}},
            "template": {"metadata": {"labels": {"app": selector}},
                         "spec": {"containers": [{"name": "c", "image": "shop/web:1"}]}}}});
    if let (Some(target), Value::Object(extra)) = (value["spec"].as_object_mut(), spec) {
        target.extend(extra);
    }
    value
}

fn rejection(answer: Answer) -> Rejection {
    match answer {
        Answer::Rejected(rejection) => rejection,
        Answer::Accepted { object, .. } => panic!("accepted: {}", object.value()),
    }
}

#[tokio::test]
async fn facts_hold_version_kinds_and_the_schemas_asked_for() {
    let client = preview_client(ApiServer::shared().admin()).await;
    let apps = ("apps".to_owned(), "v1".to_owned());
    let facts = client.facts(&BTreeSet::from([apps])).await.unwrap();
    assert_eq!(facts.version.unwrap().minor, 36);
    let deployment = facts.find_kind("apps", "v1", "Deployment").unwrap();
    assert_eq!(deployment.plural, "deployments");
    assert!(deployment.namespaced);
    assert!(!facts.find_kind("", "v1", "Namespace").unwrap().namespaced);
    assert_eq!(
        facts.openapi.keys().collect::<Vec<_>>(),
        ["apis/apps/v1"],
        "only what was asked for"
    );
}

#[tokio::test]
async fn a_dry_run_of_a_new_object_shows_it_and_stores_nothing() {
    let server = ApiServer::shared();
    let namespace = server.namespace("dry-create");
    let client = preview_client(server.admin()).await;
    let desired = config_map(&namespace, "settings", json!({"a": "1"}));
    let Answer::Accepted { object, .. } = dry_run(&client, desired.clone(), true).await else {
        panic!("refused");
    };
    assert_eq!(object.value()["data"]["a"], "1");
    let wanted = manifest(desired);
    let kind = served(&client, wanted.object()).await;
    assert!(client.read(&kind, wanted.object()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_missing_namespace_and_a_missing_kind_are_named_classes() {
    let server = ApiServer::shared();
    let client = preview_client(server.admin()).await;
    let desired = config_map("no-such-place", "settings", json!({}));
    assert_eq!(
        rejection(dry_run(&client, desired, true).await),
        Rejection::NamespaceMissing
    );
    let unknown = manifest(json!({"apiVersion": "apps/v1", "kind": "Gadget",
        "metadata": {"name": "g", "namespace": "default"}}));
    let mut kind = served(
        &client,
        manifest(config_map("default", "x", json!({}))).object(),
    )
    .await;
    kind.group = "apps".into();
    kind.plural = "gadgets".into();
    let answer = client
        .dry_run(&Apply {
            object: unknown.object(),
            served: &kind,
            manifest: &unknown,
            labels: &[],
            annotations: &[],
            field_manager: "drydock",
            force: true,
        })
        .await
        .unwrap();
    assert_eq!(rejection(answer), Rejection::KindMissing);
}

#[tokio::test]
async fn an_immutable_field_is_refused_with_its_cause() {
    let server = ApiServer::shared();
    let namespace = server.namespace("immutable");
    server.apply_as(
        "drydock",
        &deployment(&namespace, "web", json!({})).to_string(),
    );
    let client = preview_client(server.admin()).await;
    let Rejection::Refused { code, causes, .. } =
        rejection(dry_run(&client, deployment(&namespace, "other", json!({})), true).await)
    else {
        panic!("another rejection");
    };
    assert_eq!(code, 422);
    let (field, message) = &causes[0];
    assert_eq!(field, "spec.selector");
    assert!(message.contains("field is immutable"), "{message}");
}

#[tokio::test]
async fn an_undeclared_field_has_one_answer_over_twenty_identical_requests() {
    let server = ApiServer::shared();
    let namespace = server.namespace("undeclared");
    let client = preview_client(server.admin()).await;
    let wrong = deployment(&namespace, "web", json!({"replica": 3, "stratagy": {}}));
    for _ in 0..20 {
        assert_eq!(
            rejection(dry_run(&client, wrong.clone(), true).await),
            Rejection::DoesNotFitSchema
        );
    }
}

#[tokio::test]
async fn a_conflict_names_the_field_and_its_owner_and_force_takes_it() {
    let server = ApiServer::shared();
    let namespace = server.namespace("conflict");
    let live = config_map(&namespace, "settings", json!({"a": "by hand"}));
    server.apply_as("somebody", &live.to_string());
    let client = preview_client(server.admin()).await;
    let desired = config_map(&namespace, "settings", json!({"a": "by git"}));
    let Rejection::Conflict(causes) = rejection(dry_run(&client, desired.clone(), false).await)
    else {
        panic!("another rejection");
    };
    assert_eq!(causes[0].0, ".data.a");
    assert!(causes[0].1.contains("somebody"), "{}", causes[0].1);
    assert!(matches!(
        dry_run(&client, desired, true).await,
        Answer::Accepted { .. }
    ));
}

#[tokio::test]
async fn warning_headers_of_pod_security_are_kept() {
    let server = ApiServer::shared();
    let namespace = server.namespace("restricted");
    restrict_pods(server, &namespace);
    let client = preview_client(server.admin()).await;
    let Answer::Accepted { warnings, .. } =
        dry_run(&client, deployment(&namespace, "web", json!({})), true).await
    else {
        panic!("refused");
    };
    assert!(
        warnings[0].starts_with("would violate PodSecurity"),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn a_secret_is_neither_read_nor_dry_run_by_the_preview_client() {
    let server = ApiServer::shared();
    let namespace = server.namespace("secret");
    let client = preview_client(server.admin()).await;
    let secret = manifest(json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "s", "namespace": namespace}, "data": {"k": "Y2FuYXJ5"}}));
    let kind = served(&client, secret.object()).await;
    assert!(matches!(
        client.read(&kind, secret.object()).await,
        Err(ClusterError::SecretWithheld(_))
    ));
    let asked = client
        .dry_run(&Apply {
            object: secret.object(),
            served: &kind,
            manifest: &secret,
            labels: &[],
            annotations: &[],
            field_manager: "drydock",
            force: true,
        })
        .await;
    assert!(matches!(asked, Err(ClusterError::SecretWithheld(_))));
}

#[tokio::test]
async fn an_identity_without_rights_is_told_apart_from_a_refused_object() {
    let server = ApiServer::shared();
    let namespace = server.namespace("forbidden");
    let kubeconfig = server.user("nobody");
    let client = preview_client(kubeconfig).await;
    let desired = manifest(config_map(&namespace, "settings", json!({})));
    let admin = preview_client(server.admin()).await;
    let kind = served(&admin, desired.object()).await;
    let error = client.read(&kind, desired.object()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Forbidden { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains(&format!("get configmaps in namespace `{namespace}`")),
        "{error}"
    );
}

#[tokio::test]
async fn a_cluster_that_does_not_listen_is_unreachable() {
    let server = ApiServer::shared();
    let text = std::fs::read_to_string(server.admin()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    // Port 1 of the loopback address: nothing listens there.
    std::fs::write(&path, text.replace(server.url(), "https://127.0.0.1:1")).unwrap();
    let client = preview_client(path).await;
    let error = client.facts(&BTreeSet::new()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Unreachable { .. }), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("cluster `staging` could not be reached")
    );
}

#[tokio::test]
async fn a_kubeconfig_that_is_missing_is_the_operators_move() {
    let missing = credentials("/nonexistent/kubeconfig".into());
    let error = PreviewClient::connect(&missing, &ClusterName::default(), masker())
        .await
        .err()
        .unwrap();
    assert!(matches!(error, ClusterError::Credentials { .. }), "{error}");
}

#[tokio::test]
async fn the_apply_client_writes_lists_and_deletes_exactly_what_it_saw() {
    let server = ApiServer::shared();
    let namespace = server.namespace("apply");
    let client = apply_client(server).await;
    let facts = client.facts(&BTreeSet::new()).await.unwrap();
    let kind = facts.find_kind("", "v1", "Secret").unwrap().clone();
    let desired = manifest(json!({"apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "s", "namespace": namespace}, "data": {"k": "Y2FuYXJ5"}}));
    let tracking = [("drydock/app".to_owned(), "shop".to_owned())];
    let applied = client
        .apply(&Apply {
            object: desired.object(),
            served: &kind,
            manifest: &desired,
            labels: &tracking,
            annotations: &[],
            field_manager: "drydock",
            force: false,
        })
        .await
        .unwrap();
    let Answer::Accepted { object, .. } = applied else {
        panic!("refused");
    };
    assert!(!object.value().to_string().contains("Y2FuYXJ5"));
    let stored = server.kubectl(
        &[
            "-n",
            &namespace,
            "get",
            "secret",
            "s",
            "-o",
            "jsonpath={.data.k}",
        ],
        "",
    );
    assert_eq!(stored, "Y2FuYXJ5", "the real value was written");
    let listed = client
        .list(&kind, Some(&namespace), "drydock/app=shop")
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    let wrong_uid = client
        .delete(
            &kind,
            desired.object(),
            "00000000-0000-0000-0000-000000000000",
            None,
        )
        .await
        .unwrap();
    assert_eq!(wrong_uid, Deleted::Changed);
    let uid = object.value()["metadata"]["uid"].as_str().unwrap();
    for expected in [Deleted::Accepted, Deleted::Absent] {
        let deleted = client.delete(&kind, desired.object(), uid, None).await;
        assert_eq!(deleted.unwrap(), expected);
    }
}

#[tokio::test]
async fn without_the_policy_the_proof_of_the_fence_fails() {
    let server = ApiServer::shared();
    let namespace = server.namespace("unfenced");
    let admin = preview_client(server.admin()).await;
    let Fence::Missing(reason) = admin.prove_fence(&namespace).await.unwrap() else {
        panic!("the fence holds for an administrator");
    };
    assert!(reason.contains("a real write was accepted"), "{reason}");
    let nobody = preview_client(server.user("unfenced-nobody")).await;
    let Fence::Missing(reason) = nobody.prove_fence(&namespace).await.unwrap() else {
        panic!("missing rights prove nothing");
    };
    assert!(reason.contains("could not be tried"), "{reason}");
}

#[tokio::test]
async fn a_kind_that_was_installed_since_the_last_judgement_is_known_to_the_next() {
    let server = ApiServer::shared();
    let name = ClusterName("late".to_owned());
    let client = preview_client(server.admin()).await;
    let clusters = observe::Clusters::from([(name.clone(), Ok(client))]);
    let knows = |observation: &drydock::observe::Observation| {
        let facts = &observation.facts[&name];
        facts
            .find_kind("late.acme.dev", "v1", "Latecomer")
            .is_some()
    };
    assert!(!knows(&observe::fetch_facts(&clusters, &[]).await));
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "latecomers.late.acme.dev"},
        "spec": {"group": "late.acme.dev", "scope": "Namespaced",
            "names": {"kind": "Latecomer", "plural": "latecomers", "singular": "latecomer"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object"}}}]}});
    server.kubectl(&["apply", "-f", "-"], &definition.to_string());
    let established = [
        "wait",
        "--for=condition=Established",
        "crd/latecomers.late.acme.dev",
        "--timeout=60s",
    ];
    server.kubectl(&established, "");
    assert!(
        !knows(&observe::fetch_facts(&clusters, &[]).await),
        "kept within a judgement"
    );
    observe::refresh_facts(&clusters).await;
    assert!(knows(&observe::fetch_facts(&clusters, &[]).await));
}
