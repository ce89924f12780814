//! Whatever button merged it: what was approved is deployed, once.

use super::app::{App, Shop};
use crate::github::MergeMethod;

async fn assert_deployed_once(test: &str, method: MergeMethod) {
    let scene = Shop::start(test, "apply", "kustomize").await;
    let _controller = scene.status_writer();
    // Two commits, so that each button leaves another commit on the branch.
    let first = App {
        replicas: "3",
        ..App::BEFORE
    };
    scene.commit("change", Some("main"), &first);
    let pull = scene.open("change", &App::AFTER, "success").await;
    let head = scene.look(|shop| shop.pulls[&pull].head.clone());
    // The branch goes on meanwhile, elsewhere: no button can only move it forward.
    let readme = vec![("README.md".to_owned(), Some("text\n".to_owned()))];
    scene.commit_files("main", None, &readme);
    let revision = scene.merge_by(pull, method).await;
    assert_ne!(revision, head);
    scene.wait_for_deployment(&revision, "success").await;
    let told = scene.wait_for_comment(pull, "✅ deployed").await;
    assert!(told.body.contains(&revision[..7]), "{}", told.body);
    scene.assert_live(&App::AFTER);
    // A late repetition of the delivery finds nothing left to do.
    let before = scene.versions();
    scene.deliver(pull, "closed").await;
    let other = App {
        replicas: "4",
        ..App::AFTER
    };
    scene.open("next", &other, "success").await;
    assert_eq!(scene.versions(), before);
    scene.look(|shop| assert_eq!(shop.deployments.len(), 1, "{:#?}", shop.deployments));
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_squashed_pull_request_is_deployed_once() {
    assert_deployed_once("squash", MergeMethod::Squash).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebased_pull_request_is_deployed_once() {
    assert_deployed_once("rebase", MergeMethod::Rebase).await;
}
