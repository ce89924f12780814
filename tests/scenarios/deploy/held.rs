//! What was not approved is not written.

use super::app::{App, Shop};

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
