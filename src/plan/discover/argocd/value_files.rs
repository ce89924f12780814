//! The value files of a source with Helm: single files, and patterns as Argo CD expands them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::application::Parts;
use super::set::glob::{Glob, fixed_folder};
use super::source::{Source, is_own};
use super::{is_true, texts};
use crate::ids::RepoPath;
use crate::plan::{RefusalKind, remote};
use crate::tree::Tree;

/// What is wrong with an entry.
type Flaw = (RefusalKind, String);

/// The files, in order; one that is not here is refused, or passed over when it may be missing. A
/// file that a pattern finds and that is named besides stands where it is named.
pub(super) fn read(source: &Source<'_>, options: &Value, parts: &mut Parts) -> Vec<RepoPath> {
    let lenient = is_true(options, "/ignoreMissingValueFiles");
    let tree = source.scope.tree;
    let mut entries = Vec::new();
    for text in texts(options, "/valueFiles") {
        match place(source, text) {
            Ok(path) => entries.push((text, path)),
            Err(flaw) => refuse(source, flaw, parts),
        }
    }
    let single = |path: &str| !path.contains(['*', '?', '[']);
    let named: BTreeSet<RepoPath> = entries
        .iter()
        .filter(|(_, path)| single(path))
        .filter_map(|(_, path)| RepoPath::root().join(path))
        .collect();
    let mut files: Vec<RepoPath> = Vec::new();
    for (text, path) in &entries {
        let found = if single(path) {
            RepoPath::root()
                .join(path)
                .ok_or_else(|| (RefusalKind::LeavesRepository, (*text).to_owned()))
                .and_then(|path| find_one(tree, &path, text))
                .map(|found| found.into_iter().collect())
        } else {
            match expand(tree, path) {
                Ok(found) if found.is_empty() && !lenient => {
                    Err((RefusalKind::Missing, (*text).to_owned()))
                }
                Ok(mut found) => {
                    found.retain(|path| !named.contains(path) && !files.contains(path));
                    Ok(found)
                }
                Err(flaw) => Err(flaw),
            }
        };
        match found {
            Ok(found) if found.is_empty() && !lenient && single(path) => {
                refuse(source, (RefusalKind::Missing, (*text).to_owned()), parts);
            }
            Ok(found) => {
                for path in found {
                    match files.iter().rposition(|known| *known == path) {
                        Some(at) if at + 1 == files.len() => {}
                        Some(_) => {
                            let why = format!(
                                "`{text}` stands twice among the value files, and which place counts depends on the version of Argo CD"
                            );
                            refuse(source, (RefusalKind::Declaration, why), parts);
                        }
                        None => files.push(path),
                    }
                }
            }
            Err(flaw) => {
                // Whatever it would find matters.
                if let Some(folder) = RepoPath::root().join(&fixed_folder(path)) {
                    let below = tree.below(&folder);
                    parts.files.extend(below.map(|(path, _)| path.clone()));
                }
                refuse(source, flaw, parts);
            }
        }
    }
    for path in &files {
        parts.files.extend(tree.resolve(path));
        parts.files.insert(path.clone());
    }
    files
}

/// A single file, such as the content of a parameter.
pub(super) fn find(source: &Source<'_>, text: &str, parts: &mut Parts) -> Option<RepoPath> {
    let tree = source.scope.tree;
    let found = place(source, text).and_then(|path| {
        let path = RepoPath::root()
            .join(&path)
            .ok_or_else(|| (RefusalKind::LeavesRepository, text.to_owned()))?;
        find_one(tree, &path, text)
    });
    match found {
        Ok(Some(path)) => {
            parts.files.extend(tree.resolve(&path));
            parts.files.insert(path.clone());
            return Some(path);
        }
        Ok(None) => refuse(source, (RefusalKind::Missing, text.to_owned()), parts),
        Err(flaw) => refuse(source, flaw, parts),
    }
    None
}

fn refuse(source: &Source<'_>, (kind, text): Flaw, parts: &mut Parts) {
    parts.refusals.insert(source.place.refuse(kind, text));
}

/// Where an entry points, from the root of the tree under judgement: relative to the chart, from the
/// root (`/…`), or in a named source (`$name/…`).
fn place(source: &Source<'_>, text: &str) -> Result<String, Flaw> {
    let replace = |text: &str| {
        let replaced = source.environment.replace(text);
        let why = if let Some(name) = replaced.undefined.first() {
            format!("no source is called `${name}`")
        } else if let Some(name) = replaced.unknown.first() {
            format!("`{text}` needs the value of `{name}`, which is not known here")
        } else {
            return Ok(replaced.text);
        };
        Err((RefusalKind::Declaration, why))
    };
    let named = text.strip_prefix('$').map(|named| {
        let (name, rest) = named.split_once('/').unwrap_or((named, ""));
        (source.references.find(name), rest)
    });
    if let Some((Some(referred), rest)) = named {
        if !is_own(source.scope, referred) {
            return Err((RefusalKind::Elsewhere, format!("the value file `{text}`")));
        }
        return replace(rest);
    }
    let text = replace(text)?;
    if remote::is_remote_file(&text) || remote::looks_remote(&text) {
        return Err((RefusalKind::RemoteReference, text));
    }
    if !source.is_own {
        // A file of the chart or repository that is fetched.
        return Err((RefusalKind::Elsewhere, format!("the value file `{text}`")));
    }
    let joined = match text.strip_prefix('/') {
        Some(rest) => clean(rest),
        None => clean(&format!("{}/{text}", source.folder)),
    };
    joined.ok_or((RefusalKind::LeavesRepository, text))
}

/// A path without `.`, `..` and empty parts; `None` when it leads out.
fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn find_one(tree: &Tree, path: &RepoPath, text: &str) -> Result<Option<RepoPath>, Flaw> {
    match tree.resolve(path) {
        Err(_) => Err((RefusalKind::UnsafeEntry, text.to_owned())),
        Ok(_) => Ok(tree.is_file(path).then(|| path.clone())),
    }
}

/// What a pattern finds, part by part: names in order, and `**` a folder before the folders in it.
fn expand(tree: &Tree, pattern: &str) -> Result<Vec<RepoPath>, Flaw> {
    let unclear = |why: String| (RefusalKind::Declaration, why);
    if pattern.contains(['{', '\\']) {
        return Err(unclear(format!(
            "the pattern `{pattern}` is not expanded here"
        )));
    }
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    let mut places = vec![RepoPath::root()];
    for (index, part) in parts.iter().enumerate() {
        let mut next = Vec::new();
        for place in &places {
            if *part == "**" {
                descend(tree, place, &mut next)?;
                continue;
            }
            let glob = Glob::parse(part, &['!', '^'])
                .ok_or_else(|| unclear(format!("`{pattern}` is no pattern")))?;
            let names = tree.list_folder(place).unwrap_or_default();
            let fitting = names.keys().filter(|name| glob.matches(name));
            next.extend(fitting.filter_map(|name| place.join(name)));
        }
        if index + 1 < parts.len() {
            next.retain(|path| tree.is_folder(path));
        }
        places = next;
    }
    for path in &places {
        if tree.resolve(path).is_err() {
            return Err((RefusalKind::UnsafeEntry, path.to_string()));
        }
        if !tree.is_file(path) {
            return Err(unclear(format!(
                "the pattern `{pattern}` finds `{path}`, which is no file"
            )));
        }
    }
    Ok(places)
}

/// A folder and every folder below it, each before those in it.
fn descend(tree: &Tree, folder: &RepoPath, found: &mut Vec<RepoPath>) -> Result<(), Flaw> {
    let links = |path: &RepoPath| tree.resolve(path).ok().as_ref() != Some(path);
    found.push(folder.clone());
    for name in tree.list_folder(folder).unwrap_or_default().into_keys() {
        let Some(path) = folder.join(&name).filter(|path| tree.is_folder(path)) else {
            continue;
        };
        if links(&path) {
            let why = format!("`{path}` is a link to a folder, which a pattern would follow");
            return Err((RefusalKind::Declaration, why));
        }
        descend(tree, &path, found)?;
    }
    Ok(())
}
