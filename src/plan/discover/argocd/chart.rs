//! A source with Helm: values, parameters and switches as Argo CD passes them.

use serde_json::Value;

use super::application::Parts;
use super::source::{Source, is_own};
use super::{find_text, is_true, texts};
use crate::ids::RepoPath;
use crate::plan::discover::helm;
use crate::plan::{HelmInput, HelmParameter, RefusalKind, remote};
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
    input.values = read_value_files(source, options, parts);
    input.inline = read_values(source, options, parts).into_iter().collect();
    input.parameters = read_parameters(source, options);
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

fn read_parameters(source: &Source<'_>, options: &Value) -> Vec<HelmParameter> {
    let list = options.get("parameters").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|parameter| {
            Some(HelmParameter {
                name: find_text(parameter, "/name")?.to_owned(),
                value: source
                    .environment
                    .replace(find_text(parameter, "/value").unwrap_or_default()),
                force_string: is_true(parameter, "/forceString"),
            })
        })
        .collect()
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
        if let Some(path) = find_file(source, text, false, parts) {
            read.push((name.to_owned(), path));
        }
    }
    read
}

fn read_value_files(source: &Source<'_>, options: &Value, parts: &mut Parts) -> Vec<RepoPath> {
    let lenient = is_true(options, "/ignoreMissingValueFiles");
    texts(options, "/valueFiles")
        .filter_map(|text| find_file(source, text, lenient, parts))
        .collect()
}

/// A file of the tree under judgement: relative to the chart, from the root (`/…`), or in a named
/// source (`$name/…`). One that is not here is refused, or passed over when it may be missing.
fn find_file(
    source: &Source<'_>,
    text: &str,
    lenient: bool,
    parts: &mut Parts,
) -> Option<RepoPath> {
    let text = source.environment.replace(text);
    let mut refuse = |kind, text: &str| {
        parts.refusals.insert(source.place.refuse(kind, text));
        None
    };
    let (folder, rest) = match text.strip_prefix('$') {
        Some(named) => {
            let (name, rest) = named.split_once('/').unwrap_or((named, ""));
            let Some(referred) = source.references.find(name) else {
                return refuse(
                    RefusalKind::Declaration,
                    &format!("no source is called `${name}`"),
                );
            };
            if !is_own(source.scope, referred) {
                return refuse(RefusalKind::Elsewhere, &format!("the value file `{text}`"));
            }
            (RepoPath::root(), rest)
        }
        None if remote::is_remote_file(&text) || remote::looks_remote(&text) => {
            return refuse(RefusalKind::RemoteReference, &text);
        }
        None if !source.is_own => {
            // A file of the chart or repository that is fetched.
            return refuse(RefusalKind::Elsewhere, &format!("the value file `{text}`"));
        }
        None => match text.strip_prefix('/') {
            Some(rest) => (RepoPath::root(), rest),
            None => (source.folder.clone(), text.as_str()),
        },
    };
    let Some(path) = folder.join(rest) else {
        return refuse(RefusalKind::LeavesRepository, &text);
    };
    let tree = source.scope.tree;
    match tree.resolve(&path) {
        Err(_) => refuse(RefusalKind::UnsafeEntry, &text),
        Ok(real) if tree.is_file(&path) => {
            parts.files.insert(real);
            parts.files.insert(path.clone());
            Some(path)
        }
        Ok(_) if lenient => None,
        Ok(_) => refuse(RefusalKind::Missing, &text),
    }
}
