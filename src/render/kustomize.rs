//! `kustomize build`, confined.

use std::ffi::OsString;

use crate::ids::RepoPath;
use crate::object::Provenance;
use crate::plan::KustomizeInput;

use super::messages::Context;
use super::origin::Index;
use super::output::read_output;
use super::workspace::{Workspace, build_tool_problem};
use super::{Output, Problem, Renderer, Request, ToolKind};

/// Names that Kustomize accepts for its file, in the order it looks.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Kustomize on one root.
pub(super) struct Kustomize<'a> {
    /// Its inputs.
    pub(super) input: &'a KustomizeInput,
}

impl Renderer for Kustomize<'_> {
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>> {
        let tools = &request.settings.tools;
        let tool = tools
            .find_one(ToolKind::Kustomize)
            .map_err(|error| build_tool_problem(&error))?;
        let workspace = Workspace::build(request)?;
        let mut arguments: Vec<OsString> = vec!["build".into()];
        if self.input.open_load_restrictor {
            arguments.push("--load-restrictor=LoadRestrictionsNone".into());
        }
        // The `./` keeps a folder from being read as a flag or as a remote reference.
        arguments.push(format!("./{}", request.path.as_str()).into());
        let fallback = find_kustomization(request);
        let context = Context {
            closure: request.closure,
            root: request.path,
            fallback: fallback.clone(),
            by_chart_name: false,
        };
        let text = workspace.run(request, tool, arguments, &context)?;
        let read = read_output(&text, request, "the rendering holds", fallback.as_ref())?;
        let index = index_sources(request, &workspace);
        let manifests = read.into_iter().map(|manifest| {
            let place = index.find(manifest.object());
            let Some((path, line)) = place.map(|(path, line)| (path.clone(), line)) else {
                return manifest;
            };
            manifest.with_provenance(Provenance {
                path: Some(path),
                line,
                ..Provenance::default()
            })
        });
        Ok(Output {
            manifests: manifests.collect(),
            ..Output::default()
        })
    }
}

fn find_kustomization(request: &Request<'_>) -> Option<RepoPath> {
    FILE_NAMES
        .iter()
        .filter_map(|name| request.path.join(name))
        .find(|path| request.closure.contains(path))
}

fn index_sources(request: &Request<'_>, workspace: &Workspace) -> Index {
    let mut index = Index::default();
    for path in request.closure {
        let name = path.file_name();
        let is_manifest = [".yaml", ".yml", ".json"]
            .iter()
            .any(|end| name.ends_with(end));
        if is_manifest && !FILE_NAMES.contains(&name) {
            // Only a hint is lost with a file that cannot be read again or is not UTF-8.
            if let Ok(text) = std::fs::read_to_string(workspace.root().join(path.as_str())) {
                index.add(path, &text);
            }
        }
    }
    index
}
