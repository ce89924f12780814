//! What only the branch knows, and what stays behind.

use super::app::{App, Shop};
use super::scene::Scene;
use crate::shop::REPOSITORY;

/// Opens a pull request with these files and waits until it passes.
async fn open(scene: &Scene, branch: &str, files: &[(&str, Option<&str>)]) -> u64 {
    let head = scene.fake.commit(REPOSITORY, branch, Some("main"), files);
    let pull = scene.fake.open_pull(REPOSITORY, branch, "main");
    scene.deliver(pull, "opened").await;
    scene
        .fake
        .wait_for_conclusion(REPOSITORY, &head, "success")
        .await;
    pull
}

fn color_of(scene: &Scene, name: &str) -> String {
    scene.server.kubectl(
        &[
            "-n",
            &scene.namespace,
            "get",
            "configmap",
            name,
            "-o",
            "jsonpath={.data.color}",
        ],
        "",
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_changes_made_together_is_judged_and_deployed_by_the_later_merge() {
    let scene = Shop::start("met", "apply", "directory").await;
    let shared = |color: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: shared\n  namespace: {}\ndata:\n  color: {color}\n",
            scene.namespace
        )
    };
    let root = |prefix: &str| format!("namePrefix: {prefix}-\nresources:\n  - ../../parts\n");
    scene.fake.commit(
        REPOSITORY,
        "main",
        None,
        &[
            (
                "parts/kustomization.yaml",
                Some("resources:\n  - shared.yaml\n"),
            ),
            ("parts/shared.yaml", Some(&shared("blue"))),
            ("apps/one/kustomization.yaml", Some(&root("one"))),
        ],
    );
    let second = root("two");
    let adds = open(
        &scene,
        "add",
        &[("apps/two/kustomization.yaml", Some(&second))],
    )
    .await;
    let green = shared("green");
    let paints = open(&scene, "paint", &[("parts/shared.yaml", Some(&green))]).await;

    let revision = scene.merge(adds).await;
    scene.wait_for_deployment(&revision, "success").await;
    assert_eq!(color_of(&scene, "two-shared"), "blue");

    // No approval knows the second application in green.
    let revision = scene.merge(paints).await;
    scene.wait_for_deployment(&revision, "success").await;
    assert_eq!(color_of(&scene, "one-shared"), "green");
    assert_eq!(color_of(&scene, "two-shared"), "green");
    let told = scene.wait_for_comment(paints, "After the merge").await;
    assert!(told.body.contains("two"), "{}", told.body);
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_state_that_comes_back_unapproved_is_held_and_not_taken_for_another_merges() {
    let scene = Shop::start("back", "apply", "directory").await;
    let painted = |color: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: painted\n  namespace: {}\ndata:\n  color: {color}\n",
            scene.namespace
        )
    };
    let path = "apps/painted/painted.yaml";
    let blue = painted("blue");
    scene
        .fake
        .commit(REPOSITORY, "main", None, &[(path, Some(&blue))]);
    for (branch, color) in [("first", "green"), ("second", "red")] {
        let pull = open(&scene, branch, &[(path, Some(&painted(color)))]).await;
        let revision = scene.merge(pull).await;
        scene.wait_for_deployment(&revision, "success").await;
    }
    // The first state again, beside something that is refused; somebody merges it all the same.
    let green = painted("green");
    let wrong = painted("{ no: text }").replace("name: painted", "name: wrong");
    let files = [
        (path, Some(green.as_str())),
        ("apps/wrong/wrong.yaml", Some(&wrong)),
    ];
    let head = scene.fake.commit(REPOSITORY, "back", Some("main"), &files);
    let pull = scene.fake.open_pull(REPOSITORY, "back", "main");
    scene.deliver(pull, "opened").await;
    let fake = &scene.fake;
    fake.wait_for_conclusion(REPOSITORY, &head, "failure").await;
    scene.merge(pull).await;
    let told = scene.wait_for_comment(pull, "After the merge").await;
    assert_eq!(told.body.matches("⚠️ held").count(), 2, "{}", told.body);
    assert_eq!(color_of(&scene, "painted"), "red");
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_claim_that_a_merge_removes_stays_and_is_named() {
    let scene = Shop::start("volume", "apply", "directory").await;
    let claim = format!(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: disk\n  namespace: {}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n",
        scene.namespace
    );
    scene
        .server
        .kubectl(&["-n", &scene.namespace, "apply", "-f", "-"], &claim);
    let path = "apps/shop/disk.yaml";
    scene
        .fake
        .commit(REPOSITORY, "main", None, &[(path, Some(&claim))]);
    let _ready = scene.status_writer();
    let pull = open(&scene, "shrink", &[(path, None)]).await;
    let told = scene.wait_for_comment(pull, "disk").await;
    assert!(
        told.body
            .contains("stays in the cluster: Drydock never deletes this kind"),
        "{}",
        told.body
    );
    assert!(!told.body.contains("Will delete"), "{}", told.body);
    let revision = scene.merge(pull).await;
    scene.wait_for_deployment(&revision, "success").await;
    let told = scene.wait_for_comment(pull, "After the merge").await;
    let named = format!(
        "left in the cluster, to be deleted by hand: PersistentVolumeClaim `{}/disk`",
        scene.namespace
    );
    assert!(told.body.contains(&named), "{}", told.body);
    scene
        .server
        .kubectl(&["-n", &scene.namespace, "get", "pvc", "disk"], "");
    scene.assert_live(&App::BEFORE);
    scene.fake.assert_contract_kept();
}
