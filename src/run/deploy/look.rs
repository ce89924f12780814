//! Judging trees of a merge: by the base of its approval, under the rules of now.

use std::collections::BTreeSet;

use super::decide::after_judging;
use crate::config::repo::RepoConfig;
use crate::finding::Gate;
use crate::ids::{AppId, RepoName};
use crate::plan::{Defaults, Origin, PlannedApp, Selection};
use crate::render::RenderedApp;
use crate::run::evaluate::{self, Bench};
use crate::run::pipeline::{self, Judgement, PolicyChoice, PolicyInput, Rules, Subject};
use crate::run::{Ctx, Failure};
use crate::sync::outcome::Held;
use crate::tree::Tree;
use crate::verdict::{GateResult, Verdict};

/// What the second judgement says of an application, and the rendering that it judged. `demanded`:
/// it may not go without a preview.
pub(super) fn judged_again(
    judged: &Judgement,
    id: &AppId,
    demanded: bool,
) -> Option<(Result<(), Held>, RenderedApp)> {
    let report = judged.report.apps.iter().find(|report| report.id == *id)?;
    let rendered = judged.rendered.iter().find(|app| app.id == *id)?;
    let passes = matches!(judged.report.verdict, Verdict::Pass(_));
    let unseen = demanded && report.gates.get(&Gate::Preview) == Some(&GateResult::Error);
    let allowed = match after_judging(passes, Some(report.outcome)) {
        Err(_) if unseen => Err(Held::NotPreviewed),
        allowed => allowed,
    };
    Some((allowed, rendered.clone()))
}

/// Judges trees against the approved base.
pub(super) struct Look<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) base: &'a Tree,
    /// The rules of now.
    pub(super) config: &'a RepoConfig,
    /// The rules of the approval.
    pub(super) approved_under: &'a RepoConfig,
    pub(super) repository: &'a RepoName,
    pub(super) from_fork: bool,
    pub(super) origin: &'a Origin,
}

impl Look<'_> {
    /// What every application of a tree wants. Both sides are the same, so each is rendered once.
    pub(super) fn read_wishes(
        &self,
        tree: &Tree,
    ) -> Result<Vec<(PlannedApp, RenderedApp)>, Failure> {
        let all = self.run(tree, tree, Selection::All, false)?;
        Ok(all.plan.apps.into_iter().zip(all.rendered).collect())
    }

    pub(super) fn demanded_by(config: &RepoConfig, app: &PlannedApp) -> bool {
        let mut sides = app.base.iter().chain(&app.head);
        sides.any(|side| config.demands_preview(&side.cluster))
    }

    /// Renders only, or judges with every gate.
    pub(super) fn judge(&self, head: &Tree, completely: bool) -> Result<Judgement, Failure> {
        self.run(self.base, head, Selection::Changed, completely)
    }

    fn run(
        &self,
        base: &Tree,
        head: &Tree,
        selection: Selection,
        completely: bool,
    ) -> Result<Judgement, Failure> {
        let bench: &Bench = &self.ctx.bench;
        let mut means = evaluate::means(self.ctx, self.repository, self.from_fork);
        // What is applied holds the values of Secrets, which are not kept.
        means.render.cache = None;
        let policies = PolicyInput::read(self.base, self.config, &PolicyChoice::default())
            .map_err(|error| Failure::internal(error.to_string()))?;
        let gates = if completely {
            BTreeSet::from(Gate::ALL)
        } else {
            BTreeSet::from([Gate::Render])
        };
        let rules = Rules {
            gates,
            config: self.config.clone(),
            defaults: Defaults {
                origin: self.origin.clone(),
                ..bench.defaults.clone()
            },
            policies,
            crds: Vec::new(),
            preview_required: false,
            kubernetes: bench.kubernetes,
        };
        let subject = Subject {
            base: base.clone(),
            head: head.clone(),
            base_name: None,
            head_name: None,
            selection,
        };
        Ok(pipeline::judge(&subject, &rules, &means))
    }
}
