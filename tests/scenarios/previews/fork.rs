//! What comes from a fork is never shown to a cluster.

use super::place::Place;
use crate::apiserver::ApiServer;
use crate::deploy::scene::preview_identity;
use crate::shop::REPOSITORY;

const PROTECTED: &str =
    "clusters: { production: { engine: apply, protected: true } }\nsync: { on_merge: trigger }\n";

/// Requests that name this object, or anything in this namespace.
fn asked(server: &ApiServer, word: &str) -> usize {
    let log = server.asked_by_previews();
    log.lines().filter(|line| line.contains(word)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_judged_without_asking_the_cluster_about_its_objects() {
    let server = ApiServer::shared();
    let place = Place::start(server, preview_identity(server), "", "{}").await;
    let ours = place.commit("ours", "settings", "green");
    place.open("ours", false).await;
    place.check(&ours, "success").await;
    let before = asked(server, &place.namespace);
    assert!(
        before > 0,
        "the cluster is asked about a branch of this repository"
    );

    let theirs = place.commit("theirs", "stranger", "red");
    let pull = place.open("theirs", true).await;
    place.check(&theirs, "success").await;
    let comment = place.comment(pull, "**Not previewed on a cluster**").await;
    assert!(
        comment.contains("this pull request comes from a fork"),
        "{comment}"
    );
    assert!(!comment.contains("✅ server"), "{comment}");
    assert_eq!(asked(server, "stranger"), 0);
    assert_eq!(asked(server, &place.namespace), before);
    place.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_that_goes_to_a_protected_cluster_waits_for_a_maintainer_and_is_never_deployed() {
    let server = ApiServer::shared();
    let place = Place::start(server, preview_identity(server), PROTECTED, "{}").await;
    let theirs = place.commit("theirs", "settings", "red");
    let pull = place.open("theirs", true).await;
    let check = place.check(&theirs, "failure").await;
    assert_eq!(
        check.title,
        "Could not be judged: cluster `production` demands a preview, but this pull request comes from a fork, and nothing from a fork is shown to a cluster (for a maintainer)"
    );
    let comment = place.comment(pull, "demands a preview").await;
    assert!(
        comment.contains("pushes its branch to this repository"),
        "{comment}"
    );
    assert_eq!(asked(server, &place.namespace), 0);

    // Somebody merges it past the check.
    place.fake.merge_pull(REPOSITORY, pull);
    place.deliver(pull, "closed").await;
    let told = place.comment(pull, "After the merge").await;
    assert!(told.contains("⚠️ held"), "{told}");
    assert!(told.contains("it was never previewed"), "{told}");
    let live = server.kubectl(
        &[
            "-n",
            &place.namespace,
            "get",
            "configmap",
            "settings",
            "-o",
            "jsonpath={.data.color}",
        ],
        "",
    );
    assert_eq!(live, "blue");
    assert_eq!(asked(server, &place.namespace), 0);
    place.fake.assert_contract_kept();
}
