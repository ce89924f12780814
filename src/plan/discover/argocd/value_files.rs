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

/// Names that all patterns of a source may look at, one by one.
const NAMES: usize = 100_000;

/// The longest pattern, in bytes.
const LENGTH: usize = 1_000;

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
    let mut budget = NAMES;
    let mut files: Vec<RepoPath> = Vec::new();
    let mut known = BTreeSet::new();
    for (text, path) in &entries {
        let found = if single(path) {
            find_named(tree, path, text)
        } else {
            expand(tree, path, &mut budget).map(|mut found| {
                let is_empty = found.is_empty();
                found.retain(|path| !named.contains(path) && !known.contains(path));
                (found, is_empty)
            })
        };
        match found {
            Ok((_, true)) if !lenient => {
                refuse(source, (RefusalKind::Missing, (*text).to_owned()), parts);
            }
            Ok((found, _)) => {
                for path in found {
                    if known.insert(path.clone()) {
                        files.push(path);
                    } else if files.last() != Some(&path) {
                        let why = format!(
                            "`{text}` stands twice among the value files, and which place counts depends on the version of Argo CD"
                        );
                        refuse(source, (RefusalKind::Declaration, why), parts);
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

/// What an entry without a pattern finds, and whether that is nothing.
fn find_named(tree: &Tree, path: &str, text: &str) -> Result<(Vec<RepoPath>, bool), Flaw> {
    let path = RepoPath::root()
        .join(path)
        .ok_or_else(|| (RefusalKind::LeavesRepository, text.to_owned()))?;
    let found = find_one(tree, &path, text)?;
    let is_empty = found.is_none();
    Ok((found.into_iter().collect(), is_empty))
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

/// What a pattern finds, part by part: names in order, and `**` a folder before the folders in it. Each
/// place counts once, where it comes first.
fn expand(tree: &Tree, pattern: &str, budget: &mut usize) -> Result<Vec<RepoPath>, Flaw> {
    let unclear = |why: String| (RefusalKind::Declaration, why);
    if pattern.len() > LENGTH {
        return Err(unclear(format!(
            "a pattern among its value files has more than {LENGTH} bytes: name the files"
        )));
    }
    if pattern.contains(['{', '\\']) {
        return Err(unclear(format!(
            "the pattern `{pattern}` is not expanded here"
        )));
    }
    let mut parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty()).collect();
    // A second one adds no place.
    parts.dedup_by(|part, before| *part == "**" && *before == "**");
    let mut places = vec![RepoPath::root()];
    for (index, part) in parts.iter().enumerate() {
        let mut next = Places::default();
        let glob = Glob::parse(part, &['!', '^'])
            .ok_or_else(|| unclear(format!("`{pattern}` is no pattern")))?;
        for place in &places {
            if *part == "**" {
                descend(tree, place, &mut next, budget)?;
                continue;
            }
            for name in list(tree, place, budget)? {
                if glob.matches(&name) {
                    place.join(&name).into_iter().for_each(|path| {
                        next.add(path);
                    });
                }
            }
        }
        places = next.in_order;
        if index + 1 < parts.len() {
            places.retain(|path| tree.is_folder(path));
        }
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

/// Paths in the order in which they came first.
#[derive(Default)]
struct Places {
    in_order: Vec<RepoPath>,
    known: BTreeSet<RepoPath>,
}

impl Places {
    /// False for one that is known.
    fn add(&mut self, path: RepoPath) -> bool {
        let is_new = self.known.insert(path.clone());
        if is_new {
            self.in_order.push(path);
        }
        is_new
    }
}

/// The names in a folder, counted.
fn list(tree: &Tree, folder: &RepoPath, budget: &mut usize) -> Result<Vec<String>, Flaw> {
    let names = tree.list_folder(folder).unwrap_or_default();
    *budget = budget.checked_sub(names.len() + 1).ok_or_else(|| {
        let why = format!(
            "its patterns among the value files look at more than {NAMES} names: name the files, or narrow the patterns"
        );
        (RefusalKind::Declaration, why)
    })?;
    Ok(names.into_keys().collect())
}

/// A folder and every folder below it, each before those in it.
fn descend(
    tree: &Tree,
    folder: &RepoPath,
    found: &mut Places,
    budget: &mut usize,
) -> Result<(), Flaw> {
    let links = |path: &RepoPath| tree.resolve(path).ok().as_ref() != Some(path);
    if !found.add(folder.clone()) {
        // Everything below it is known as well.
        return Ok(());
    }
    for name in list(tree, folder, budget)? {
        let Some(path) = folder.join(&name).filter(|path| tree.is_folder(path)) else {
            continue;
        };
        if links(&path) {
            let why = format!("`{path}` is a link to a folder, which a pattern would follow");
            return Err((RefusalKind::Declaration, why));
        }
        descend(tree, &path, found, budget)?;
    }
    Ok(())
}
