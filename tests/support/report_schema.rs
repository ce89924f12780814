//! Whether an output of `check --format json` keeps its published schema.

use std::path::Path;

use serde_json::{Map, Value};

/// The published schema, as its readers have it.
pub(crate) fn published() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/report.schema.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The same, refusing fields that it does not describe: readers pass over those, a test does not.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut fields: Map<String, Value> = fields
                .iter()
                .map(|(name, value)| (name.clone(), closed(value)))
                .collect();
            let lists_fields = fields.get("type").is_some_and(|word| word == "object")
                && fields.get("properties").is_some_and(Value::is_object);
            if lists_fields {
                fields.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            Value::Object(fields)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

/// What a report does wrong, each with its place; empty when it keeps the schema and has no field
/// that the schema does not describe.
pub(crate) fn violations(report: &Value) -> Vec<String> {
    let validator = jsonschema::draft202012::new(&closed(&published())).unwrap();
    validator
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// # Panics
///
/// When the report breaks the published schema.
pub(crate) fn assert_valid(report: &Value) {
    let found = violations(report);
    assert!(found.is_empty(), "{}", found.join("\n"));
}
