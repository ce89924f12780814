//! One tool run over one application: a private folder with its closure, the confined run, the
//! answer or the problem.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::finding::Blame;
use crate::sandbox::Job;

use super::messages::{self, Context};
use super::{Problem, Request, Tool, ToolError};

/// A folder that holds the closure and nothing else, gone when this value is.
///
/// Each application gets its own, although several may share files: so a file outside the closure
/// cannot change a rendering, which is what makes the affected set exact.
pub(super) struct Workspace {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Workspace {
    /// Writes the closure.
    pub(super) fn build(request: &Request<'_>) -> Result<Self, Vec<Problem>> {
        let failed = |error: std::io::Error| {
            vec![Problem {
                message: format!("no folder for rendering could be made: {}", error.kind()),
                path: None,
                line: 0,
                blame: Blame::Operator,
            }]
        };
        let folder = tempfile::Builder::new()
            .prefix("drydock-checkout-")
            .tempdir()
            .map_err(failed)?;
        let root = folder.path().canonicalize().map_err(failed)?;
        request
            .tree
            .materialise(request.closure, &root)
            .map_err(|error| vec![Problem::about(request.path, error.to_string())])?;
        // A root whose files are all elsewhere still has to exist for a tool to be started on it.
        std::fs::create_dir_all(root.join(request.path.as_str())).map_err(failed)?;
        Ok(Self {
            _folder: folder,
            root,
        })
    }

    /// Where the files are.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Runs the tool and gives its standard output.
    pub(super) fn run(
        &self,
        request: &Request<'_>,
        tool: &Tool,
        arguments: Vec<OsString>,
        context: &Context<'_>,
    ) -> Result<String, Vec<Problem>> {
        let job = Job {
            tool: tool.path.clone(),
            arguments,
            environment: vec![("HELM_NO_PLUGINS", "1".into())],
            private: &[
                ("HELM_PLUGINS", "helm/plugins"),
                ("HELM_CONFIG_HOME", "helm/config"),
                ("HELM_CACHE_HOME", "helm/cache"),
                ("HELM_DATA_HOME", "helm/data"),
                ("XDG_CONFIG_HOME", "config"),
            ],
            checkout: Some(self.root.clone()),
            libraries: tool.dynamic,
            limits: request.settings.limits.clone(),
        };
        let settings = request.settings;
        let finished = settings
            .sandbox
            .run(&job, &settings.cancel)
            .map_err(|error| vec![messages::build_sandbox_problem(&error, request.path)])?;
        if !finished.succeeded() {
            let mut problem = messages::build_problem(&finished.stderr, context);
            if let (0, Some(path)) = (problem.line, &problem.path)
                && let Ok(text) = std::fs::read_to_string(self.root.join(path.as_str()))
            {
                problem.line = messages::find_unknown_field(&problem.message, &text);
            }
            return Err(vec![problem]);
        }
        String::from_utf8(finished.stdout).map_err(|_| {
            let message = format!("{} printed bytes that are not UTF-8", tool.kind.name());
            vec![Problem::about(request.path, message)]
        })
    }
}

/// A tool that cannot be used, as a problem of the operator.
pub(super) fn build_tool_problem(error: &ToolError) -> Vec<Problem> {
    vec![Problem {
        message: error.to_string(),
        path: None,
        line: 0,
        blame: Blame::Operator,
    }]
}
