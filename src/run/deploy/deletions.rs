//! What an approved preview showed as deleted, as it is stored with the run.

use serde_json::{Value, json};

use crate::ids::ObjectRef;
use crate::preview::{Action, AppPreview, Origin};
use crate::sync::Deletion;

/// What a preview showed as deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listed {
    /// Objects whose live state was seen.
    pub(super) seen: Vec<Deletion>,
    /// Objects that may be live: nobody saw, so nobody may delete them.
    pub(super) unseen: Vec<ObjectRef>,
}

/// The deletions that this change causes, as JSON; without a uid where the live object was not seen.
pub(in crate::run) fn write(preview: Option<&AppPreview>) -> String {
    let changes = preview
        .map(|preview| preview.changes.as_slice())
        .unwrap_or_default();
    let listed: Vec<Value> = changes
        .iter()
        .filter(|change| change.action == Action::Delete && change.origin != Origin::Drift)
        .map(|change| {
            let object = &change.object;
            json!({
                "group": object.group, "version": object.version, "kind": object.kind,
                "namespace": object.namespace, "name": object.name, "uid": change.uid,
            })
        })
        .collect();
    Value::Array(listed).to_string()
}

/// Reads what [`write`] wrote; anything else is no deletion.
pub(super) fn read(text: &str) -> Listed {
    let Ok(Value::Array(entries)) = serde_json::from_str(text) else {
        return Listed::default();
    };
    let field = |value: &Value, key: &str| {
        value
            .get(key)
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let read_object = |value: &Value| {
        Some(ObjectRef {
            group: field(value, "group")?,
            version: field(value, "version")?,
            kind: field(value, "kind")?,
            namespace: field(value, "namespace"),
            name: field(value, "name")?,
        })
    };
    let mut listed = Listed::default();
    for entry in &entries {
        match (read_object(entry), field(entry, "uid")) {
            (Some(object), Some(uid)) => listed.seen.push(Deletion { object, uid }),
            (Some(object), None) => listed.unseen.push(object),
            (None, _) => {}
        }
    }
    listed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_is_listed_apart_and_nothing_else_is_a_deletion() {
        let text = r#"[{"group":"","version":"v1","kind":"ConfigMap","namespace":"a","name":"b","uid":"u"},
            {"group":"","version":"v1","kind":"Secret","namespace":"a","name":"c","uid":null},{"kind":"ConfigMap"}]"#;
        let read = read(text);
        assert_eq!(read.seen.len(), 1);
        assert_eq!(read.seen[0].uid, "u");
        assert_eq!(read.seen[0].object.to_string(), "ConfigMap a/b");
        assert_eq!(read.unseen.len(), 1);
        assert_eq!(read.unseen[0].to_string(), "Secret a/c");
        assert_eq!(super::read("no list"), Listed::default());
    }
}
