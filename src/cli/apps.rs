//! `drydock apps`: every application a repository declares, or those that a file affects.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::outside::OutsideArgs;
use super::{CommandError, Exit, cache, inputs, output};
use crate::config::repo::RepoConfig;
use crate::ids::{AppId, RepoPath};
use crate::plan::outside::{is_fetched, own_path};
use crate::plan::{AppSide, Declared, Defaults, OnRemoval};
use crate::render;
use crate::report;
use crate::run::outside::Bringing;
use crate::run::pipeline;
use crate::tree::Tree;

/// Arguments of `drydock apps`.
#[derive(Debug, Args)]
pub(super) struct AppsArgs {
    /// The repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    #[command(flatten)]
    pub(super) origin: inputs::OriginArgs,
    /// Run renderers without the kernel's confinement, where it is not to be had
    #[arg(long)]
    pub(super) unconfined: bool,
    /// The state to look at [default: the working tree]
    #[arg(long, value_name = "REV")]
    pub(super) rev: Option<String>,
    /// Only the applications that read this file, and why
    #[arg(long, value_name = "FILE")]
    pub(super) why: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = AppsFormat::Text)]
    pub(super) format: AppsFormat,
    #[command(flatten)]
    pub(super) cache: cache::CacheArgs,
    #[command(flatten)]
    pub(super) outside: OutsideArgs,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum AppsFormat {
    /// A table
    Text,
    /// One array
    Json,
}

pub(super) fn run(args: &AppsArgs) -> Result<Exit, CommandError> {
    let repository = inputs::open(&args.repo)?;
    let tree = inputs::read_tree(&repository, args.rev.as_deref())?;
    let config = inputs::read_config(None, &tree)?;
    let defaults = Defaults {
        origin: args.origin.origin(&repository, None),
        ..Defaults::default()
    };
    let settings = cache::render_settings(args.cache, &inputs::sandbox(args.unconfined));
    let mut bringing = Bringing::new(&args.outside.read()?);
    let (mut declared, whole) = declare(&mut bringing, &tree, &config, &defaults, &settings)?;
    for side in declared.apps.values_mut() {
        render::hide_in_refusals(side, &whole, &settings.masker);
        leave_out_fetched(side, &tree, &bringing);
    }
    let mut affecting = None;
    if let Some(file) = &args.why {
        let path: RepoPath = file
            .parse()
            .map_err(|error: crate::ids::InvalidId| CommandError::new(error.to_string()))?;
        if !tree.entries().contains_key(&path) {
            return Err(CommandError::with_hint(
                format!("the repository holds no file `{path}`"),
                "name it from the repository's root",
            ));
        }
        declared.left_out.clear();
        if args.format == AppsFormat::Text {
            let text = report::apps::compose_why(&declared, &path);
            output::write(None, text.as_bytes())?;
            return Ok(Exit::Pass);
        }
        declared
            .apps
            .retain(|_, app| report::apps::why(app, &path).is_some());
        affecting = Some(path);
    }
    let text = match args.format {
        AppsFormat::Text => report::apps::compose(&declared),
        AppsFormat::Json => compose_json(&declared, affecting.as_ref())?,
    };
    output::write(None, text.as_bytes())?;
    Ok(Exit::Pass)
}

/// What was fetched is no file of the repository: the list names those alone.
fn leave_out_fetched(side: &mut AppSide, tree: &Tree, bringing: &Bringing) {
    side.closure
        .retain(|path| tree.entries().contains_key(path));
    for source in &mut side.sources {
        source.path = own_path(&source.path);
    }
    let mut declared = (RepoPath::root(), 0);
    if let Some(declaration) = &mut side.declaration {
        if declaration.path.as_ref().is_some_and(is_fetched) {
            (declaration.path, declaration.line) = (None, 0);
        }
        if let Some(path) = &declaration.path {
            declared = (path.clone(), declaration.line);
        }
    }
    let (mounts, _) = bringing.mounts();
    for refusal in &mut side.refusals {
        if is_fetched(&refusal.path) {
            (refusal.path, refusal.line) = declared.clone();
        }
        refusal.text = mounts.readable(&refusal.text);
    }
}

/// The applications of a tree, and the tree with what they need from outside.
pub(super) fn declare(
    bringing: &mut Bringing,
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    settings: &render::Settings,
) -> Result<(Declared, Tree), CommandError> {
    if tree.entries().is_empty() {
        return Err(CommandError::new("the tree holds no files"));
    }
    Ok(bringing.declare(tree, |tree| {
        pipeline::declare_all(tree, config, defaults, settings)
    }))
}

/// The application of this id, or the only one of this name.
pub(super) fn find(name: &str, declared: &Declared) -> Result<AppSide, CommandError> {
    let by_id = |(id, _): &(&AppId, &AppSide)| id.to_string() == name;
    if let Some((_, side)) = declared.apps.iter().find(by_id) {
        return Ok(side.clone());
    }
    let named: Vec<(&AppId, &AppSide)> = declared
        .apps
        .iter()
        .filter(|(id, _)| id.display_name() == name)
        .collect();
    let list = |ids: Vec<&AppId>| {
        ids.iter()
            .map(|id| format!("`{id}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match named.as_slice() {
        [(_, side)] => Ok((*side).clone()),
        [] => {
            let mut near: Vec<&AppId> = declared.apps.keys().collect();
            near.sort_by_cached_key(|id| distance(name, &id.display_name()));
            near.truncate(3);
            Err(CommandError::with_hint(
                format!("no application is called `{name}`"),
                format!("the nearest are {}; `drydock apps` lists all", list(near)),
            ))
        }
        many => Err(CommandError::with_hint(
            format!("{} applications are called `{name}`", many.len()),
            format!(
                "name one of {}",
                list(many.iter().map(|(id, _)| *id).collect())
            ),
        )),
    }
}

/// How many characters have to change, the smaller the nearer.
fn distance(one: &str, other: &str) -> usize {
    let diff = similar::TextDiff::from_chars(one, other);
    diff.iter_all_changes()
        .filter(|change| change.tag() != similar::ChangeTag::Equal)
        .count()
}

fn compose_json(declared: &Declared, file: Option<&RepoPath>) -> Result<String, CommandError> {
    let apps: Vec<serde_json::Value> = declared
        .apps
        .iter()
        .map(|(id, app)| {
            let source = app.sources.first();
            json!({
                "id": id.to_string(),
                "name": id.display_name(),
                "path": source.map(|source| source.path.as_str()),
                "renderer": source.map(|source| source.renderer.kind().word()),
                "sources": app.sources.iter().map(|source| json!({
                    "repository": source.repository, "revision": source.revision, "chart": source.chart,
                    "path": source.path.as_str(), "renderer": source.renderer.kind().word(),
                })).collect::<Vec<_>>(),
                "found": id.kind.word(),
                "declared_by": app.declaration.as_ref().map(|declaration| json!({
                    "app": declaration.parent.to_string(),
                    "path": declaration.path.as_ref().map(RepoPath::as_str),
                    "line": declaration.line,
                    "set": declaration.set,
                    "on_removal": match declaration.on_removal {
                        OnRemoval::Deleted => "deleted",
                        OnRemoval::Kept => "kept",
                    },
                    "suspended": declaration.suspended,
                })),
                "engine": app.engine.word(),
                "why": file.and_then(|file| report::apps::why(app, file)),
                "cluster": app.cluster.0,
                "namespace": app.namespace,
                "reads": app.closure.iter().map(RepoPath::as_str).collect::<Vec<_>>(),
                "refused": app.refusals.iter().map(|refusal| json!({
                    "path": refusal.path.as_str(), "line": refusal.line, "text": refusal.text,
                    "evaluable": !refusal.kind.is_not_evaluable(),
                })).collect::<Vec<_>>(),
            })
        })
        .collect();
    serde_json::to_string_pretty(&apps)
        .map(|text| text + "\n")
        .map_err(|error| {
            CommandError::new(format!("the list could not be written as JSON: {error}"))
        })
}
