//! Ends other than success.

use super::app::{App, Shop};
use crate::shop::REPOSITORY;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_apply_is_a_failed_deployment_and_a_new_comment() {
    let scene = Shop::start("refused", "apply", "kustomize").await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    // After the approval someone makes the object unchangeable.
    let frozen = r#"{"immutable":true}"#;
    scene.server.kubectl(
        &[
            "-n",
            &scene.namespace,
            "patch",
            "configmap",
            "settings",
            "--type=merge",
            "-p",
            frozen,
        ],
        "",
    );
    let revision = scene.merge(pull).await;
    scene.wait_for_deployment(&revision, "failure").await;
    let told = scene.wait_for_comment(pull, "❌ failed").await;
    let failed = scene.wait_for_comment(pull, "deploying").await;
    assert_ne!(told.id, failed.id, "edits notify nobody");
    assert!(failed.body.contains("immutable"), "{}", failed.body);
    // The deletion comes after every apply: it was not reached.
    scene.assert_kept("old");
    scene.look(|shop| assert_eq!((shop.deployments.len(), shop.comments.len()), (1, 2)));
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_of_another_engine_is_not_deployed_by_drydock() {
    let scene = Shop::start("flux", "flux", "kustomize").await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    let before = scene.versions();
    scene.merge(pull).await;
    scene
        .wait_for_comment(pull, "not deployed by Drydock")
        .await;
    assert_eq!(scene.versions(), before);
    scene.look(|shop| assert!(shop.deployments.is_empty()));
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_operator_does_not_allow_is_not_written() {
    let mut scene = Shop::start("forbidden", "apply", "kustomize").await;
    let change = App {
        color: "green",
        ..App::BEFORE
    };
    let pull = scene.open("change", &change, "success").await;
    let before = scene.versions();
    scene.change_settings("shop-*", "other-*");
    let revision = scene.merge(pull).await;
    scene.wait_for_comment(pull, "settings do not allow").await;
    scene.wait_for_deployment(&revision, "error").await;
    assert_eq!(scene.versions(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_is_closed_to_repositories_that_its_settings_do_not_name() {
    let mut scene = Shop::start("closed", "apply", "kustomize").await;
    let change = App {
        color: "green",
        ..App::BEFORE
    };
    let before = scene.versions();
    let named = format!("repositories: ['{REPOSITORY}']");
    scene.change_settings(&named, "repositories: ['other/*']");
    let pull = scene.open("change", &change, "success").await;
    let told = scene
        .wait_for_comment(pull, "settings do not open it to")
        .await;
    assert!(told.body.contains("estimated"), "{}", told.body);
    scene.merge(pull).await;
    scene.wait_for_comment(pull, "settings do not allow").await;
    assert_eq!(scene.versions(), before);
    scene.look(|shop| assert!(shop.deployments.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_moves_to_another_application_stays() {
    let scene = Shop::start("moved", "apply", "directory").await;
    let _controller = scene.status_writer();
    let without = App {
        old: false,
        ..App::BEFORE
    };
    let old = App::BEFORE.files(&scene.namespace).pop().unwrap().1;
    let moved = [("apps/other/old.yaml", old.as_deref())];
    scene
        .fake
        .commit(REPOSITORY, "change", Some("main"), &moved);
    let head = scene.commit("change", None, &without);
    let pull = scene.fake.open_pull(REPOSITORY, "change", "main");
    scene.deliver(pull, "opened").await;
    scene
        .fake
        .wait_for_conclusion(REPOSITORY, &head, "success")
        .await;
    let revision = scene.merge(pull).await;
    scene.wait_for_deployment(&revision, "success").await;
    scene.assert_kept("old");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_becomes_ready_is_a_failed_deployment_that_names_it() {
    let short = "limits: { ready_timeout_seconds: 1 }\n";
    let scene = Shop::start_with("timeout", "apply", "kustomize", short).await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    let revision = scene.merge(pull).await;
    // Without a controller the rollout is never reported.
    scene.wait_for_deployment(&revision, "failure").await;
    let failed = scene
        .wait_for_comment(pull, "did not become live and ready")
        .await;
    let web = format!("Deployment `{}/web`", scene.namespace);
    assert!(failed.body.contains(&web), "{}", failed.body);
    assert!(!failed.body.contains("Service"), "{}", failed.body);
    let told = scene.wait_for_comment(pull, "not healthy after 1 s").await;
    assert!(told.body.contains("❌ failed"), "{}", told.body);
    let described = scene.look(|shop| shop.deployments[0].statuses.last().unwrap().1.clone());
    assert_eq!(described, "1 application not healthy in time");
    scene.assert_live(&App::AFTER);
    scene.look(|shop| assert_eq!((shop.deployments.len(), shop.comments.len()), (1, 2)));
    scene.fake.assert_contract_kept();
}
