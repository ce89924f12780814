//! What was not approved is not written.

use super::app::{App, Shop};
use crate::shop::REPOSITORY;

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_differs_from_what_was_approved_and_fails_is_held() {
    let scene = Shop::start("held", "apply", "kustomize").await;
    let change = App {
        color: "green",
        ..App::BEFORE
    };
    let pull = scene.open("change", &change, "success").await;
    // Another commit lands on the branch meanwhile, and nobody tells.
    let other = App {
        port: "\"none\"",
        ..App::BEFORE
    };
    scene.commit("main", None, &other);
    let before = scene.versions();
    let revision = scene.merge(pull).await;
    let told = scene.wait_for_comment(pull, "After the merge").await;
    assert!(told.body.contains("⚠️ held"), "{}", told.body);
    scene.wait_for_deployment(&revision, "error").await;
    assert_eq!(scene.versions(), before);
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_with_a_failing_check_writes_nothing() {
    let scene = Shop::start("unapproved", "apply", "kustomize").await;
    let wrong = App {
        replicas: "\"3\"",
        ..App::AFTER
    };
    let pull = scene.open("change", &wrong, "failure").await;
    let before = scene.versions();
    let revision = scene.merge(pull).await;
    let told = scene.wait_for_comment(pull, "After the merge").await;
    assert!(told.body.contains("⚠️ held"), "{}", told.body);
    scene.wait_for_deployment(&revision, "error").await;
    assert_eq!(scene.versions(), before);
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_deletion_of_what_the_merge_wants_again_is_not_carried_out() {
    let scene = Shop::start("wanted", "apply", "directory").await;
    let _controller = scene.status_writer();
    let change = App {
        old: false,
        ..App::BEFORE
    };
    let pull = scene.open("change", &change, "success").await;
    // Meanwhile the branch gets the same object in another file, and nobody tells.
    let again = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: old, namespace: {}}}\ndata: {{a: c}}\n",
        scene.namespace
    );
    let files = [("apps/shop/again.yaml", Some(again.as_str()))];
    scene.fake.commit(REPOSITORY, "main", None, &files);
    let revision = scene.merge(pull).await;
    scene.wait_for_deployment(&revision, "success").await;
    scene.wait_live("configmap/old", "jsonpath={.data.a}=c");
    scene.fake.assert_contract_kept();
}
