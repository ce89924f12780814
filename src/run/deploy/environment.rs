//! One environment of a merge: its deployment on GitHub, its applications one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::journal::{self, StoredJournal};
use super::prepare::{Prepared, PreparedApp, fetch_tip};
use super::{Merge, tell};
use crate::clients::cluster::ApplyClient;
use crate::clients::store::{DeployStep, DeploymentRecord};
use crate::cluster_facts::ClusterFacts;
use crate::config::repo::{Engine, OnMerge};
use crate::ids::{ClusterName, ObjectKey, ObjectRef};
use crate::intent::{compose, is_kept_for_good};
use crate::object::Role;
use crate::observe::{Pair, read_pairs};
use crate::plan::PlannedApp;
use crate::render::{Outcome as Rendered, RenderedApp};
use crate::run::ctx::new_id;
use crate::run::{Ctx, Failure};
use crate::sync::outcome::{AppDeployment, Held, NotDeployed, Outcome, State};
use crate::sync::{ApplyEngine, Deletion, Elsewhere, Order, Step, SyncEngine, SyncError};

/// State word of a deployment that has not ended.
const IN_PROGRESS: &str = "in_progress";

/// What came of an environment.
pub(super) enum Ended {
    /// The branch moved while the turn was waited for.
    Moved,
    /// Every application ended; one row for each.
    Told(Vec<AppDeployment>),
}

/// The environments of a merge: those that `sync.order` names, in its order, then the others.
pub(super) fn order(prepared: &Prepared) -> Vec<ClusterName> {
    let all: BTreeSet<ClusterName> = prepared
        .apps
        .iter()
        .map(|app| destination(&app.planned).0)
        .collect();
    let listed = prepared
        .config
        .sync_order
        .iter()
        .filter(|name| all.contains(name));
    let listed: Vec<ClusterName> = listed.cloned().collect();
    let rest = all.into_iter().filter(|name| !listed.contains(name));
    listed.iter().cloned().chain(rest).collect()
}

fn destination(planned: &PlannedApp) -> (ClusterName, Engine) {
    let side = planned.head.as_ref().or(planned.base.as_ref());
    side.map_or((ClusterName::default(), Engine::Kubectl), |side| {
        (side.cluster.clone(), side.engine)
    })
}

/// Why Drydock does not deploy an application, where it does not.
fn elsewhere(
    ctx: &Ctx,
    prepared: &Prepared,
    cluster: &ClusterName,
    engine: Engine,
) -> Option<NotDeployed> {
    match engine {
        Engine::ArgoCd => return Some(NotDeployed::ArgoCd),
        Engine::Flux => return Some(NotDeployed::Flux),
        Engine::Kubectl => return Some(NotDeployed::Kubectl),
        Engine::Apply => {}
    }
    if prepared.config.on_merge != OnMerge::Trigger {
        Some(NotDeployed::Mode)
    } else if cluster.0.is_empty() {
        Some(NotDeployed::NoCluster)
    } else if !ctx.bench.deployers.clients.contains_key(cluster) {
        Some(NotDeployed::SettingsForbid)
    } else {
        None
    }
}

/// Deploys what may be deployed to this environment, and says how each application ended.
pub(super) async fn deploy(
    ctx: &Arc<Ctx>,
    merge: &Merge<'_>,
    prepared: &Prepared,
    environment: &ClusterName,
) -> Result<Ended, Failure> {
    let apps: Vec<&PreparedApp> = prepared
        .apps
        .iter()
        .filter(|app| destination(&app.planned).0 == *environment)
        .collect();
    let row = |app: &PreparedApp, outcome: Outcome, left: Vec<ObjectRef>| AppDeployment {
        app: app.planned.id.clone(),
        commit: merge.revision.clone(),
        state: State::Ended(outcome),
        since: tell::millis(ctx.now()),
        left,
    };
    let untried = |app: &PreparedApp, outcome: Outcome| row(app, outcome, Vec::new());
    let mut rows = Vec::new();
    let mut open = Vec::new();
    for app in apps {
        let engine = destination(&app.planned).1;
        match (elsewhere(ctx, prepared, environment, engine), app.allowed) {
            (Some(reason), _) => rows.push(untried(app, Outcome::NotDeployed(reason))),
            (None, Err(held)) => rows.push(untried(app, Outcome::Held(held))),
            (None, Ok(())) => open.push(app),
        }
    }
    let client = ctx.bench.deployers.clients.get(environment);
    let turn = ctx.bench.deployers.turns.get(environment);
    let held = rows
        .iter()
        .any(|row| matches!(row.state, State::Ended(Outcome::Held(_))));
    let (Some(client), Some(turn)) = (client, turn) else {
        return Ok(Ended::Told(rows));
    };
    if open.is_empty() && !held {
        return Ok(Ended::Told(rows));
    }
    let _turn = turn.lock().await;
    if fetch_tip(ctx, merge).await? != prepared.tip {
        return Ok(Ended::Moved);
    }
    let mut record = start(ctx, merge, environment).await?;
    if record.state == IN_PROGRESS {
        tell::started(ctx, merge, prepared, &record).await?;
    }
    let stored = ctx.store.deploy_steps(&record.id).await?;
    let mut first = 0;
    for app in open {
        let writer = Writer {
            ctx,
            client,
            record: &record,
            stored: &stored,
            prepared,
        };
        let written = writer.deploy(app, first).await?;
        first = written.next;
        rows.push(row(app, written.outcome, written.left));
    }
    rows.sort();
    tell::ended(ctx, merge, prepared, &mut record, &rows).await?;
    Ok(Ended::Told(rows))
}

/// The record of this environment's deployment: an earlier process's, or a new one.
async fn start(
    ctx: &Ctx,
    merge: &Merge<'_>,
    environment: &ClusterName,
) -> Result<DeploymentRecord, Failure> {
    let known = ctx
        .store
        .deployments(merge.repository.id, merge.pull.number)
        .await?;
    let same = |record: &DeploymentRecord| {
        record.revision == *merge.revision && record.environment == environment.0
    };
    if let Some(record) = known.into_iter().find(same) {
        // It may have ended already, with its end not told yet: it does not begin a second time.
        return Ok(record);
    }
    let now = ctx.now();
    let record = DeploymentRecord {
        id: new_id("deploy"),
        repository: merge.repository.id,
        pull: merge.pull.number,
        revision: merge.revision.clone(),
        environment: environment.0.clone(),
        state: IN_PROGRESS.to_owned(),
        detail: "{}".to_owned(),
        started_at: now,
    };
    Ok(ctx.store.record_deployment(&record, &[], now).await?)
}

/// What came of one application.
struct Written {
    outcome: Outcome,
    /// Where the next application's steps begin.
    next: u32,
    /// What stays in the cluster although the commit no longer has it.
    left: Vec<ObjectRef>,
}

struct Writer<'a> {
    ctx: &'a Ctx,
    client: &'a ApplyClient,
    record: &'a DeploymentRecord,
    stored: &'a [DeployStep],
    prepared: &'a Prepared,
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
    async fn deploy(&self, app: &PreparedApp, first: u32) -> Result<Written, Failure> {
        let untouched = |outcome: Outcome| Written {
            outcome,
            next: first,
            left: Vec::new(),
        };
        if app.superseded {
            return Ok(untouched(Outcome::Superseded));
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
        let journal =
            StoredJournal::new(self.ctx, self.record.id.clone(), first, &steps, self.stored);
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
