//! CustomResourceDefinitions of a tree: they judge the custom resources of every application, also
//! when their own application is not touched.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::ids::RepoPath;
use crate::tree::{EntryKind, Tree};
use crate::yaml::{self, Budget};

/// The kind as every definition writes it.
const KIND: &str = "CustomResourceDefinition";

/// Definitions by file content, so that a file that both sides share is read once.
pub(super) type Cache = BTreeMap<String, Vec<Arc<Value>>>;

/// The definitions in plain files of a tree, in path order. Files that cannot be read say so where
/// they are rendered; here they hold no definition.
pub(super) fn find(tree: &Tree, cache: &mut Cache) -> Vec<Arc<Value>> {
    let reader = tree.reader();
    let mut found = Vec::new();
    for (path, entry) in tree.entries() {
        if entry.kind != EntryKind::File || !may_hold_manifests(path) {
            continue;
        }
        let definitions =
            cache
                .entry(entry.blob.clone())
                .or_insert_with(|| match reader.read(path) {
                    Ok(bytes) => read_definitions(&bytes),
                    Err(_) => Vec::new(),
                });
        found.extend(definitions.iter().cloned());
    }
    found
}

fn may_hold_manifests(path: &RepoPath) -> bool {
    let name = path.file_name();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    matches!(extension, "yaml" | "yml" | "json")
        && !path.as_str().split('/').any(|part| part.starts_with('.'))
}

fn read_definitions(bytes: &[u8]) -> Vec<Arc<Value>> {
    let mentions = bytes
        .windows(KIND.len())
        .any(|window| window == KIND.as_bytes());
    // Text with template actions is not a manifest yet.
    if !mentions || bytes.windows(2).any(|window| window == b"{{") {
        return Vec::new();
    }
    let documents = yaml::read(bytes, &Budget::file()).documents;
    let values = documents.iter().map(crate::yaml::Document::to_json);
    values.filter(is_definition).map(Arc::new).collect()
}

/// True for a CustomResourceDefinition.
pub(super) fn is_definition(value: &Value) -> bool {
    value.get("kind").and_then(Value::as_str) == Some(KIND)
        && value
            .get("apiVersion")
            .and_then(Value::as_str)
            .is_some_and(|text| text.starts_with("apiextensions.k8s.io/"))
}
