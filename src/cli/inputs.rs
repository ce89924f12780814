//! What commands judge: repositories, revisions, configuration, tools, policies, time.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::CommandError;
use crate::clients::git::Repository;
use crate::cluster_facts::KubernetesVersion;
use crate::config::ConfigError;
use crate::config::repo::{self, FILE_NAME, RepoConfig};
use crate::ids::InvalidId;
use crate::object::Masker;
use crate::plan::Origin;
use crate::render::{self, ToolPaths, Tools};
use crate::run::pipeline::Rules;
use crate::sandbox::Sandbox;
use crate::tree::Tree;
use crate::yaml::{self, Budget};

/// Opens the repository that a folder is in.
pub(super) fn open(folder: &Path) -> Result<Repository, CommandError> {
    Repository::open(folder).map_err(|error| {
        CommandError::with_hint(
            format!("`{}` is not a Git repository: {error}", folder.display()),
            "run this inside a repository, give `--repo DIR`, or name manifest files to judge them without Git",
        )
    })
}

/// What declarations call the repository under judgement.
#[derive(Debug, Default, clap::Args)]
pub(super) struct OriginArgs {
    /// A URL by which Applications and Flux sources name this repository [default: those of its
    /// remotes]
    #[arg(long, value_name = "URL")]
    pub(super) repository_url: Vec<String>,
}

impl OriginArgs {
    /// The repository with the branch that a change goes to: the one that `base` names, else the
    /// default branch.
    pub(super) fn origin(&self, repository: &Repository, base: Option<&str>) -> Origin {
        let mut urls = repository.remote_urls();
        urls.extend(self.repository_url.iter().cloned());
        let default = repository.default_branch().ok().map(|branch| {
            let name = branch.name;
            name.strip_prefix("origin/")
                .map_or(name.clone(), str::to_owned)
        });
        let named = base.and_then(|base| repository.find_branch(base));
        Origin {
            urls,
            target: named.or_else(|| default.clone()),
            default,
        }
    }
}

/// The tree of a revision, or the working tree.
pub(super) fn read_tree(
    repository: &Repository,
    revision: Option<&str>,
) -> Result<Tree, CommandError> {
    let Some(revision) = revision else {
        return repository
            .worktree()
            .map_err(|error| CommandError::new(error.to_string()));
    };
    let commit = repository.resolve(revision).map_err(|error| {
        CommandError::with_hint(
            format!("`{revision}` is not a revision of this repository: {error}"),
            "name a branch, a tag or a commit; a shallow clone may lack it (`git fetch --unshallow`)",
        )
    })?;
    repository
        .tree(&commit)
        .map_err(|error| CommandError::new(format!("`{revision}` could not be read: {error}")))
}

/// The configuration of the tree that judges, or of a file.
pub(super) fn read_config(file: Option<&Path>, tree: &Tree) -> Result<RepoConfig, CommandError> {
    let (name, result) = match file {
        None => (FILE_NAME.to_owned(), Rules::read_config(tree)),
        Some(file) => (file.display().to_string(), repo::parse(&read_file(file)?)),
    };
    result.map_err(|errors| config_error(&name, &errors, file.is_none()))
}

fn config_error(name: &str, errors: &[ConfigError], is_of_base: bool) -> CommandError {
    let lines: Vec<String> = errors
        .iter()
        .map(|error| format!("{name}:{error}"))
        .collect();
    let hint = "the configuration that judges is the one of the base: it has to be fixed there";
    CommandError {
        what: format!("the configuration is not valid\n  {}", lines.join("\n  ")),
        hint: is_of_base.then(|| hint.to_owned()),
    }
}

/// Reads a file that was named on the command line.
pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, CommandError> {
    std::fs::read(path).map_err(|error| {
        CommandError::new(format!("`{}` could not be read: {error}", path.display()))
    })
}

/// The same, and standard input for `-`, up to one byte more than is ever read of a manifest.
pub(super) fn read_file_or_stdin(path: &Path) -> Result<Vec<u8>, CommandError> {
    let read = |source: &mut dyn std::io::Read| {
        let mut bytes = Vec::new();
        // One byte more than is read: a larger input is refused by the reader, not cut.
        let limit = u64::try_from(Budget::FILE_BYTES)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
        source.take(limit).read_to_end(&mut bytes).map(|_| bytes)
    };
    if path == Path::new("-") {
        return read(&mut std::io::stdin().lock()).map_err(|error| {
            CommandError::new(format!("standard input could not be read: {error}"))
        });
    }
    std::fs::File::open(path)
        .and_then(|mut file| read(&mut file))
        .map_err(|error| {
            CommandError::new(format!("`{}` could not be read: {error}", path.display()))
        })
}

/// Files of these endings below the given files and folders, in path order.
pub(super) fn walk(paths: &[PathBuf], endings: &[&str]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in paths {
        let metadata = std::fs::metadata(path).map_err(|error| {
            CommandError::new(format!("`{}` could not be read: {error}", path.display()))
        })?;
        if !metadata.is_dir() {
            files.push(path.clone());
            continue;
        }
        let mut found = Vec::new();
        for entry in ignore::WalkBuilder::new(path)
            .standard_filters(false)
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden_folder(entry))
            .build()
        {
            let entry = entry.map_err(|error| {
                CommandError::new(format!("a folder could not be read: {error}"))
            })?;
            let ending = entry
                .path()
                .extension()
                .and_then(|ending| ending.to_str())
                .unwrap_or_default();
            let is_file = match entry.file_type() {
                Some(kind) if kind.is_symlink() && endings.contains(&ending) => {
                    leads_to_file(path, entry.path())?
                }
                kind => kind.is_some_and(|kind| kind.is_file()),
            };
            if is_file && endings.contains(&ending) {
                found.push(entry.into_path());
            }
        }
        found.sort();
        files.append(&mut found);
    }
    Ok(files)
}

/// Dot-folders belong to tools; a file with a dot is one as any other.
fn is_hidden_folder(entry: &ignore::DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
        && entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Whether a link leads to a file, as kubectl follows it. One that leaves the given folder is an
/// error: the folder may be a stranger's.
fn leads_to_file(folder: &Path, link: &Path) -> Result<bool, CommandError> {
    let refused =
        |reason: String| CommandError::new(format!("`{}` is a link that {reason}", link.display()));
    let broken = |error: std::io::Error| refused(format!("cannot be followed: {error}"));
    let target = link.canonicalize().map_err(broken)?;
    if !target.starts_with(folder.canonicalize().map_err(broken)?) {
        return Err(refused("leaves the given folder".to_owned()));
    }
    Ok(target.is_file())
}

/// The documents of a file; the first mistake in it is an error that names the place.
pub(super) fn read_yaml(file: &Path, bytes: &[u8]) -> Result<yaml::Stream, CommandError> {
    let stream = yaml::read(bytes, &Budget::file());
    match stream.errors.first() {
        None => Ok(stream),
        Some(error) => Err(CommandError::new(format!(
            "{}:{}:{}: {}",
            file.display(),
            error.position.line,
            error.position.column,
            error.message
        ))),
    }
}

/// The version of `--kubernetes-version`, such as `1.36`; `None` when it is not given.
pub(super) fn parse_kubernetes(
    given: Option<&str>,
) -> Result<Option<KubernetesVersion>, CommandError> {
    given
        .map(str::parse)
        .transpose()
        .map_err(|error: InvalidId| CommandError::new(error.to_string()))
}

/// CustomResourceDefinitions of the given files and folders.
pub(super) fn read_crds(paths: &[PathBuf]) -> Result<Vec<Arc<Value>>, CommandError> {
    let mut found = Vec::new();
    for file in walk(paths, &["yaml", "yml", "json"])? {
        let stream = read_yaml(&file, &read_file(&file)?)?;
        found.extend(
            stream
                .documents
                .iter()
                .map(|document| Arc::new(document.to_json())),
        );
    }
    Ok(found)
}

/// How processes are started.
pub(super) fn sandbox(unconfined: bool) -> Sandbox {
    if unconfined {
        Sandbox::default().unconfined()
    } else {
        Sandbox::default()
    }
}

/// The folders of `PATH`.
pub(super) fn search_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative entry would find the tools of whatever repository is being judged.
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .collect()
}

/// Tools on `PATH`, with defaults for everything else. `memory` is a folder in which versions of tools
/// are kept.
pub(super) fn render_settings(
    sandbox: &Sandbox,
    masker: &Masker,
    memory: Option<PathBuf>,
) -> render::Settings {
    let paths = ToolPaths {
        search: search_path(),
        ..ToolPaths::default()
    };
    let mut tools = Tools::find(paths, sandbox.clone());
    if let Some(folder) = memory {
        tools = tools.remembering(folder);
    }
    render::Settings::new(Arc::new(tools), sandbox.clone(), masker.clone())
}

/// The time that policies see: given, else the system's.
pub(super) fn now_ns(given: Option<&str>) -> Result<i64, CommandError> {
    let Some(text) = given else {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        return Ok(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX));
    };
    let wrong = || {
        CommandError::with_hint(
            format!("`{text}` is not a time"),
            "write it as 2026-01-31T12:00:00Z",
        )
    };
    let time: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
    i64::try_from(time.as_nanosecond()).map_err(|_| wrong())
}
