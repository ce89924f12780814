//! What of an object says something to a reviewer.

use serde_json::{Map, Value};

/// Metadata that the server keeps for itself.
const SERVER_METADATA: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// Annotations that repeat the object or count its writes.
const NOISE_ANNOTATIONS: &[&str] = &[
    "argocd.argoproj.io/tracking-id",
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// Labels with which Flux marks what it owns.
const NOISE_LABELS: &[&str] = &[
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
];

/// The object without status, server metadata and the engines' marks, its keys in a fixed order:
/// `apiVersion`, `kind`, `metadata`, names, the rest by alphabet. Equal meaning, equal value.
pub(super) fn normalize(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(root) = object.as_object_mut() {
        root.shift_remove("status");
        if let Some(metadata) = root.get_mut("metadata").and_then(Value::as_object_mut) {
            for field in SERVER_METADATA {
                metadata.shift_remove(*field);
            }
            drop_entries(metadata, "annotations", NOISE_ANNOTATIONS);
            drop_entries(metadata, "labels", NOISE_LABELS);
        }
    }
    sort(&object)
}

/// Removes entries, and the map itself when nothing stays: an empty one means the same as none.
fn drop_entries(metadata: &mut Map<String, Value>, field: &str, names: &[&str]) {
    let Some(map) = metadata.get_mut(field).and_then(Value::as_object_mut) else {
        return;
    };
    for name in names {
        map.shift_remove(*name);
    }
    if map.is_empty() {
        metadata.shift_remove(field);
    }
}

fn sort(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by_key(|(key, _)| (rank(key), key.as_str()));
            Value::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key.clone(), sort(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.iter().map(sort).collect()),
        scalar => scalar.clone(),
    }
}

/// What identifies comes first, as people write it.
fn rank(key: &str) -> u8 {
    match key {
        "apiVersion" => 0,
        "kind" => 1,
        "metadata" => 2,
        "name" => 3,
        "namespace" => 4,
        _ => 5,
    }
}
