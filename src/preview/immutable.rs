//! Fields that an API server refuses to change. Used where it was not asked; where it was, its own
//! answer counts.

use super::Step;
use super::difference::Difference;
use crate::ids::ObjectRef;

/// (group, kind, path of fields): a change at or below the path is refused.
const IMMUTABLE: &[(&str, &str, &[&str])] = &[
    ("apps", "Deployment", &["spec", "selector"]),
    ("apps", "DaemonSet", &["spec", "selector"]),
    ("apps", "ReplicaSet", &["spec", "selector"]),
    ("apps", "StatefulSet", &["spec", "selector"]),
    ("apps", "StatefulSet", &["spec", "serviceName"]),
    ("apps", "StatefulSet", &["spec", "podManagementPolicy"]),
    ("apps", "StatefulSet", &["spec", "volumeClaimTemplates"]),
    ("batch", "Job", &["spec", "template"]),
    ("batch", "Job", &["spec", "selector"]),
    ("batch", "Job", &["spec", "completionMode"]),
    ("", "Service", &["spec", "clusterIP"]),
    ("", "PersistentVolumeClaim", &["spec", "storageClassName"]),
    ("", "PersistentVolumeClaim", &["spec", "accessModes"]),
    ("", "PersistentVolumeClaim", &["spec", "volumeMode"]),
    ("", "PersistentVolumeClaim", &["spec", "volumeName"]),
    ("", "PersistentVolumeClaim", &["spec", "selector"]),
    ("", "Secret", &["type"]),
    ("rbac.authorization.k8s.io", "RoleBinding", &["roleRef"]),
    (
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        &["roleRef"],
    ),
    ("storage.k8s.io", "StorageClass", &["provisioner"]),
    ("storage.k8s.io", "StorageClass", &["parameters"]),
    ("storage.k8s.io", "StorageClass", &["reclaimPolicy"]),
    ("storage.k8s.io", "StorageClass", &["volumeBindingMode"]),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["spec", "scope"],
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["spec", "group"],
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        &["spec", "names", "kind"],
    ),
];

/// Pointers of changes that the server will most likely refuse, in order.
pub(super) fn find_immutable(object: &ObjectRef, changes: &[Difference]) -> Vec<String> {
    changes
        .iter()
        .filter(|difference| {
            IMMUTABLE.iter().any(|(group, kind, path)| {
                object.group == *group
                    && object.kind == *kind
                    && starts_with(&difference.change.path, path)
            })
        })
        .map(|difference| difference.change.pointer.clone())
        .collect()
}

fn starts_with(path: &[Step], fields: &[&str]) -> bool {
    path.len() >= fields.len()
        && path
            .iter()
            .zip(fields)
            .all(|(step, field)| matches!(step, Step::Field(name) if name == field))
}

/// True when a server's message says that a field cannot change. There is no code for it: measured
/// texts of 1.36 are "field is immutable", "may not change once set", "cannot change roleRef",
/// "updates to statefulset spec for fields other than … are forbidden".
pub(super) fn says_immutable(message: &str) -> bool {
    [
        "immutable",
        "may not change",
        "cannot change",
        "are forbidden",
    ]
    .iter()
    .any(|words| message.contains(words))
}
