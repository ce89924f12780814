//! The kustomization that Flux writes where a folder has none: every file of manifests below it, and
//! every folder below it that has a kustomization, by which its files go.

use super::closures::Build;
use crate::ids::RepoPath;
use crate::plan::cache::Cache;
use crate::plan::kustomization::{Closure, Walk, find_files};
use crate::plan::{Refusal, RefusalKind};
use crate::tree::{Child, Reader, Tree};
use crate::yaml::{self, Budget, Node};

/// Files that one folder may hold, as many as one build may read.
const FILE_LIMIT: usize = 20_000;

/// Lists a folder in the order that Flux walks it: by name, files and folders together. `is_left_out`
/// says of which files the source's artifact has none, beyond those that the tree has not.
pub(super) fn generate(
    tree: &Tree,
    cache: &Cache,
    folder: &RepoPath,
    is_left_out: &dyn Fn(&RepoPath) -> bool,
) -> Build {
    let reader = tree.reader();
    let mut resources = Vec::new();
    let mut closure = Closure::default();
    let mut open = vec![(folder.clone(), String::from("."))];
    // Behind what is taken first stands what is taken last.
    while let Some((path, shown)) = open.pop() {
        if closure.files.len() > FILE_LIMIT {
            closure.refusals.insert(Refusal {
                kind: RefusalKind::TooLarge,
                path: folder.clone(),
                line: 0,
                text: folder.to_string(),
            });
            break;
        }
        if tree.is_file(&path) {
            if is_left_out(&path) {
                continue;
            }
            if path.file_name().ends_with(".yaml") || path.file_name().ends_with(".yml") {
                closure
                    .refusals
                    .extend(find_flaw(tree, cache, &reader, &path));
                closure.files.insert(path);
                resources.push(shown);
            }
        } else if path != *folder && !find_files(tree, &path).is_empty() {
            let inner = Walk::run(tree, &reader, cache, &path);
            closure.files.extend(inner.files);
            closure.data.extend(inner.data);
            closure.folders.extend(inner.folders);
            closure.refusals.extend(inner.refusals);
            resources.push(shown);
        } else {
            let names = tree.list_folder(&path).unwrap_or_default();
            for (name, child) in names.into_iter().rev() {
                let is_wanted = child == Child::Folder || matches!(child, Child::Entry(_));
                if let Some(path) = path.join(&name).filter(|_| is_wanted) {
                    open.push((path, format!("{shown}/{name}")));
                }
            }
        }
    }
    Build {
        generated: Some(resources),
        closure,
    }
}

/// Why Flux would refuse the whole folder for this file.
fn find_flaw(tree: &Tree, cache: &Cache, reader: &Reader<'_>, path: &RepoPath) -> Option<Refusal> {
    let refuse = |line, text| Refusal {
        kind: RefusalKind::Unreadable,
        path: path.clone(),
        line,
        text,
    };
    match cache.flaws.read(tree, reader, path, read_flaw) {
        Ok(flaw) => {
            let (line, text) = flaw.as_ref().clone()?;
            Some(refuse(line, text))
        }
        Err(error) => Some(refuse(0, error.to_string())),
    }
}

/// Where a text is not Kubernetes objects throughout, and what is wrong there. Empty documents count
/// for nothing.
fn read_flaw(bytes: &[u8]) -> Option<(u32, String)> {
    let stream = yaml::read(bytes, &Budget::file());
    if let Some(error) = stream.errors.first() {
        return Some((error.position.line, error.message.clone()));
    }
    stream.documents.iter().find_map(|document| {
        let what = missing_of(&document.root)?;
        let text = format!(
            "without a kustomization in its folder Flux takes every YAML file for Kubernetes objects, and this one has {what}"
        );
        Some((document.root.span.start.line, text))
    })
}

fn missing_of(root: &Node) -> Option<&'static str> {
    if root.is_null() || root.as_mapping().is_some_and(<[_]>::is_empty) {
        return None;
    }
    let is_there = |node: &Node, key: &str| {
        node.find(key).is_some_and(|pair| {
            !pair.value.is_null() && pair.value.as_str().is_none_or(|text| !text.is_empty())
        })
    };
    if root.as_mapping().is_none() {
        return Some("a document that is no map");
    }
    if !is_there(root, "kind") {
        return Some("no `kind`");
    }
    let kind = root.find("kind").and_then(|pair| pair.value.as_str());
    let metadata = root.find("metadata").map(|pair| &pair.value);
    let is_named = metadata.is_some_and(|metadata| is_there(metadata, "name"));
    let is_list = kind.is_some_and(|kind| kind.ends_with("List"));
    (!is_named && !is_list).then_some("no `metadata.name`")
}
