//! `helm template`, confined, and what the deployer does to its output.

pub(super) mod arguments;
mod post;

use crate::object::{Manifest, Provenance, Role};
use crate::plan::HelmInput;

use super::messages::Context;
use super::origin::{Chunk, find_template, split_helm_output};
use super::output::read_output;
use super::workspace::{Start, Workspace, build_tool_problem};
use super::{Output, Placeholder, Problem, Renderer, Request, Tool};
use crate::yaml::{self, Budget};

/// Helm on one chart.
pub(super) struct Helm<'a> {
    /// Its inputs.
    pub(super) input: &'a HelmInput,
}

impl Renderer for Helm<'_> {
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>> {
        arguments::check_names(self.input, request.path)?;
        let tool = request
            .settings
            .tools
            .find_helm(self.input.major)
            .map_err(|error| build_tool_problem(&error))?;
        let workspace = Workspace::build(request)?;
        let fallback = request
            .path
            .join("Chart.yaml")
            .filter(|path| request.closure.contains(path));
        let context = Context {
            closure: request.closure,
            root: request.path,
            fallback,
            by_chart_name: true,
        };
        let text = run(self.input, request, &workspace, tool, &context)?;
        let mut chunks: Vec<Chunk<'_>> = split_helm_output(&text)
            .take(Budget::DOCUMENTS + 1)
            .collect();
        if chunks.len() > Budget::DOCUMENTS {
            let limit = Budget::DOCUMENTS;
            let message = format!("the chart renders to more than {limit} objects");
            return Err(vec![Problem::about(request.path, message)]);
        }
        let mut manifests = Vec::new();
        let mut problems = Vec::new();
        if post::is_asked(self.input) {
            let (left, changed): (Vec<_>, Vec<_>) = chunks
                .into_iter()
                .partition(|chunk| post::is_left_alone(chunk, self.input.major, request));
            chunks = left;
            match post::read_changed(&changed, self.input, request) {
                Ok(found) => manifests.extend(found),
                Err(found) => problems.extend(found),
            }
        }
        for chunk in chunks {
            match read_chunk(&chunk, request) {
                Ok(found) => manifests.extend(found),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Ok(Output {
                placeholders: find_placeholders(self.input, &manifests),
                manifests,
                ..Output::default()
            })
        } else {
            Err(problems)
        }
    }
}

/// Where values of a release are not known, any object of its templates may hold one.
fn find_placeholders(input: &HelmInput, manifests: &[Manifest]) -> Vec<Placeholder> {
    if input.unknown.is_empty() {
        return Vec::new();
    }
    let reason = format!(
        "rendered without values that are not known here: {}",
        phrase(input)
    );
    let of_templates = manifests.iter().filter(|one| one.role() != Role::Crd);
    let placeholder = |manifest: &Manifest| Placeholder {
        object: manifest.object().clone(),
        reason: reason.clone(),
    };
    of_templates.map(placeholder).collect()
}

/// The sources of values that are not known, as a list.
pub(super) fn phrase(input: &HelmInput) -> String {
    let sources: Vec<&str> = input.unknown.iter().map(String::as_str).collect();
    sources.join("; ")
}

fn run(
    input: &HelmInput,
    request: &Request<'_>,
    workspace: &Workspace,
    tool: &Tool,
    context: &Context<'_>,
) -> Result<String, Vec<Problem>> {
    let mut private = Vec::new();
    for (index, values) in input.inline.iter().enumerate() {
        let name = format!("values-of-the-declaration-{index}.yaml");
        private.push(workspace.write_private(&name, &yaml::write(values))?);
    }
    let start = if private.is_empty() {
        Start::Checkout
    } else {
        Start::Above
    };
    let arguments = arguments::build(input, request.path, request.version, start, &private);
    workspace.run(request, tool, start, arguments, context)
}

fn read_chunk(chunk: &Chunk<'_>, request: &Request<'_>) -> Result<Vec<Manifest>, Vec<Problem>> {
    let path = chunk
        .source
        .and_then(|source| find_template(source, request.path, request.closure));
    let source = chunk.source.unwrap_or("the chart");
    let subject = format!("`{source}` renders to");
    let manifests = read_output(chunk.text, request, &subject, path.as_ref())?;
    let provenance = |manifest: Manifest| {
        manifest.with_provenance(Provenance {
            path: path.clone(),
            ..Provenance::default()
        })
    };
    Ok(manifests.into_iter().map(provenance).collect())
}
