//! `drydock check PATH…`: given files, without Git.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::CheckArgs;
use super::{CommandError, inputs, output, policies};
use crate::config::repo::RepoConfig;
use crate::finding::Gate;
use crate::ids::RepoPath;
use crate::object::Masker;
use crate::plan::Defaults;
use crate::report::model::Report;
use crate::run::pipeline::{Clusters, GivenFile, Means, PolicyInput, Rules, judge_files};
use crate::tree::Tree;

/// What reports call standard input.
const STDIN: &str = "stdin";

/// Judges the named files and folders, and standard input for `-`.
pub(super) fn judge(args: &CheckArgs, gates: BTreeSet<Gate>) -> Result<Report, CommandError> {
    if gates.contains(&Gate::Preview) {
        return Err(CommandError::with_hint(
            "given files have no state before the change to preview from",
            "leave out the cluster, or judge a repository with `--base` and `--head`",
        ));
    }
    let mut files = Vec::new();
    for path in &args.paths {
        if path == Path::new("-") {
            files.push(read_stdin()?);
            continue;
        }
        for file in inputs::walk(std::slice::from_ref(path), &["yaml", "yml", "json"])? {
            files.push(GivenFile {
                path: shown(&file)?,
                bytes: inputs::read_file_or_stdin(&file)?,
            });
        }
    }
    if files.is_empty() {
        return Err(CommandError::with_hint(
            "the given folders hold no YAML or JSON file",
            "name files or folders with manifests",
        ));
    }
    let config = match &args.config {
        Some(file) => inputs::read_config(Some(file), &Tree::empty())?,
        None => RepoConfig::default(),
    };
    let choice = policies::choose(&args.policy)?;
    let masker = Masker::random();
    let sandbox = inputs::sandbox(args.unconfined);
    let rules = Rules {
        policies: PolicyInput::read(&Tree::empty(), &config, &choice)
            .map_err(|error| CommandError::new(format!("a policy could not be read: {error}")))?,
        config,
        defaults: Defaults::default(),
        preview_required: false,
        gates,
        crds: inputs::read_crds(&args.crds)?,
        kubernetes: inputs::parse_kubernetes(args.kubernetes_version.as_deref())?,
    };
    let means = Means {
        render: inputs::render_settings(&sandbox, &masker, None),
        sandbox,
        clusters: Clusters::None,
        outside: Arc::default(),
        masker,
        now_ns: inputs::now_ns(args.now.as_deref())?,
    };
    let report = judge_files(&files, &rules, &means);
    if let Some(folder) = files
        .iter()
        .find_map(|file| sources_of_renderer(&file.path))
    {
        output::say(&format!(
            "note: files are judged as they stand; for what a kustomization or a chart renders to: \
             `drydock render --path {folder} | drydock check -`, or `drydock check --all` in its repository"
        ));
    }
    Ok(report)
}

/// The folder of a kustomization or a chart, when this is the file that makes it one.
fn sources_of_renderer(path: &RepoPath) -> Option<String> {
    let path = Path::new(path.as_str());
    let names = ["kustomization.yaml", "kustomization.yml", "Chart.yaml"];
    let name = path.file_name()?.to_str()?;
    let folder = path.parent()?.to_str()?;
    names.contains(&name).then(|| match folder {
        "" => ".".to_owned(),
        folder => folder.to_owned(),
    })
}

fn read_stdin() -> Result<GivenFile, CommandError> {
    let bytes = inputs::read_file_or_stdin(Path::new("-"))?;
    if bytes.trim_ascii().is_empty() {
        return Err(CommandError::with_hint(
            "standard input is empty",
            "see whether the command before the pipe failed",
        ));
    }
    let path = STDIN
        .parse()
        .map_err(|error: crate::ids::InvalidId| CommandError::new(error.to_string()))?;
    Ok(GivenFile { path, bytes })
}

/// A path as reports show it: relative to the current folder where it lies below it, else from the
/// root of the file system.
fn shown(path: &Path) -> Result<RepoPath, CommandError> {
    let text = |path: &Path| path.to_string_lossy().trim_start_matches('/').to_owned();
    if let Ok(relative) = text(path).parse()
        && path.is_relative()
    {
        return Ok(relative);
    }
    let full: PathBuf = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let here = std::env::current_dir()
        .and_then(std::fs::canonicalize)
        .unwrap_or_default();
    let near = full.strip_prefix(&here).unwrap_or(&full);
    text(near)
        .parse()
        .map_err(|error: crate::ids::InvalidId| CommandError::new(error.to_string()))
}
