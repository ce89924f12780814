//! Directory applications: folders of plain manifests that nothing else reads. A folder with a
//! kustomization is deployed through it, so manifests that it does not name are nobody's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Patterns, Scope, directory_patterns};
use crate::config::repo::Discovery;
use crate::ids::{AppId, DeclaredBy, RepoPath};
use crate::plan::kustomization::{Closure, FILE_NAMES, find_files};
use crate::plan::{Declared, RendererInput, parallel};
use crate::tree::{EntryKind, Reader};
use crate::yaml::{self, Budget, Node};

/// Endings of files that may hold manifests.
const ENDINGS: [&str; 3] = [".yaml", ".yml", ".json"];

/// Declares each folder that holds manifests outside `taken`.
pub(super) fn discover(
    scope: &Scope<'_>,
    discovery: &Discovery,
    taken: &BTreeSet<RepoPath>,
    declared: &mut Declared,
) {
    let patterns = directory_patterns(discovery);
    let listed: BTreeSet<RepoPath> = declared
        .apps
        .iter()
        .filter(|(id, _)| id.kind == DeclaredBy::Config)
        .flat_map(|(_, side)| side.sources.iter().map(|source| source.path.clone()))
        .collect();
    let candidates: Vec<&RepoPath> = scope
        .tree
        .entries()
        .iter()
        .filter(|(path, entry)| {
            entry.kind == EntryKind::File
                && is_candidate(path, &scope.exclude, patterns.as_ref())
                && !taken.contains(*path)
                && !listed.contains(&path.parent())
                && find_files(scope.tree, &path.parent()).is_empty()
        })
        .map(|(path, _)| path)
        .collect();
    for (folder, files) in group(scope, &candidates) {
        let closure = Closure {
            files,
            ..Closure::default()
        };
        let id: AppId = scope.found(DeclaredBy::Directory, &folder, None);
        let side = scope.side(&folder, RendererInput::Directory, None, closure);
        declared.apps.insert(id, side);
    }
}

/// The manifests directly in one folder.
pub(super) fn read_folder(scope: &Scope<'_>, folder: &RepoPath) -> BTreeSet<RepoPath> {
    let names = scope.tree.list_folder(folder).unwrap_or_default();
    let files: Vec<RepoPath> = names
        .keys()
        .filter_map(|name| folder.join(name))
        .filter(|path| has_ending(path) && scope.tree.is_file(path))
        .collect();
    let files: Vec<&RepoPath> = files.iter().collect();
    let mut found = group(scope, &files);
    found.remove(folder).unwrap_or_default()
}

fn is_candidate(path: &RepoPath, exclude: &Patterns, only: Option<&Patterns>) -> bool {
    has_ending(path)
        && !path.as_str().split('/').any(|part| part.starts_with('.'))
        && !FILE_NAMES.contains(&path.file_name())
        && !exclude.matches(path)
        && only.is_none_or(|only| only.matches(path))
}

fn has_ending(path: &RepoPath) -> bool {
    ENDINGS.iter().any(|ending| path.as_str().ends_with(ending))
}

/// The manifests among these files, by folder.
fn group(scope: &Scope<'_>, files: &[&RepoPath]) -> BTreeMap<RepoPath, BTreeSet<RepoPath>> {
    let found = parallel::map(scope.tree, files, |reader, path| {
        is_manifest(scope, reader, path)
    });
    let mut folders: BTreeMap<RepoPath, BTreeSet<RepoPath>> = BTreeMap::new();
    for (path, is_manifest) in files.iter().zip(found) {
        if is_manifest {
            let files = folders.entry(path.parent()).or_default();
            files.insert((*path).clone());
        }
    }
    folders
}

/// A file that cannot be read counts: what it hides must not be overlooked.
fn is_manifest(scope: &Scope<'_>, reader: &Reader<'_>, path: &RepoPath) -> bool {
    scope
        .cache
        .manifests
        .read(scope.tree, reader, path, holds_manifest)
        .map_or(true, |found| *found)
}

/// True for a text with at least one document that names `apiVersion` and `kind`, or one that is
/// broken and looks as if it did. Templates are broken in the same way and count as none, as do
/// kustomizations, and files without `metadata`: configuration of programs, which no API server
/// would take.
fn holds_manifest(bytes: &[u8]) -> bool {
    let has = |word: &str| {
        bytes
            .windows(word.len())
            .any(|window| window == word.as_bytes())
    };
    // Most files of a repository end here, unparsed.
    if !has("apiVersion") || !has("kind") {
        return false;
    }
    let stream = yaml::read(bytes, &Budget::file());
    let found = stream
        .documents
        .iter()
        .any(|document| names_kind(&document.root));
    found || !stream.errors.is_empty() && !has("{{") && looks_like_manifest(bytes)
}

fn names_kind(root: &Node) -> bool {
    let text = |key: &str| {
        root.find(key)
            .and_then(|pair| pair.value.as_str())
            .filter(|text| !text.is_empty())
    };
    let is_object = root.find("metadata").is_some() || root.find("items").is_some();
    is_object
        && text("kind").is_some()
        && text("apiVersion")
            .is_some_and(|version| !version.starts_with("kustomize.config.k8s.io/"))
}

/// True when lines begin with both keys, as a manifest's do.
fn looks_like_manifest(bytes: &[u8]) -> bool {
    let begins = |key: &str| {
        bytes.split(|byte| *byte == b'\n').any(|line| {
            let line = line.strip_prefix(b"\"").unwrap_or(line);
            line.trim_ascii_start().starts_with(key.as_bytes())
        })
    };
    begins("apiVersion") && begins("kind")
}
