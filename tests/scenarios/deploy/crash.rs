//! kill -9 at every step of a deployment: after the next start the end is the same.

use super::app::{App, Shop};

/// One deployment that ended well, one comment, and the objects of the merged commit.
async fn assert_one_of_each(scene: &Shop, pull: u64, revision: &str) {
    scene.wait_for_deployment(revision, "success").await;
    scene.wait_for_comment(pull, "✅ deployed").await;
    scene.assert_live(&App::AFTER);
    scene.look(|shop| {
        assert_eq!((shop.deployments.len(), shop.comments.len()), (1, 1));
        let ends = shop.deployments[0]
            .statuses
            .iter()
            .filter(|(state, _)| state == "success");
        assert_eq!(ends.count(), 1, "{:?}", shop.deployments[0].statuses);
    });
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_deployment_on_github_and_the_first_apply() {
    let mut scene = Shop::start("crash-early", "apply", "kustomize").await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    scene.hang("POST", "/deployments");
    let revision = scene.merge(pull).await;
    scene.wait_until_it_hangs().await;
    scene.kill();
    scene.assert_live(&App::BEFORE);
    let _controller = scene.status_writer();
    scene.restart();
    assert_one_of_each(&scene, pull, &revision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_first_apply() {
    let mut scene = Shop::start("crash-middle", "apply", "kustomize").await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    let revision = scene.merge(pull).await;
    scene.wait_live("configmap/settings", "jsonpath={.data.color}=green");
    scene.kill();
    let _controller = scene.status_writer();
    scene.restart();
    assert_one_of_each(&scene, pull, &revision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_every_write_to_the_cluster_and_before_success() {
    let mut scene = Shop::start("crash-late", "apply", "kustomize").await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    let revision = scene.merge(pull).await;
    // Without a controller the rollout is waited for: nothing more is written.
    scene.wait_live("configmap/old", "delete");
    scene.kill();
    scene.assert_live(&App::AFTER);
    scene.restart();
    let _controller = scene.status_writer();
    assert_one_of_each(&scene, pull, &revision).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_success_is_told() {
    let mut scene = Shop::start("crash-told", "apply", "kustomize").await;
    let pull = scene.open("change", &App::AFTER, "success").await;
    let revision = scene.merge(pull).await;
    scene.wait_live("configmap/old", "delete");
    scene.hang("POST", "/statuses");
    let _controller = scene.status_writer();
    scene.wait_until_it_hangs().await;
    scene.kill();
    scene.restart();
    assert_one_of_each(&scene, pull, &revision).await;
}
