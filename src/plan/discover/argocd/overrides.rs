//! `.argocd-source.yaml` and `.argocd-source-<application>.yaml`: files in a source's folder that Argo
//! CD lays over what the Application says of its tool, always and unasked.
//!
//! Each is a JSON merge patch of the source, and is then read into the source that is there already.
//! So `null` takes nothing away, and an item of a list keeps the fields that it does not name.

use serde_json::{Map, Value};

use super::application::{HOME, Parts};
use super::find_text;
use crate::ids::RepoPath;
use crate::plan::{Refusal, RefusalKind};
use crate::tree::Tree;
use crate::yaml::{self, Budget};

/// Namespaces that Argo CD itself runs in, by its own manifests and by its best known distribution: there,
/// an application goes by its bare name.
const HOMES: [&str; 2] = [HOME, "openshift-gitops"];

/// Fields of a source that hold a tool's options; a file may set nothing else.
const TOOLS: [&str; 4] = ["helm", "kustomize", "directory", "plugin"];

/// Fields of each tool.
const HELM: [&str; 14] = [
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
];
const HELM_LATER: [&str; 1] = ["skipSchemaValidation"];
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

/// The source with the files of its folder laid over it. What cannot be read is refused, and its file
/// is left out.
pub(super) fn apply(
    tree: &Tree,
    app: &Value,
    source: &Value,
    folder: &RepoPath,
    parts: &mut Parts,
) -> Value {
    let mut merged = source.clone();
    for (name, is_certain) in file_names(app) {
        let Some(path) = folder.join(&name) else {
            continue;
        };
        let read = read(tree, &path, parts);
        let laid = match read {
            Ok(None) => continue,
            Ok(Some(_)) if !is_certain => Err((
                0,
                RefusalKind::Declaration,
                "whether Argo CD reads it depends on the namespace that Argo CD runs in".to_owned(),
            )),
            Ok(Some(patch)) => lay_over(&mut merged, patch)
                .map_err(|text| (0, RefusalKind::Declaration, format!("`{path}`: {text}"))),
            Err(flaw) => Err(flaw),
        };
        if let Err((line, kind, text)) = laid {
            parts.refusals.insert(Refusal {
                kind,
                path,
                line,
                text,
            });
        }
    }
    merged
}

/// Names of the files that may hold for an application, in order, each with whether it does. Outside
/// of the namespace that Argo CD runs in, an application's namespace belongs to its name.
fn file_names(app: &Value) -> Vec<(String, bool)> {
    let mut names = vec![(".argocd-source.yaml".to_owned(), true)];
    if let Some(name) = find_text(app, "/metadata/name") {
        let namespace = find_text(app, "/metadata/namespace").unwrap_or(HOME);
        let is_home = HOMES.contains(&namespace);
        names.push((format!(".argocd-source-{name}.yaml"), is_home));
        names.push((format!(".argocd-source-{namespace}_{name}.yaml"), false));
    }
    names
}

type Flaw = (u32, RefusalKind, String);

/// The map in a file; `None` where no file stands.
fn read(
    tree: &Tree,
    path: &RepoPath,
    parts: &mut Parts,
) -> Result<Option<Map<String, Value>>, Flaw> {
    if tree.entries().contains_key(path) {
        parts.files.insert(path.clone());
    }
    if !tree.claims_file(path) {
        return Ok(None);
    }
    let real = tree
        .resolve(path)
        .map_err(|_| (0, RefusalKind::UnsafeEntry, path.to_string()))?;
    parts.files.insert(real);
    let unreadable = |line, text| (line, RefusalKind::Unreadable, text);
    let bytes = tree
        .read(path)
        .map_err(|error| unreadable(0, error.to_string()))?;
    let stream = yaml::read(&bytes, &Budget::file());
    if let Some(error) = stream.errors.first() {
        return Err(unreadable(error.position.line, error.message.clone()));
    }
    let mut documents = stream.documents.iter().map(yaml::Document::to_json);
    match (documents.next(), documents.next()) {
        (Some(Value::Object(map)), None) => Ok(Some(map)),
        _ => Err(unreadable(0, "it is not one map".to_owned())),
    }
}

fn lay_over(source: &mut Value, patch: Map<String, Value>) -> Result<(), String> {
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
            "helm" => HELM.into_iter().chain(HELM_LATER).collect(),
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
                .map(|item| lay_item(old.next().unwrap_or_default(), item));
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
fn lay_item(old: Value, item: Value) -> Result<Value, String> {
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
                lay_item(merged.get(&field).cloned().unwrap_or_default(), value)?
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
