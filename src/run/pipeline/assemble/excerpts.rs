//! The source beside each finding.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::finding::Judged;
use crate::ids::RepoPath;
use crate::report::model::Trouble;

/// Files whose text a report may carry: enough for every finding that a person reads, bounded
/// for a change of ten thousand findings.
const EXCERPT_FILES: usize = 200;

/// The texts of the files that findings point into, of the head.
pub(super) fn read_excerpts(
    text_of: &dyn Fn(&RepoPath) -> Option<Arc<str>>,
    findings: &[Judged],
    troubles: &[Trouble],
) -> BTreeMap<RepoPath, Arc<str>> {
    let found = findings
        .iter()
        .filter_map(|judged| judged.finding.source.as_ref());
    let places = troubles
        .iter()
        .filter_map(|trouble| trouble.place.as_ref().map(|(path, _, _)| path));
    let wanted: BTreeSet<&RepoPath> = found.map(|source| &source.path).chain(places).collect();
    let read = |path: &RepoPath| Some((path.clone(), text_of(path)?));
    wanted
        .into_iter()
        .filter_map(read)
        .take(EXCERPT_FILES)
        .collect()
}
