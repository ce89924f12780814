//! Whether a kind lives in namespaces.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cluster_facts::ClusterFacts;
use crate::ids::ObjectRef;
use crate::object::{Manifest, Role};

/// Where objects of a kind live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Namespace,
    Cluster,
}

/// Built-in kinds without a namespace. Part of the API's compatibility promise, so the list only
/// grows; a cluster's own discovery comes first.
const CLUSTER_KINDS: &[&str] = &[
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterTrustBundle",
    "ComponentStatus",
    "CustomResourceDefinition",
    "DeviceClass",
    "FlowSchema",
    "IPAddress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "ResourceSlice",
    "RuntimeClass",
    "ServiceCIDR",
    "StorageClass",
    "StorageVersionMigration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

/// Places of the kinds that CustomResourceDefinitions among these manifests define.
pub(super) fn read_defined<'a>(
    manifests: impl Iterator<Item = &'a Manifest>,
) -> BTreeMap<(String, String), Place> {
    manifests
        .filter(|manifest| manifest.role() == Role::Crd)
        .filter_map(|manifest| {
            let text = |pointer| manifest.value().pointer(pointer).and_then(Value::as_str);
            let place = match text("/spec/scope")? {
                "Cluster" => Place::Cluster,
                _ => Place::Namespace,
            };
            let key = (
                text("/spec/group")?.to_owned(),
                text("/spec/names/kind")?.to_owned(),
            );
            Some((key, place))
        })
        .collect()
}

/// Where an object lives: the cluster knows best, then a definition in the same change, then the
/// built-in list. A custom kind that nobody defines lives where its manifest says: in a namespace
/// when it names one, else nothing is known.
pub(super) fn find_place(
    object: &ObjectRef,
    facts: Option<&ClusterFacts>,
    defined: &BTreeMap<(String, String), Place>,
) -> Option<Place> {
    let of = |namespaced| {
        if namespaced {
            Place::Namespace
        } else {
            Place::Cluster
        }
    };
    let served = facts.and_then(|facts| {
        facts
            .kinds
            .iter()
            .find(|served| served.group == object.group && served.kind == object.kind)
    });
    if let Some(served) = served {
        return Some(of(served.namespaced));
    }
    if let Some(place) = defined.get(&(object.group.clone(), object.kind.clone())) {
        return Some(*place);
    }
    let built_in = !object.group.contains('.') || object.group.ends_with(".k8s.io");
    if built_in {
        return Some(of(!CLUSTER_KINDS.contains(&object.kind.as_str())));
    }
    object.namespace.is_some().then_some(Place::Namespace)
}
