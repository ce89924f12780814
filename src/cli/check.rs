//! `drydock check`: judges a change, or given files.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::outside::OutsideArgs;
use super::{CommandError, Exit, cache, clusters, files, inputs, output, policies};
use crate::clients::git::{GitError, Repository};
use crate::config::repo::{Engine, RepoConfig};
use crate::finding::Gate;
use crate::observe::Observation;
use crate::plan::{Defaults, Origin, Selection};
use crate::report::model::Report;
use crate::report::{self, text::Colour};
use crate::run::pipeline::{self, Means, PolicyInput, Rules, Subject};
use crate::tree::Tree;
use crate::verdict::Verdict;

/// Arguments of `drydock check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Manifest files or folders to judge without Git (`-` reads standard input)
    #[arg(value_name = "PATH", conflicts_with_all = ["base", "head", "all"])]
    pub(super) paths: Vec<PathBuf>,
    /// The repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(super) repo: PathBuf,
    #[command(flatten)]
    pub(super) origin: inputs::OriginArgs,
    /// The state before [default: the merge base with the default branch]
    #[arg(long, value_name = "REV")]
    pub(super) base: Option<String>,
    /// The state after [default: the working tree]
    #[arg(long, value_name = "REV")]
    pub(super) head: Option<String>,
    /// Judge every application; without --base every finding is new
    #[arg(long)]
    pub(super) all: bool,
    /// Configuration file [default: .drydock.yaml of the base]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) policy: PolicyArgs,
    /// Kubernetes version whose schemas judge, where no cluster says
    #[arg(long, value_name = "VERSION")]
    pub(super) kubernetes_version: Option<String>,
    /// Further CustomResourceDefinitions: files or folders
    #[arg(long, value_name = "PATH")]
    pub(super) crds: Vec<PathBuf>,
    /// Gates to run [default: render,schema,policy, and preview where a cluster is given]
    #[arg(long, value_name = "GATE", value_delimiter = ',')]
    pub(super) gates: Vec<GateArg>,
    /// The time that policies see (RFC 3339)
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
    #[command(flatten)]
    pub(super) outside: OutsideArgs,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
    /// Write the result to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Run renderers without the kernel's confinement, where it is not to be had (shown in every report)
    #[arg(long)]
    pub(super) unconfined: bool,
    #[command(flatten)]
    pub(super) cache: cache::CacheArgs,
}

/// Where policies come from, beside the configuration.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    /// Policy files or folders, instead of the configured ones
    #[arg(long = "policy", value_name = "PATH")]
    pub(super) policies: Vec<PathBuf>,
    /// Convention in which they are written
    #[arg(long, value_name = "DIALECT", default_value = "auto", value_parser = ["auto", "drydock", "conftest"])]
    pub(super) dialect: String,
    /// conftest namespaces to evaluate [default: main]
    #[arg(long, value_name = "NS", alias = "namespace")]
    pub(super) policy_namespace: Vec<String>,
    /// Evaluate every conftest namespace
    #[arg(long, alias = "all-namespaces")]
    pub(super) all_policy_namespaces: bool,
    /// Rego version of the policy files
    #[arg(long, value_name = "VERSION", default_value = "v1", value_parser = ["v0", "v1"])]
    pub(super) rego_version: String,
    /// Data files or folders for policies
    #[arg(long, value_name = "PATH")]
    pub(super) data: Vec<PathBuf>,
}

/// Which cluster to preview against.
#[derive(Debug, Args)]
pub(super) struct ClusterArgs {
    /// Kubeconfig of the cluster to preview against
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
    /// Context in it
    #[arg(long, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// Context of a cluster that the configuration names
    #[arg(long = "cluster", value_name = "NAME=CONTEXT")]
    pub(super) clusters: Vec<String>,
    /// Preview against a recording instead of a cluster
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kubeconfig", "context", "clusters"])]
    pub(super) live_snapshot: Option<PathBuf>,
    /// Record the cluster's answers (masked) for --live-snapshot
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Who applies, where the configuration does not say
    #[arg(long, value_name = "ENGINE", value_parser = ["apply", "argocd", "flux", "kubectl"])]
    pub(super) engine: Option<String>,
}

/// A gate's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum GateArg {
    /// Both sides render
    Render,
    /// Schemas
    Schema,
    /// Policies
    Policy,
    /// Preview against a cluster
    Preview,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For the terminal
    Text,
    /// drydock.report/1
    Json,
    /// For a comment
    Markdown,
    /// GitHub workflow commands
    Github,
}

impl GateArg {
    fn gate(self) -> Gate {
        match self {
            Self::Render => Gate::Render,
            Self::Schema => Gate::Schema,
            Self::Policy => Gate::Policy,
            Self::Preview => Gate::Preview,
        }
    }
}

/// Judges and prints; the exit code is the verdict.
pub(super) fn run(args: &CheckArgs) -> Result<Exit, CommandError> {
    let started = std::time::Instant::now();
    let (report, observation) = if args.paths.is_empty() {
        judge_change(args)?
    } else {
        (files::judge(args, gates(args))?, None)
    };
    if let (Some(file), Some(observation)) = (&args.cluster.record, observation) {
        output::write(
            Some(file),
            crate::observe::snapshot::write(&observation).as_bytes(),
        )?;
    }
    let text = match args.format {
        Format::Text => {
            let colour = if output::wants_colour(args.output.is_some()) {
                Colour::On
            } else {
                Colour::Off
            };
            report::text::compose(&report, colour)
        }
        Format::Json => report::json::compose(&report),
        Format::Markdown => report::markdown_report::compose(&report),
        Format::Github => report::github::compose(&report),
    };
    output::write(args.output.as_deref(), text.as_bytes())?;
    if output::wants_progress() {
        output::say(&format!(
            "judged in {:.2} s",
            started.elapsed().as_secs_f64()
        ));
    }
    Ok(match report.verdict {
        Verdict::Pass(_) => Exit::Pass,
        Verdict::Fail => Exit::Refused,
        Verdict::Error => Exit::Undecided,
    })
}

/// The gates that run: those asked for, else all but the preview, which needs a cluster.
fn gates(args: &CheckArgs) -> BTreeSet<Gate> {
    if !args.gates.is_empty() {
        return args.gates.iter().map(|gate| gate.gate()).collect();
    }
    let mut gates = BTreeSet::from([Gate::Render, Gate::Schema, Gate::Policy]);
    if clusters::is_named(&args.cluster) {
        gates.insert(Gate::Preview);
    }
    gates
}

fn judge_change(args: &CheckArgs) -> Result<(Report, Option<Observation>), CommandError> {
    let change = read_change(args)?;
    let sandbox = inputs::sandbox(args.unconfined);
    let gates = gates(args);
    if gates.contains(&Gate::Preview) && !clusters::is_named(&args.cluster) {
        return Err(CommandError::with_hint(
            "the preview gate has no cluster to ask",
            "give `--kubeconfig FILE`, `--context NAME`, `--cluster NAME=CONTEXT` or `--live-snapshot FILE`",
        ));
    }
    let rules = rules(args, &change, gates)?;
    let runtime = clusters::runtime(&args.cluster)?;
    let render = cache::render_settings(args.cache, &sandbox);
    let masker = render.masker.clone();
    let means = Means {
        render,
        sandbox,
        clusters: clusters::connect(&args.cluster, &rules.config, runtime.as_ref(), &masker)?,
        masker,
        outside: Arc::new(args.outside.read()?),
        now_ns: inputs::now_ns(args.now.as_deref())?,
    };
    let judgement = pipeline::judge(&change.subject, &rules, &means);
    if let Some(line) = cache::describe(&means.render).filter(|_| output::wants_progress()) {
        output::say(&line);
    }
    Ok((judgement.report, Some(judgement.observation)))
}

/// A change and the configuration that judges it.
struct Change {
    subject: Subject,
    /// The tree that holds configuration and policies.
    judging: Tree,
    config: RepoConfig,
    origin: Origin,
}

fn read_change(args: &CheckArgs) -> Result<Change, CommandError> {
    let repository = inputs::open(&args.repo)?;
    let head = inputs::read_tree(&repository, args.head.as_deref())?;
    let (base, base_name) = match (&args.base, args.all) {
        (Some(base), _) => (
            inputs::read_tree(&repository, Some(base))?,
            Some(base.clone()),
        ),
        (None, true) => (Tree::empty(), None),
        (None, false) => default_base(&repository, args.head.as_deref())?,
    };
    // Without a base there is only one tree that can say anything.
    let judging = if args.base.is_none() && args.all {
        head.clone()
    } else {
        base.clone()
    };
    let config = inputs::read_config(args.config.as_deref(), &judging)?;
    let selection = if args.all {
        Selection::All
    } else {
        Selection::Changed
    };
    let head_name = args.head.clone();
    Ok(Change {
        subject: Subject {
            base,
            head,
            base_name,
            head_name,
            selection,
        },
        judging,
        config,
        origin: args.origin.origin(&repository, args.base.as_deref()),
    })
}

/// The merge base of the head and the default branch.
fn default_base(
    repository: &Repository,
    head: Option<&str>,
) -> Result<(Tree, Option<String>), CommandError> {
    let unknown = |error: GitError| {
        CommandError::with_hint(
            format!("there is no state to compare with: {error}"),
            "name one with `--base REV`, or judge everything with `--all`",
        )
    };
    let branch = repository.default_branch().map_err(unknown)?;
    let tip = repository
        .resolve(head.unwrap_or("HEAD"))
        .map_err(unknown)?;
    let base = repository
        .merge_base(&branch.commit, &tip)
        .map_err(unknown)?;
    // Without a common commit nothing could be judged by what is on the branch.
    let base = base.ok_or_else(|| {
        unknown(GitError::Unrelated {
            one: branch.commit.clone(),
            other: tip,
        })
    })?;
    let tree = repository.tree(&base).map_err(unknown)?;
    Ok((tree, Some(branch.name)))
}

fn rules(args: &CheckArgs, change: &Change, gates: BTreeSet<Gate>) -> Result<Rules, CommandError> {
    let choice = policies::choose(&args.policy)?;
    let defaults = Defaults {
        engine: args
            .cluster
            .engine
            .as_deref()
            .and_then(Engine::find)
            .unwrap_or(Engine::Apply),
        origin: change.origin.clone(),
        ..Defaults::default()
    };
    Ok(Rules {
        policies: PolicyInput::read(&change.judging, &change.config, &choice)
            .map_err(|error| CommandError::new(format!("a policy could not be read: {error}")))?,
        config: change.config.clone(),
        defaults,
        preview_required: gates.contains(&Gate::Preview),
        gates,
        crds: inputs::read_crds(&args.crds)?,
        kubernetes: inputs::parse_kubernetes(args.kubernetes_version.as_deref())?,
    })
}
