//! Whether a live object has become what its manifest wants. Pure.
//!
//! The rules are those of kstatus (`sigs.k8s.io/cli-utils/pkg/kstatus`): first what holds for every
//! kind (deletion, observed generation, the conditions `Reconciling` and `Stalled`), then the
//! built-in kinds, then the condition `Ready`, else current.

use serde_json::Value;

/// How far an object has come; ordered, the least settled last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// It is what its manifest wants.
    Current,
    /// Its controller is at work; the text says what is missing.
    InProgress(String),
    /// It is being deleted.
    Terminating,
    /// Its controller gave up; the text is its reason.
    Failed(String),
}

/// Judges one live object.
pub fn judge(object: &Value) -> Health {
    if object
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(|time| !time.is_null())
    {
        return Health::Terminating;
    }
    if let Some(observed) = int(object, "/status/observedGeneration")
        && let Some(wanted) = int(object, "/metadata/generation")
        && observed != wanted
    {
        return Health::InProgress(format!("generation {wanted} is not observed yet"));
    }
    if let Some(reason) = condition(object, "Stalled", "True") {
        return Health::Failed(reason);
    }
    if let Some(reason) = condition(object, "Reconciling", "True") {
        return Health::InProgress(reason);
    }
    let group = object
        .get("apiVersion")
        .and_then(Value::as_str)
        .and_then(|text| text.split_once('/'))
        .map_or("", |(group, _)| group);
    match (
        group,
        object
            .get("kind")
            .and_then(Value::as_str)
            .unwrap_or_default(),
    ) {
        ("apps", "Deployment") => deployment(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps", "DaemonSet") => daemon_set(object),
        ("apps", "ReplicaSet") => replica_set(object),
        ("", "Pod") => pod(object),
        ("batch", "Job") => job(object),
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Service") => service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("policy", "PodDisruptionBudget") => disruption_budget(object),
        _ => ready(object),
    }
}

fn int(object: &Value, pointer: &str) -> Option<i64> {
    object.pointer(pointer).and_then(Value::as_i64)
}

fn count(object: &Value, pointer: &str) -> i64 {
    int(object, pointer).unwrap_or(0)
}

/// The reason of a condition that has this status.
fn condition(object: &Value, kind: &str, status: &str) -> Option<String> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let text = |condition: &Value, key: &str| {
        condition
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let found = conditions
        .iter()
        .find(|condition| text(condition, "type") == kind && text(condition, "status") == status)?;
    let (reason, message) = (text(found, "reason"), text(found, "message"));
    Some(match (reason.as_str(), message.as_str()) {
        ("", "") => kind.to_owned(),
        (reason, "") => reason.to_owned(),
        ("", message) => message.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    })
}

fn ready(object: &Value) -> Health {
    if condition(object, "Ready", "True").is_some() {
        Health::Current
    } else if let Some(reason) =
        condition(object, "Ready", "False").or_else(|| condition(object, "Ready", "Unknown"))
    {
        Health::InProgress(reason)
    } else {
        Health::Current
    }
}

/// A controller that has not written a status yet has not seen the object.
fn unseen(object: &Value) -> Option<Health> {
    int(object, "/status/observedGeneration")
        .is_none()
        .then(|| Health::InProgress("its controller has not seen it yet".into()))
}

fn progress(pairs: &[(i64, i64, &str)]) -> Health {
    pairs
        .iter()
        .find(|(have, want, _)| have < want)
        .map_or(Health::Current, |(have, want, what)| {
            Health::InProgress(format!("{have} of {want} {what}"))
        })
}

fn deployment(object: &Value) -> Health {
    if let Some(reason) = condition(object, "Progressing", "False") {
        return Health::Failed(reason);
    }
    if let Some(unseen) = unseen(object) {
        return unseen;
    }
    let want = int(object, "/spec/replicas").unwrap_or(1);
    let (all, updated) = (
        count(object, "/status/replicas"),
        count(object, "/status/updatedReplicas"),
    );
    if all > updated && updated >= want {
        return Health::InProgress(format!("{} old replicas are still running", all - updated));
    }
    progress(&[
        (updated, want, "replicas updated"),
        (
            count(object, "/status/readyReplicas"),
            want,
            "replicas ready",
        ),
        (
            count(object, "/status/availableReplicas"),
            want,
            "replicas available",
        ),
    ])
}

/// What a set comes to without a look at its counts: with `OnDelete` a person decides when its pods
/// are replaced.
fn before_counting(object: &Value) -> Option<Health> {
    let strategy = object.pointer("/spec/updateStrategy/type");
    if strategy.and_then(Value::as_str) == Some("OnDelete") {
        return Some(Health::Current);
    }
    unseen(object)
}

fn stateful_set(object: &Value) -> Health {
    if let Some(settled) = before_counting(object) {
        return settled;
    }
    let want = int(object, "/spec/replicas").unwrap_or(1);
    let partition = int(object, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    let counts = progress(&[
        (count(object, "/status/replicas"), want, "replicas running"),
        (
            count(object, "/status/readyReplicas"),
            want,
            "replicas ready",
        ),
        (
            count(object, "/status/updatedReplicas"),
            (want - partition).max(0),
            "replicas updated",
        ),
    ]);
    let revision = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    if counts == Health::Current
        && partition == 0
        && revision("/status/currentRevision") != revision("/status/updateRevision")
    {
        return Health::InProgress("the update revision is not current yet".into());
    }
    counts
}

fn daemon_set(object: &Value) -> Health {
    if let Some(settled) = before_counting(object) {
        return settled;
    }
    let want = count(object, "/status/desiredNumberScheduled");
    progress(&[
        (
            count(object, "/status/currentNumberScheduled"),
            want,
            "pods scheduled",
        ),
        (
            count(object, "/status/updatedNumberScheduled"),
            want,
            "pods updated",
        ),
        (
            count(object, "/status/numberAvailable"),
            want,
            "pods available",
        ),
        (count(object, "/status/numberReady"), want, "pods ready"),
    ])
}

fn replica_set(object: &Value) -> Health {
    if let Some(reason) = condition(object, "ReplicaFailure", "True") {
        return Health::InProgress(reason);
    }
    if let Some(unseen) = unseen(object) {
        return unseen;
    }
    let want = int(object, "/spec/replicas").unwrap_or(1);
    progress(&[
        (
            count(object, "/status/fullyLabeledReplicas"),
            want,
            "replicas labelled",
        ),
        (
            count(object, "/status/availableReplicas"),
            want,
            "replicas available",
        ),
        (
            count(object, "/status/readyReplicas"),
            want,
            "replicas ready",
        ),
    ])
}

fn pod(object: &Value) -> Health {
    match object.pointer("/status/phase").and_then(Value::as_str) {
        Some("Succeeded") => Health::Current,
        Some("Failed") => Health::Failed("the pod failed".into()),
        _ if condition(object, "Ready", "True").is_some() => Health::Current,
        Some(phase) => Health::InProgress(format!("the pod is {phase}")),
        None => Health::InProgress("the pod is not scheduled yet".into()),
    }
}

fn job(object: &Value) -> Health {
    if let Some(reason) = condition(object, "Failed", "True") {
        return Health::Failed(reason);
    }
    // A job that has started does what its manifest wants, though its work goes on.
    if condition(object, "Complete", "True").is_some()
        || object.pointer("/status/startTime").is_some()
    {
        Health::Current
    } else {
        Health::InProgress("the job has not started".into())
    }
}

fn claim(object: &Value) -> Health {
    match object.pointer("/status/phase").and_then(Value::as_str) {
        Some("Bound") => Health::Current,
        Some("Lost") => Health::Failed("its volume is lost".into()),
        _ => Health::InProgress("the claim is not bound".into()),
    }
}

fn service(object: &Value) -> Health {
    let kind = object.pointer("/spec/type").and_then(Value::as_str);
    let address = object
        .pointer("/status/loadBalancer/ingress")
        .and_then(Value::as_array)
        .is_some_and(|list| !list.is_empty());
    if kind == Some("LoadBalancer") && !address {
        Health::InProgress("the load balancer has no address".into())
    } else {
        Health::Current
    }
}

fn definition(object: &Value) -> Health {
    if let Some(reason) = condition(object, "NamesAccepted", "False") {
        return Health::Failed(reason);
    }
    match condition(object, "Established", "True") {
        Some(_) => Health::Current,
        None => Health::InProgress("the definition is not established".into()),
    }
}

fn disruption_budget(object: &Value) -> Health {
    unseen(object).unwrap_or_else(|| {
        progress(&[(
            count(object, "/status/currentHealthy"),
            count(object, "/status/desiredHealthy"),
            "pods healthy",
        )])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(object: &Value, expected: &Health) {
        assert_eq!(&judge(object), expected, "{object}");
    }

    fn workload(status: &Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 2},
               "spec": {"replicas": 2}, "status": status})
    }

    #[test]
    fn a_deployment_is_current_when_every_replica_is_updated_and_available() {
        let done = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2});
        check(&workload(&done), &Health::Current);
        let old = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 3});
        check(
            &workload(&old),
            &Health::InProgress("1 old replicas are still running".into()),
        );
        let waiting = json!({"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 1});
        check(
            &workload(&waiting),
            &Health::InProgress("1 of 2 replicas ready".into()),
        );
    }

    #[test]
    fn the_health_of_an_older_generation_is_never_read_as_success() {
        let stale = json!({"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2});
        check(
            &workload(&stale),
            &Health::InProgress("generation 2 is not observed yet".into()),
        );
        check(
            &workload(&json!({})),
            &Health::InProgress("its controller has not seen it yet".into()),
        );
    }

    #[test]
    fn a_passed_progress_deadline_is_a_failure() {
        let failed = json!({"observedGeneration": 2, "conditions": [{"type": "Progressing", "status": "False",
            "reason": "ProgressDeadlineExceeded", "message": "no progress"}]});
        check(
            &workload(&failed),
            &Health::Failed("ProgressDeadlineExceeded: no progress".into()),
        );
    }

    #[test]
    fn other_kinds_follow_their_ready_condition() {
        let custom = |status: &str| {
            json!({"apiVersion": "acme.dev/v1", "kind": "Widget", "metadata": {},
                   "status": {"conditions": [{"type": "Ready", "status": status, "reason": "Why"}]}})
        };
        check(&custom("True"), &Health::Current);
        check(&custom("False"), &Health::InProgress("Why".into()));
        check(
            &json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {}}),
            &Health::Current,
        );
    }

    #[test]
    fn deletion_stands_over_everything() {
        let dying = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}});
        check(&dying, &Health::Terminating);
    }

    #[test]
    fn a_claim_must_be_bound_and_a_load_balancer_needs_an_address() {
        check(
            &json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": {"phase": "Bound"}}),
            &Health::Current,
        );
        check(
            &json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {}}}),
            &Health::InProgress("the load balancer has no address".into()),
        );
    }
}
