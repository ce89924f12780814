//! A deployment that cannot be carried on is said to be stuck, and is never lost.

use serde_json::json;

use super::app::{App, Shop};
use crate::github::{self, Fault, FaultKind, State};
use crate::shop::REPOSITORY;

/// A merge whose deployment met an answer that no repetition mends, so that it was given up.
async fn given_up(test: &str) -> (Shop, u64, String) {
    let scene = Shop::start(test, "apply", "kustomize").await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    let before = scene.versions();
    scene.fake.inject(Fault {
        method: "GET",
        path: "/compare/",
        kind: FaultKind::Refuse(400),
    });
    let revision = scene.merge(pull).await;
    let told = |state: &State| {
        let all = state.repository(REPOSITORY).comments_of(pull);
        let stuck = all.iter().filter(|one| one.body.contains("is stuck"));
        let words = "re-running the check `drydock` tries at once";
        (stuck.filter(|one| one.body.contains(words)).count() == 2).then_some(())
    };
    let what = "the comment says that it is stuck, and a new one notifies";
    scene.fake.wait(what, told).await;
    assert_eq!(scene.versions(), before);
    (scene, pull, revision)
}

async fn assert_taken_up(scene: &Shop, pull: u64, revision: &str) {
    let _controller = scene.status_writer();
    scene.wait_for_deployment(revision, "success").await;
    scene.wait_for_comment(pull, "✅ deployed").await;
    scene.assert_live(&App::AFTER);
    scene.look(|shop| assert_eq!((shop.deployments.len(), shop.comments.len()), (1, 2)));
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_was_given_up_is_taken_up_by_a_restart() {
    let (mut scene, pull, revision) = given_up("stuck-restart").await;
    scene.kill();
    scene.restart();
    assert_taken_up(&scene, pull, &revision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_that_was_given_up_is_taken_up_by_a_pressed_rerun() {
    let (scene, pull, revision) = given_up("stuck-rerun").await;
    let head = scene.look(|shop| shop.pulls[&pull].head.clone());
    let asked = json!({"action": "rerequested", "check_run": {"head_sha": head}});
    let payload = scene.fake.envelope(REPOSITORY, asked);
    let guid = github::new_guid();
    let answer = scene
        .fake
        .deliver(scene.address(), "check_run", &guid, &payload)
        .await;
    assert_eq!(answer, 202);
    assert_taken_up(&scene, pull, &revision).await;
}
