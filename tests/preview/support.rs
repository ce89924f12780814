//! What the tests of this binary share: clients and manifests.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use drydock::clients::cluster::{Answer, Apply, ApplyClient, Credentials, PreviewClient};
use drydock::cluster_facts::ServedKind;
use drydock::ids::{ClusterName, ObjectRef};
use drydock::object::{Manifest, Masker};
use serde_json::Value;

use crate::apiserver::ApiServer;

/// Credentials from a kubeconfig file.
pub(crate) fn credentials(path: PathBuf) -> Credentials {
    Credentials::File {
        path,
        context: None,
    }
}

/// A masker with a fixed key: equal runs have equal tags.
pub(crate) fn masker() -> Arc<Masker> {
    Arc::new(Masker::new([7; 32]))
}

/// A preview client of this identity.
pub(crate) async fn preview_client(kubeconfig: PathBuf) -> PreviewClient {
    PreviewClient::connect(
        &credentials(kubeconfig),
        &ClusterName("staging".into()),
        masker(),
    )
    .await
    .expect("credentials of the harness")
}

/// An apply client of the administrator.
pub(crate) async fn apply_client(server: &ApiServer) -> ApplyClient {
    ApplyClient::connect(
        &credentials(server.admin()),
        &ClusterName("staging".into()),
        masker(),
    )
    .await
    .expect("credentials of the harness")
}

/// A manifest of JSON, as the API would give it.
pub(crate) fn manifest(value: Value) -> Manifest {
    Manifest::from_api(value, &masker()).expect("an object")
}

/// How the server serves the kind of this object.
pub(crate) async fn served(client: &PreviewClient, object: &ObjectRef) -> ServedKind {
    let facts = client.facts(&BTreeSet::new()).await.expect("facts");
    facts
        .find_kind(&object.group, &object.version, &object.kind)
        .expect("a served kind")
        .clone()
}

/// The server's answer to a dry run of this object.
pub(crate) async fn dry_run(client: &PreviewClient, value: Value, force: bool) -> Answer {
    let manifest = manifest(value);
    let served = served(client, manifest.object()).await;
    client
        .dry_run(&Apply {
            object: manifest.object(),
            served: &served,
            manifest: &manifest,
            labels: &[],
            annotations: &[],
            field_manager: "drydock",
            force,
        })
        .await
        .expect("an answer")
}

/// From now on the namespace admits only pods of the standard `restricted`.
pub(crate) fn restrict_pods(server: &ApiServer, namespace: &str) {
    let standard = "pod-security.kubernetes.io/enforce=restricted";
    server.kubectl(&["label", "namespace", namespace, standard], "");
}
