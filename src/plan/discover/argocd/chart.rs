//! A source with Helm: values, parameters and switches as Argo CD passes them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::application::Parts;
use super::source::Source;
use super::{find_text, is_true, texts, value_files};
use crate::ids::RepoPath;
use crate::plan::discover::helm;
use crate::plan::{HelmInput, HelmParameter, RefusalKind};
use crate::yaml::{self, Budget};

pub(super) fn compose(source: &Source<'_>, parts: &mut Parts) -> HelmInput {
    let options = source.value.get("helm").unwrap_or(&Value::Null);
    let scope = source.scope;
    let name = find_text(source.app, "/metadata/name").unwrap_or_default();
    let namespace = find_text(options, "/namespace")
        .or(find_text(source.app, "/spec/destination/namespace"))
        .unwrap_or(&scope.defaults.namespace);
    let release = find_text(options, "/releaseName").unwrap_or(name);
    if source.is_own {
        let (_, closure) = helm::read(scope, &scope.tree.reader(), &source.folder);
        parts.files.extend(closure.files);
        parts.refusals.extend(closure.refusals);
    }
    let mut input = scope.helm_input(release, namespace);
    input.values = value_files::read(source, options, parts);
    input.inline = read_values(source, options, parts).into_iter().collect();
    input.parameters = read_parameters(source, options, &mut input.unknown);
    input.file_parameters = read_file_parameters(source, options, parts);
    input.include_crds &= !is_true(options, "/skipCrds");
    input.skip_tests = is_true(options, "/skipTests");
    input.skip_schema_validation = is_true(options, "/skipSchemaValidation");
    if let Some(text) = find_text(options, "/kubeVersion") {
        match text.parse() {
            Ok(version) => input.kubernetes = Some(version),
            Err(_) => {
                let refusal = source.place.refuse(RefusalKind::Declaration, text);
                parts.refusals.insert(refusal);
            }
        }
    }
    if options.get("apiVersions").is_some() {
        input.api_versions = texts(options, "/apiVersions").map(str::to_owned).collect();
    }
    input
}

/// `valuesObject`, else the text of `values`.
fn read_values(source: &Source<'_>, options: &Value, parts: &mut Parts) -> Option<Value> {
    let object = options
        .get("valuesObject")
        .filter(|object| object.is_object());
    if let Some(object) = object {
        return Some(object.clone());
    }
    let text = find_text(options, "/values")?;
    let stream = yaml::read(text.as_bytes(), &Budget::file());
    if let Some(error) = stream.errors.first() {
        let text = format!("`values` is no YAML: {}", error.message);
        let refusal = source.place.refuse(RefusalKind::Declaration, text);
        parts.refusals.insert(refusal);
    }
    stream.documents.first().map(yaml::Document::to_json)
}

fn read_parameters(
    source: &Source<'_>,
    options: &Value,
    unknown: &mut BTreeSet<String>,
) -> Vec<HelmParameter> {
    let list = options.get("parameters").and_then(Value::as_array);
    let mut parameters = Vec::new();
    for parameter in list.into_iter().flatten() {
        let Some(name) = find_text(parameter, "/name") else {
            continue;
        };
        let value = find_text(parameter, "/value").unwrap_or_default();
        let replaced = source.environment.replace(value);
        let variables = replaced.unknown.iter();
        unknown.extend(variables.map(|variable| format!("`{variable}` of the build environment")));
        parameters.push(HelmParameter {
            name: name.to_owned(),
            value: replaced.text,
            force_string: is_true(parameter, "/forceString"),
        });
    }
    parameters
}

fn read_file_parameters(
    source: &Source<'_>,
    options: &Value,
    parts: &mut Parts,
) -> Vec<(String, RepoPath)> {
    let list = options.get("fileParameters").and_then(Value::as_array);
    let mut read = Vec::new();
    for parameter in list.into_iter().flatten() {
        let Some(name) = find_text(parameter, "/name") else {
            continue;
        };
        let text = find_text(parameter, "/path").unwrap_or_default();
        if let Some(path) = value_files::find(source, text, parts) {
            read.push((name.to_owned(), path));
        }
    }
    read
}
