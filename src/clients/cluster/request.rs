//! The requests that both clients make.

use http::Method;
use serde_json::{Map, Value};

use super::status::read_object;
use super::wire::{Call, Connection};
use super::{Apply, ClusterError, address};
use crate::cluster_facts::ServedKind;
use crate::ids::ObjectRef;
use crate::object::{Manifest, Masker};

/// Reads one object.
pub(super) async fn read(
    connection: &Connection,
    served: &ServedKind,
    object: &ObjectRef,
    masker: &Masker,
) -> Result<Option<Manifest>, ClusterError> {
    let call = Call::get(
        address::object(served, object),
        format!(
            "get {}",
            address::describe(served, object.namespace.as_deref())
        ),
    );
    let reply = connection.send(&call).await?;
    match reply.code {
        200 => read_object(connection, &call, &reply, masker).map(Some),
        404 => Ok(None),
        _ => Err(connection.unexpected(&call, &reply)),
    }
}

/// The body of an apply: the desired state with the namespace and the tracking metadata of the
/// deployer.
pub(super) fn compose_body(apply: &Apply<'_>, desired: &Value) -> Value {
    let mut body = desired.clone();
    let Some(root) = body.as_object_mut() else {
        return body;
    };
    let metadata = root
        .entry("metadata")
        .or_insert_with(|| Value::Object(Map::new()));
    if let Some(metadata) = metadata.as_object_mut() {
        match (&apply.object.namespace, apply.served.namespaced) {
            (Some(namespace), true) => {
                metadata.insert("namespace".into(), Value::String(namespace.clone()));
            }
            _ => {
                metadata.shift_remove("namespace");
            }
        }
        add_entries(metadata, "labels", apply.labels);
        add_entries(metadata, "annotations", apply.annotations);
    }
    body
}

fn add_entries(metadata: &mut Map<String, Value>, field: &str, entries: &[(String, String)]) {
    if entries.is_empty() {
        return;
    }
    let map = metadata
        .entry(field)
        .or_insert_with(|| Value::Object(Map::new()));
    if map.is_null() {
        *map = Value::Object(Map::new());
    }
    if let Some(map) = map.as_object_mut() {
        for (key, value) in entries {
            map.insert(key.clone(), Value::String(value.clone()));
        }
    }
}

/// A server-side apply. JSON is valid YAML; the content type is what selects apply.
pub(super) fn patch(apply: &Apply<'_>, body: &Value, dry_run: &str) -> Call {
    let manager = address::encode(apply.field_manager);
    let force = apply.force;
    Call {
        method: Method::PATCH,
        uri: format!(
            "{}?fieldManager={manager}&force={force}&fieldValidation=Strict{dry_run}",
            address::object(apply.served, apply.object),
        ),
        what: format!(
            "patch {}",
            address::describe(apply.served, apply.object.namespace.as_deref())
        ),
        accept: "application/json",
        body: Some((
            "application/apply-patch+yaml",
            body.to_string().into_bytes(),
        )),
    }
}
