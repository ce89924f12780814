//! What an approved preview showed as deleted, as it is stored with the run.

use serde_json::{Value, json};

use crate::ids::ObjectRef;
use crate::preview::{Action, AppPreview, Origin};
use crate::sync::Deletion;

/// The deletions that this change causes and whose live object was seen, as JSON.
pub(in crate::run) fn write(preview: Option<&AppPreview>) -> String {
    let changes = preview
        .map(|preview| preview.changes.as_slice())
        .unwrap_or_default();
    let listed: Vec<Value> = changes
        .iter()
        .filter(|change| change.action == Action::Delete && change.origin != Origin::Drift)
        .filter_map(|change| {
            let object = &change.object;
            let uid = change.uid.as_ref()?;
            Some(json!({
                "group": object.group, "version": object.version, "kind": object.kind,
                "namespace": object.namespace, "name": object.name, "uid": uid,
            }))
        })
        .collect();
    Value::Array(listed).to_string()
}

/// Reads what [`write`] wrote; anything else is no deletion.
pub(super) fn read(text: &str) -> Vec<Deletion> {
    let Ok(Value::Array(listed)) = serde_json::from_str(text) else {
        return Vec::new();
    };
    let field = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    listed
        .iter()
        .filter_map(|value| {
            Some(Deletion {
                object: ObjectRef {
                    group: field(value, "group")?,
                    version: field(value, "version")?,
                    kind: field(value, "kind")?,
                    namespace: field(value, "namespace"),
                    name: field(value, "name")?,
                },
                uid: field(value, "uid")?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else_is_a_deletion() {
        let text = r#"[{"group":"","version":"v1","kind":"ConfigMap","namespace":"a","name":"b","uid":"u"},{"kind":"ConfigMap"}]"#;
        let read = read(text);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].uid, "u");
        assert_eq!(read[0].object.to_string(), "ConfigMap a/b");
        assert!(super::read("no list").is_empty());
    }
}
