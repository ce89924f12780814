//! Kinds that are removed, misspelt or unknown, and versions outside the bundle.

use serde_json::{Value, json};

use super::{deployment, judge, lines, schemas};
use crate::gate::schema::Status;

fn object(api: &str, kind: &str) -> Value {
    json!({"apiVersion": api, "kind": kind, "metadata": {"name": "x"}})
}

#[test]
fn a_removed_api_names_its_replacement() {
    assert_eq!(
        judge(&object("autoscaling/v2beta2", "HorizontalPodAutoscaler")),
        [
            "/apiVersion: error schema.removed-api: `autoscaling/v2beta2` of HorizontalPodAutoscaler is not served by Kubernetes 1.35: it was removed in 1.26 (write `apiVersion: autoscaling/v2`)"
        ]
    );
    assert_eq!(
        judge(&object("extensions/v1beta1", "Ingress")),
        [
            "/apiVersion: error schema.removed-api: `extensions/v1beta1` of Ingress is not served by Kubernetes 1.35: it was removed (write `apiVersion: networking.k8s.io/v1`)"
        ]
    );
    assert_eq!(
        lines(&schemas("1.33").judge(&object("resource.k8s.io/v1", "DeviceClass"))),
        [
            "/apiVersion: error schema.unserved-api: `resource.k8s.io/v1` of DeviceClass is not served by Kubernetes 1.33: it begins with 1.34 (write `apiVersion: resource.k8s.io/v1beta2`)"
        ]
    );
    let warned = schemas("1.25").judge(&json!({"apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "x"}}));
    assert_eq!(
        lines(&warned),
        [
            "/apiVersion: warning schema.deprecated-api: `autoscaling/v2beta2` of HorizontalPodAutoscaler is removed in Kubernetes 1.26 (write `apiVersion: autoscaling/v2`)"
        ]
    );
}

#[test]
fn a_misspelt_built_in_kind_or_group_is_an_error_and_others_are_not_verified() {
    assert_eq!(
        judge(&object("apps/v1", "Deploymnet")),
        [
            "/kind: error schema.unknown-kind: Kubernetes 1.35 has no kind `Deploymnet` in `apps/v1` (did you mean `Deployment`?)"
        ]
    );
    assert_eq!(
        judge(&object("app/v1", "Deployment")),
        [
            "/apiVersion: error schema.unknown-kind: Kubernetes 1.35 has no API group `app` (write `apiVersion: apps/v1`)"
        ]
    );
    assert_eq!(
        judge(&object("v1", "Deployment")),
        [
            "/apiVersion: error schema.unknown-kind: Kubernetes 1.35 has no Deployment in `v1` (write `apiVersion: apps/v1`)"
        ]
    );
    assert_eq!(
        judge(&object("netwroking.k8s.io/v1", "Ingress")),
        [
            "/apiVersion: error schema.unknown-kind: Kubernetes 1.35 has no API group `netwroking.k8s.io` (write `apiVersion: networking.k8s.io/v1`)"
        ]
    );
    for (api, kind) in [
        ("example.com/v1", "Widget"),
        ("gateway.networking.k8s.io/v1", "HTTPRoute"),
        ("example.com/v1", "Deployment"),
        ("serving.knative.dev/v1", "Service"),
    ] {
        let judged = schemas("1.35").judge(&object(api, kind));
        assert_eq!(judged.status, Status::NoSchema, "{api}");
        assert_eq!(
            judged.note.unwrap(),
            format!("no schema is known for {api} {kind}")
        );
    }
}

#[test]
fn versions_outside_the_bundle_are_never_a_silent_pass() {
    let object = deployment("", Value::Null);
    let newer = schemas("1.99").judge(&object);
    assert_eq!(newer.status, Status::Valid);
    assert_eq!(
        newer.note.unwrap(),
        "Kubernetes 1.99 is newer than the embedded schemas; judged as 1.37"
    );
    let older = schemas("1.24").judge(&object);
    assert_eq!(older.status, Status::Error);
    assert_eq!(
        older.note.unwrap(),
        "Kubernetes 1.24 is older than 1.25, the oldest version with embedded schemas"
    );
}
