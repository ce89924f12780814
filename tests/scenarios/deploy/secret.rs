//! What is deployed holds the values of Secrets, though what was judged is kept without them.

use super::scene::{Scene, Texts, clusters};
use crate::apiserver::ApiServer;

fn files(namespace: &str, password: &str) -> Texts {
    let file = |path: &str, text: String| (path.to_owned(), Some(text));
    vec![
        file(
            ".drydock.yaml",
            "version: 1\nclusters:\n  staging: { engine: apply }\nsync: { on_merge: trigger }\napps:\n  - { name: shop, path: apps/shop, renderer: kustomize, cluster: staging }\n".to_owned(),
        ),
        file(
            "apps/shop/kustomization.yaml",
            format!("namespace: {namespace}\nresources: [secret.yaml]\n"),
        ),
        file(
            "apps/shop/secret.yaml",
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: {password}}}\n"),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployed_secret_has_its_values_and_the_kept_rendering_has_not() {
    let namespace = ApiServer::shared().namespace("shop-secret");
    let texts = files(&namespace, "first-canary");
    let scene = Scene::begin(namespace, &texts, &clusters(&["staging"])).await;
    let changed = files(&scene.namespace, "second-canary");
    let head = scene.commit_files("change", Some("main"), &changed);
    let pull = scene.open_branch("change", &head, "success").await;
    let kept = scene.kept_renderings();
    assert_eq!(kept.len(), 2, "base and head were judged");
    let revision = scene.merge(pull).await;
    scene.wait_for_deployment(&revision, "success").await;
    let live = scene.server.kubectl(
        &[
            "-n",
            &scene.namespace,
            "get",
            "secret",
            "s",
            "-o",
            "go-template={{ .data.password | base64decode }}",
        ],
        "",
    );
    assert_eq!(live, "second-canary");
    // The deployment found the same files, and neither read nor wrote what is kept.
    assert_eq!(scene.kept_renderings(), kept);
    for (name, bytes) in kept {
        let at = bytes
            .windows(4)
            .position(|four| four == [0x28, 0xb5, 0x2f, 0xfd]);
        let content = zstd::decode_all(&bytes[at.unwrap()..]).unwrap();
        let text = String::from_utf8_lossy(&content);
        assert!(
            text.contains("masked/") && !text.contains("canary"),
            "{name}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_for_encrypted_values_is_judged_and_never_deployed() {
    let namespace = ApiServer::shared().namespace("shop-encrypted");
    let texts = files(&namespace, "plain");
    let scene = Scene::begin(namespace, &texts, &clusters(&["staging"])).await;
    let cipher = "ENC[AES256_GCM,data:q+8=,iv:aa=,tag:bb==,type:str]";
    let encrypted = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{password: '{cipher}'}}\nsops: {{mac: '{cipher}'}}\n"
    );
    let changed = vec![("apps/shop/secret.yaml".to_owned(), Some(encrypted))];
    let head = scene.commit_files("change", Some("main"), &changed);
    let pull = scene.open_branch("change", &head, "success").await;
    let revision = scene.merge(pull).await;
    let told = scene.wait_for_comment(pull, "After the merge").await;
    assert!(
        told.body.contains("encrypted or not known here"),
        "{}",
        told.body
    );
    scene.wait_for_deployment(&revision, "error").await;
    let args = ["-n", &scene.namespace, "get", "secrets", "-o", "name"];
    assert_eq!(scene.server.kubectl(&args, ""), "");
    scene.fake.assert_contract_kept();
}
