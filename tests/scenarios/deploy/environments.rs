//! Several environments: `sync.order` says which comes first, and what comes later waits for its health.

use super::scene::{Scene, Texts, clusters};
use crate::apiserver::ApiServer;

const CONFIG: &str = "version: 1
clusters:
  production: { engine: apply }
  staging: { engine: apply }
sync: { on_merge: trigger, order: [staging, production] }
apps:
";

/// Two namespaces of one API server play two clusters.
struct Two {
    scene: Scene,
    staging: String,
    production: String,
}

fn manifests(color: &str) -> String {
    format!(
        "apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  color: {color}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
        color: {color}
    spec:
      containers:
        - name: web
          image: registry.example/web:1.4.2
"
    )
}

fn sources(color: &str) -> Texts {
    let file = |folder: &str| (format!("{folder}/web.yaml"), Some(manifests(color)));
    vec![file("staging"), file("production")]
}

impl Two {
    async fn start(test: &str) -> Self {
        let server = ApiServer::shared();
        let staging = server.namespace(&format!("shop-{test}"));
        let production = server.namespace(&format!("shop-{test}"));
        let mut config = CONFIG.to_owned();
        for (name, namespace) in [("staging", &staging), ("production", &production)] {
            let args = ["-n", namespace, "apply", "--server-side", "-f", "-"];
            let owner = ["--field-manager", "drydock"];
            server.kubectl(&[&args[..], &owner].concat(), &manifests("blue"));
            config.push_str(&format!("  - {{ name: shop-{name}, path: {name}, renderer: directory, namespace: {namespace}, cluster: {name} }}\n"));
        }
        let mut files = sources("blue");
        files.push((".drydock.yaml".to_owned(), Some(config)));
        let settings = clusters(&["production", "staging"]);
        let scene = Scene::begin(staging.clone(), &files, &settings).await;
        Self {
            scene,
            staging,
            production,
        }
    }

    async fn open(&self) -> u64 {
        let head = self
            .scene
            .commit_files("change", Some("main"), &sources("green"));
        self.scene.open_branch("change", &head, "success").await
    }

    fn color_in(&self, namespace: &str) -> String {
        let what = ["get", "configmap", "settings", "-o"];
        let args = [&["-n", namespace], &what[..], &["jsonpath={.data.color}"]].concat();
        self.scene.server.kubectl(&args, "")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_environment_waits_for_the_health_of_the_first() {
    let two = Two::start("order").await;
    let scene = &two.scene;
    let pull = two.open().await;
    let revision = scene.merge(pull).await;
    scene
        .wait_for_deployment_to("staging", &revision, "in_progress")
        .await;
    scene.wait_live("configmap/settings", "jsonpath={.data.color}=green");
    // Nothing reports the rollout as healthy yet.
    assert_eq!(two.color_in(&two.production), "blue");
    let _staging = scene.status_writer();
    scene
        .wait_for_deployment_to("staging", &revision, "success")
        .await;
    let _production = scene.status_writer_in(&two.production);
    scene
        .wait_for_deployment_to("production", &revision, "success")
        .await;
    assert_eq!(two.color_in(&two.production), "green");
    let told = scene.wait_for_comment(pull, "✅ deployed").await;
    assert_eq!(told.body.matches("✅ deployed").count(), 2, "{}", told.body);
    // The first was told healthy before the second began.
    let order = scene.fake.look(|state| {
        let writes = state.writes_to("/deployments").into_iter();
        let words = writes.filter_map(|write| {
            let word = write.body["state"].as_str();
            word.or(write.body["environment"].as_str())
                .map(ToOwned::to_owned)
        });
        words.collect::<Vec<_>>()
    });
    let whole = ["in_progress", "success"];
    let expected = [&["staging"], &whole[..], &["production"], &whole[..]].concat();
    assert_eq!(order, expected);
    scene.fake.assert_contract_kept();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_first_environment_stops_the_second_and_says_so() {
    let two = Two::start("stops").await;
    let scene = &two.scene;
    let pull = two.open().await;
    // After the approval someone makes the object of the first unchangeable.
    let freeze = ["patch", "configmap", "settings", "--type=merge", "-p"];
    let frozen = r#"{"immutable":true}"#;
    let args = [&["-n", &two.staging], &freeze[..], &[frozen]].concat();
    scene.server.kubectl(&args, "");
    let revision = scene.merge(pull).await;
    scene
        .wait_for_deployment_to("staging", &revision, "failure")
        .await;
    let told = scene
        .wait_for_comment(pull, "`staging` comes before it")
        .await;
    assert!(told.body.contains("⚠️ held"), "{}", told.body);
    assert_eq!(two.color_in(&two.production), "blue");
    scene.look(|shop| assert_eq!(shop.deployments.len(), 1, "{:#?}", shop.deployments));
    scene.fake.assert_contract_kept();
}
