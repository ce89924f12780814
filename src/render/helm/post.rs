//! What Flux does to a chart's output before it installs it: `postRenderers`, `commonMetadata`.

use std::collections::BTreeMap;

use crate::ids::{ObjectRef, RepoPath};
use crate::object::{Manifest, Provenance, Role};
use crate::plan::{CommonMetadata, HelmInput};
use crate::render::draft::{self, Revision};
use crate::render::kustomize::build_alone;
use crate::render::origin::{Chunk, find_template};
use crate::render::output::read_output;
use crate::render::{Problem, Request};

/// True where the output is changed at all.
pub(super) fn is_asked(input: &HelmInput) -> bool {
    !input.post.is_empty() || input.common_metadata != CommonMetadata::default()
}

/// True for a chunk that Flux installs as the chart has it: CRDs of a chart's own folder, and what
/// its Helm does not hand to post-renderers.
pub(super) fn is_left_alone(chunk: &Chunk<'_>, major: u8, request: &Request<'_>) -> bool {
    let is_crd = chunk
        .source
        .is_some_and(|source| source.split('/').rev().skip(1).any(|part| part == "crds"));
    let is_hook = |manifest: &Manifest| matches!(manifest.role(), Role::Hook | Role::Test);
    is_crd
        || major == 3
            && read_output(chunk.text, request, "", None)
                .is_ok_and(|manifests| manifests.iter().any(is_hook))
}

/// Changes these chunks and reads what comes of them.
pub(super) fn read_changed(
    chunks: &[Chunk<'_>],
    input: &HelmInput,
    request: &Request<'_>,
) -> Result<Vec<Manifest>, Vec<Problem>> {
    let mut text = String::new();
    let mut places = Places::default();
    for chunk in chunks {
        for document in draft::split(chunk.text) {
            text.push_str("---\n");
            text.push_str(document);
            text.push('\n');
        }
        places.add(chunk, request)?;
    }
    if places.is_empty {
        return Ok(Vec::new());
    }
    for edits in &input.post {
        text = build_alone(&text, edits, request)?;
    }
    let revision = Revision {
        unknown: None,
        substitution: None,
        metadata: Some(&input.common_metadata),
    };
    let revised = revision
        .revise(text)
        .map_err(|message| vec![Problem::about(request.path, message)])?;
    let manifests = read_output(&revised.text, request, "the chart renders to", None)?;
    let with_place = |manifest: Manifest| {
        let path = places.find(manifest.object());
        manifest.with_provenance(Provenance {
            path,
            ..Provenance::default()
        })
    };
    Ok(manifests.into_iter().map(with_place).collect())
}

/// The templates of objects, by kind and name.
#[derive(Default)]
struct Places {
    by_name: BTreeMap<(String, String), Option<RepoPath>>,
    is_empty: bool,
}

impl Places {
    fn add(&mut self, chunk: &Chunk<'_>, request: &Request<'_>) -> Result<(), Vec<Problem>> {
        let path = chunk
            .source
            .and_then(|source| find_template(source, request.path, request.closure));
        let source = chunk.source.unwrap_or("the chart");
        let subject = format!("`{source}` renders to");
        for manifest in read_output(chunk.text, request, &subject, path.as_ref())? {
            let object = manifest.object();
            let key = (object.kind.clone(), object.name.clone());
            self.by_name.insert(key, path.clone());
        }
        self.is_empty = self.by_name.is_empty();
        Ok(())
    }

    fn find(&self, object: &ObjectRef) -> Option<RepoPath> {
        let key = (object.kind.clone(), object.name.clone());
        self.by_name.get(&key).cloned().flatten()
    }
}
