//! Consequences that a reviewer must not miss.

use serde_json::Value;

use super::difference::Difference;
use super::{Action, Danger};
use crate::ids::ObjectRef;

/// Kinds whose deletion takes something with it: group, kind, rule, what is lost.
const GRAVE_DELETIONS: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "Namespace",
        "danger.delete-namespace",
        "deleting the namespace deletes everything in it",
    ),
    (
        "",
        "PersistentVolume",
        "danger.delete-volume",
        "deleting the volume can delete its data",
    ),
    (
        "",
        "PersistentVolumeClaim",
        "danger.delete-volume-claim",
        "deleting the claim can delete the data of its volume",
    ),
    (
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "danger.delete-definition",
        "deleting the definition deletes every object of its kind",
    ),
    (
        "apps",
        "StatefulSet",
        "danger.delete-stateful-set",
        "deleting the stateful set stops every replica",
    ),
    (
        "networking.k8s.io",
        "NetworkPolicy",
        "danger.delete-network-policy",
        "deleting the network policy opens what it closed",
    ),
];

/// What happens to the object, as far as dangers go.
pub(super) struct Case<'a> {
    pub(super) object: &'a ObjectRef,
    pub(super) action: Action,
    /// The state after; `None` for a deletion.
    pub(super) after: Option<&'a Value>,
    /// What merging changes.
    pub(super) changes: &'a [Difference],
    /// Pointers of fields that cannot change.
    pub(super) immutable: &'a [String],
}

/// The dangers of one change, in order of rule.
pub(super) fn find_dangers(case: &Case<'_>) -> Vec<Danger> {
    let mut dangers = Vec::new();
    match case.action {
        Action::Delete => dangers.extend(deletion(case.object)),
        Action::Create => dangers.extend(grants_everything(case)),
        Action::Update => {
            dangers.extend(recreation(case.immutable));
            dangers.extend(grants_everything(case));
            for difference in case.changes {
                dangers.extend(field_danger(case.object, difference));
            }
        }
        Action::Unchanged => {}
    }
    dangers.sort();
    dangers.dedup();
    dangers
}

fn danger(rule: &str, message: String) -> Danger {
    Danger {
        rule: rule.to_owned(),
        message,
    }
}

fn deletion(object: &ObjectRef) -> Option<Danger> {
    GRAVE_DELETIONS
        .iter()
        .find(|(group, kind, _, _)| object.group == *group && object.kind == *kind)
        .map(|(_, _, rule, message)| danger(rule, (*message).to_owned()))
}

fn recreation(immutable: &[String]) -> Option<Danger> {
    let first = immutable.first()?;
    Some(danger(
        "danger.recreate",
        format!("`{first}` cannot change: the object has to be deleted and made again"),
    ))
}

fn grants_everything(case: &Case<'_>) -> Option<Danger> {
    let binds = case.object.group == "rbac.authorization.k8s.io"
        && matches!(
            case.object.kind.as_str(),
            "ClusterRoleBinding" | "RoleBinding"
        );
    let role = case.after?.pointer("/roleRef/name")?.as_str()?;
    (binds && role == "cluster-admin" && case.object.kind == "ClusterRoleBinding").then(|| {
        danger(
            "danger.cluster-admin",
            "the binding gives its subjects every right in the cluster".to_owned(),
        )
    })
}

fn field_danger(object: &ObjectRef, difference: &Difference) -> Option<Danger> {
    let change = &difference.change;
    let pointer = change.pointer.as_str();
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    match (object.kind.as_str(), pointer) {
        (_, "/spec/replicas") if after.and_then(Value::as_i64) == Some(0) => Some(danger(
            "danger.scale-to-zero",
            "no replica is left running".to_owned(),
        )),
        ("Secret", _) if after.is_none() && is_entry(pointer) => Some(danger(
            "danger.secret-key-removed",
            format!("`{pointer}` goes: what reads this key fails"),
        )),
        ("ConfigMap", _) if after.is_none() && is_entry(pointer) => Some(danger(
            "danger.config-key-removed",
            format!("`{pointer}` goes: what reads this key fails"),
        )),
        ("PersistentVolumeClaim", "/spec/resources/requests/storage")
            if quantity(after?)? < quantity(before?)? =>
        {
            Some(danger(
                "danger.volume-shrink",
                "a volume claim cannot become smaller".to_owned(),
            ))
        }
        ("CustomResourceDefinition", _)
            if after.is_none() && pointer.starts_with("/spec/versions") =>
        {
            Some(danger(
                "danger.version-removed",
                format!("`{pointer}` goes: objects stored in that version can no longer be read"),
            ))
        }
        _ if pointer.ends_with("/securityContext/privileged")
            && after.and_then(Value::as_bool) == Some(true) =>
        {
            Some(danger(
                "danger.privileged",
                format!("`{pointer}` gives the container every right on its node"),
            ))
        }
        _ => None,
    }
}

/// True for `/data/KEY`, `/stringData/KEY`, `/binaryData/KEY` and for the whole map.
fn is_entry(pointer: &str) -> bool {
    ["/data", "/stringData", "/binaryData"].iter().any(|map| {
        pointer == *map
            || pointer
                .strip_prefix(map)
                .is_some_and(|rest| rest.starts_with('/'))
    })
}

/// A storage size in bytes, rounded; `None` for what is no quantity.
fn quantity(value: &Value) -> Option<u128> {
    let text = value.as_str()?;
    let digits = text.trim_end_matches(|character: char| character.is_ascii_alphabetic());
    let number: u128 = digits.parse().ok()?;
    let factor: u128 = match text.get(digits.len()..)? {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "T" => 1_000_000_000_000,
        "P" => 1_000_000_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        _ => return None,
    };
    number.checked_mul(factor)
}
