//! GitHub's official OpenAPI description: what a request must look like, and examples of answers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

fn part(path: &str) -> Value {
    let parts = std::env::var_os("DRYDOCK_PARTS").map_or_else(
        || {
            PathBuf::from(std::env::var_os("HOME").expect("HOME is set"))
                .join(".cache/drydock/parts")
        },
        PathBuf::from,
    );
    let file = parts.join("npm/node_modules").join(path);
    let bytes = std::fs::read(&file).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; tests/run installs the parts that tests need",
            file.display()
        )
    });
    serde_json::from_slice(&bytes).expect("JSON")
}

fn description() -> &'static Value {
    static DESCRIPTION: OnceLock<Value> = OnceLock::new();
    DESCRIPTION.get_or_init(|| part("@octokit/openapi/generated/api.github.com.json"))
}

/// Event name and payload of every official webhook example.
pub(crate) fn official_webhook_examples() -> Vec<(String, Value)> {
    let events = part("@octokit/webhooks-examples/api.github.com/index.json");
    let mut all = Vec::new();
    for event in events.as_array().unwrap() {
        let name = event["name"].as_str().unwrap();
        for example in event["examples"].as_array().unwrap() {
            all.push((name.to_owned(), example.clone()));
        }
    }
    all
}

/// Replaces references and turns OpenAPI 3.0's `nullable` into JSON Schema.
fn inline(schema: &Value, depth: usize) -> Value {
    assert!(depth < 40, "a schema that refers to itself");
    match schema {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                let target = description()
                    .pointer(reference.trim_start_matches('#'))
                    .unwrap();
                return inline(target, depth + 1);
            }
            let mut out: serde_json::Map<String, Value> = fields
                .iter()
                .filter(|(name, _)| *name != "examples" && *name != "example")
                .map(|(name, value)| (name.clone(), inline(value, depth + 1)))
                .collect();
            if out.remove("nullable") == Some(json!(true)) {
                return json!({"anyOf": [{"type": "null"}, out]});
            }
            Value::Object(out)
        }
        Value::Array(list) => {
            Value::Array(list.iter().map(|item| inline(item, depth + 1)).collect())
        }
        other => other.clone(),
    }
}

/// Holds a request against the operation it uses; gives what is wrong.
pub(super) fn check_request(
    method: &str,
    template: &str,
    body: Option<&Value>,
) -> Result<(), String> {
    let operation = description()
        .pointer("/paths")
        .and_then(|paths| paths.get(template)?.get(method.to_ascii_lowercase()))
        .ok_or_else(|| format!("{method} {template} is no operation of GitHub"))?;
    let schema = operation.pointer("/requestBody/content/application~1json/schema");
    match (schema, body) {
        (Some(schema), Some(body)) => check_body(method, template, schema, body),
        (Some(_), None) if operation.pointer("/requestBody/required") == Some(&json!(true)) => {
            Err(format!("{method} {template} lacks a body"))
        }
        (None, Some(_)) => Err(format!("{method} {template} takes no body")),
        _ => Ok(()),
    }
}

fn check_body(method: &str, template: &str, schema: &Value, body: &Value) -> Result<(), String> {
    static VALIDATORS: Mutex<BTreeMap<String, jsonschema::Validator>> = Mutex::new(BTreeMap::new());
    let mut validators = VALIDATORS.lock().unwrap();
    let validator = validators
        .entry(format!("{method} {template}"))
        .or_insert_with(|| jsonschema::validator_for(&inline(schema, 0)).expect("a usable schema"));
    let known = schema.get("properties").and_then(Value::as_object);
    for name in body.as_object().into_iter().flat_map(serde_json::Map::keys) {
        if known.is_some_and(|known| !known.contains_key(name)) {
            return Err(format!("{method} {template}: no field `{name}`"));
        }
    }
    match validator.iter_errors(body).next() {
        Some(error) => Err(format!(
            "{method} {template}: {error} at {}",
            error.instance_path()
        )),
        None => Ok(()),
    }
}

/// An official example by its name in the description.
pub(super) fn example(name: &str) -> Value {
    description()
        .pointer(&format!("/components/examples/{name}/value"))
        .unwrap_or_else(|| panic!("no example {name}"))
        .clone()
}

/// An example with fields replaced.
pub(super) fn filled(name: &str, fields: Value) -> Value {
    let mut value = example(name);
    if let Some(first) = value.get(0) {
        value = first.clone();
    }
    merge(&mut value, fields);
    value
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
