//! One tool run over one application: a private folder with its closure, the confined run, the
//! answer or the problem.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::sandbox::Job;

use super::messages::{self, Context};
use super::{Problem, Request, Tool, ToolError, unstable};

/// The folder of the closure inside the private folder. No message shows it.
const CHECKOUT: &str = "drydock-checkout";

/// A folder that holds the closure and nothing else, gone when this value is.
///
/// Each application gets its own, although several may share files: so a file outside the closure
/// cannot change a rendering, which is what makes the affected set exact. What the deployer's
/// declaration adds, such as values, lies beside the closure: no chart takes it for its own file.
pub(super) struct Workspace {
    _folder: tempfile::TempDir,
    /// Where private files are.
    base: PathBuf,
    /// Where the closure is.
    root: PathBuf,
}

/// Where a tool is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// In the closure, the only thing it may read.
    Checkout,
    /// In the folder above, so that it may read private files, too.
    Above,
}

impl Start {
    /// How a path of the closure is written in arguments: never as a flag or a remote reference.
    pub(super) fn reference(self, path: &RepoPath) -> String {
        match self {
            Self::Checkout => format!("./{}", path.as_str()),
            Self::Above => format!("./{CHECKOUT}/{}", path.as_str()),
        }
    }
}

impl Workspace {
    /// Writes the closure.
    pub(super) fn build(request: &Request<'_>) -> Result<Self, Vec<Problem>> {
        let workspace = Self::empty()?;
        request
            .tree
            .materialise(request.closure, &workspace.root)
            .map_err(|error| vec![Problem::about(request.path, error.to_string())])?;
        if request.is_later {
            shift_time(request, &workspace.root).map_err(failed)?;
        }
        // A root whose files are all elsewhere still has to exist for a tool to be started on it.
        std::fs::create_dir_all(workspace.root.join(request.path.as_str())).map_err(failed)?;
        Ok(workspace)
    }

    /// Without any file.
    pub(super) fn empty() -> Result<Self, Vec<Problem>> {
        let folder = tempfile::Builder::new()
            .prefix("drydock-work-")
            .tempdir()
            .map_err(failed)?;
        let base = folder.path().canonicalize().map_err(failed)?;
        let root = base.join(CHECKOUT);
        std::fs::create_dir(&root).map_err(failed)?;
        Ok(Self {
            _folder: folder,
            base,
            root,
        })
    }

    /// The text of a file; `None` where there is none, or no text.
    pub(super) fn read(&self, path: &RepoPath) -> Option<String> {
        std::fs::read_to_string(self.root.join(path.as_str())).ok()
    }

    /// True for a folder.
    pub(super) fn is_folder(&self, path: &RepoPath) -> bool {
        self.root.join(path.as_str()).is_dir()
    }

    /// True for a file.
    pub(super) fn is_file(&self, path: &RepoPath) -> bool {
        self.root.join(path.as_str()).is_file()
    }

    /// True where anything is.
    pub(super) fn exists(&self, path: &RepoPath) -> bool {
        self.root.join(path.as_str()).exists()
    }

    /// Writes a file, in place of one that is there.
    pub(super) fn write(&self, path: &RepoPath, text: &str) -> Result<(), Vec<Problem>> {
        let file = self.root.join(path.as_str());
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        std::fs::write(file, text).map_err(failed)
    }

    /// Writes a private file; gives how it is written in arguments of a tool that starts
    /// [`Start::Above`].
    pub(super) fn write_private(&self, name: &str, text: &str) -> Result<String, Vec<Problem>> {
        std::fs::write(self.base.join(name), text).map_err(failed)?;
        Ok(format!("./{name}"))
    }

    /// Runs the tool and gives its standard output.
    pub(super) fn run(
        &self,
        request: &Request<'_>,
        tool: &Tool,
        start: Start,
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
            checkout: Some(match start {
                Start::Checkout => self.root.clone(),
                Start::Above => self.base.clone(),
            }),
            libraries: tool.dynamic,
            limits: request.settings.limits.clone(),
        };
        let settings = request.settings;
        let finished = settings
            .sandbox
            .run(&job, &settings.cancel)
            .map_err(|error| vec![messages::build_sandbox_problem(&error, request.path)])?;
        if !finished.succeeded() {
            let base = format!("{}/", self.base.display());
            let said = finished.stderr.replace(&base, "");
            let said = said.replace(&format!("{CHECKOUT}/"), "");
            let mut problem = messages::build_problem(&said, context);
            if let (0, Some(path)) = (problem.line, &problem.path)
                && let Ok(text) = request.tree.reader().read(path)
            {
                problem.line =
                    messages::find_unknown_field(&problem.message, &String::from_utf8_lossy(&text));
            }
            return Err(vec![problem]);
        }
        String::from_utf8(finished.stdout).map_err(|_| {
            let message = format!("{} printed bytes that are not UTF-8", tool.kind.name());
            vec![Problem::about(request.path, message)]
        })
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the form that `map_err` takes"
)]
fn failed(error: std::io::Error) -> Vec<Problem> {
    vec![Problem {
        message: format!("no folder for rendering could be made: {}", error.kind()),
        path: None,
        line: 0,
        blame: Blame::Operator,
    }]
}

/// Lets templates see another time.
fn shift_time(request: &Request<'_>, root: &std::path::Path) -> std::io::Result<()> {
    for path in request.closure {
        let file = root.join(path.as_str());
        // What is no text is no template.
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(shifted) = unstable::shift_time(path.as_str(), &text) {
            std::fs::write(file, shifted)?;
        }
    }
    Ok(())
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
