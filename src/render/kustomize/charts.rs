//! Charts that a kustomization inflates (`helmCharts`), rendered by our own confined Helm: Kustomize
//! never starts one.

use serde_json::Value;

use super::values;
use crate::config::repo::Engine;
use crate::ids::RepoPath;
use crate::plan::outside::{mount_of, rest_within};
use crate::plan::{HelmInput, Hooks, InflatedChart, KustomizeInput};
use crate::render::helm::arguments;
use crate::render::messages::Context;
use crate::render::workspace::{Start, Workspace, build_tool_problem};
use crate::render::{Problem, Request};
use crate::yaml;

/// A chart to inflate.
pub(super) struct Chart<'a> {
    /// The file that says so.
    pub(super) file: &'a RepoPath,
    /// The kustomization's folder, where paths start.
    pub(super) root: &'a RepoPath,
    /// What it says.
    pub(super) entry: &'a InflatedChart,
    /// The namespace of the release where the entry names none.
    pub(super) namespace: &'a str,
    /// What the deployer tells Kustomize.
    pub(super) input: &'a KustomizeInput,
}

/// Where a chart stands.
struct Stand {
    /// Where Kustomize would have it.
    named: RepoPath,
    /// Where it is: the same, or the folder of what was fetched.
    real: RepoPath,
}

impl Stand {
    /// Where a file is that Kustomize would find here.
    fn place(&self, file: RepoPath) -> RepoPath {
        match rest_within(&file, &self.named) {
            Some(rest) => self.real.join(&rest).unwrap_or(file),
            None => file,
        }
    }
}

impl Chart<'_> {
    /// What the chart renders to.
    pub(super) fn inflate(
        &self,
        request: &Request<'_>,
        workspace: &Workspace,
    ) -> Result<String, Vec<Problem>> {
        if request.engine == Engine::Flux {
            let why = "Flux does not let Kustomize render charts: a HelmRelease does that";
            return Err(self.fail(why.to_owned()));
        }
        let stand = self.find(workspace)?;
        let chart = stand.real.clone();
        let tool = request
            .settings
            .tools
            .find_helm(self.input.helm_major)
            .map_err(|error| build_tool_problem(&error))?;
        let files = self.value_files(&stand, workspace)?;
        let input = self.input()?;
        arguments::check_names(&input, self.file)?;
        let start = Start::Above;
        let arguments = arguments::build(&input, &chart, request.version, start, &files);
        let fallback = chart
            .join("Chart.yaml")
            .filter(|path| request.closure.contains(path));
        let context = Context {
            closure: request.closure,
            root: &chart,
            fallback,
            by_chart_name: true,
        };
        workspace.run(request, tool, start, arguments, &context)
    }

    fn fail(&self, message: String) -> Vec<Problem> {
        vec![Problem::about(self.file, message)]
    }

    fn join(&self, text: &str) -> Result<RepoPath, Vec<Problem>> {
        let path = self.root.join(text);
        path.ok_or_else(|| self.fail(format!("`{text}` leads out of the repository")))
    }

    /// Kustomize takes what lies in the repository, and only then fetches.
    fn find(&self, workspace: &Workspace) -> Result<Stand, Vec<Problem>> {
        let named = self.join(&self.entry.folder())?;
        let fetched = || {
            let need = self.entry.need()?.ok()?;
            Some(mount_of(&need))
        };
        let real = if workspace.is_folder(&named) {
            Some(named.clone())
        } else {
            fetched().filter(|fetched| workspace.is_folder(fetched))
        };
        let name = &self.entry.name;
        let real = real.ok_or_else(|| self.fail(format!("the chart `{name}` is not at hand")))?;
        Ok(Stand { named, real })
    }

    fn input(&self) -> Result<HelmInput, Vec<Problem>> {
        let entry = self.entry;
        for (field, is_used) in [
            ("nameTemplate", !entry.name_template.is_empty()),
            ("debug", entry.debug),
        ] {
            if is_used {
                return Err(self.fail(format!("`{field}` of a chart is not evaluated here")));
            }
        }
        let namespace = match entry.namespace.as_str() {
            "" if self.namespace.is_empty() => "default",
            "" => self.namespace,
            own => own,
        };
        let kubernetes = match entry.kubernetes.as_str() {
            "" => self.input.kubernetes,
            version => Some(
                version
                    .parse()
                    .map_err(|_| self.fail(format!("`{version}` is no version of Kubernetes")))?,
            ),
        };
        // What the entry says comes before what the deployer tells.
        let api_versions = if entry.api_versions.is_empty() {
            let KustomizeInput {
                api_versions,
                more_api_versions,
                ..
            } = self.input;
            more_api_versions
                .iter()
                .chain(api_versions)
                .cloned()
                .collect()
        } else {
            entry.api_versions.clone()
        };
        Ok(HelmInput {
            include_crds: entry.include_crds,
            skip_tests: entry.skip_tests,
            hooks: if entry.skip_hooks {
                Hooks::LeaveOut
            } else {
                Hooks::Run
            },
            api_versions,
            kubernetes,
            ..HelmInput::new(&entry.release, namespace)
        })
    }

    /// The value files in order, as they are written in arguments.
    fn value_files(
        &self,
        stand: &Stand,
        workspace: &Workspace,
    ) -> Result<Vec<String>, Vec<Problem>> {
        let entry = self.entry;
        let first = match entry.values_file.as_str() {
            "" => stand.named.join("values.yaml").unwrap_or_default(),
            file => self.join(file)?,
        };
        let is_merged = match entry.merge.as_str() {
            "" | "override" | "merge" => true,
            "replace" => false,
            other => return Err(self.fail(format!("`{other}` is no way to merge values"))),
        };
        let inline = Some(&entry.inline).filter(|inline| !inline.is_empty());
        let first = match inline {
            Some(inline) if !is_merged => write(&Value::Object(inline.clone()), workspace)?,
            Some(inline) => {
                let text = self.load(&first, stand, workspace)?;
                let own = values::read(&text).map_err(|error| {
                    vec![Problem::about(
                        &first,
                        format!("it cannot be read: {error}"),
                    )]
                })?;
                let inline = Value::Object(inline.clone());
                let (under, over) = match entry.merge.as_str() {
                    "merge" => (inline, own),
                    _ => (own, inline),
                };
                let together = values::merge(under, over).map_err(|key| {
                    self.fail(format!(
                        "`{key}` of `valuesInline` and of the values file differ in kind"
                    ))
                })?;
                write(&together, workspace)?
            }
            None => {
                self.load(&first, stand, workspace)?;
                Start::Above.reference(&stand.place(first))
            }
        };
        let mut files = vec![first];
        for file in &entry.more_values {
            let file = self.join(file)?;
            self.load(&file, stand, workspace)?;
            files.push(Start::Above.reference(&file));
        }
        Ok(files)
    }

    /// A file that Kustomize itself reads: below the kustomization, where that is asked for.
    fn load(
        &self,
        file: &RepoPath,
        stand: &Stand,
        workspace: &Workspace,
    ) -> Result<String, Vec<Problem>> {
        if !self.input.open_load_restrictor && !file.is_within(self.root) {
            return Err(self.fail(format!(
                "`{file}` is outside of the kustomization's folder, where Kustomize reads no values"
            )));
        }
        let text = workspace.read(&stand.place(file.clone()));
        text.ok_or_else(|| self.fail(format!("the values file `{file}` cannot be read")))
    }
}

fn write(values: &Value, workspace: &Workspace) -> Result<String, Vec<Problem>> {
    workspace.write_private("values-of-the-kustomization.yaml", &yaml::write(values))
}
