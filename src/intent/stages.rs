//! The order of a deployment: what others need comes first, what judges others comes last.

use super::{ApplyRequest, Intent, Stage, compose_apply};
use crate::config::repo::Engine;
use crate::ids::ObjectRef;
use crate::object::Manifest;

/// Stages in order, by name.
const STAGES: [&str; 7] = [
    "namespaces",
    "definitions",
    "configuration",
    "services",
    "workloads",
    "others",
    "admission",
];

/// The requests of an engine for all objects of an application, in stages. An object that stands
/// twice is requested once, with its last manifest, as a deployer that applies both ends with it.
pub fn compose(engine: Engine, objects: &[(ObjectRef, Manifest)]) -> Intent {
    let mut stages: Vec<Stage> = STAGES
        .iter()
        .map(|name| Stage {
            name,
            requests: Vec::new(),
        })
        .collect();
    for (object, manifest) in objects {
        let name = stage_of(object);
        let Some(stage) = stages.iter_mut().find(|stage| stage.name == name) else {
            continue;
        };
        stage
            .requests
            .retain(|known: &ApplyRequest| known.object.key() != object.key());
        stage.requests.push(compose_apply(engine, object, manifest));
    }
    for stage in &mut stages {
        stage
            .requests
            .sort_by(|one, other| one.object.cmp(&other.object));
    }
    stages.retain(|stage| !stage.requests.is_empty());
    Intent { stages }
}

/// The stage of an object, by its kind.
fn stage_of(object: &ObjectRef) -> &'static str {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Namespace") => "namespaces",
        ("apiextensions.k8s.io", "CustomResourceDefinition") => "definitions",
        (
            "",
            "ConfigMap"
            | "Secret"
            | "ServiceAccount"
            | "ResourceQuota"
            | "LimitRange"
            | "PersistentVolume"
            | "PersistentVolumeClaim",
        )
        | ("rbac.authorization.k8s.io" | "storage.k8s.io" | "scheduling.k8s.io", _) => {
            "configuration"
        }
        ("", "Service" | "Endpoints") | ("networking.k8s.io", _) => "services",
        ("", "Pod" | "ReplicationController") | ("apps" | "batch", _) => "workloads",
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => "admission",
        _ => "others",
    }
}

/// Kinds whose deletion takes other people's data or objects with it: the built-in engine never
/// deletes them.
pub fn is_kept_for_good(object: &ObjectRef) -> bool {
    matches!(
        (object.group.as_str(), object.kind.as_str()),
        (
            "",
            "Namespace" | "PersistentVolume" | "PersistentVolumeClaim"
        ) | ("apiextensions.k8s.io", "CustomResourceDefinition")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(api_version: &str, kind: &str, name: &str) -> (ObjectRef, Manifest) {
        let value = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": name}});
        let manifest = Manifest::from_masked(value, crate::object::Role::Object).unwrap();
        (manifest.object().clone(), manifest)
    }

    #[test]
    fn namespaces_come_before_what_lives_in_them_and_webhooks_come_last() {
        let objects = [
            object(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                "w",
            ),
            object("apps/v1", "Deployment", "web"),
            object("acme.dev/v1", "Widget", "w"),
            object("v1", "ConfigMap", "settings"),
            object(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                "widgets.acme.dev",
            ),
            object("v1", "Namespace", "shop"),
            object("v1", "Service", "web"),
        ];
        let names: Vec<&str> = compose(Engine::Apply, &objects)
            .stages
            .iter()
            .map(|stage| stage.name)
            .collect();
        assert_eq!(names, STAGES);
    }

    #[test]
    fn an_object_that_stands_twice_is_requested_once() {
        let objects = [
            object("v1", "ConfigMap", "a"),
            object("v1", "ConfigMap", "a"),
        ];
        let intent = compose(Engine::Apply, &objects);
        assert_eq!(
            intent
                .stages
                .iter()
                .map(|stage| stage.requests.len())
                .sum::<usize>(),
            1
        );
    }

    #[test]
    fn volumes_namespaces_and_definitions_are_kept_for_good() {
        for (api_version, kind) in [
            ("v1", "Namespace"),
            ("v1", "PersistentVolumeClaim"),
            ("v1", "PersistentVolume"),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ] {
            assert!(
                is_kept_for_good(&object(api_version, kind, "x").0),
                "{kind}"
            );
        }
        assert!(!is_kept_for_good(&object("v1", "ConfigMap", "x").0));
    }
}
