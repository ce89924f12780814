//! The JSON report against its published description.

use serde_json::Value;

use super::super::{json, samples};

const DESCRIPTION: &str = include_str!("../../../fixtures/report.schema.json");

fn errors(report: &Value) -> Vec<String> {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    jsonschema::draft202012::new(&description)
        .unwrap()
        .iter_errors(report)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Every key of an object that the description does not name, by pointer.
fn undescribed(value: &Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
    let schema = match schema.get("$ref").and_then(Value::as_str) {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    };
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        for choice in choices
            .iter()
            .filter(|choice| choice.get("type") != Some(&"null".into()))
        {
            undescribed(value, choice, root, at, found);
        }
        return;
    }
    if let (Value::Object(map), Some(known)) = (value, schema.get("properties")) {
        for (key, inner) in map {
            match known.get(key) {
                Some(schema) => undescribed(inner, schema, root, &format!("{at}/{key}"), found),
                None => found.push(format!("{at}/{key}")),
            }
        }
    }
    if let (Value::Array(items), Some(schema)) = (value, schema.get("items")) {
        for item in items {
            undescribed(item, schema, root, &format!("{at}/*"), found);
        }
    }
}

#[test]
fn json_of_every_sample_fits_the_published_schema() {
    let mut all = samples::all();
    all.push(("hostile", samples::hostile("a\u{202e}\"`<b>\n")));
    for (name, report) in all {
        let value: Value = serde_json::from_str(&json::compose(&report)).unwrap();
        assert_eq!(errors(&value), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_published_schema_names_every_field() {
    let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
    for (name, report) in samples::all() {
        let value: Value = serde_json::from_str(&json::compose(&report)).unwrap();
        let mut found = Vec::new();
        undescribed(&value, &description, &description, "", &mut found);
        assert_eq!(found, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn the_published_schema_refuses_a_renamed_or_unknown_word() {
    let text = json::compose(&samples::refused());
    for (from, to) in [
        ("\"verdict\": \"fail\"", "\"verdict\": \"failed\""),
        ("\"blocks\"", "\"blocking\""),
        ("\"gate\": \"schema\"", "\"gate\": \"schemas\""),
        ("drydock.report/1", "drydock.report/2"),
    ] {
        assert!(text.contains(from), "{from}");
        let value: Value = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
        assert!(!errors(&value).is_empty(), "{to}");
    }
}
