//! Plain manifests: read natively, with every position kept.

use std::collections::BTreeSet;

use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::object::{IngestSource, Manifest, Provenance, ingest};
use crate::yaml::Budget;

use super::draft::Revision;
use super::output::read_output;
use super::{Output, Placeholder, Problem, Renderer, Request};

/// Files, in path order.
pub(super) struct Directory<'a> {
    /// The files.
    pub(super) files: &'a BTreeSet<RepoPath>,
}

impl Renderer for Directory<'_> {
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>> {
        let reader = request.tree.reader();
        let mut output = Output::default();
        let mut problems = Vec::new();
        for path in self.files {
            let bytes = match reader.read(path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    problems.push(Problem::about(path, error.to_string()));
                    continue;
                }
            };
            let source = IngestSource::PlainFile(path.clone());
            let mut read = ingest(&bytes, &source, &request.settings.masker, &Budget::file());
            if read.errors.is_empty()
                && let Some((manifests, placeholders)) = cover(&bytes, &read.manifests, request)
            {
                read.manifests = manifests;
                output.placeholders.extend(placeholders);
            }
            problems.extend(read.errors.into_iter().map(|error| Problem {
                message: error.message,
                path: Some(path.clone()),
                line: error.line,
                blame: Blame::Author,
            }));
            let with_path = |item| (path.clone(), item);
            output.manifests.extend(read.manifests);
            output
                .duplicates
                .extend(read.duplicates.into_iter().map(with_path));
            let with_path = |item| (path.clone(), item);
            output
                .oddities
                .extend(read.oddities.into_iter().map(with_path));
        }
        if problems.is_empty() {
            Ok(output)
        } else {
            Err(problems)
        }
    }
}

/// The objects of a file with values that SOPS encrypted, without those; `None` for any other file.
/// They keep their places in the file, but no positions of fields.
fn cover(
    bytes: &[u8],
    read: &[Manifest],
    request: &Request<'_>,
) -> Option<(Vec<Manifest>, Vec<Placeholder>)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let revised = Revision::default().revise(text.to_owned()).ok()?;
    if revised.text == text {
        return None;
    }
    let covered = read_output(&revised.text, request, "the file holds", None).ok()?;
    let placeholders = revised.find_placeholders(&covered);
    if placeholders.is_empty() || covered.len() != read.len() {
        return None;
    }
    let at_place = |(manifest, read): (Manifest, &Manifest)| {
        let place = read.provenance();
        manifest.with_provenance(Provenance {
            path: place.path.clone(),
            line: place.line,
            ..Provenance::default()
        })
    };
    Some((
        covered.into_iter().zip(read).map(at_place).collect(),
        placeholders,
    ))
}
