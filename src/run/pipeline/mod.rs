//! The one place that knows the order of the stages: plan, render, gates, observe, preview, verdict,
//! report. Command line and bot both call [`judge`], so that a laptop says what the bot will say.
//!
//! It blocks: renderers and the worker are processes. The bot calls it from a blocking task.

mod answers;
mod assemble;
mod configuration;
mod crds;
pub(crate) mod declare;
mod files;
mod findings;
mod floating;
mod gates;
mod pairs;
mod policies;
mod preview;
mod rules;
mod schemas;
mod unstable;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use declare::{declare_all, plan_change};
pub use files::{GivenFile, judge_files};
pub use policies::{PolicyChoice, PolicyInput};
pub use preview::Clusters;
pub use rules::Rules;

use crate::config::settings::Outside;
use crate::ids::{AppId, Digest, RepoPath};
use crate::object::Masker;
use crate::observe::Observation;
use crate::plan::{Plan, Planner, Selection};
use crate::render::{self, Known, RenderedApp};
use crate::report::model::Report;
use crate::run::outside::{Bringing, Brought};
use crate::sandbox::Sandbox;
use crate::tree::Tree;
use crate::verdict::Verdict;

/// The two states of a change.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The state before; empty where everything counts as new.
    pub base: Tree,
    /// The state after; findings point into its files.
    pub head: Tree,
    /// What people call `base`, such as `main`.
    pub base_name: Option<String>,
    /// What people call `head`.
    pub head_name: Option<String>,
    /// Which applications are judged.
    pub selection: Selection,
}

/// What this machine judges with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Means {
    /// Tools, permits and limits of rendering.
    pub render: render::Settings,
    /// How the worker is started.
    pub sandbox: Sandbox,
    /// Masks Secrets.
    pub masker: Masker,
    /// Where previews come from.
    pub clusters: Clusters,
    /// Where charts and remote bases may be fetched from.
    pub outside: Arc<Outside>,
    /// The time of the judgement, in nanoseconds of Unix time: what policies see as now.
    pub now_ns: i64,
}

/// Everything that came of a judgement.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// What people read.
    pub report: Report,
    /// The applications that were judged, and what was left out.
    pub plan: Plan,
    /// What was rendered, masked.
    pub rendered: Vec<RenderedApp>,
    /// What the clusters answered, masked.
    pub observation: Observation,
}

impl Judgement {
    /// Head digest of each application, only when the change passes: what a later deployment is
    /// compared with.
    pub fn approved(&self) -> Option<&BTreeMap<AppId, Option<Digest>>> {
        match &self.report.verdict {
            Verdict::Pass(passed) => Some(passed.heads()),
            Verdict::Fail | Verdict::Error => None,
        }
    }
}

/// Judges a change. Whatever goes wrong on the way is part of the report, and never a pass.
pub fn judge(subject: &Subject, rules: &Rules, means: &Means) -> Judgement {
    let facts = preview::facts(subject, rules, means);
    let settings = rules.render_settings(means, &facts);
    let mut known = Known::default();
    let planner = Planner::new(&rules.config, &rules.defaults);
    let mut bringing = Bringing::new(&means.outside);
    let Brought { plan, base, head } = bringing.plan(&subject.base, &subject.head, |base, head| {
        declare::plan(
            &planner,
            [base, head],
            &subject.selection,
            &settings,
            &mut known,
        )
    });
    let mut rendered = render::render_known(&plan, &base, &head, &settings, &mut known);
    for app in &mut rendered {
        for outcome in [&mut app.base, &mut app.head] {
            bringing.relocate(outcome.problems_mut());
        }
    }
    let mut gates = gates::judge(subject, &plan, &rendered, rules, means, &facts);
    floating::find(&plan, [&base, &head], bringing.mounts(), &mut gates);
    configuration::find(&subject.base, &subject.head, &mut gates);
    let seen = preview::look(&plan, &rendered, rules, means, &facts);
    let reader = subject.head.reader();
    let text_of = |path: &RepoPath| {
        let bytes = subject
            .head
            .is_file(path)
            .then(|| reader.read(path).ok())??;
        Some(Arc::from(String::from_utf8_lossy(&bytes).into_owned()))
    };
    assemble::assemble(subject, rules, means, plan, rendered, gates, seen, &text_of)
}
