//! A source of plain files: which of a folder's files Argo CD reads.

use std::collections::BTreeSet;

use super::application::Parts;
use super::find_text;
use super::pattern::Pattern;
use super::source::Source;
use crate::ids::RepoPath;
use crate::plan::discover::directory;
use crate::plan::{Doubt, RefusalKind, RendererInput};
use crate::tree::{EntryKind, Tree};

/// Argo CD leaves out a file that holds this anywhere.
const SKIP: &[u8] = b"+argocd:skip-file-rendering";

/// The longest pattern, in bytes: each file of the folder is held against all of it.
const LENGTH: usize = 1_000;

/// Links followed on the way to a folder before it counts as a circle.
const LINKS: usize = 40;

pub(super) fn compose(source: &Source<'_>, parts: &mut Parts) -> RendererInput {
    let mut files = BTreeSet::new();
    if let Some(folder) = find_folder(source, parts) {
        let candidates = find_candidates(source, &folder, parts);
        let (skipped, read): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|path| is_skipped(source, path));
        let (programs, plain): (Vec<_>, Vec<_>) = read
            .into_iter()
            .partition(|path| path.as_str().ends_with(".jsonnet"));
        if let Some(program) = programs.first() {
            let text = format!("Jsonnet (`{program}`)");
            refuse(source, RefusalKind::OtherRenderer, text, parts);
            parts.files.extend(programs);
        }
        files = directory::keep_manifests(source.scope, &plain);
        for path in &skipped {
            let text = format!(
                "`{path}` is left out by its mark `+argocd:skip-file-rendering`: an Argo CD that does not know the mark deploys it"
            );
            let content = source.scope.tree.find_blob(path).unwrap_or_default();
            parts.doubts.insert(Doubt::of(text, content));
        }
        // They count again once the mark is gone.
        parts.files.extend(skipped);
    }
    parts.files.extend(files.iter().cloned());
    RendererInput::Directory { files }
}

fn refuse(source: &Source<'_>, kind: RefusalKind, text: String, parts: &mut Parts) {
    parts.refusals.insert(source.place.refuse(kind, text));
}

/// Where the source's folder really stands. Links above it are followed; where it is a link itself,
/// Argo CD reads nothing.
fn find_folder(source: &Source<'_>, parts: &mut Parts) -> Option<RepoPath> {
    if !source.is_own {
        return None;
    }
    let tree = source.scope.tree;
    let folder = &source.folder;
    parts.files.extend(find_links(tree, folder));
    let own = tree
        .resolve(&folder.parent())
        .ok()
        .and_then(|above| above.join(folder.file_name()));
    let is_link = own.is_some_and(|own| {
        let entry = tree.entries().get(&own);
        entry.is_some_and(|entry| entry.kind == EntryKind::Symlink)
    });
    if is_link {
        let text = format!("`{folder}` is a symbolic link, behind which Argo CD reads no files");
        refuse(source, RefusalKind::Declaration, text, parts);
        // Should one read it, what lies there matters.
        if let Ok(real) = tree.resolve(folder) {
            let below = tree.below(&real);
            parts.files.extend(below.map(|(path, _)| path.clone()));
        }
        return None;
    }
    tree.resolve(folder).ok()
}

/// Every link on the way to a path.
fn find_links(tree: &Tree, path: &RepoPath) -> BTreeSet<RepoPath> {
    let mut found = BTreeSet::new();
    let mut at = path.clone();
    for _ in 0..LINKS {
        let names: Vec<&str> = at.as_str().split('/').collect();
        let above = (1..=names.len()).find_map(|count| {
            let link = RepoPath::root().join(&names.get(..count)?.join("/"))?;
            let entry = tree.entries().get(&link)?;
            let rest = names.get(count..)?.join("/");
            (entry.kind == EntryKind::Symlink).then_some((link, entry, rest))
        });
        let Some((link, entry, rest)) = above else {
            break;
        };
        let target = tree.reader().read_entry(&link, entry).unwrap_or_default();
        let next = String::from_utf8(target)
            .ok()
            .and_then(|target| link.parent().join(&target)?.join(&rest));
        found.insert(link);
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    found
}

/// The files that Argo CD looks at, by their names.
fn find_candidates(source: &Source<'_>, folder: &RepoPath, parts: &mut Parts) -> Vec<RepoPath> {
    let tree = source.scope.tree;
    let recurse = source.is_true("/directory/recurse");
    let include = read_pattern(source, "/directory/include", parts);
    let exclude = read_pattern(source, "/directory/exclude", parts);
    let mut candidates = Vec::new();
    for (path, entry) in tree.below(folder) {
        if !recurse && path.parent() != *folder {
            continue;
        }
        if entry.kind == EntryKind::Submodule {
            // Argo CD checks it out, and reads what it holds when it goes into folders.
            if recurse {
                parts.files.insert(path.clone());
                refuse(source, RefusalKind::UnsafeEntry, path.to_string(), parts);
            }
            continue;
        }
        let name = path.as_str();
        let has_ending = [".yaml", ".yml", ".json", ".jsonnet"]
            .iter()
            .any(|end| name.ends_with(end));
        if !has_ending {
            continue;
        }
        if tree.resolve(path).is_err() {
            // Argo CD gives up the whole source.
            parts.files.insert(path.clone());
            refuse(source, RefusalKind::UnsafeEntry, path.to_string(), parts);
            continue;
        }
        let shown = name.get(folder.as_str().len()..).unwrap_or_default();
        let shown = shown.trim_start_matches('/');
        let is_in = |pattern: &Pattern| pattern.matches(shown);
        if tree.is_file(path)
            && include.as_ref().is_none_or(is_in)
            && !exclude.as_ref().is_some_and(is_in)
        {
            candidates.push(path.clone());
        }
    }
    candidates
}

fn read_pattern(source: &Source<'_>, pointer: &str, parts: &mut Parts) -> Option<Pattern> {
    let text = find_text(source.value, pointer)?;
    let flaw = if text.len() > LENGTH {
        format!("a pattern of its `directory` has more than {LENGTH} bytes: use a shorter one")
    } else {
        let pattern = Pattern::parse(text);
        if pattern.is_certain() {
            return Some(pattern);
        }
        format!("Argo CD's library does not read the pattern `{text}` as it is written")
    };
    refuse(source, RefusalKind::Declaration, flaw, parts);
    // Whatever it would find, or leave out, matters.
    None
}

fn is_skipped(source: &Source<'_>, path: &RepoPath) -> bool {
    let scope = source.scope;
    let holds_mark = |bytes: &[u8]| bytes.windows(SKIP.len()).any(|window| window == SKIP);
    let reader = scope.tree.reader();
    let read = scope
        .cache
        .skipped
        .read(scope.tree, &reader, path, holds_mark);
    // What cannot be read is said where it is rendered.
    read.is_ok_and(|is_skipped| *is_skipped)
}
