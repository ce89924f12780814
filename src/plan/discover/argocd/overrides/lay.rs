//! Laying the options of a file over those of a source: a JSON merge patch, read into the source that
//! is there already. So `null` takes nothing away, and an item of a list keeps the fields that it does
//! not name.

use serde_json::{Map, Value};

/// Fields of a source that hold a tool's options; a file may set nothing else.
const TOOLS: [&str; 4] = ["helm", "kustomize", "directory", "plugin"];

/// Fields of each tool.
const HELM: [&str; 15] = [
    "valueFiles",
    "parameters",
    "releaseName",
    "values",
    "fileParameters",
    "version",
    "passCredentials",
    "ignoreMissingValueFiles",
    "skipCrds",
    "valuesObject",
    "namespace",
    "kubeVersion",
    "apiVersions",
    "skipTests",
    "skipSchemaValidation",
];
const KUSTOMIZE: [&str; 18] = [
    "namePrefix",
    "nameSuffix",
    "images",
    "commonLabels",
    "version",
    "commonAnnotations",
    "forceCommonLabels",
    "forceCommonAnnotations",
    "namespace",
    "commonAnnotationsEnvsubst",
    "replicas",
    "patches",
    "components",
    "ignoreMissingComponents",
    "labelWithoutSelector",
    "labelIncludeTemplates",
    "kubeVersion",
    "apiVersions",
];
const DIRECTORY: [&str; 4] = ["recurse", "jsonnet", "exclude", "include"];

/// Fields of items of lists, and of maps in them.
const ITEM: [&str; 14] = [
    "name",
    "value",
    "forceString",
    "path",
    "count",
    "patch",
    "target",
    "options",
    "group",
    "version",
    "kind",
    "namespace",
    "labelSelector",
    "annotationSelector",
];

/// Lays what a file holds over a source.
pub(super) fn lay_over(source: &mut Value, patch: Map<String, Value>) -> Result<(), String> {
    let Some(source) = source.as_object_mut() else {
        return Err("the source is not a map".to_owned());
    };
    for (tool, options) in patch {
        check_letters(&tool, &TOOLS)?;
        if !TOOLS.contains(&tool.as_str()) || options.is_null() {
            continue;
        }
        let Value::Object(options) = options else {
            return Err(format!("`{tool}` is not a map"));
        };
        let known: Vec<&str> = match tool.as_str() {
            "helm" => HELM.to_vec(),
            "kustomize" => KUSTOMIZE.to_vec(),
            "directory" => DIRECTORY.to_vec(),
            // Whatever it says: a plugin is not run.
            _ => Vec::new(),
        };
        let held = source.entry(tool).or_insert(Value::Null);
        if !held.is_object() {
            *held = Value::Object(Map::new());
        }
        for (field, value) in options {
            check_letters(&field, &known)?;
            if let (Some(held), true) = (held.as_object_mut(), known.contains(&field.as_str())) {
                lay_field(held, field, value)?;
            }
        }
    }
    Ok(())
}

fn lay_field(held: &mut Map<String, Value>, field: String, value: Value) -> Result<(), String> {
    let before = held.get(&field).cloned().unwrap_or(Value::Null);
    let after = match value {
        Value::Null => return Ok(()),
        value if field == "valuesObject" => merge_patch(before, value),
        Value::Array(items) => {
            let mut old = match before {
                Value::Array(old) => old.into_iter(),
                _ => Vec::new().into_iter(),
            };
            let items = items
                .into_iter()
                .map(|item| lay_item(&old.next().unwrap_or_default(), item));
            Value::Array(items.collect::<Result<_, String>>()?)
        }
        Value::Object(map) => {
            let mut merged = before.as_object().cloned().unwrap_or_default();
            merged.extend(map.into_iter().filter(|(_, value)| !value.is_null()));
            Value::Object(merged)
        }
        value => value,
    };
    held.insert(field, after);
    Ok(())
}

/// An item in the place of another, which keeps what the new one does not name. Fields are found
/// whatever the case of their letters, as tools that write these files have it.
fn lay_item(old: &Value, item: Value) -> Result<Value, String> {
    let Value::Object(fields) = item else {
        return Ok(item);
    };
    let mut merged = old.as_object().cloned().unwrap_or_default();
    let mut named = Vec::new();
    for (field, value) in fields {
        let known = ITEM.into_iter().find(|known| is_alike(known, &field));
        let field = known.map_or(field, str::to_owned);
        if named.contains(&field) {
            return Err(format!("`{field}` stands twice in an item"));
        }
        named.push(field.clone());
        let value = match value {
            Value::Null => continue,
            value @ Value::Object(_) => {
                lay_item(merged.get(&field).unwrap_or(&Value::Null), value)?
            }
            value => value,
        };
        merged.insert(field, value);
    }
    Ok(Value::Object(merged))
}

/// A field in letters of another case would be read beside the one of the right name, and which of
/// them wins is a matter of order.
fn check_letters(field: &str, known: &[&str]) -> Result<(), String> {
    match known.iter().find(|known| is_alike(known, field)) {
        Some(known) if *known != field => Err(format!("`{field}` is written `{known}`")),
        _ => Ok(()),
    }
}

/// Equal but for the case of letters, as Argo CD's reader of JSON has it.
fn is_alike(one: &str, other: &str) -> bool {
    let fold = |text: &str| text.to_uppercase().to_lowercase();
    fold(one) == fold(other)
}

/// A JSON merge patch (RFC 7396).
fn merge_patch(held: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch;
    };
    let mut merged = match held {
        Value::Object(held) => held,
        _ => Map::new(),
    };
    for (key, value) in patch {
        if value.is_null() {
            merged.shift_remove(&key);
        } else {
            let held = merged.get(&key).cloned().unwrap_or_default();
            merged.insert(key, merge_patch(held, value));
        }
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn laid(source: Value, patch: Value) -> Result<Value, String> {
        let mut source = source;
        let patch = patch.as_object().cloned().unwrap();
        lay_over(&mut source, patch).map(|()| source)
    }

    #[test]
    fn a_file_sets_options_of_tools_and_nothing_else() {
        let source = json!({"path": "a", "helm": {"releaseName": "r", "valuesObject": {"a": 1, "b": {"c": 2}}}});
        let patch = json!({
            "path": "evil", "repoURL": "evil", "targetRevision": "evil",
            "helm": {"releaseName": null, "valuesObject": {"a": null, "b": {"d": 3}}, "unheard": 1},
        });
        let wanted = json!({"path": "a", "helm": {"releaseName": "r", "valuesObject": {"b": {"c": 2, "d": 3}}}});
        assert_eq!(laid(source, patch), Ok(wanted));
    }

    #[test]
    fn items_keep_what_the_new_ones_do_not_name_and_letters_may_be_of_any_case() {
        let source =
            json!({"helm": {"parameters": [{"name": "a", "value": "1", "forceString": true}]}});
        let patch = json!({"helm": {"parameters": [{"name": "b", "value": "2"}, {"name": "c", "forcestring": true}]}});
        let wanted = json!({"helm": {"parameters": [
            {"name": "b", "value": "2", "forceString": true},
            {"name": "c", "forceString": true},
        ]}});
        assert_eq!(laid(source, patch), Ok(wanted));
        for patch in [json!({"Helm": {}}), json!({"kustomize": {"Patches": []}})] {
            assert!(laid(json!({}), patch).is_err());
        }
    }
}
