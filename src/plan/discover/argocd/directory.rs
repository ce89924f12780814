//! A source of plain files: which of a folder's files Argo CD reads.

use std::collections::BTreeSet;

use globset::{GlobBuilder, GlobMatcher};

use super::application::Parts;
use super::find_text;
use super::source::Source;
use crate::ids::RepoPath;
use crate::plan::discover::directory;
use crate::plan::{RefusalKind, RendererInput};

pub(super) fn compose(source: &Source<'_>, parts: &mut Parts) -> RendererInput {
    let mut files = BTreeSet::new();
    if source.is_own {
        let candidates = find_candidates(source, parts);
        let (programs, plain): (Vec<_>, Vec<_>) = candidates
            .into_iter()
            .partition(|path| path.as_str().ends_with(".jsonnet"));
        if let Some(program) = programs.first() {
            let text = format!("Jsonnet (`{program}`)");
            let refusal = source.place.refuse(RefusalKind::OtherRenderer, text);
            parts.refusals.insert(refusal);
            parts.files.extend(programs);
        }
        files = directory::keep_manifests(source.scope, &plain);
    }
    parts.files.extend(files.iter().cloned());
    RendererInput::Directory { files }
}

fn find_candidates(source: &Source<'_>, parts: &mut Parts) -> Vec<RepoPath> {
    let recurse = source.is_true("/directory/recurse");
    let pattern = |key: &str, parts: &mut Parts| {
        let text = find_text(source.value, key)?;
        let glob = parse_pattern(text);
        if glob.is_none() {
            let refusal = source.place.refuse(RefusalKind::Declaration, text);
            parts.refusals.insert(refusal);
        }
        glob
    };
    let include = pattern("/directory/include", parts);
    let exclude = pattern("/directory/exclude", parts);
    let folder = &source.folder;
    let shown = |path: &RepoPath| {
        let rest = path
            .as_str()
            .get(folder.as_str().len()..)
            .unwrap_or_default();
        rest.trim_start_matches('/').to_owned()
    };
    source
        .scope
        .tree
        .below(folder)
        .map(|(path, _)| path)
        .filter(|path| recurse || path.parent() == *folder)
        .filter(|path| {
            let name = path.as_str();
            [".yaml", ".yml", ".json", ".jsonnet"]
                .iter()
                .any(|end| name.ends_with(end))
        })
        .filter(|path| {
            include
                .as_ref()
                .is_none_or(|glob| glob.is_match(shown(path)))
        })
        .filter(|path| {
            !exclude
                .as_ref()
                .is_some_and(|glob| glob.is_match(shown(path)))
        })
        .filter(|path| source.scope.tree.is_file(path))
        .cloned()
        .collect()
}

/// Argo CD's patterns: `*` crosses folders, `{a,b}` alternates.
fn parse_pattern(text: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(text).literal_separator(false).build();
    glob.ok().map(|glob| glob.compile_matcher())
}
