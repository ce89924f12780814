//! `drydock demo`: an embedded repository with a pull request, judged offline against an embedded
//! recording of a cluster.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{CommandError, Exit, inputs, output};
use crate::config::repo::{RendererKind, RepoConfig};
use crate::finding::Gate;
use crate::object::Masker;
use crate::observe::{DryRun, Observation, snapshot};
use crate::plan::{Defaults, Selection};
use crate::render::{Settings, ToolKind};
use crate::report::model::Report;
use crate::report::{self, demo::LeftOut, text::Colour};
use crate::run::pipeline::{self, Clusters, Means, PolicyChoice, PolicyInput, Rules, Subject};
use crate::tree::Tree;

/// Arguments of `drydock demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Keep the sample here, to change it and judge it again; a folder that exists is judged as it is
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Run renderers without the kernel's confinement, where it is not to be had
    #[arg(long)]
    unconfined: bool,
}

/// Both sides of one file of the sample.
macro_rules! sample {
    ($($side:literal: $($path:literal),+;)+) => {
        &[$($((
            concat!($side, "/", $path),
            include_str!(concat!("../../fixtures/demo/", $side, "/", $path)),
        )),+),+]
    };
}

/// Every file of the sample, by path below its folder.
const FILES: &[(&str, &str)] = sample! {
    "base":
        ".drydock.yaml",
        "charts/tickets/Chart.yaml",
        "charts/tickets/templates/tickets.yaml",
        "charts/tickets/values-harbour.yaml",
        "charts/tickets/values.yaml",
        "notices/board.yaml",
        "policies/image_version.rego",
        "shop/base/kustomization.yaml",
        "shop/base/receipts.yaml",
        "shop/base/web.yaml",
        "shop/base/worker.yaml",
        "shop/harbour/kustomization.yaml";
    "head":
        ".drydock.yaml",
        "charts/tickets/Chart.yaml",
        "charts/tickets/templates/tickets.yaml",
        "charts/tickets/values-harbour.yaml",
        "charts/tickets/values.yaml",
        "notices/board.yaml",
        "policies/image_version.rego",
        "shop/base/kustomization.yaml",
        "shop/base/web.yaml",
        "shop/base/worker.yaml",
        "shop/harbour/kustomization.yaml";
};

/// What the cluster of the sample answered; its recording is checked against a real API server.
const CLUSTER: &str = include_str!("../../fixtures/demo/cluster.json");

/// Judges the sample and prints the report. The sample's change is refused; the demo itself succeeds.
pub(super) fn run(args: &DemoArgs) -> Result<Exit, CommandError> {
    let temporary = tempfile::tempdir().map_err(|error| {
        CommandError::with_hint(
            format!("no temporary folder could be made: {error}"),
            "name one that may be written with TMPDIR, or give `--keep DIR`",
        )
    })?;
    let folder = args.keep.as_deref().unwrap_or(temporary.path());
    if args.keep.is_none() || !folder.join("head").exists() {
        write_sample(folder)?;
    }
    let (report, left_out) = judge(folder, args.unconfined)?;
    let colour = if output::wants_colour(false) {
        Colour::On
    } else {
        Colour::Off
    };
    let kept = args
        .keep
        .as_deref()
        .map(|folder| folder.display().to_string());
    let text = report::demo::compose(&report, &left_out, kept.as_deref(), colour);
    output::write(None, text.as_bytes())?;
    Ok(Exit::Pass)
}

/// The report, and the applications whose renderer is not here.
fn judge(folder: &Path, unconfined: bool) -> Result<(Report, Vec<LeftOut>), CommandError> {
    let sandbox = inputs::sandbox(unconfined);
    let masker = Masker::random();
    let settings = inputs::render_settings(&sandbox, &masker, None);
    let base = read_side(folder, "base")?;
    let head = read_side(folder, "head")?;
    let mut config = inputs::read_config(None, &base)?;
    let left_out = leave_out(&mut config, &settings);
    let mut observation = snapshot::parse(CLUSTER)
        .map_err(|error| CommandError::new(format!("the recording cannot be read: {error}")))?;
    if is_edited(folder) {
        forget_dry_runs(&mut observation);
    }
    let policies = PolicyInput::read(&base, &config, &PolicyChoice::default())
        .map_err(|error| CommandError::new(format!("a policy could not be read: {error}")))?;
    let rules = Rules {
        config,
        defaults: Defaults::default(),
        gates: Gate::ALL.into_iter().collect(),
        policies,
        crds: Vec::new(),
        preview_required: true,
        kubernetes: None,
    };
    let means = Means {
        render: settings,
        sandbox,
        masker,
        clusters: Clusters::Recorded(Arc::new(observation)),
        outside: Arc::default(),
        now_ns: inputs::now_ns(None)?,
    };
    let subject = Subject {
        base,
        head,
        base_name: Some("main".to_owned()),
        head_name: Some("a pull request".to_owned()),
        selection: Selection::Changed,
    };
    Ok((pipeline::judge(&subject, &rules, &means).report, left_out))
}

fn write_sample(folder: &Path) -> Result<(), CommandError> {
    for (name, text) in FILES {
        let file = folder.join(name);
        let written = file
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&file, text));
        written.map_err(|error| {
            CommandError::new(format!(
                "`{}` could not be written: {error}",
                file.display()
            ))
        })?;
    }
    Ok(())
}

/// True when the sample is no longer what the recording answered.
fn is_edited(folder: &Path) -> bool {
    FILES.iter().any(|(name, text)| {
        std::fs::read(folder.join(name)).map_or(true, |kept| kept != text.as_bytes())
    })
}

/// Keeps what is live and drops the answers to a pull request that has changed since.
fn forget_dry_runs(observation: &mut Observation) {
    for answer in observation.answers.values_mut() {
        answer.head = DryRun::NotAsked;
    }
}

fn read_side(folder: &Path, side: &str) -> Result<Tree, CommandError> {
    let root = folder.join(side);
    Tree::read_directory(&root).map_err(|error| {
        CommandError::new(format!("`{}` could not be read: {error}", root.display()))
    })
}

/// Takes the applications out of the configuration whose tool is not on this machine, and says how
/// to install it.
fn leave_out(config: &mut RepoConfig, settings: &Settings) -> Vec<LeftOut> {
    let mut left_out = Vec::new();
    config.apps.retain(|app| {
        let kind = match app.renderer {
            Some(RendererKind::Kustomize) => ToolKind::Kustomize,
            Some(RendererKind::Helm) => ToolKind::Helm4,
            Some(RendererKind::Directory) | None => return true,
        };
        match settings.tools.find_one(kind) {
            Ok(_) => true,
            Err(reason) => {
                left_out.push(LeftOut {
                    app: app.name.clone(),
                    reason: reason.to_string(),
                });
                false
            }
        }
    });
    left_out
}
