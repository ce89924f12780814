//! What a server asks of a CustomResourceDefinition beyond the fields that its schema names: one
//! stored version, matching names, structural schemas.

use serde_json::{Map, Value};

use crate::finding::Severity;

use super::judgement::RawFinding;
use super::phrase::{self, Path};
use super::shape::Types;
use super::walk::place;

/// Words of JSON Schema that a definition must not use.
const FORBIDDEN: [&str; 8] = [
    "$ref",
    "definitions",
    "dependencies",
    "patternProperties",
    "additionalItems",
    "deprecated",
    "id",
    "discriminator",
];
/// Words that hold a branch; branches narrow and need no type.
const BRANCHES: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// What is wrong with a definition. Values of a wrong type are left to its schema.
pub(super) fn check(definition: &Value) -> Vec<RawFinding> {
    let mut findings = Vec::new();
    let root = Path::ROOT;
    let spec_path = root.key("spec");
    check_name(definition, &mut findings);
    let versions = definition
        .pointer("/spec/versions")
        .and_then(Value::as_array);
    let Some(versions) = versions else {
        return findings;
    };
    let versions_path = spec_path.key("versions");
    let stored = versions
        .iter()
        .filter(|version| version.get("storage") == Some(&Value::Bool(true)))
        .count();
    if stored != 1 {
        let message = format!(
            "`spec.versions` must have exactly one version with `storage: true`, has {stored}"
        );
        findings.push(finding(versions_path, message));
    }
    for (index, version) in versions.iter().enumerate() {
        let path = versions_path.index(index, version);
        let Some(schema) = version
            .get("schema")
            .and_then(|schema| schema.get("openAPIV3Schema"))
        else {
            let message = format!("{} needs a schema in `schema.openAPIV3Schema`", place(path));
            findings.push(finding(path, message));
            continue;
        };
        let schema_path = path.key("schema");
        let schema_path = schema_path.key("openAPIV3Schema");
        if let Value::Object(fields) = schema {
            if fields.get("type") != Some(&Value::String("object".to_owned())) {
                let message = format!("{} must have `type: object`", place(schema_path));
                findings.push(finding(schema_path, message));
            }
            check_schema(fields, schema_path, &mut findings);
        }
    }
    findings
}

fn check_name(definition: &Value, findings: &mut Vec<RawFinding>) {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str);
    let (Some(name), Some(group), Some(plural)) = (
        text("/metadata/name"),
        text("/spec/group"),
        text("/spec/names/plural"),
    ) else {
        return;
    };
    let expected = format!("{plural}.{group}");
    if name != expected {
        let metadata = Path::ROOT.key("metadata");
        let message = format!(
            "`metadata.name` must be `{}`: plural name and group",
            phrase::shorten(&expected)
        );
        findings.push(finding(metadata.key("name"), message));
    }
    if !group.contains('.') {
        let spec = Path::ROOT.key("spec");
        let message = format!(
            "`spec.group` must be a domain with at least one dot, is `{}`",
            phrase::shorten(group)
        );
        findings.push(finding(spec.key("group"), message));
    }
}

/// Checks that a schema is structural: every value has a type, said once.
fn check_schema(schema: &Map<String, Value>, path: Path<'_>, findings: &mut Vec<RawFinding>) {
    check_words(schema, path, findings);
    check_list(schema, path, findings);
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let properties_path = path.key("properties");
        for (name, property) in properties {
            check_typed(property, properties_path.key(name), findings);
        }
    }
    for word in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get(word) {
            check_typed(inner, path.key(word), findings);
        }
    }
    for word in BRANCHES {
        let branches_path = path.key(word);
        let branches = schema
            .get(word)
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        for (index, branch) in branches.enumerate() {
            if let Value::Object(fields) = branch {
                check_words(fields, branches_path.index(index, branch), findings);
            }
        }
    }
}

fn check_typed(schema: &Value, path: Path<'_>, findings: &mut Vec<RawFinding>) {
    let Value::Object(fields) = schema else {
        return;
    };
    let flag = |word: &str| fields.get(word) == Some(&Value::Bool(true));
    let typed = fields.get("type").is_some_and(|word| word != "");
    if !typed
        && !flag("x-kubernetes-int-or-string")
        && !flag("x-kubernetes-preserve-unknown-fields")
    {
        findings.push(finding(path, format!("{} must have a `type`", place(path))));
    }
    check_schema(fields, path, findings);
}

fn check_words(schema: &Map<String, Value>, path: Path<'_>, findings: &mut Vec<RawFinding>) {
    for word in FORBIDDEN {
        if schema.contains_key(word) {
            let message = format!("{} must not use `{word}`", place(path));
            findings.push(finding(path.key(word), message));
        }
    }
    if let Some(Value::String(word)) = schema.get("type").filter(|word| *word != "")
        && Types::parse(word).is_none()
    {
        let known = ["array", "boolean", "integer", "number", "object", "string"];
        let path = path.key("type");
        let message = format!(
            "{} must be array, boolean, integer, number, object or string, is `{}`",
            place(path),
            phrase::shorten(word)
        );
        let mut finding = finding(path, message);
        finding.fix =
            phrase::find_nearest(word, known).map(|nearest| format!("did you mean `{nearest}`?"));
        findings.push(finding);
    }
    if schema.get("items").is_some_and(Value::is_array) {
        findings.push(finding(
            path.key("items"),
            format!("{} must be one schema, is a list", place(path.key("items"))),
        ));
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        let path = path.key("additionalProperties");
        findings.push(finding(path, format!("{} must not be false", place(path))));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    if properties.is_some_and(|properties| !properties.is_empty())
        && schema.contains_key("additionalProperties")
    {
        let message = format!(
            "{} has `properties` and `additionalProperties`, which exclude each other",
            place(path)
        );
        findings.push(finding(path, message));
    }
}

fn check_list(schema: &Map<String, Value>, path: Path<'_>, findings: &mut Vec<RawFinding>) {
    let keys = schema
        .get("x-kubernetes-list-map-keys")
        .and_then(Value::as_array);
    let keyed = schema.get("x-kubernetes-list-type").and_then(Value::as_str) == Some("map");
    if keyed && keys.is_none_or(Vec::is_empty) {
        findings.push(finding(
            path,
            format!("{} needs `x-kubernetes-list-map-keys`", place(path)),
        ));
    }
    let properties = schema
        .get("items")
        .and_then(|items| items.get("properties"));
    for key in keys.into_iter().flatten().filter_map(Value::as_str) {
        if properties.is_none_or(|properties| properties.get(key).is_none()) {
            let path = path.key("x-kubernetes-list-map-keys");
            let message = format!(
                "{} names `{}`, which is no field of the elements",
                place(path),
                phrase::shorten(key)
            );
            findings.push(finding(path, message));
        }
    }
}

fn finding(path: Path<'_>, message: String) -> RawFinding {
    RawFinding {
        pointer: path.pointer(),
        rule: "schema.definition",
        subject: message.clone(),
        message,
        fix: None,
        severity: Severity::Error,
        at_key: false,
    }
}
