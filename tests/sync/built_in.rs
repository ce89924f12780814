//! Stages, deletions, health, refusals, resuming.

use std::sync::Arc;
use std::time::Duration;

use drydock::clients::cluster::{ApplyClient, Credentials};
use drydock::ids::ClusterName;
use drydock::object::Masker;
use drydock::sync::outcome::{NotDeployed, Outcome};
use drydock::sync::watch::Limits;
use drydock::sync::{ApplyEngine, Deletion, Elsewhere, Order, SyncEngine as _};

use crate::apiserver::ApiServer;
use crate::memory::{Memory, objects, order};

const SOON: Limits = Limits {
    deadline: Duration::from_secs(20),
    interval: Duration::from_millis(100),
    settle: Duration::from_millis(100),
};

fn deploy_within(limits: Limits, order: &Order, journal: &Memory) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let path = ApiServer::shared().admin();
        let credentials = Credentials::File {
            path,
            context: None,
        };
        let masker = Arc::new(Masker::random());
        let client = ApplyClient::connect(&credentials, &ClusterName::default(), masker)
            .await
            .unwrap();
        ApplyEngine::new(client, limits)
            .deploy(order, journal)
            .await
            .unwrap()
    })
}

fn deploy(order: &Order, journal: &Memory) -> Outcome {
    deploy_within(SOON, order, journal)
}

fn deployment(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: 1\n  selector: {{matchLabels: {{a: b}}}}\n  \
         template:\n    metadata: {{labels: {{a: b}}}}\n    spec: {{containers: [{{name: c, image: i}}]}}\n"
    )
}

fn read_field(namespace: &str, what: &str, path: &str) -> String {
    let path = format!("jsonpath={path}");
    ApiServer::shared().kubectl(&["-n", namespace, "get", what, "-o", &path], "")
}

fn uid(namespace: &str, what: &str) -> String {
    read_field(namespace, what, "{.metadata.uid}")
}

fn config_map(name: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{k: v}}\n")
}

#[test]
fn everything_is_applied_and_watched_until_it_is_healthy() {
    let server = ApiServer::shared();
    let namespace = server.namespace("healthy");
    let order = order(
        &objects(
            &namespace,
            &format!("{}---\n{}", config_map("a"), deployment("web")),
        ),
        Vec::new(),
    );
    let status = r#"{"status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1}}"#;
    let journal = Memory::default();
    std::thread::scope(|scope| {
        // The status writer: waits for the object, as a controller does.
        scope.spawn(|| {
            server.kubectl(
                &[
                    "-n",
                    &namespace,
                    "wait",
                    "--for=create",
                    "deployment/web",
                    "--timeout=20s",
                ],
                "",
            );
            server.kubectl(
                &[
                    "-n",
                    &namespace,
                    "patch",
                    "deployment",
                    "web",
                    "--subresource=status",
                    "--type=merge",
                    "-p",
                    status,
                ],
                "",
            );
        });
        assert_eq!(deploy(&order, &journal), Outcome::Deployed);
    });
    let manager = server.kubectl(
        &[
            "-n",
            &namespace,
            "get",
            "cm",
            "a",
            "-o",
            "jsonpath={.metadata.managedFields[0].manager}",
            "--show-managed-fields",
        ],
        "",
    );
    assert_eq!(manager, "drydock");
    let mut steps: Vec<usize> = journal
        .marked
        .lock()
        .unwrap()
        .iter()
        .map(|(step, _)| *step)
        .collect();
    steps.sort_unstable();
    assert_eq!(steps, [0, 1]);
}

#[test]
fn without_a_controller_the_watch_ends_in_an_honest_time_out() {
    let namespace = ApiServer::shared().namespace("timeout");
    let order = order(&objects(&namespace, &deployment("web")), Vec::new());
    let limits = Limits {
        deadline: Duration::from_millis(300),
        ..SOON
    };
    let outcome = deploy_within(limits, &order, &Memory::default());
    let Outcome::TimedOut { waiting, .. } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].1, "its controller has not seen it yet");
}

#[test]
fn a_definition_is_established_before_its_resources_are_sent() {
    let namespace = ApiServer::shared().namespace("crd");
    let text = "apiVersion: sync.test/v1\nkind: Gadget\nmetadata: {name: g}\nspec: {size: 1}\n---\n\
        apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: gadgets.sync.test}\nspec:\n  group: sync.test\n  \
        scope: Namespaced\n  names: {plural: gadgets, singular: gadget, kind: Gadget, listKind: GadgetList}\n  versions:\n  - name: v1\n    \
        served: true\n    storage: true\n    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}\n";
    assert_eq!(
        deploy(
            &order(&objects(&namespace, text), Vec::new()),
            &Memory::default()
        ),
        Outcome::Deployed
    );
}

#[test]
fn what_the_approved_preview_listed_is_deleted_and_nothing_else() {
    let server = ApiServer::shared();
    let namespace = server.namespace("delete");
    server.kubectl(
        &["-n", &namespace, "create", "-f", "-"],
        &format!("{}---\n{}", config_map("gone"), config_map("stays")),
    );
    let gone = objects(&namespace, &config_map("gone")).remove(0).0;
    let deletion = Deletion {
        object: gone,
        uid: uid(&namespace, "cm/gone"),
    };
    let order = order(&objects(&namespace, &config_map("new")), vec![deletion]);
    assert_eq!(deploy(&order, &Memory::default()), Outcome::Deployed);
    let names = read_field(&namespace, "cm", "{.items[*].metadata.name}");
    assert_eq!(names, "new stays");
}

#[test]
fn an_object_made_again_since_its_approval_is_not_deleted() {
    let server = ApiServer::shared();
    let namespace = server.namespace("again");
    server.kubectl(
        &["-n", &namespace, "create", "-f", "-"],
        &config_map("gone"),
    );
    let object = objects(&namespace, &config_map("gone")).remove(0).0;
    let deletion = Deletion {
        object,
        uid: "00000000-0000-0000-0000-000000000000".into(),
    };
    let outcome = deploy(&order(&[], vec![deletion]), &Memory::default());
    let Outcome::Failed(failure) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(
        failure.message,
        "it was made again since its deletion was approved"
    );
    uid(&namespace, "cm/gone");
}

#[test]
fn volumes_are_never_deleted() {
    let server = ApiServer::shared();
    let namespace = server.namespace("volume");
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
    server.kubectl(&["-n", &namespace, "create", "-f", "-"], claim);
    let deletion = Deletion {
        object: objects(&namespace, claim).remove(0).0,
        uid: uid(&namespace, "pvc/data"),
    };
    assert!(matches!(
        deploy(&order(&[], vec![deletion]), &Memory::default()),
        Outcome::Failed(_)
    ));
    let deleted = read_field(&namespace, "pvc/data", "{.metadata.deletionTimestamp}");
    assert_eq!(deleted, "");
}

#[test]
fn a_refusal_stops_before_later_stages_and_deletions() {
    let server = ApiServer::shared();
    let namespace = server.namespace("refused");
    server.kubectl(
        &["-n", &namespace, "create", "-f", "-"],
        &config_map("gone"),
    );
    let invalid =
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 99999}]}\n";
    let deletion = Deletion {
        object: objects(&namespace, &config_map("gone")).remove(0).0,
        uid: uid(&namespace, "cm/gone"),
    };
    let order = order(
        &objects(&namespace, &format!("{invalid}---\n{}", deployment("web"))),
        vec![deletion],
    );
    let outcome = deploy(&order, &Memory::default());
    let Outcome::Failed(failure) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(failure.object.unwrap().kind, "Service");
    assert!(
        failure.message.contains("spec.ports[0].port"),
        "{}",
        failure.message
    );
    uid(&namespace, "cm/gone");
    assert_eq!(
        server.kubectl(&["-n", &namespace, "get", "deployments", "-o", "name"], ""),
        ""
    );
}

#[test]
fn steps_that_an_earlier_process_finished_are_not_repeated() {
    let server = ApiServer::shared();
    let namespace = server.namespace("resume");
    let order = order(
        &objects(
            &namespace,
            &format!("{}---\n{}", config_map("a"), config_map("b")),
        ),
        Vec::new(),
    );
    // Step 0 is `a`: someone changed it after the first process applied it.
    server.kubectl(
        &["-n", &namespace, "create", "-f", "-"],
        &config_map("a").replace("k: v", "k: later"),
    );
    let journal = Memory {
        done: [0].into(),
        ..Memory::default()
    };
    assert_eq!(deploy(&order, &journal), Outcome::Deployed);
    assert_eq!(*journal.marked.lock().unwrap(), [(1, None)]);
    assert_eq!(read_field(&namespace, "cm/a", "{.data.k}"), "later");
}

#[test]
fn a_secret_is_applied_with_its_real_values() {
    let server = ApiServer::shared();
    let namespace = server.namespace("secret");
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: open}\n";
    assert_eq!(
        deploy(
            &order(&objects(&namespace, secret), Vec::new()),
            &Memory::default()
        ),
        Outcome::Deployed
    );
    assert_eq!(
        read_field(&namespace, "secret/s", "{.data.password}"),
        "b3Blbg=="
    );
}

#[test]
fn applications_of_other_engines_are_never_written() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let namespace = ApiServer::shared().namespace("elsewhere");
    let order = order(&objects(&namespace, &config_map("a")), Vec::new());
    let outcome = runtime
        .block_on(Elsewhere(NotDeployed::Flux).deploy(&order, &Memory::default()))
        .unwrap();
    assert_eq!(outcome, Outcome::NotDeployed(NotDeployed::Flux));
    assert_eq!(
        ApiServer::shared().kubectl(&["-n", &namespace, "get", "cm", "-o", "name"], ""),
        ""
    );
}
