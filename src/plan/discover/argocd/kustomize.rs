//! A source with Kustomize: what Argo CD changes in the kustomization before it builds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::application::Parts;
use super::images::parse_image;
use super::set::glob::fixed_folder;
use super::source::Source;
use super::{find_text, text_map, texts};
use crate::plan::kustomization::Walk;
use crate::plan::{Doubt, KustomizeEdits, KustomizeInput, RefusalKind};

pub(super) fn compose(source: &Source<'_>, parts: &mut Parts) -> KustomizeInput {
    let mut input = KustomizeInput {
        helm_major: source.scope.helm_major(source.cluster),
        ..KustomizeInput::default()
    };
    let argocd = &source.scope.argocd;
    argocd.apply_options(source.cluster, &mut input);
    let options = source.value.get("kustomize").unwrap_or(&Value::Null);
    let text = |pointer| find_text(options, pointer).map(str::to_owned);
    let mut unknown = BTreeSet::new();
    let mut replace = |text: &str| {
        let replaced = source.environment.replace(text);
        unknown.extend(replaced.unknown);
        replaced.text
    };
    let images = texts(options, "/images").filter_map(|image| parse_image(&replace(image)));
    let images = images.collect();
    let mut annotations = text_map(options, "/commonAnnotations");
    if super::is_true(options, "/commonAnnotationsEnvsubst") {
        for value in annotations.values_mut() {
            *value = replace(value);
        }
    }
    input.edits = KustomizeEdits {
        name_prefix: text("/namePrefix"),
        name_suffix: text("/nameSuffix"),
        namespace: text("/namespace"),
        images,
        replicas: list(options, "/replicas").map(read_replica).collect(),
        patches: list(options, "/patches").cloned().collect(),
        components: read_components(source, options, parts),
        labels: text_map(options, "/commonLabels"),
        labels_in_selectors: !super::is_true(options, "/labelWithoutSelector"),
        labels_in_templates: super::is_true(options, "/labelIncludeTemplates"),
        force_labels: super::is_true(options, "/forceCommonLabels"),
        force_annotations: super::is_true(options, "/forceCommonAnnotations"),
        annotations,
        ..KustomizeEdits::default()
    };
    input.unknown = unknown;
    if let Some(version) = find_text(options, "/version") {
        let text = format!(
            "its `kustomize.version` names the Kustomize `{version}` of its Argo CD, with build options of its own: what is shown is built by the Kustomize of this Drydock"
        );
        parts.doubts.insert(Doubt::of_all(text));
    }
    if source.is_own {
        walk(source, &input, parts);
    }
    input.api_versions = texts(options, "/apiVersions").map(str::to_owned).collect();
    if let Some(text) = find_text(options, "/kubeVersion") {
        match text.parse() {
            Ok(version) => input.kubernetes = Some(version),
            Err(_) => {
                let refusal = source.place.refuse(RefusalKind::Declaration, text);
                parts.refusals.insert(refusal);
            }
        }
    }
    input
}

/// Takes everything that the build reads, what the edits add included.
fn walk(source: &Source<'_>, input: &KustomizeInput, parts: &mut Parts) {
    let edits = &input.edits;
    let scope = source.scope;
    let reader = scope.tree.reader();
    let added = edits
        .components
        .iter()
        .map(|text| (text, source.folder.join(text)));
    let mut folders = vec![source.folder.clone()];
    for (text, folder) in added {
        match folder {
            Some(folder) => folders.push(folder),
            None => {
                let refusal = source.place.refuse(RefusalKind::LeavesRepository, text);
                parts.refusals.insert(refusal);
            }
        }
    }
    for folder in folders {
        let mut closure = Walk::run(scope.tree, &reader, scope.cache, &folder);
        closure.refuse_disabled(input);
        parts.files.extend(closure.files);
        parts.data.extend(closure.data);
        parts.refusals.extend(closure.refusals);
    }
    for patch in &edits.patches {
        let Some(text) = find_text(patch, "/path") else {
            continue;
        };
        match source
            .folder
            .join(text)
            .filter(|path| scope.tree.is_file(path))
        {
            Some(path) => {
                parts.files.insert(path);
            }
            None => {
                let refusal = source.place.refuse(RefusalKind::Missing, text);
                parts.refusals.insert(refusal);
            }
        }
    }
}

/// The components that are added; with `ignoreMissingComponents` only those that exist. A pattern is
/// refused: whether it finds anything depends on the version of Argo CD.
fn read_components(source: &Source<'_>, options: &Value, parts: &mut Parts) -> Vec<String> {
    for text in texts(options, "/components").filter(|text| text.contains(['*', '?', '['])) {
        let why = format!("the pattern `{text}` among its `components` is not expanded here");
        let refusal = source.place.refuse(RefusalKind::Declaration, why);
        parts.refusals.insert(refusal);
        // Whatever it may find matters.
        if let Some(folder) = source.folder.join(&fixed_folder(text)) {
            let below = source.scope.tree.below(&folder);
            parts.files.extend(below.map(|(path, _)| path.clone()));
        }
    }
    // Whether those of a folder elsewhere exist shows there.
    let lenient = source.is_own && super::is_true(options, "/ignoreMissingComponents");
    let exists = |text: &&str| {
        let folder = source.folder.join(text);
        folder.is_some_and(|folder| source.scope.tree.is_folder(&folder))
    };
    texts(options, "/components")
        .filter(|text| !lenient || exists(text))
        .map(str::to_owned)
        .collect()
}

/// A count may be written as a text.
fn read_replica(entry: &Value) -> Value {
    let mut entry = entry.as_object().cloned().unwrap_or_else(Map::new);
    let count = entry.get("count").and_then(Value::as_str);
    if let Some(count) = count.and_then(|text| text.parse::<u64>().ok()) {
        entry.insert("count".to_owned(), json!(count));
    }
    Value::Object(entry)
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    let list = value.pointer(pointer).and_then(Value::as_array);
    list.into_iter().flatten()
}
