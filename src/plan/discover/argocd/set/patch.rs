//! `templatePatch`: a strategic merge patch on an application. Lists are replaced, as no list of an
//! application says how to merge it; only finalizers are joined.

use serde_json::{Map, Value};

use crate::yaml;

/// Fields whose content the patch's schema does not know, so that maps and lists of both sides cannot
/// be merged in them.
const OPAQUE: &str = "valuesObject";

/// The application with the patch applied; its project stays.
pub(super) fn apply(application: &Value, text: &str) -> Result<Value, String> {
    let stream = yaml::read(text.as_bytes(), &yaml::Budget::file());
    if let Some(error) = stream.errors.first() {
        return Err(format!("line {}: {}", error.position.line, error.message));
    }
    let first = stream.documents.first().filter(|first| first.index == 0);
    let patch = match first.map(yaml::Document::to_json) {
        None | Some(Value::Null) => return Ok(application.clone()),
        Some(Value::Object(patch)) => patch,
        Some(_) => return Err("it is not a map".to_owned()),
    };
    let Value::Object(mut patched) = application.clone() else {
        return Err("the template is not a map".to_owned());
    };
    merge(&mut patched, patch, "", false)?;
    let mut patched = Value::Object(patched);
    let project = application.pointer("/spec/project");
    if let Some(spec) = patched.get_mut("spec").and_then(Value::as_object_mut) {
        match project {
            Some(project) => spec.insert("project".to_owned(), project.clone()),
            None => spec.remove("project"),
        };
    }
    Ok(patched)
}

fn merge(
    held: &mut Map<String, Value>,
    patch: Map<String, Value>,
    pointer: &str,
    opaque: bool,
) -> Result<(), String> {
    if let Some(directive) = patch.get("$patch") {
        match directive.as_str() {
            Some("replace") => {
                *held = patch;
                held.remove("$patch");
            }
            Some("delete") => held.clear(),
            _ => return Err(format!("`$patch` of {directive}")),
        }
        return Ok(());
    }
    for (key, value) in patch {
        if key.starts_with("$setElementOrder/")
            || key.starts_with("$deleteFromPrimitiveList/")
            || key == "$retainKeys"
        {
            return Err(format!("the directive `{key}` is not read here"));
        }
        if value.is_null() {
            held.remove(&key);
            continue;
        }
        let inner = format!("{pointer}/{key}");
        match (held.get_mut(&key), value) {
            (Some(Value::Object(_)), Value::Object(_))
            | (Some(Value::Array(_)), Value::Array(_))
                if opaque =>
            {
                return Err(format!("`{inner}` is in both, and its type is not known"));
            }
            (Some(Value::Object(held)), Value::Object(patch)) => {
                merge(held, patch, &inner, key == OPAQUE)?;
            }
            (Some(Value::Array(held)), Value::Array(more)) if inner == "/metadata/finalizers" => {
                // Those of the patch come first.
                let kept: Vec<Value> = held.drain(..).filter(|item| !more.contains(item)).collect();
                held.extend(more);
                held.extend(kept);
            }
            (_, value) => {
                if let Some(value) = plain(value) {
                    held.insert(key, value);
                } else {
                    held.remove(&key);
                }
            }
        }
    }
    Ok(())
}

/// A value of the patch that meets none: without directives, and without keys of nothing.
fn plain(value: Value) -> Option<Value> {
    match value {
        Value::Object(map) => {
            if map.get("$patch").and_then(Value::as_str) == Some("delete") {
                return None;
            }
            let kept = map
                .into_iter()
                .filter(|(key, value)| key != "$patch" && !value.is_null())
                .filter_map(|(key, value)| Some((key, plain(value)?)))
                .collect();
            Some(Value::Object(kept))
        }
        Value::Array(items) => Some(Value::Array(items.into_iter().filter_map(plain).collect())),
        other => Some(other),
    }
}
