//! A deployment that cannot be carried on is said to be stuck, and is never lost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use drydock::clients::cluster::{ApplyClient, Credentials};
use drydock::config::settings::ClusterSettings;
use drydock::ids::ClusterName;
use drydock::run::Limits;
use drydock::run::deploy::Deployers;
use drydock::run::pipeline::Clusters;
use drydock::run::review::Bench;
use drydock::sync::watch;
use serde_json::json;

use super::app::{App, Shop};
use crate::apiserver::ApiServer;
use crate::bot::{Bot, bench};
use crate::github::{self, Fault, FaultKind, GitHub, State};
use crate::shop::{REPOSITORY, deliver};

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

/// What deploys to `staging` with this kubeconfig.
async fn bench_with(kubeconfig: PathBuf) -> Bench {
    let name = ClusterName("staging".to_owned());
    let text = format!(
        "{{ preview: {{}}, apply: {{ kubeconfig: {} }}, apply_enabled: true, allow: {{ repositories: ['{REPOSITORY}'], namespaces: ['shop-*'] }} }}",
        kubeconfig.display()
    );
    let settings: ClusterSettings = serde_yaml::from_str(&text).unwrap();
    let mut bench = bench(Clusters::None);
    let masker = Arc::new(bench.means.masker.clone());
    let credentials = Credentials::File {
        path: kubeconfig,
        context: None,
    };
    let client = ApplyClient::connect(&credentials, &name, masker).await;
    let clients = BTreeMap::from([(name.clone(), client.unwrap())]);
    bench.clusters.insert(name.0, settings);
    bench.deployers = Arc::new(Deployers::new(clients, watch::Limits::default()));
    bench
}

/// A kubeconfig of an address at which nobody listens.
fn dead_end(folder: &Path, server: &ApiServer) -> PathBuf {
    let text = std::fs::read_to_string(server.admin()).unwrap();
    let path = folder.join("dead.kubeconfig");
    std::fs::write(&path, text.replace(server.url(), "https://127.0.0.1:1")).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_whose_attempts_are_used_up_is_deployed_once_its_cluster_is_back() {
    let server = ApiServer::shared();
    let namespace = server.namespace("shop-away");
    let settings = |color: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: settings, namespace: {namespace} }}\ndata: {{ color: {color} }}\n"
        )
    };
    let config = "version: 1\nclusters:\n  staging: { engine: apply }\nsync: { on_merge: trigger }\napps:\n  - { name: shop, path: apps/shop, renderer: directory, cluster: staging }\n";
    let fake = GitHub::start().await;
    let (before, after) = (settings("blue"), settings("green"));
    let path = "apps/shop/settings.yaml";
    let files = [
        (path, Some(before.as_str())),
        (".drydock.yaml", Some(config)),
    ];
    fake.create_repository(REPOSITORY, &files);
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits {
        attempts: 1,
        sweep: Duration::from_secs(3600),
        ..Limits::default()
    };
    let dead = bench_with(dead_end(folder.path(), server)).await;
    let bot = Bot::start_with(&fake, dead, limits).await;
    let head = fake.commit(REPOSITORY, "change", Some("main"), &[(path, Some(&after))]);
    let pull = fake.open_pull(REPOSITORY, "change", "main");
    deliver(&fake, bot.address, pull, "opened").await;
    fake.wait_for_conclusion(REPOSITORY, &head, "success").await;
    bot.idle().await;
    fake.merge_pull(REPOSITORY, pull);
    deliver(&fake, bot.address, pull, "closed").await;
    bot.idle().await;
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        for comment in shop.comments_of(pull) {
            let body = &comment.body;
            assert!(body.contains("the cluster did not take part"), "{body}");
        }
        assert_eq!(shop.comments_of(pull).len(), 2);
        assert_ne!(shop.deployments[0].statuses.last().unwrap().0, "success");
    });

    let bot = bot
        .restart_with(&fake, bench_with(server.admin()).await)
        .await;
    let deployed = |state: &State| {
        let newest = state.repository(REPOSITORY).deployments[0]
            .statuses
            .last()?;
        (newest.0 == "success").then_some(())
    };
    fake.wait("the sweep at start takes it up", deployed).await;
    bot.idle().await;
    let args = ["-n", &namespace, "get", "configmap", "settings", "-o"];
    let color = [&args[..], &["jsonpath={.data.color}"]].concat();
    assert_eq!(server.kubectl(&color, ""), "green");
    fake.look(|state| {
        let shop = state.repository(REPOSITORY);
        let ends = &shop.deployments[0].statuses;
        assert_eq!(ends.last().unwrap().0, "success", "{ends:?}");
        assert_eq!(shop.deployments.len(), 1);
        let told = shop.comments_of(pull)[0].body.clone();
        assert!(told.contains("✅ deployed"), "{told}");
    });
    fake.assert_contract_kept();
}
