//! The whole way: refused, mended, merged, live, reverted.

use super::app::{App, Shop};
use crate::shop::REPOSITORY;

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_refused_mended_merged_deployed_and_reverted() {
    let scene = Shop::start("story", "apply", "directory").await;
    let _controller = scene.status_writer();
    let wrong = App {
        replicas: "\"3\"",
        ..App::AFTER
    };
    let pull = scene.open("change", &wrong, "failure").await;
    let head = scene.look(|shop| shop.pulls[&pull].head.clone());
    let check = scene.look(|shop| shop.newest_check(&head).unwrap().clone());
    let annotations = &check.annotations;
    let places: Vec<_> = annotations
        .iter()
        .map(|note| {
            (
                note["path"].as_str().unwrap(),
                note["start_line"].as_u64().unwrap(),
            )
        })
        .collect();
    // The schema gate, and the cluster itself.
    assert_eq!(places, [("apps/shop/web.yaml", 7); 2], "{check:#?}");
    let refused = scene.wait_for_comment(pull, "replicas").await;
    // The live cluster took part: the change of a value and the deletion are shown.
    for shown in ["color", "blue", "green", "ConfigMap", "old"] {
        assert!(refused.body.contains(shown), "{shown}: {}", refused.body);
    }

    let mended = scene.commit("change", None, &App::AFTER);
    scene.deliver(pull, "synchronize").await;
    scene
        .fake
        .wait_for_conclusion(REPOSITORY, &mended, "success")
        .await;
    let passed = scene
        .fake
        .wait("the edited comment", |state| {
            let comment = state.repository(REPOSITORY).comments_of(pull)[0].clone();
            (comment.body != refused.body).then_some(comment)
        })
        .await;
    assert_eq!(passed.id, refused.id);
    scene.assert_live(&App::BEFORE);

    let revision = scene.merge(pull).await;
    scene.wait_for_deployment(&revision, "success").await;
    scene.assert_live(&App::AFTER);
    let told = scene.wait_for_comment(pull, "After the merge").await;
    assert_eq!(told.id, refused.id);
    assert!(told.body.contains("✅ deployed"), "{}", told.body);

    let back = scene.open("revert", &App::BEFORE, "success").await;
    let reverted = scene.merge(back).await;
    scene.wait_for_deployment(&reverted, "success").await;
    scene.assert_live(&App::BEFORE);
    scene.wait_for_comment(back, "✅ deployed").await;
    scene.look(|shop| {
        assert_eq!((shop.deployments.len(), shop.comments.len()), (2, 2));
    });
    scene.fake.assert_contract_kept();
}
