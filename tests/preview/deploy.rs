//! `deploy/` on a real API server: everything is accepted, and the preview identity cannot write.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use drydock::clients::cluster::{Fence, PreviewClient};
use drydock::preview::{Basis, Origin};

use crate::apiserver::{ApiServer, part};
use crate::scene::Scene;
use crate::support::preview_client;

const ACCOUNT: &str = "system:serviceaccount:drydock:drydock-preview";

/// What `kustomize build` makes of a folder of `deploy/`.
fn build(folder: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("deploy")
        .join(folder);
    let output = Command::new(part("kustomize"))
        .arg("build")
        .arg(path)
        .output()
        .expect("start kustomize");
    assert!(output.status.success(), "{}", words(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn words(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Asks until the fence holds: the server begins to enforce a policy a moment after it is made.
async fn wait_for_fence(client: &PreviewClient) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match client.prove_fence("drydock").await.unwrap() {
            Fence::Holds => return,
            Fence::Missing(reason) => assert!(Instant::now() < deadline, "{reason}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// One object of each kind that previews ask about.
const OBJECTS: &[&str] = &[
    "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}",
    "{apiVersion: v1, kind: Namespace, metadata: {name: fenced-x}}",
    "{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {ports: [{port: 80}]}}",
    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: x}}",
    "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}",
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}}",
    "{apiVersion: batch/v1, kind: Job, metadata: {name: x}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}",
    "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: x}, spec: {podSelector: {}}}",
    "{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: x}, spec: {maxUnavailable: 1, selector: {matchLabels: {a: b}}}}",
    "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}}}",
    "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: fenced-x}, provisioner: p}",
    "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: xs.fenced.example}, spec: {group: fenced.example, scope: Namespaced, names: {kind: X, plural: xs}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}",
];

#[tokio::test]
async fn the_preview_identity_of_deploy_can_ask_and_cannot_write() {
    let server = ApiServer::shared();
    let applied = server.try_kubectl(
        &server.admin(),
        &["apply", "--server-side", "-f", "-"],
        &build("overlays/example"),
    );
    assert!(applied.status.success(), "{}", words(&applied));
    assert!(!words(&applied).contains("Warning"), "{}", words(&applied));

    let account = server.service_account("drydock", "drydock-preview");
    let client = preview_client(account.clone()).await;
    wait_for_fence(&client).await;

    previews_work(server, &account).await;
    rights_are_least(server);
    real_writes_are_refused_and_dry_runs_pass(server, &account);
    the_fence_binds_an_administrator_too(server, &account);
    the_proof_fails_without_the_fence(server, &client).await;
}

async fn previews_work(server: &ApiServer, account: &Path) {
    let namespace = server.namespace("fenced");
    let base = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: \"1\"}\n";
    server.kubectl(
        &[
            "-n",
            &namespace,
            "apply",
            "--server-side",
            "--field-manager",
            "drydock",
            "-f",
            "-",
        ],
        base,
    );
    let head = base.replace("a: \"1\"", "a: \"2\"");
    let scene = Scene::new(&namespace, Some(base), Some(&head));
    let seen = scene.preview(Some(account.to_owned())).await;
    assert_eq!(seen.change().basis, Basis::Server, "{:?}", seen.findings);
    assert_eq!(seen.change().origin, Origin::ThisPr);

    // A role is read and compared; the server is not asked to grant it.
    let role = |verb: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: r}}\nrules: [{{apiGroups: [\"\"], resources: [pods], verbs: [{verb}]}}]\n"
        )
    };
    server.kubectl(
        &["-n", &namespace, "apply", "--server-side", "-f", "-"],
        &role("get"),
    );
    let scene = Scene::new(&namespace, Some(&role("get")), Some(&role("list")));
    let seen = scene.preview(Some(account.to_owned())).await;
    assert_eq!(seen.change().basis, Basis::Estimated);
    assert_eq!(seen.change().origin, Origin::ThisPr);
    assert_eq!(seen.change().fields[0].pointer, "/rules/0/verbs");
    assert_eq!(seen.findings.not_verified.len(), 1);
}

fn rights_are_least(server: &ApiServer) {
    for asked in [
        "get secrets",
        "patch secrets",
        "list configmaps",
        "delete configmaps",
        "update configmaps",
        "create serviceaccounts --subresource=token",
        "create pods --subresource=exec",
        "impersonate users",
        "create validatingadmissionpolicies.admissionregistration.k8s.io",
        "patch validatingadmissionpolicybindings.admissionregistration.k8s.io",
        "create mutatingadmissionpolicies.admissionregistration.k8s.io",
        "escalate clusterroles.rbac.authorization.k8s.io",
        "bind clusterroles.rbac.authorization.k8s.io",
        "create clusterrolebindings.rbac.authorization.k8s.io",
    ] {
        let mut args = vec!["auth", "can-i", "-n", "drydock", "--as", ACCOUNT];
        args.extend(asked.split(' '));
        let answer = server.try_kubectl(&server.admin(), &args, "");
        assert!(
            words(&answer).contains("no") && !answer.status.success(),
            "may {asked}: {}",
            words(&answer)
        );
    }
}

fn real_writes_are_refused_and_dry_runs_pass(server: &ApiServer, account: &Path) {
    for object in OBJECTS {
        let asked = server.try_kubectl(
            account,
            &["-n", "default", "create", "--dry-run=server", "-f", "-"],
            object,
        );
        assert!(asked.status.success(), "{object}: {}", words(&asked));
        let written = server.try_kubectl(account, &["-n", "default", "create", "-f", "-"], object);
        assert!(!written.status.success(), "{object} was written");
        assert!(
            words(&written).contains("a preview sends dry runs only"),
            "{object}: {}",
            words(&written)
        );
    }
}

/// Rights decide what may be asked; the fence has to hold whatever rights somebody adds later.
fn the_fence_binds_an_administrator_too(server: &ApiServer, account: &Path) {
    server.kubectl(
        &[
            "create",
            "clusterrolebinding",
            "fenced-admin",
            "--clusterrole",
            "cluster-admin",
            "--serviceaccount",
            "drydock:drydock-preview",
        ],
        "",
    );
    server.kubectl(&["-n", "drydock", "create", "configmap", "kept"], "");
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: x}}";
    for (args, input) in [
        (&["delete", "configmap", "kept"][..], ""),
        (&["delete", "configmaps", "--all"], ""),
        (&["label", "configmap", "kept", "a=b"], ""),
        (
            &["replace", "-f", "-"],
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: kept}}",
        ),
        (&["apply", "--server-side", "-f", "-"], secret),
        (&["scale", "deployment", "drydock", "--replicas=2"], ""),
        (&["create", "token", "drydock"], ""),
        (
            &[
                "create",
                "clusterrolebinding",
                "y",
                "--clusterrole=view",
                "--user=u",
            ],
            "",
        ),
    ] {
        let mut full = vec!["-n", "drydock"];
        full.extend(args);
        let written = server.try_kubectl(account, &full, input);
        assert!(!written.status.success(), "{args:?} went through");
        let words = words(&written);
        assert!(words.contains("a preview "), "{args:?}: {words}");
    }
    let token = server.try_kubectl(
        account,
        &[
            "create",
            "-f",
            "-",
            "--raw",
            "/api/v1/namespaces/drydock/serviceaccounts/drydock/token?dryRun=All",
        ],
        r#"{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}"#,
    );
    assert!(
        !token.status.success() && !words(&token).contains("\"token\":"),
        "a dry run gave a token"
    );
    server.kubectl(&["delete", "clusterrolebinding", "fenced-admin"], "");
}

async fn the_proof_fails_without_the_fence(server: &ApiServer, client: &PreviewClient) {
    server.kubectl(
        &[
            "delete",
            "validatingadmissionpolicybinding",
            "drydock-dry-run-only",
        ],
        "",
    );
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Fence::Missing(reason) = client.prove_fence("drydock").await.unwrap() {
            assert!(reason.contains("a real write was accepted"), "{reason}");
            break;
        }
        assert!(
            Instant::now() < deadline,
            "the fence still holds without its binding"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
