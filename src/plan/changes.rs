//! Which files differ between two trees, renames found.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::ids::RepoPath;
use crate::plan::{ChangedFile, FileStatus};
use crate::tree::{Entry, EntryKind, Tree};

/// Pairs of a removed and an added file that are compared by content at most: beyond it only
/// equal files count as renamed, as in Git.
const COMPARISON_LIMIT: usize = 10_000;

/// Files larger than this are renamed only when equal.
const SIZE_LIMIT: usize = 512 * 1024;

/// Share of a file's bytes that must be the same, in percent; Git's default.
const SIMILARITY: usize = 50;

/// Every changed file of the repository itself, in path order. Trees are compared by blob id, so equal
/// files are never read.
pub fn find_changes(base: &Tree, head: &Tree) -> Vec<ChangedFile> {
    let mut removed: BTreeMap<&RepoPath, &Entry> = BTreeMap::new();
    let mut added: BTreeMap<&RepoPath, &Entry> = BTreeMap::new();
    let mut changes = Vec::new();
    for (path, entry) in base.own_entries() {
        match head.own_entries().get(path) {
            None => {
                removed.insert(path, entry);
            }
            Some(now) if now != entry => changes.push(ChangedFile {
                path: path.clone(),
                previous: None,
                status: FileStatus::Modified,
            }),
            Some(_) => {}
        }
    }
    for (path, entry) in head.own_entries() {
        if !base.own_entries().contains_key(path) {
            added.insert(path, entry);
        }
    }
    let mut renames = pair_equal(&mut removed, &mut added);
    renames.extend(pair_similar(base, head, &mut removed, &mut added));
    changes.extend(renames.into_iter().map(|(path, previous)| ChangedFile {
        path,
        previous: Some(previous),
        status: FileStatus::Renamed,
    }));
    let single = |path: &RepoPath, status| ChangedFile {
        path: path.clone(),
        previous: None,
        status,
    };
    changes.extend(added.keys().map(|path| single(path, FileStatus::Added)));
    changes.extend(removed.keys().map(|path| single(path, FileStatus::Removed)));
    changes.sort();
    changes
}

/// Both names of every changed file.
pub(super) fn names(changes: &[ChangedFile]) -> BTreeSet<RepoPath> {
    changes
        .iter()
        .flat_map(|change| std::iter::once(&change.path).chain(&change.previous))
        .cloned()
        .collect()
}

type Sides<'a> = BTreeMap<&'a RepoPath, &'a Entry>;

/// Files that moved without a change; the same file name first.
fn pair_equal(removed: &mut Sides<'_>, added: &mut Sides<'_>) -> Vec<(RepoPath, RepoPath)> {
    let mut by_blob: HashMap<&str, Vec<&RepoPath>> = HashMap::new();
    for (path, entry) in removed.iter() {
        by_blob.entry(&entry.blob).or_default().push(path);
    }
    let mut pairs = Vec::new();
    for (path, entry) in added.iter() {
        let Some(sources) = by_blob.get_mut(entry.blob.as_str()) else {
            continue;
        };
        let same_name = sources
            .iter()
            .position(|source| source.file_name() == path.file_name());
        if !sources.is_empty() {
            let source = sources.remove(same_name.unwrap_or(0));
            pairs.push(((*path).clone(), source.clone()));
        }
    }
    forget(&pairs, removed, added);
    pairs
}

/// Files that moved and changed: the most similar pairs first.
fn pair_similar(
    base: &Tree,
    head: &Tree,
    removed: &mut Sides<'_>,
    added: &mut Sides<'_>,
) -> Vec<(RepoPath, RepoPath)> {
    if removed.is_empty() || removed.len().saturating_mul(added.len()) > COMPARISON_LIMIT {
        return Vec::new();
    }
    let old = read_lines(base, removed);
    let new = read_lines(head, added);
    let mut scored = Vec::new();
    for (path, lines) in &new {
        for (source, before) in &old {
            let score = similarity(before, lines);
            if score >= SIMILARITY {
                let same_name = path.file_name() == source.file_name();
                scored.push((score, same_name, path.clone(), source.clone()));
            }
        }
    }
    scored.sort_by(|one, other| {
        (other.0, other.1)
            .cmp(&(one.0, one.1))
            .then_with(|| (&one.2, &one.3).cmp(&(&other.2, &other.3)))
    });
    let mut used = BTreeSet::new();
    let mut pairs = Vec::new();
    for (_, _, path, source) in scored {
        if !used.contains(&path) && !used.contains(&source) {
            used.extend([path.clone(), source.clone()]);
            pairs.push((path, source));
        }
    }
    forget(&pairs, removed, added);
    pairs
}

fn forget(pairs: &[(RepoPath, RepoPath)], removed: &mut Sides<'_>, added: &mut Sides<'_>) {
    for (path, source) in pairs {
        added.remove(path);
        removed.remove(source);
    }
}

/// How often each line occurs, with the bytes of the whole text.
struct Lines {
    counts: HashMap<Vec<u8>, usize>,
    bytes: usize,
}

fn read_lines(tree: &Tree, files: &Sides<'_>) -> Vec<(RepoPath, Lines)> {
    let reader = tree.reader();
    files
        .iter()
        .filter(|(_, entry)| entry.kind == EntryKind::File)
        .filter_map(|(path, entry)| {
            let content = reader.read_entry(path, entry).ok()?;
            if content.is_empty() || content.len() > SIZE_LIMIT {
                return None;
            }
            let mut counts: HashMap<Vec<u8>, usize> = HashMap::new();
            for line in content.split_inclusive(|byte| *byte == b'\n') {
                *counts.entry(line.to_vec()).or_default() += 1;
            }
            let bytes = content.len();
            Some(((*path).clone(), Lines { counts, bytes }))
        })
        .collect()
}

/// Bytes in lines that both have, of the larger one, in percent.
fn similarity(one: &Lines, other: &Lines) -> usize {
    let shared: usize = one
        .counts
        .iter()
        .filter_map(|(line, count)| {
            let both = (*count).min(*other.counts.get(line)?);
            Some(line.len() * both)
        })
        .sum();
    shared * 100 / one.bytes.max(other.bytes).max(1)
}
