//! One environment of a merge: its deployment on GitHub, its applications one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::prepare::{Prepared, PreparedApp, fetch_tip};
use super::turn::Claim;
use super::writer::Writer;
use super::{Merge, tell};
use crate::clients::store::DeploymentRecord;
use crate::config::repo::{Engine, OnMerge};
use crate::finding::{Blame, Retry};
use crate::ids::{ClusterName, ObjectRef};
use crate::plan::PlannedApp;
use crate::run::ctx::new_id;
use crate::run::{Ctx, Failure};
use crate::sync::outcome::{AppDeployment, NotDeployed, Outcome, State};

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

pub(super) fn destination(planned: &PlannedApp) -> (ClusterName, Engine) {
    let side = planned.head.as_ref().or(planned.base.as_ref());
    side.map_or((ClusterName::default(), Engine::Kubectl), |side| {
        (side.cluster.clone(), side.engine)
    })
}

/// Why Drydock does not deploy an application, where it does not.
fn elsewhere(
    ctx: &Ctx,
    merge: &Merge<'_>,
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
    } else {
        let settings = ctx.bench.clusters.get(&cluster.0);
        let allowed = settings.is_some_and(|settings| {
            settings.apply.is_some() && settings.allow.deploys(&merge.repository.name)
        });
        (!allowed).then_some(NotDeployed::SettingsForbid)
    }
}

/// True when the environments after this one may begin. One that Drydock does not deploy at all is not
/// waited for: nothing is known of it.
pub(super) fn is_well(rows: &[AppDeployment]) -> bool {
    rows.iter().all(|row| match &row.state {
        State::Ended(Outcome::Deployed) => true,
        State::Ended(Outcome::NotDeployed(reason)) => *reason != NotDeployed::SettingsForbid,
        _ => false,
    })
}

/// Deploys nothing, because an environment that comes first did not end well.
pub(super) async fn stop(
    ctx: &Arc<Ctx>,
    merge: &Merge<'_>,
    prepared: &Prepared,
    environment: &ClusterName,
    after: &ClusterName,
) -> Result<Vec<AppDeployment>, Failure> {
    let mut rows = Vec::new();
    for app in prepared.apps_of(environment) {
        let outcome = match elsewhere(
            ctx,
            merge,
            prepared,
            environment,
            destination(&app.planned).1,
        ) {
            Some(reason) => Outcome::NotDeployed(reason),
            None => Outcome::Stopped {
                after: after.clone(),
            },
        };
        rows.push(untried(ctx, merge, app, outcome));
    }
    // An earlier process may have begun it while the first environment was still well.
    if let Some(mut record) = find(ctx, merge, environment).await?
        && record.state == IN_PROGRESS
    {
        tell::ended(ctx, merge, prepared, &mut record, &rows).await?;
    }
    Ok(rows)
}

fn untried(ctx: &Ctx, merge: &Merge<'_>, app: &PreparedApp, outcome: Outcome) -> AppDeployment {
    AppDeployment {
        app: app.planned.id.clone(),
        commit: merge.revision.clone(),
        state: State::Ended(outcome),
        since: tell::millis(ctx.now()),
        left: Vec::new(),
    }
}

/// Deploys what may be deployed to this environment, and says how each application ended.
pub(super) async fn deploy(
    ctx: &Arc<Ctx>,
    merge: &Merge<'_>,
    prepared: &Prepared,
    environment: &ClusterName,
) -> Result<Ended, Failure> {
    let row = |app: &PreparedApp, outcome: Outcome, left: Vec<ObjectRef>| AppDeployment {
        left,
        ..untried(ctx, merge, app, outcome)
    };
    let untried = |app: &PreparedApp, outcome: Outcome| untried(ctx, merge, app, outcome);
    let mut rows = Vec::new();
    let mut open = Vec::new();
    for app in prepared.apps_of(environment) {
        let engine = destination(&app.planned).1;
        match (
            elsewhere(ctx, merge, prepared, environment, engine),
            app.allowed,
        ) {
            (Some(reason), _) => rows.push(untried(app, Outcome::NotDeployed(reason))),
            (None, Err(held)) => rows.push(untried(app, Outcome::Held(held))),
            (None, Ok(())) => open.push(app),
        }
    }
    let held = rows
        .iter()
        .any(|row| matches!(row.state, State::Ended(Outcome::Held(_))));
    if open.is_empty() && !held {
        return Ok(Ended::Told(rows));
    }
    let deployers = &ctx.bench.deployers;
    let (Some(client), Some(turn)) = (
        deployers.clients.get(environment),
        deployers.turns.get(environment),
    ) else {
        return Err(not_connected(environment));
    };
    let _turn = turn.take(claim(merge, &open)).await;
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
            merge,
            turn,
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
    if let Some(record) = find(ctx, merge, environment).await? {
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

async fn find(
    ctx: &Ctx,
    merge: &Merge<'_>,
    environment: &ClusterName,
) -> Result<Option<DeploymentRecord>, Failure> {
    let known = ctx
        .store
        .deployments(merge.repository.id, merge.pull.number)
        .await?;
    Ok(known
        .into_iter()
        .find(|record| record.revision == *merge.revision && record.environment == environment.0))
}

/// What this merge would deploy; an application that a newer commit replaced is not its to deploy.
fn claim(merge: &Merge<'_>, open: &[&PreparedApp]) -> Claim {
    let ours = open.iter().filter(|app| !app.superseded);
    Claim {
        repository: merge.repository.id,
        revision: merge.revision.clone(),
        apps: ours
            .map(|app| (app.planned.id.clone(), app.rendering()))
            .collect(),
    }
}

/// The settings allow applies, but their credentials could not be used when the process started.
fn not_connected(environment: &ClusterName) -> Failure {
    Failure {
        said: "the credentials of the cluster to deploy to could not be used",
        detail: format!("no client for the cluster `{environment}`; `/readyz` says why"),
        blame: Blame::Operator,
        retry: Retry::After(Duration::from_mins(1)),
        lost_access: false,
    }
}
