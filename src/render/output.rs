//! What a tool wrote, as objects.

use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::object::{IngestSource, Manifest, ingest};
use crate::yaml::Budget;

use super::{Problem, Request};

/// Every object of the output, without a place of its own. What is no object is the author's
/// problem; `subject` begins its message (`… what is no Kubernetes object`), `path` is where it
/// points.
pub(super) fn read_output(
    text: &str,
    request: &Request<'_>,
    subject: &str,
    path: Option<&RepoPath>,
) -> Result<Vec<Manifest>, Vec<Problem>> {
    let read = ingest(
        text.as_bytes(),
        &IngestSource::ToolOutput,
        &request.settings.masker,
        &Budget::tool_output(),
    );
    if read.errors.is_empty() {
        return Ok(read.manifests);
    }
    let problem = |message| Problem {
        message: format!("{subject} what is no Kubernetes object: {message}"),
        path: path.cloned(),
        line: 0,
        blame: Blame::Author,
    };
    let errors = read.errors.into_iter();
    Err(errors.map(|error| problem(error.message)).collect())
}
