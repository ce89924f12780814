//! What of an object does not fit a schema, said the same way every time.
//!
//! A server-side apply of an undeclared field answers 500 with a text that differs between identical
//! requests: of two wrong fields it names sometimes one, sometimes both. The schema that the same
//! server publishes gives a stable list.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::Refusal;
use crate::cluster_facts::ClusterFacts;
use crate::ids::ObjectRef;

/// Wrong fields that are listed; an object of another kind altogether has hundreds.
const LISTED: usize = 20;

/// The refusal of an object that does not fit its schema, with every wrong field in order.
pub fn describe_misfit(facts: &ClusterFacts, object: &ObjectRef, desired: &Value) -> Refusal {
    let path = ClusterFacts::openapi_path(&object.group, &object.version);
    let mut causes = Vec::new();
    if let Some(document) = facts.openapi.get(&path)
        && let Some(schema) = find_schema(document, object)
    {
        let reader = Reader { document };
        reader.check(desired, schema, &mut String::new(), &mut causes);
    }
    let wrong = causes.len();
    causes.truncate(LISTED);
    let message = match wrong {
        0 => format!("the {} does not fit the schema of the cluster", object.kind),
        1 => format!(
            "the {} does not fit the schema of the cluster: 1 field is wrong",
            object.kind
        ),
        many => format!(
            "the {} does not fit the schema of the cluster: {many} fields are wrong",
            object.kind
        ),
    };
    Refusal {
        code: 500,
        reason: String::new(),
        causes,
        message,
    }
}

fn find_schema<'a>(document: &'a Value, object: &ObjectRef) -> Option<&'a Value> {
    let schemas = document.pointer("/components/schemas")?.as_object()?;
    schemas.values().find(|schema| {
        schema
            .get("x-kubernetes-group-version-kind")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .any(|kind| {
                let is =
                    |field: &str, text: &str| kind.get(field).and_then(Value::as_str) == Some(text);
                is("group", &object.group)
                    && is("version", &object.version)
                    && is("kind", &object.kind)
            })
    })
}

struct Reader<'a> {
    document: &'a Value,
}

impl Reader<'_> {
    /// Follows references and the `allOf` of one that carries a default.
    fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        // References of a published document do not nest deeper than this.
        for _ in 0..8 {
            let target = schema.get("$ref").and_then(Value::as_str);
            let only = schema
                .get("allOf")
                .and_then(Value::as_array)
                .filter(|all| all.len() == 1)
                .and_then(|all| all.first());
            schema = match (target, only) {
                (Some(target), _) => {
                    let Some(found) = self.document.pointer(target.trim_start_matches('#')) else {
                        return &Value::Null;
                    };
                    found
                }
                (None, Some(only)) => only,
                (None, None) => return schema,
            };
        }
        schema
    }

    /// Adds what is wrong below `pointer`, in document order.
    fn check(
        &self,
        value: &Value,
        schema: &Value,
        pointer: &mut String,
        causes: &mut Vec<(String, String)>,
    ) {
        let schema = self.resolve(schema);
        let flag = |name: &str| schema.get(name).and_then(Value::as_bool) == Some(true);
        let free = flag("x-kubernetes-preserve-unknown-fields")
            || flag("x-kubernetes-int-or-string")
            || schema.get("oneOf").is_some()
            || schema.get("anyOf").is_some();
        if value.is_null() || free {
            return;
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object") => self.check_object(value, schema, pointer, causes),
            Some("array") => self.check_list(value, schema, pointer, causes),
            Some(expected) if !fits_scalar(value, expected) => {
                causes.push((
                    pointer.clone(),
                    format!("must be {}, not {}", with_article(expected), word(value)),
                ));
            }
            _ => {}
        }
    }

    fn check_object(
        &self,
        value: &Value,
        schema: &Value,
        pointer: &mut String,
        causes: &mut Vec<(String, String)>,
    ) {
        let Some(fields) = value.as_object() else {
            let message = format!("must be a map, not {}", word(value));
            causes.push((pointer.clone(), message));
            return;
        };
        let properties = schema.get("properties").and_then(Value::as_object);
        let additional = schema.get("additionalProperties");
        for (name, value) in fields {
            let declared = properties.and_then(|properties| properties.get(name));
            let length = pointer.len();
            pointer.push('/');
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            match (declared, additional) {
                (Some(schema), _) => self.check(value, schema, pointer, causes),
                (None, Some(schema)) if schema.is_object() => {
                    self.check(value, schema, pointer, causes);
                }
                (None, None) if properties.is_some() => {
                    causes.push((pointer.clone(), "is not declared in the schema".to_owned()));
                }
                (None, _) => {}
            }
            pointer.truncate(length);
        }
    }

    fn check_list(
        &self,
        value: &Value,
        schema: &Value,
        pointer: &mut String,
        causes: &mut Vec<(String, String)>,
    ) {
        let Some(items) = value.as_array() else {
            let message = format!("must be a list, not {}", word(value));
            causes.push((pointer.clone(), message));
            return;
        };
        let keys: Vec<&str> = schema
            .get("x-kubernetes-list-map-keys")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut seen = BTreeSet::new();
        for (index, item) in items.iter().enumerate() {
            let length = pointer.len();
            let _ = write!(pointer, "/{index}");
            let key: Vec<String> = keys
                .iter()
                .filter_map(|key| item.get(key).map(|value| format!("{key}={value}")))
                .collect();
            if !key.is_empty() && !seen.insert(key.clone()) {
                causes.push((
                    pointer.clone(),
                    format!("repeats an entry with {}", key.join(", ")),
                ));
            }
            if let Some(schema) = schema.get("items") {
                self.check(item, schema, pointer, causes);
            }
            pointer.truncate(length);
        }
    }
}

fn fits_scalar(value: &Value, expected: &str) -> bool {
    match expected {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" | "number" => value.is_number(),
        _ => true,
    }
}

fn with_article(expected: &str) -> &'static str {
    match expected {
        "string" => "a text",
        "boolean" => "true or false",
        _ => "a number",
    }
}

fn word(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use serde_json::json;

    fn causes(spec: &Value) -> Vec<(String, String)> {
        let document = json!({"components": {"schemas": {
            "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
            "port": {"type": "object", "properties": {"port": {"type": "integer"}, "size": {"$ref": "#/components/schemas/quantity"}}},
            "thing": {"type": "object",
                "x-kubernetes-group-version-kind": [{"group": "", "version": "v1", "kind": "Thing"}],
                "properties": {"spec": {"type": "object", "properties": {
                    "replicas": {"type": "integer"},
                    "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                    "free": {"type": "object"},
                    "ports": {"type": "array", "x-kubernetes-list-map-keys": ["port"],
                        "items": {"allOf": [{"$ref": "#/components/schemas/port"}], "default": {}}}}}}}}}});
        let mut facts = ClusterFacts::default();
        facts.openapi.insert("api/v1".into(), Arc::new(document));
        let object = ObjectRef {
            group: String::new(),
            version: "v1".into(),
            kind: "Thing".into(),
            namespace: None,
            name: "t".into(),
        };
        describe_misfit(&facts, &object, &json!({"spec": spec})).causes
    }

    #[test]
    fn every_wrong_field_is_listed_in_order() {
        let found = causes(
            &json!({"replica": 1, "replicas": "two", "labels": {"a/b": 1},
            "ports": [{"port": 80}, {"port": 80, "size": 1}, "x"]}),
        );
        let found: Vec<_> = found
            .iter()
            .map(|(field, message)| format!("{field} {message}"))
            .collect();
        assert_eq!(
            found,
            [
                "/spec/replica is not declared in the schema",
                "/spec/replicas must be a number, not a text",
                "/spec/labels/a~1b must be a text, not a number",
                "/spec/ports/1 repeats an entry with port=80",
                "/spec/ports/2 must be a map, not a text",
            ]
        );
    }

    #[test]
    fn what_a_schema_leaves_open_is_not_wrong() {
        assert_eq!(
            causes(
                &json!({"free": {"x": 1}, "replicas": null, "ports": [{"port": 1, "size": "1Gi"}]})
            ),
            []
        );
    }
}
