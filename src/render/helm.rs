//! `helm template`, confined.

use std::ffi::OsString;

use crate::cluster_facts::KubernetesVersion;
use crate::ids::RepoPath;
use crate::object::{Manifest, Provenance};
use crate::plan::HelmInput;

use super::messages::Context;
use super::origin::{Chunk, find_template, split_helm_output};
use super::output::read_output;
use super::workspace::{Workspace, build_tool_problem};
use super::{Output, Problem, Renderer, Request};

/// Helm on one chart.
pub(super) struct Helm<'a> {
    /// Its inputs.
    pub(super) input: &'a HelmInput,
}

impl Renderer for Helm<'_> {
    fn render(&self, request: &Request<'_>) -> Result<Output, Vec<Problem>> {
        check_names(self.input, request.path)?;
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
        let arguments = build_arguments(self.input, request.path, request.version);
        let text = workspace.run(request, tool, arguments, &context)?;
        let mut manifests = Vec::new();
        let mut problems = Vec::new();
        for chunk in split_helm_output(&text) {
            match read_chunk(&chunk, request) {
                Ok(found) => manifests.extend(found),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Ok(Output {
                manifests,
                ..Output::default()
            })
        } else {
            Err(problems)
        }
    }
}

/// A release or namespace is written into a command line: it has to be a name, never a flag.
fn check_names(input: &HelmInput, root: &RepoPath) -> Result<(), Vec<Problem>> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text.len() <= 63
            && !text.starts_with(['-', '.'])
            && text.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)
            })
    };
    for (what, text) in [("release", &input.release), ("namespace", &input.namespace)] {
        if !is_name(text) {
            let message = format!(
                "`{text}` cannot be the {what} of a chart: lower-case letters, digits, `-` and `.`, at most 63"
            );
            return Err(vec![Problem::about(root, message)]);
        }
    }
    Ok(())
}

fn build_arguments(
    input: &HelmInput,
    chart: &RepoPath,
    version: KubernetesVersion,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![
        "template".into(),
        input.release.clone().into(),
        // The `./` keeps a folder from being read as a flag, a repository's chart or a URL.
        format!("./{}", chart.as_str()).into(),
        format!("--namespace={}", input.namespace).into(),
        format!("--kube-version={}.{}.0", version.major, version.minor).into(),
    ];
    if input.include_crds {
        arguments.push("--include-crds".into());
    }
    for file in &input.values {
        arguments.push(format!("--values=./{}", file.as_str()).into());
    }
    for api in &input.api_versions {
        arguments.push(format!("--api-versions={api}").into());
    }
    arguments
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

#[cfg(test)]
mod tests {
    use super::*;

    fn input(release: &str, namespace: &str) -> HelmInput {
        HelmInput {
            values: vec!["a,b/values.yaml".parse().unwrap()],
            api_versions: vec!["a/v1".to_owned()],
            ..HelmInput::new(release, namespace)
        }
    }

    #[test]
    fn nothing_of_the_plan_can_become_a_flag() {
        let root = "--post-renderer=x".parse().unwrap();
        let arguments = build_arguments(&input("r", "n"), &root, KubernetesVersion::default());
        assert_eq!(
            arguments,
            [
                "template",
                "r",
                "./--post-renderer=x",
                "--namespace=n",
                "--kube-version=1.35.0",
                "--include-crds",
                "--values=./a,b/values.yaml",
                "--api-versions=a/v1"
            ]
        );
        for (release, namespace) in [("--debug", "n"), ("r", "--x"), ("", "n"), ("R", "n")] {
            assert!(check_names(&input(release, namespace), &root).is_err());
        }
    }
}
