//! Directory applications: folders of plain manifests that nothing else reads. A folder with a
//! kustomization is deployed through it, so manifests that it does not name are nobody's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Patterns, Scope, directory_patterns};
use crate::config::repo::Discovery;
use crate::ids::{AppId, DeclaredBy, RepoPath};
use crate::plan::hidden::{has, is_wide, may_hide_letters};
use crate::plan::kustomization::{Closure, FILE_NAMES, find_files};
use crate::plan::{Declared, RendererInput, parallel};
use crate::tree::{EntryKind, Reader};
use crate::yaml::{self, Budget, Node, SyntaxError};

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
        .own_entries()
        .iter()
        .filter(|(path, entry)| {
            entry.kind != EntryKind::Submodule
                && is_candidate(path, &scope.exclude, patterns.as_ref())
                && !taken.contains(*path)
                && !listed.contains(&path.parent())
                && find_files(scope.tree, &path.parent()).is_empty()
                // kubectl follows a link to a file, and no link to a folder.
                && !(entry.kind == EntryKind::Symlink && scope.tree.is_folder(path))
        })
        .map(|(path, _)| path)
        .collect();
    for (folder, files) in group(scope, &candidates) {
        let closure = Closure {
            files,
            ..Closure::default()
        };
        let id: AppId = scope.found(DeclaredBy::Directory, &folder, None);
        let side = scope.side(&folder, input(&closure.files), None, closure);
        declared.apps.insert(id, side);
    }
}

/// Plain files, read natively.
pub(super) fn input(files: &BTreeSet<RepoPath>) -> RendererInput {
    RendererInput::Directory {
        files: files.clone(),
    }
}

/// The manifests among these files.
pub(super) fn keep_manifests(scope: &Scope<'_>, files: &[RepoPath]) -> BTreeSet<RepoPath> {
    let files: Vec<&RepoPath> = files.iter().collect();
    group(scope, &files).into_values().flatten().collect()
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
        // Dot-folders belong to tools; a file with a dot is a manifest as any other to kubectl.
        && !path.parent().as_str().split('/').any(|part| part.starts_with('.'))
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
/// broken and looks as if it did. Templates are broken in their own way and count as none, as do
/// kustomizations, and files without `metadata`: configuration of programs, which no API server
/// would take.
fn holds_manifest(bytes: &[u8]) -> bool {
    if is_wide(bytes) || bytes.starts_with(LFS_POINTER) {
        return true;
    }
    // Most files of a repository end here, unparsed.
    let is_plain = has(bytes, b"apiVersion") && has(bytes, b"kind");
    if !is_plain && !may_hide_letters(bytes) {
        return false;
    }
    let stream = yaml::read(bytes, &Budget::file());
    let found = stream
        .documents
        .iter()
        .any(|document| names_kind(&document.root));
    found
        || !stream.errors.is_empty()
            && (!is_plain || looks_like_manifest(bytes))
            && !is_template(bytes, &stream.errors)
}

/// How a file begins that Git keeps elsewhere: its deployer may get content that nobody sees here.
const LFS_POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";

/// What the reader refuses although kubectl reads it, by words of its messages. A text that only
/// these keep from being read is a manifest to its deployer.
const STRICTER: [&str; 6] = [
    "more than",
    "line separator",
    "kubectl would skip",
    "needs quotes inside",
    "needs a space behind",
    "multiline quoted scalar",
];

/// True when every error stands on a line where `{{` or `{%` begins a value, which kubectl refuses
/// as well.
fn is_template(bytes: &[u8], errors: &[SyntaxError]) -> bool {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    errors.iter().all(|error| {
        let number = usize::try_from(error.position.line).unwrap_or_default();
        let line = lines.get(number.saturating_sub(1)).copied();
        let shared = !STRICTER.iter().any(|words| error.message.contains(words));
        shared && line.is_some_and(begins_template)
    })
}

fn begins_template(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    let begins = |text: &str| text.starts_with("{{") || text.starts_with("{%");
    let value = rest.split_once(": ").map(|(_, value)| value.trim_start());
    begins(rest) || value.is_some_and(|value| begins(value.trim_start_matches("- ")))
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
