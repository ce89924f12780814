//! The schema and policy gates: what goes to the worker, and what its answers mean.

use crate::finding::{Blame, Finding, Gate, NotVerified};
use crate::gate::policy::{AppInput, RuleInfo};
use crate::gate::wire::{Batch, Item, Load, SchemaSet, WIRE_VERSION};
use crate::ids::{AppId, ObjectRef, RepoPath, Side};
use crate::object::Manifest;
use crate::plan::{Plan, PlannedApp};
use crate::render::RenderedApp;
use crate::report::model::{SchemaStatus, Trouble};
use crate::run::judge::Judge;
use crate::verdict::{GateResult, Results};

use super::pairs::{Pair, pair};
use super::preview::Facts;
use super::schemas::Sets;
use super::{Means, Rules, Subject, answers, findings};

/// How long one rule may take on one object. A rule of a real repository takes well under a
/// millisecond; two seconds leave room for a busy machine.
const RULE_LIMIT_MS: u64 = 2_000;

/// What the gates found.
#[derive(Debug, Default)]
pub(super) struct Gated {
    /// Findings about the state before.
    pub(super) base: Vec<Finding>,
    /// Findings about the state after, and about the change to it.
    pub(super) head: Vec<Finding>,
    /// `Pass` where everything was looked at, `Error` where not.
    pub(super) results: Results,
    /// What was not verified.
    pub(super) not_verified: Vec<NotVerified>,
    /// What kept the gates from judging.
    pub(super) troubles: Vec<Trouble>,
    /// The rules that were evaluated.
    pub(super) rules: Vec<RuleInfo>,
    /// How each object of the head stands to its schema, by object, file and line.
    pub(super) statuses: Vec<((ObjectRef, RepoPath, u32), SchemaStatus)>,
}

/// Judges every application whose head is known.
pub(super) fn judge(
    subject: &Subject,
    plan: &Plan,
    rendered: &[RenderedApp],
    rules: &Rules,
    means: &Means,
    facts: &Facts,
) -> Gated {
    let mut gated = Gated::default();
    findings::of_rendering(plan, rendered, &mut gated);
    let asked: Vec<Gate> = [Gate::Schema, Gate::Policy]
        .into_iter()
        .filter(|gate| rules.gates.contains(gate))
        .collect();
    if asked.is_empty() || plan.apps.is_empty() {
        return gated;
    }
    let mut sets = if asked.contains(&Gate::Schema) {
        Sets::build(subject, plan, rendered, rules, facts)
    } else {
        Sets::default()
    };
    let load = load(rules, means, std::mem::take(&mut sets.sets));
    let mut judge = match Judge::start(&means.sandbox, load) {
        Ok(judge) => judge,
        Err(error) => {
            gated.troubles.extend(findings::troubles_of(&error, None));
            return gated;
        }
    };
    gated.rules.clone_from(&judge.loaded().rules);
    gated.not_verified.extend(unasked(&judge.loaded().ignored));
    for (planned, app) in plan.apps.iter().zip(rendered) {
        if app.head.manifests().is_some() {
            judge_app(planned, app, &sets, &asked, &mut judge, &mut gated);
        }
    }
    gated
}

/// Rules in packages that are not evaluated: often those of another tool, sometimes a misspelt name.
fn unasked(packages: &[(String, String)]) -> impl Iterator<Item = NotVerified> {
    packages.iter().map(|(source, package)| NotVerified {
        app: None,
        object: None,
        gate: Gate::Policy,
        reason: format!("the rules of package `{package}` in `{source}` are not evaluated"),
    })
}

fn load(rules: &Rules, means: &Means, schemas: Vec<SchemaSet>) -> Load {
    let policies = rules.policies.iter();
    Load {
        version: WIRE_VERSION,
        sources: if rules.gates.contains(&Gate::Policy) {
            policies.map(|input| input.source.clone()).collect()
        } else {
            Vec::new()
        },
        schemas,
        now_ns: means.now_ns,
        rule_limit_ms: RULE_LIMIT_MS,
        threads: u32::try_from(means.render.permits.total()).unwrap_or(1),
    }
}

fn judge_app(
    planned: &PlannedApp,
    app: &RenderedApp,
    sets: &Sets,
    asked: &[Gate],
    judge: &mut Judge,
    gated: &mut Gated,
) {
    let pairs = pair(app);
    let schema = asked.contains(&Gate::Schema);
    let set_of = |side| sets.by_app.get(&(app.id.clone(), side)).copied();
    let batch = Batch {
        app: Some(app_input(planned)),
        cluster: cluster_of(planned),
        base_schemas: set_of(Side::Base),
        head_schemas: set_of(Side::Head),
        policies: asked.contains(&Gate::Policy),
        items: pairs.iter().map(item).collect(),
    };
    match judge.judge_batch(&batch) {
        Ok(answer) if answers::are_complete(&pairs, &answer.items, schema) => {
            gated.record(&app.id, asked, GateResult::Pass);
            let mut others = Vec::new();
            for (pair, answer) in pairs.iter().zip(answer.items) {
                if pair.is_other {
                    others.push((pair, answer));
                } else {
                    findings::of_answer(&app.id, pair, answer, gated);
                }
            }
            findings::of_other_renders(&app.id, others, gated);
        }
        Ok(_) => gated.fail(
            &app.id,
            asked,
            "the worker's answer is not complete",
            Blame::Operator,
        ),
        Err(error) => {
            gated.record(&app.id, asked, GateResult::Error);
            let troubles = findings::troubles_of(&error, Some(&app.id));
            gated.troubles.extend(troubles);
        }
    }
}

impl Gated {
    fn record(&mut self, app: &AppId, gates: &[Gate], result: GateResult) {
        for gate in gates {
            self.results.insert((app.clone(), *gate), result);
        }
    }

    /// Records that these gates could not judge an application.
    pub(super) fn fail(&mut self, app: &AppId, gates: &[Gate], what: &str, blame: Blame) {
        self.record(app, gates, GateResult::Error);
        self.troubles.push(Trouble {
            what: what.to_owned(),
            app: Some(app.clone()),
            place: None,
            blame,
            hint: None,
        });
    }
}

fn item(pair: &Pair<'_>) -> Item {
    let role = pair
        .head
        .or(pair.base)
        .map_or("object", |manifest| manifest.role().word());
    Item {
        base: pair.base.map(Manifest::shared_value),
        head: pair.head.map(Manifest::shared_value),
        role: role.to_owned(),
    }
}

fn app_input(planned: &PlannedApp) -> AppInput {
    let side = planned.latest();
    let source = side.and_then(|side| side.sources.first());
    AppInput {
        id: planned.id.to_string(),
        name: planned.id.display_name(),
        path: source
            .map(|source| source.path.to_string())
            .unwrap_or_default(),
        renderer: source
            .map(|source| source.renderer.kind().word().to_owned())
            .unwrap_or_default(),
        namespace: side.and_then(|side| side.namespace.clone()),
    }
}

/// The destination's name, where there is one.
pub(super) fn cluster_of(planned: &PlannedApp) -> Option<String> {
    let side = planned.latest()?;
    (!side.cluster.0.is_empty()).then(|| side.cluster.0.clone())
}
