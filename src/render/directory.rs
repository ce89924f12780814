//! Plain manifests: read natively, with every position kept.

use std::collections::BTreeSet;

use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::object::{IngestSource, ingest};
use crate::yaml::Budget;

use super::{Output, Problem, Renderer, Request};

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
            let read = ingest(&bytes, &source, &request.settings.masker, &Budget::file());
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
