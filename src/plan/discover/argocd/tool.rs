//! Which tool renders a source: the one it has options for, else what its folder holds.

use serde_json::{Map, Value};

use super::find_text;
use crate::config::repo::RendererKind;
use crate::ids::RepoPath;
use crate::plan::discover::{Scope, listed};

/// Options that Argo CD does not look at when it asks whether there are any.
const WEAK: [&str; 5] = [
    "forceCommonLabels",
    "forceCommonAnnotations",
    "commonAnnotationsEnvsubst",
    "labelWithoutSelector",
    "labelIncludeTemplates",
];

/// The source without tools whose options are all empty: Argo CD takes them out of `spec.source`
/// before anything else.
pub(super) fn without_empty(source: &Value) -> Value {
    let mut source = source.clone();
    if let Some(fields) = source.as_object_mut() {
        for tool in ["helm", "kustomize", "directory"] {
            if fields
                .get(tool)
                .is_some_and(|options| is_zero(tool, options))
            {
                fields.shift_remove(tool);
            }
        }
    }
    source
}

fn is_zero(tool: &str, options: &Value) -> bool {
    let Some(options) = options.as_object() else {
        return true;
    };
    options.iter().all(|(field, value)| match field.as_str() {
        // An empty map is a text with two letters there.
        "valuesObject" => value.is_null(),
        field => tool == "kustomize" && WEAK.contains(&field) || is_empty(value),
    })
}

fn is_empty(value: &Value) -> bool {
    let of_map = |map: &Map<String, Value>| map.values().all(is_empty);
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => of_map(map),
    }
}

/// The tool of a source that is no plugin; `Err` says why there is none.
pub(super) fn find(
    scope: &Scope<'_>,
    source: &Value,
    folder: &RepoPath,
    is_own: bool,
) -> Result<RendererKind, String> {
    if find_text(source, "/chart").is_some() {
        return Ok(RendererKind::Helm);
    }
    let named = [
        ("helm", RendererKind::Helm),
        ("kustomize", RendererKind::Kustomize),
        ("directory", RendererKind::Directory),
    ];
    let has = |tool: &str| source.get(tool).is_some_and(|options| !options.is_null());
    let mut explicit = named.into_iter().filter(|(tool, _)| has(tool));
    match (explicit.next(), explicit.next()) {
        (Some((one, _)), Some((other, _))) => Err(format!(
            "its source has options for two tools, `{one}` and `{other}`"
        )),
        (Some((_, kind)), None) => Ok(kind),
        _ if is_own => Ok(listed::find_renderer(scope, folder)),
        // What lies there is known when it was fetched.
        _ if find_text(source, "/repoURL").is_some_and(|url| url.starts_with("oci://")) => {
            Ok(RendererKind::Helm)
        }
        _ => Ok(RendererKind::Directory),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_that_say_nothing_choose_no_tool() {
        for (options, is_kept) in [
            (json!({"directory": {}}), false),
            (
                json!({"directory": {"recurse": false, "jsonnet": {"libs": []}}}),
                false,
            ),
            (json!({"directory": {"include": "*.yaml"}}), true),
            (json!({"directory": {"recurse": true}}), true),
            (
                json!({"helm": {"valueFiles": [], "skipCrds": false}}),
                false,
            ),
            (json!({"helm": {"valuesObject": {}}}), true),
            (json!({"kustomize": {"forceCommonLabels": true}}), false),
            (json!({"kustomize": {"images": ["a"]}}), true),
        ] {
            let kept = without_empty(&options);
            assert_eq!(
                kept.as_object().is_some_and(|map| !map.is_empty()),
                is_kept,
                "{options}"
            );
        }
    }
}
