//! One application of a merge on its way to its cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::Merge;
use super::environment::destination;
use super::journal::{self, StoredJournal};
use super::prepare::{Prepared, PreparedApp};
use super::rivals::Rivals;
use super::turn::Turn;
use crate::clients::cluster::ApplyClient;
use crate::clients::store::{DeployStep, DeploymentRecord};
use crate::cluster_facts::ClusterFacts;
use crate::config::repo::Engine;
use crate::ids::{ObjectKey, ObjectRef};
use crate::intent::{compose, is_kept_for_good};
use crate::object::Role;
use crate::observe::{Pair, read_pairs};
use crate::render::{Outcome as Rendered, RenderedApp};
use crate::run::{Ctx, Failure};
use crate::sync::outcome::{Held, NotDeployed, Outcome};
use crate::sync::{ApplyEngine, Deletion, Elsewhere, Order, Step, SyncEngine, SyncError};

/// What came of one application.
pub(super) struct Written {
    pub(super) outcome: Outcome,
    /// Where the next application's steps begin.
    pub(super) next: u32,
    /// What stays in the cluster although the commit no longer has it.
    pub(super) left: Vec<ObjectRef>,
}

/// Brings applications to one environment, one after the other.
pub(super) struct Writer<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) merge: &'a Merge<'a>,
    pub(super) turn: &'a Turn,
    pub(super) client: &'a ApplyClient,
    pub(super) record: &'a DeploymentRecord,
    pub(super) stored: &'a [DeployStep],
    pub(super) prepared: &'a Prepared,
}

impl Writer<'_> {
    /// Whether the operator's settings let this object be written.
    fn permits(&self, step: &Step<'_>) -> bool {
        let (Step::Apply(object) | Step::Delete(object)) = step;
        let cluster = self.ctx.bench.clusters.get(&self.record.environment);
        cluster.is_some_and(|cluster| {
            let namespace = object.namespace.as_deref();
            cluster
                .allow
                .permits(&object.group, &object.kind, namespace)
        })
    }

    /// Deploys one application.
    pub(super) async fn deploy(&self, app: &PreparedApp, first: u32) -> Result<Written, Failure> {
        let untouched = |outcome: Outcome| Written {
            outcome,
            next: first,
            left: Vec::new(),
        };
        if app.superseded {
            return Ok(untouched(Outcome::Superseded));
        }
        let head = app.rendered.head.rendering();
        if head.is_some_and(|head| !head.placeholders.is_empty()) {
            return Ok(untouched(Outcome::Held(Held::UnknownValues)));
        }
        // Kinds may have come since the last deployment.
        self.client.refresh_facts().await;
        let facts = match self.client.facts(&BTreeSet::new()).await {
            Ok(facts) => facts,
            Err(error) => return Err(SyncError::from(error).into()),
        };
        let Some(pairs) = read_pairs(&app.planned, &with_head(&app.rendered), Some(&facts)) else {
            return Ok(untouched(Outcome::Held(Held::Undecided)));
        };
        if app.planned.head.is_some() && pairs.values().all(|pair| pair.head.is_none()) {
            return Ok(untouched(Outcome::Held(Held::EmptyRender)));
        }
        let wished = wished_by_others(self.prepared, app, &facts);
        let (order, left) = build_order(app, &pairs, &wished);
        if !order.steps().iter().all(|step| self.permits(step)) {
            return Ok(untouched(Outcome::NotDeployed(NotDeployed::SettingsForbid)));
        }
        let steps = journal::plan(&order, first);
        self.ctx
            .store
            .record_deployment(self.record, &steps, self.ctx.now())
            .await?;
        let next = first.saturating_add(u32::try_from(steps.len()).unwrap_or(u32::MAX));
        let rivals = Rivals::new(self.ctx, self.merge, self.turn, app);
        let id = self.record.id.clone();
        let journal = StoredJournal::new(rivals, id, first, &steps, self.stored);
        let engine: Box<dyn SyncEngine> = match destination(&app.planned).1 {
            Engine::Apply => Box::new(ApplyEngine::new(
                self.client.clone(),
                self.ctx.bench.deployers.limits,
            )),
            Engine::ArgoCd => Box::new(Elsewhere(NotDeployed::ArgoCd)),
            Engine::Flux => Box::new(Elsewhere(NotDeployed::Flux)),
            Engine::Kubectl => Box::new(Elsewhere(NotDeployed::Kubectl)),
        };
        Ok(Written {
            outcome: engine.deploy(&order, &journal).await?,
            next,
            left,
        })
    }
}

/// A state before that nobody could render has no objects that could be missed: what a merge repairs is
/// deployed, and nothing is deleted.
fn with_head(rendered: &RenderedApp) -> RenderedApp {
    let mut rendered = rendered.clone();
    if matches!(rendered.base, Rendered::Failed(_)) {
        rendered.base = Rendered::Absent;
    }
    rendered
}

/// The objects of this application's cluster that other applications of the merged commit want: one
/// that moved to another application, or stands in two, is not deleted because one lets it go.
fn wished_by_others(
    prepared: &Prepared,
    app: &PreparedApp,
    facts: &ClusterFacts,
) -> BTreeSet<ObjectKey> {
    let cluster = destination(&app.planned).0;
    let others = prepared
        .wishes
        .iter()
        .filter(|(planned, _)| planned.id != app.planned.id && destination(planned).0 == cluster);
    others
        .filter_map(|(planned, rendered)| read_pairs(planned, rendered, Some(facts)))
        .flat_map(BTreeMap::into_keys)
        .collect()
}

/// What is applied and what of the approved deletions is still wanted; then what stays although the
/// commit no longer has it. What others wish for is neither.
fn build_order(
    app: &PreparedApp,
    pairs: &BTreeMap<ObjectKey, Pair>,
    wished: &BTreeSet<ObjectKey>,
) -> (Order, Vec<ObjectRef>) {
    let applied = |role: Role| matches!(role, Role::Object | Role::Crd);
    let objects: Vec<_> = pairs
        .values()
        .filter_map(|pair| Some((pair.object.clone(), pair.head.clone()?)))
        .filter(|(_, manifest)| applied(manifest.role()))
        .collect();
    let is_gone = |object: &ObjectRef| {
        let key = object.key();
        !wished.contains(&key) && pairs.get(&key).is_some_and(|pair| pair.head.is_none())
    };
    let gone = app
        .deletions
        .seen
        .iter()
        .filter(|seen| is_gone(&seen.object));
    let (kept, mut deletions): (Vec<Deletion>, Vec<Deletion>) = gone
        .cloned()
        .partition(|seen| is_kept_for_good(&seen.object));
    deletions.sort();
    let unseen = app.deletions.unseen.iter().filter(|object| is_gone(object));
    let mut left: Vec<ObjectRef> = kept.into_iter().map(|seen| seen.object).collect();
    left.extend(unseen.cloned());
    left.sort();
    let order = Order {
        app: app.planned.id.clone(),
        intent: compose(destination(&app.planned).1, &objects),
        deletions,
    };
    (order, left)
}
