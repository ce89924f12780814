//! A newer merge does not wait for an older one that never becomes healthy.

use super::app::{App, Shop};

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_that_still_waits_gives_way_to_a_newer_one() {
    let scene = Shop::start("superseded", "apply", "kustomize").await;
    let older = scene.open("older", &App::AFTER, "success").await;
    let first = scene.merge(older).await;
    // No controller runs yet: the rollout is waited for, ten minutes long.
    scene.wait_live("configmap/old", "delete");
    let repaired = App {
        color: "red",
        ..App::AFTER
    };
    let newer = scene.open("newer", &repaired, "success").await;
    let second = scene.merge(newer).await;
    scene.wait_for_deployment(&first, "inactive").await;
    scene.wait_for_comment(older, "a newer commit").await;
    let _controller = scene.status_writer();
    scene.wait_for_deployment(&second, "success").await;
    scene.wait_for_comment(newer, "✅ deployed").await;
    scene.assert_live(&repaired);
    scene.look(|shop| assert_eq!((shop.deployments.len(), shop.comments.len()), (2, 2)));
    scene.fake.assert_contract_kept();
}
