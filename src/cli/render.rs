//! `drydock render`: what an application's deployer would apply, and nothing else.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::cache::{self, CacheArgs};
use super::outside::OutsideArgs;
use super::{CommandError, Exit, apps, inputs, output};
use crate::config::repo::RepoConfig;
use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::object::{Manifest, Role};
use crate::plan::{AppSide, Defaults, Plan, RendererInput, Selection};
use crate::render::{self, Outcome};
use crate::run::outside::Bringing;
use crate::tree::Tree;
use crate::yaml;

/// Arguments of `drydock render`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["app", "path"]))]
pub(super) struct RenderArgs {
    /// An application's id, or its name where only one has it (see `drydock apps`)
    #[arg(long, value_name = "ID")]
    pub(super) app: Option<String>,
    /// A folder: a kustomization, a chart, or plain manifests
    #[arg(long, value_name = "DIR")]
    pub(super) path: Option<String>,
    /// The repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    #[command(flatten)]
    pub(super) origin: inputs::OriginArgs,
    /// The state to render [default: the working tree]
    #[arg(long, value_name = "REV")]
    pub(super) rev: Option<String>,
    /// Output format
    #[arg(long, value_enum, default_value_t = RenderFormat::Yaml)]
    pub(super) format: RenderFormat,
    /// Value files of a chart, relative to it
    #[arg(long, value_name = "FILE")]
    pub(super) values: Vec<String>,
    /// Release name of a chart [default: the folder's name]
    #[arg(long, value_name = "NAME")]
    pub(super) release: Option<String>,
    /// Release namespace of a chart [default: default]
    #[arg(long, value_name = "NS")]
    pub(super) namespace: Option<String>,
    /// Helm's major version [default: the application's, else 4]
    #[arg(long, value_name = "VERSION", value_parser = clap::value_parser!(u8).range(3..=4))]
    pub(super) helm: Option<u8>,
    /// Kubernetes version that charts see
    #[arg(long, value_name = "VERSION")]
    pub(super) kubernetes_version: Option<String>,
    #[command(flatten)]
    pub(super) outside: OutsideArgs,
    /// Print the values of Secrets instead of tags
    #[arg(long)]
    pub(super) show_secrets: bool,
    /// Run renderers without the kernel's confinement, where it is not to be had
    #[arg(long)]
    pub(super) unconfined: bool,
    #[command(flatten)]
    pub(super) cache: CacheArgs,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum RenderFormat {
    /// A stream of documents
    Yaml,
    /// One array
    Json,
}

pub(super) fn run(args: &RenderArgs) -> Result<Exit, CommandError> {
    let repository = inputs::open(&args.repo)?;
    let tree = inputs::read_tree(&repository, args.rev.as_deref())?;
    let sandbox = inputs::sandbox(args.unconfined);
    // What is kept holds no values of Secrets.
    let no_cache = args.cache.no_cache || args.show_secrets;
    let mut settings = cache::render_settings(CacheArgs { no_cache }, &sandbox);
    if let Some(version) = &args.kubernetes_version {
        settings.default_version = version
            .parse()
            .map_err(|error: crate::ids::InvalidId| CommandError::new(error.to_string()))?;
    }
    let defaults = Defaults {
        helm_major: args.helm.unwrap_or(Defaults::default().helm_major),
        namespace: args
            .namespace
            .clone()
            .unwrap_or_else(|| Defaults::default().namespace),
        origin: args.origin.origin(&repository, None),
        ..Defaults::default()
    };
    let mut bringing = Bringing::new(&args.outside.read()?);
    let (side, tree) = find_side(args, &tree, &defaults, &settings, &mut bringing)?;
    let mut outcome = render::render_side(&side, &tree, &settings);
    bringing.relocate(outcome.problems_mut());
    match outcome {
        Outcome::Rendered(rendering) => {
            let kept: Vec<&Manifest> = rendering
                .manifests
                .iter()
                .filter(|manifest| manifest.role() != Role::Test)
                .collect();
            for placeholder in &rendering.placeholders {
                let text = format!("note: {}: {}", placeholder.object, placeholder.reason);
                output::say(&text);
            }
            print(args, &kept)?;
            Ok(Exit::Pass)
        }
        Outcome::Absent => Err(CommandError::new("there is nothing to render")),
        Outcome::Failed(problems) | Outcome::NotEvaluable(problems) => {
            let mut exit = Exit::Refused;
            for problem in &problems {
                let place = match (&problem.path, problem.line) {
                    (Some(path), 0) => format!("{path}: "),
                    (Some(path), line) => format!("{path}:{line}: "),
                    (None, _) => String::new(),
                };
                output::say(&format!("error: {place}{}", problem.message));
                if problem.blame != Blame::Author {
                    exit = Exit::Undecided;
                }
            }
            Ok(exit)
        }
    }
}

fn print(args: &RenderArgs, manifests: &[&Manifest]) -> Result<(), CommandError> {
    let values: Vec<&Value> = manifests
        .iter()
        .map(|manifest| {
            if args.show_secrets {
                manifest.unseal()
            } else {
                Some(manifest.value())
            }
        })
        .collect::<Option<_>>()
        .ok_or_else(|| CommandError::new("the values of Secrets are not at hand"))?;
    let text = match args.format {
        RenderFormat::Yaml => yaml::write_all(values),
        RenderFormat::Json => serde_json::to_string_pretty(&values)
            .map(|text| text + "\n")
            .map_err(|error| {
                CommandError::new(format!(
                    "the manifests could not be written as JSON: {error}"
                ))
            })?,
    };
    output::write(None, text.as_bytes())
}

/// What the flags name, and the tree with what it needs from outside.
fn find_side(
    args: &RenderArgs,
    tree: &Tree,
    defaults: &Defaults,
    settings: &render::Settings,
    bringing: &mut Bringing,
) -> Result<(AppSide, Tree), CommandError> {
    let config = inputs::read_config(None, tree)?;
    if let Some(name) = &args.app {
        let (declared, tree) = apps::declare(bringing, tree, &config, defaults, settings)?;
        let mut side = apps::find(name, &declared)?;
        apply_flags(args, &mut side)?;
        return Ok((side, tree));
    }
    let brought = bringing.try_plan(&Tree::empty(), tree, |_, tree| {
        let side = choose(args, tree, &config, defaults)?;
        Ok::<_, CommandError>(Plan::of_side(side, tree.revision()))
    })?;
    let side = brought.plan.apps.into_iter().find_map(|app| app.head);
    let side = side.ok_or_else(|| CommandError::new("there is nothing to render"))?;
    Ok((side, brought.head))
}

/// The application of the folder that the flags name, with what they change about it.
fn choose(
    args: &RenderArgs,
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
) -> Result<AppSide, CommandError> {
    let path: RepoPath = args
        .path
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('/')
        .parse()
        .map_err(|error: crate::ids::InvalidId| CommandError::new(error.to_string()))?;
    let plan = crate::plan::build(
        &Tree::empty(),
        tree,
        config,
        defaults,
        &Selection::Path(path.clone()),
    );
    let named = plan.apps.into_iter().find(|app| app.id.variant.is_none());
    let mut side = named.and_then(|app| app.head).ok_or_else(|| {
        CommandError::with_hint(
            format!("`{path}` holds nothing that can be rendered"),
            "name a folder with a kustomization, a chart, or manifests",
        )
    })?;
    apply_flags(args, &mut side)?;
    Ok(side)
}

fn apply_flags(args: &RenderArgs, side: &mut AppSide) -> Result<(), CommandError> {
    for source in &mut side.sources {
        let RendererInput::Helm(helm) = &mut source.renderer else {
            continue;
        };
        if let Some(release) = &args.release {
            helm.release.clone_from(release);
        }
        if let Some(namespace) = &args.namespace {
            helm.namespace.clone_from(namespace);
        }
        if let Some(major) = args.helm {
            helm.major = major;
        }
        for value in &args.values {
            let path = source.path.join(value).ok_or_else(|| {
                CommandError::new(format!(
                    "the value file `{value}` does not lie inside the repository"
                ))
            })?;
            side.closure.insert(path.clone());
            helm.values.push(path);
        }
    }
    Ok(())
}
