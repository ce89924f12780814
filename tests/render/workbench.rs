//! Small trees and the real tools.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use drydock::config::repo::Engine;
use drydock::ids::{AppId, ClusterName, DeclaredBy, RepoPath};
use drydock::object::Masker;
use drydock::plan::{
    AppSide, AppSource, HelmInput, KustomizeInput, Plan, PlannedApp, RendererInput, Why,
};
use drydock::render::{Outcome, Problem, Rendering, Settings, ToolPaths, Tools, render_side};
use drydock::sandbox::Sandbox;
use drydock::tree::{Revision, Tree};

/// Where the real parts are installed.
pub(crate) fn parts() -> PathBuf {
    std::env::var_os("DRYDOCK_PARTS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/drydock/parts"),
        PathBuf::from,
    )
}

/// The real tools, started by the real binary.
pub(crate) fn settings() -> Settings {
    settings_with(ToolPaths {
        search: vec![parts().join("bin")],
        ..ToolPaths::default()
    })
}

/// Other tools, or none.
pub(crate) fn settings_with(paths: ToolPaths) -> Settings {
    let sandbox = Sandbox::default().with_executable(PathBuf::from(env!("CARGO_BIN_EXE_drydock")));
    let tools = Arc::new(Tools::find(paths, sandbox.clone()));
    Settings::new(tools, sandbox, Masker::new([7; 32]))
}

pub(crate) fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

/// Files of one repository; gone with this value.
pub(crate) struct Repository {
    pub(crate) folder: tempfile::TempDir,
}

impl Repository {
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Self { folder };
        for (name, text) in files {
            repository.write(name, text);
        }
        repository
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let file = self.folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    pub(crate) fn tree(&self) -> Tree {
        Tree::read_directory(self.folder.path()).unwrap()
    }

    /// Kustomize on this root, with every file of the repository in reach: what the sandbox and the
    /// tool do when planning has refused nothing.
    pub(crate) fn kustomize(&self, root: &str) -> AppSide {
        self.side(root, RendererInput::Kustomize(KustomizeInput::default()))
    }

    pub(crate) fn helm(&self, root: &str) -> AppSide {
        self.side(root, RendererInput::Helm(helm_input()))
    }

    pub(crate) fn side(&self, root: &str, renderer: RendererInput) -> AppSide {
        AppSide {
            sources: vec![AppSource::here(path(root), renderer)],
            engine: Engine::Kubectl,
            closure: self.files(),
            ..AppSide::default()
        }
    }

    /// Plain manifests: every file of the repository.
    pub(crate) fn directory(&self, root: &str) -> AppSide {
        let files = self.files();
        self.side(root, RendererInput::Directory { files })
    }

    fn files(&self) -> BTreeSet<RepoPath> {
        self.tree().entries().keys().cloned().collect()
    }

    pub(crate) fn render(&self, side: &AppSide) -> Outcome {
        render_side(side, &self.tree(), &settings())
    }
}

pub(crate) fn helm_input() -> HelmInput {
    HelmInput::new("demo", "default")
}

pub(crate) fn plan_of(apps: Vec<(&str, Option<AppSide>, Option<AppSide>)>) -> Plan {
    let planned = |(name, base, head): (&str, _, _)| PlannedApp {
        id: AppId {
            kind: DeclaredBy::Config,
            cluster: ClusterName::default(),
            namespace: String::new(),
            name: name.to_owned(),
            variant: None,
        },
        base,
        head,
        why: vec![Why::Asked],
    };
    Plan {
        base: Revision::Empty,
        head: Revision::Worktree,
        apps: apps.into_iter().map(planned).collect(),
        untouched: Vec::new(),
        changed: Vec::new(),
    }
}

pub(crate) fn rendering(outcome: &Outcome) -> &Rendering {
    match outcome {
        Outcome::Rendered(rendering) => rendering,
        other => panic!("not rendered: {other:?}"),
    }
}

pub(crate) fn problems(outcome: &Outcome) -> &[Problem] {
    match outcome {
        Outcome::Failed(problems) => problems,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: b\n";

/// A chart with these templates.
pub(crate) fn chart(templates: &[(&str, &str)]) -> Repository {
    let repository = Repository::with(&[(
        "chart/Chart.yaml",
        "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    )]);
    repository.write("chart/values.yaml", "");
    for (name, text) in templates {
        repository.write(&format!("chart/templates/{name}"), text);
    }
    repository
}
