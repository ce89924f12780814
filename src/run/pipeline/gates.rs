//! The schema and policy gates: what goes to the worker, and what its answers mean.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::finding::{Blame, Finding, Gate, NotVerified};
use crate::gate::policy::{AppInput, RuleInfo};
use crate::gate::wire::{Batch, Item, Load, SchemaSet};
use crate::ids::{AppId, ClusterName, DeclaredBy, ObjectKey, ObjectRef, RepoPath, Side};
use crate::object::{Manifest, Role};
use crate::plan::{Plan, PlannedApp};
use crate::render::RenderedApp;
use crate::report::model::{SchemaStatus, Trouble};
use crate::run::judge::Judge;
use crate::tree::Revision;
use crate::verdict::{GateResult, Results};

use super::preview::Facts;
use super::{Means, Rules, Subject, answers, crds, findings};

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

/// One object of an application, both sides.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair<'a> {
    pub(super) base: Option<&'a Manifest>,
    pub(super) head: Option<&'a Manifest>,
}

/// Pairs the objects of both sides by identity; one that stands twice on a side is paired in order.
/// A side that is not known has no objects here, and its gates are not asked.
pub(super) fn pair<'a>(app: &'a RenderedApp) -> Vec<Pair<'a>> {
    let mut pairs: BTreeMap<(ObjectKey, usize), Pair<'a>> = BTreeMap::new();
    for side in [Side::Base, Side::Head] {
        let mut seen: BTreeMap<ObjectKey, usize> = BTreeMap::new();
        for manifest in app.side(side).manifests().unwrap_or_default() {
            // Chart tests are never applied, and their names are random in many charts: what is said
            // about them would be new in every change. Given files are judged as they are.
            if manifest.role() == Role::Test && app.id.kind != DeclaredBy::Files {
                continue;
            }
            let count = seen.entry(manifest.object().key()).or_default();
            let pair = pairs.entry((manifest.object().key(), *count)).or_default();
            *count += 1;
            match side {
                Side::Base => pair.base = Some(manifest),
                Side::Head => pair.head = Some(manifest),
            }
        }
    }
    pairs.into_values().collect()
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
    let schema = rules.gates.contains(&Gate::Schema);
    let policy = rules.gates.contains(&Gate::Policy);
    if !schema && !policy || plan.apps.is_empty() {
        return gated;
    }
    let sets = if schema {
        Sets::build(subject, plan, rendered, rules, facts)
    } else {
        Sets::default()
    };
    let sources = if policy {
        rules
            .policies
            .iter()
            .map(|input| input.source.clone())
            .collect()
    } else {
        Vec::new()
    };
    let load = Load {
        version: crate::gate::wire::WIRE_VERSION,
        sources,
        schemas: sets.sets,
        now_ns: means.now_ns,
        rule_limit_ms: RULE_LIMIT_MS,
        threads: u32::try_from(means.render.permits.total()).unwrap_or(1),
    };
    let mut judge = match Judge::start(&means.sandbox, load) {
        Ok(judge) => judge,
        Err(error) => {
            gated.troubles.extend(findings::troubles_of(&error, None));
            return gated;
        }
    };
    gated.rules.clone_from(&judge.loaded().rules);
    for (planned, app) in plan.apps.iter().zip(rendered) {
        if app.head.manifests().is_none() {
            continue;
        }
        let pairs = pair(app);
        let batch = Batch {
            app: Some(app_input(planned)),
            cluster: cluster_of(planned),
            base_schemas: sets.by_app.get(&(app.id.clone(), Side::Base)).copied(),
            head_schemas: sets.by_app.get(&(app.id.clone(), Side::Head)).copied(),
            policies: policy,
            items: pairs.iter().map(item).collect(),
        };
        let asked: Vec<Gate> = [(schema, Gate::Schema), (policy, Gate::Policy)]
            .into_iter()
            .filter_map(|(on, gate)| on.then_some(gate))
            .collect();
        match judge.judge_batch(&batch) {
            Ok(answer) if answers::are_complete(&pairs, &answer.items, schema) => {
                for gate in asked {
                    gated
                        .results
                        .insert((app.id.clone(), gate), GateResult::Pass);
                }
                for (pair, answer) in pairs.iter().zip(answer.items) {
                    findings::of_answer(&app.id, pair, answer, &mut gated);
                }
            }
            Ok(_) => gated.fail(
                &app.id,
                &asked,
                "the worker's answer is not complete",
                Blame::Operator,
            ),
            Err(error) => {
                for gate in asked {
                    gated
                        .results
                        .insert((app.id.clone(), gate), GateResult::Error);
                }
                gated
                    .troubles
                    .extend(findings::troubles_of(&error, Some(&app.id)));
            }
        }
    }
    gated
}

impl Gated {
    /// Records that these gates could not judge an application.
    pub(super) fn fail(&mut self, app: &AppId, gates: &[Gate], what: &str, blame: Blame) {
        for gate in gates {
            self.results.insert((app.clone(), *gate), GateResult::Error);
        }
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
    let side = planned.head.as_ref().or(planned.base.as_ref());
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
    let side = planned.head.as_ref().or(planned.base.as_ref())?;
    (!side.cluster.0.is_empty()).then(|| side.cluster.0.clone())
}

/// Schema sets, each made once.
#[derive(Debug, Default)]
struct Sets {
    sets: Vec<SchemaSet>,
    by_app: BTreeMap<(AppId, Side), usize>,
}

impl Sets {
    fn build(
        subject: &Subject,
        plan: &Plan,
        rendered: &[RenderedApp],
        rules: &Rules,
        facts: &Facts,
    ) -> Self {
        let mut cache = crds::Cache::new();
        let mut definitions = BTreeMap::new();
        for side in [Side::Base, Side::Head] {
            let mut found = rules.crds.clone();
            // Of several definitions of a kind the first counts. What the judged side deploys comes
            // before what merely stands in a file, and files are the base's: a definition that the
            // change puts somewhere without deploying it must not soften its own judgement.
            found.extend(rendered_definitions(rendered, side));
            let without_base = *subject.base.revision() == Revision::Empty;
            let tree = if without_base {
                &subject.head
            } else {
                &subject.base
            };
            found.extend(crds::find(tree, &mut cache));
            let mut known = BTreeSet::new();
            found.retain(|definition| known.insert(definition.to_string()));
            definitions.insert(side, found);
        }
        let mut sets = Self::default();
        let mut made: BTreeMap<(ClusterName, Side), usize> = BTreeMap::new();
        for planned in &plan.apps {
            for side in [Side::Base, Side::Head] {
                let Some(app) = planned
                    .side(side)
                    .or(planned.head.as_ref())
                    .or(planned.base.as_ref())
                else {
                    continue;
                };
                let index = *made.entry((app.cluster.clone(), side)).or_insert_with(|| {
                    let set = schema_set(&app.cluster, definitions.get(&side), rules, facts);
                    let same = sets.sets.iter().position(|known| *known == set);
                    same.unwrap_or_else(|| {
                        sets.sets.push(set);
                        sets.sets.len() - 1
                    })
                });
                sets.by_app.insert((planned.id.clone(), side), index);
            }
        }
        sets
    }
}

fn schema_set(
    cluster: &ClusterName,
    crds: Option<&Vec<Arc<Value>>>,
    rules: &Rules,
    facts: &Facts,
) -> SchemaSet {
    let version = rules.version(cluster, &facts.known);
    let openapi = facts
        .known
        .get(cluster)
        .map(|facts| facts.openapi.clone())
        .filter(|documents| !documents.is_empty());
    SchemaSet {
        kubernetes: (version.major, version.minor),
        crds: crds.cloned().unwrap_or_default(),
        openapi,
    }
}

fn rendered_definitions(rendered: &[RenderedApp], side: Side) -> impl Iterator<Item = Arc<Value>> {
    rendered
        .iter()
        .flat_map(move |app| app.side(side).manifests().unwrap_or_default())
        .filter(|manifest| crds::is_definition(manifest.value()))
        .map(Manifest::shared_value)
}
