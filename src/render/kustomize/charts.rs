//! Charts that a kustomization inflates (`helmCharts`), rendered by our own confined Helm: Kustomize
//! never starts one.

use serde_json::Value;

use super::file::Kustomization;
use super::values;
use crate::config::repo::Engine;
use crate::ids::RepoPath;
use crate::plan::{HelmInput, Hooks};
use crate::render::helm::arguments;
use crate::render::messages::Context;
use crate::render::workspace::{Start, Workspace, build_tool_problem};
use crate::render::{Problem, Request};
use crate::yaml;

/// Where charts lie when nothing is said.
const HOME: &str = "charts";

/// One entry of `helmCharts`.
pub(super) struct Chart<'a> {
    /// The kustomization's file.
    pub(super) file: &'a RepoPath,
    /// What the entry says.
    pub(super) entry: &'a Value,
    /// The folder of charts, as written.
    pub(super) home: &'a str,
    /// The namespace of the release where the entry names none.
    pub(super) namespace: &'a str,
    /// Which Helm: 3, or anything else for 4.
    pub(super) major: u8,
    /// True lets value files lie outside the kustomization's folder.
    pub(super) is_open: bool,
}

/// The folder of charts that a kustomization names.
pub(super) fn home(kustomization: &Kustomization) -> &str {
    let globals = kustomization.find("helmGlobals");
    let home = globals.and_then(|globals| globals.get("chartHome"));
    home.and_then(Value::as_str)
        .filter(|home| !home.is_empty())
        .unwrap_or(HOME)
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
        let chart = self.folder()?;
        if !workspace.is_folder(&chart) {
            let name = self.text("name");
            return Err(self.fail(format!("the chart `{name}` is not in the repository")));
        }
        let tool = request
            .settings
            .tools
            .find_helm(self.major)
            .map_err(|error| build_tool_problem(&error))?;
        let files = self.value_files(&chart, workspace)?;
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

    fn text(&self, field: &str) -> &str {
        let text = self.entry.get(field).and_then(Value::as_str);
        text.unwrap_or_default()
    }

    fn is_true(&self, field: &str) -> bool {
        self.entry.get(field).and_then(Value::as_bool) == Some(true)
    }

    fn texts(&self, field: &str) -> impl Iterator<Item = &str> {
        let items = self.entry.get(field).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str)
    }

    fn fail(&self, message: String) -> Vec<Problem> {
        vec![Problem::about(self.file, message)]
    }

    fn join(&self, text: &str) -> Result<RepoPath, Vec<Problem>> {
        let path = self.file.parent().join(text);
        path.ok_or_else(|| self.fail(format!("`{text}` leads out of the repository")))
    }

    fn folder(&self) -> Result<RepoPath, Vec<Problem>> {
        let (name, version) = (self.text("name"), self.text("version"));
        let home = if version.is_empty() || self.text("repo").is_empty() {
            self.home.to_owned()
        } else {
            format!("{}/{name}-{version}", self.home)
        };
        self.join(&format!("{home}/{name}"))
    }

    fn input(&self) -> Result<HelmInput, Vec<Problem>> {
        for field in ["nameTemplate", "debug"] {
            if !self.text(field).is_empty() || self.is_true(field) {
                return Err(self.fail(format!("`{field}` of a chart is not evaluated here")));
            }
        }
        let namespace = match self.text("namespace") {
            "" if self.namespace.is_empty() => "default",
            "" => self.namespace,
            own => own,
        };
        let kubernetes = match self.text("kubeVersion") {
            "" => None,
            version => Some(
                version
                    .parse()
                    .map_err(|_| self.fail(format!("`{version}` is no version of Kubernetes")))?,
            ),
        };
        Ok(HelmInput {
            include_crds: self.is_true("includeCRDs"),
            skip_tests: self.is_true("skipTests"),
            hooks: if self.is_true("skipHooks") {
                Hooks::LeaveOut
            } else {
                Hooks::Run
            },
            api_versions: self.texts("apiVersions").map(str::to_owned).collect(),
            kubernetes,
            ..HelmInput::new(self.text("releaseName"), namespace)
        })
    }

    /// The value files in order, as they are written in arguments.
    fn value_files(
        &self,
        chart: &RepoPath,
        workspace: &Workspace,
    ) -> Result<Vec<String>, Vec<Problem>> {
        let first = match self.text("valuesFile") {
            "" => chart.join("values.yaml").unwrap_or_default(),
            file => self.join(file)?,
        };
        let is_merged = match self.text("valuesMerge") {
            "" | "override" | "merge" => true,
            "replace" => false,
            other => return Err(self.fail(format!("`{other}` is no way to merge values"))),
        };
        let inline = self
            .entry
            .get("valuesInline")
            .and_then(Value::as_object)
            .filter(|inline| !inline.is_empty());
        let first = match inline {
            Some(inline) if !is_merged => write(&Value::Object(inline.clone()), workspace)?,
            Some(inline) => {
                let text = self.load(&first, workspace)?;
                let own = values::read(&text).map_err(|error| {
                    vec![Problem::about(
                        &first,
                        format!("it cannot be read: {error}"),
                    )]
                })?;
                let inline = Value::Object(inline.clone());
                let (under, over) = match self.text("valuesMerge") {
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
                self.load(&first, workspace)?;
                Start::Above.reference(&first)
            }
        };
        let mut files = vec![first];
        for file in self.texts("additionalValuesFiles") {
            let file = self.join(file)?;
            self.load(&file, workspace)?;
            files.push(Start::Above.reference(&file));
        }
        Ok(files)
    }

    /// A file that Kustomize itself reads: below the kustomization, where that is asked for.
    fn load(&self, file: &RepoPath, workspace: &Workspace) -> Result<String, Vec<Problem>> {
        if !self.is_open && !file.is_within(&self.file.parent()) {
            return Err(self.fail(format!(
                "`{file}` is outside of the kustomization's folder, where Kustomize reads no values"
            )));
        }
        let text = workspace.read(file);
        text.ok_or_else(|| self.fail(format!("the values file `{file}` cannot be read")))
    }
}

fn write(values: &Value, workspace: &Workspace) -> Result<String, Vec<Problem>> {
    workspace.write_private("values-of-the-kustomization.yaml", &yaml::write(values))
}
