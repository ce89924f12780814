//! `kustomize build`, confined, of what the deployer makes of a kustomization.

mod change;
mod charts;
mod edit;
mod file;
mod generators;
mod prepare;
mod replace;
mod values;
mod variables;

use std::ffi::OsString;

use crate::ids::RepoPath;
use crate::object::Provenance;
use crate::plan::{KustomizeEdits, KustomizeInput};

use super::draft::Revision;
use super::messages::Context;
use super::origin::Index;
use super::output::read_output;
use super::workspace::{Start, Workspace, build_tool_problem};
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
        variables::check(request, &workspace)?;
        prepare::prepare(self.input, request, &workspace)?;
        replace::replace_all(self.input, request, &workspace)?;
        let mut arguments: Vec<OsString> = vec!["build".into()];
        if self.input.open_load_restrictor {
            arguments.push("--load-restrictor=LoadRestrictionsNone".into());
        }
        if self.input.managed_by_label {
            arguments.push("--enable-managedby-label".into());
        }
        arguments.push(Start::Checkout.reference(request.path).into());
        let fallback = find_kustomization(request);
        let context = Context {
            closure: request.closure,
            root: request.path,
            fallback: fallback.clone(),
            by_chart_name: false,
        };
        let text = workspace.run(request, tool, Start::Checkout, arguments, &context)?;
        let revision = Revision {
            substitution: self.input.substitution.as_ref(),
            metadata: Some(&self.input.edits.common_metadata),
            unknown: Some(&self.input.unknown),
        };
        let blamed = fallback.as_ref().unwrap_or(request.path);
        let revised = revision
            .revise(text)
            .map_err(|message| vec![Problem::about(blamed, message)])?;
        let read = read_output(
            &revised.text,
            request,
            "the rendering holds",
            fallback.as_ref(),
        )?;
        let placeholders = revised.find_placeholders(&read);
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
            placeholders,
            ..Output::default()
        })
    }
}

/// Builds these edits over the objects of a text, and nothing else: a post-renderer.
pub(super) fn build_alone(
    text: &str,
    edits: &KustomizeEdits,
    request: &Request<'_>,
) -> Result<String, Vec<Problem>> {
    let tool = request
        .settings
        .tools
        .find_one(ToolKind::Kustomize)
        .map_err(|error| build_tool_problem(&error))?;
    let workspace = Workspace::empty()?;
    prepare::prepare_alone(text, edits, request, &workspace)?;
    let folder = RepoPath::root();
    let arguments = vec!["build".into(), Start::Checkout.reference(&folder).into()];
    let context = Context {
        closure: request.closure,
        root: request.path,
        fallback: None,
        by_chart_name: false,
    };
    workspace.run(request, tool, Start::Checkout, arguments, &context)
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
        // What was fetched stands in no file of the repository.
        if is_manifest && !FILE_NAMES.contains(&name) && !request.tree.is_supplied(path) {
            // Only a hint is lost with a file that cannot be read again or is not UTF-8.
            if let Some(text) = workspace.read(path) {
                index.add(path, &text);
            }
        }
    }
    index
}
