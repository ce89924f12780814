//! After a merge: what was approved is brought to its clusters, once, and what is not is said.
//!
//! The rule: the merged commit is rendered; an application whose digest equals the approved one is
//! deployed; one that differs is judged again, deployed when it passes, held when it does not. A
//! commit that a newer one on the branch has replaced is left to that one's own deployment. Each
//! environment has one deployment per merge, found again after a crash with the steps that are done.

mod decide;
mod deletions;
mod environment;
mod journal;
mod look;
mod prepare;
mod rivals;
mod tell;
mod turn;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Ctx, Failure};
use crate::clients::cluster::ApplyClient;
use crate::clients::github::{Pull, RepositoryRef};
use crate::clients::store::{DeploymentRecord, RunRecord, RunVerdict};
use crate::ids::{ClusterName, CommitSha};
use crate::sync::outcome::AppDeployment;
use crate::sync::watch::Limits;

pub(super) use deletions::write as write_deletions;
use environment::Ended;
use turn::Turn;

/// State word of a merge whose work is done.
pub(super) const SETTLED: &str = "settled";

/// How often a deployment starts over because the branch moved while it waited for its turn.
const TURNS: usize = 5;

/// Who writes to clusters.
#[derive(Default)]
pub struct Deployers {
    clients: BTreeMap<ClusterName, ApplyClient>,
    /// One writer per environment in this process.
    turns: BTreeMap<ClusterName, Turn>,
    limits: Limits,
}

impl std::fmt::Debug for Deployers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.clients.keys()).finish()
    }
}

impl Deployers {
    /// Clients of the clusters that the operator lets Drydock write to.
    pub fn new(clients: BTreeMap<ClusterName, ApplyClient>, limits: Limits) -> Self {
        let turns = clients
            .keys()
            .map(|name| (name.clone(), Turn::default()))
            .collect();
        Self {
            clients,
            turns,
            limits,
        }
    }
}

/// Called once the pull request is seen merged, and again by every later look: finds what it already
/// did and does the rest.
pub async fn on_merge(
    ctx: &Arc<Ctx>,
    repository: &RepositoryRef,
    pull: &Pull,
) -> Result<(), Failure> {
    let Some(revision) = pull.merge_commit.clone() else {
        return Ok(());
    };
    let known = ctx.store.deployments(repository.id, pull.number).await?;
    if known
        .iter()
        .any(|record| record.state == SETTLED && record.revision == revision)
    {
        return Ok(());
    }
    let of = Some((&pull.head.sha, pull.base.branch.as_str()));
    let Some(run) = ctx.store.newest_run(repository.id, pull.number, of).await? else {
        // Nothing is known of this head: Drydock was not there. Nothing was approved, nothing is written.
        return settle(ctx, repository, pull, &revision).await;
    };
    let merge = Merge {
        repository,
        pull,
        revision: &revision,
        run: &run,
    };
    for _ in 0..TURNS {
        if let Some(rows) = deploy(ctx, &merge).await? {
            tell::comment(ctx, &merge, &rows).await?;
            return settle(ctx, repository, pull, &revision).await;
        }
    }
    Err(Failure::internal(
        "the branch moved faster than the deployment could start",
    ))
}

/// Says on the pull request that its deployment is stuck, whose move it is, and when it is tried
/// again; `gave_up` adds a comment, because edits notify nobody.
pub(super) async fn tell_stuck(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pull: &Pull,
    failure: &Failure,
    gave_up: bool,
) -> Result<(), Failure> {
    let Some(revision) = &pull.merge_commit else {
        return Ok(());
    };
    let of = Some((&pull.head.sha, pull.base.branch.as_str()));
    let Some(run) = ctx.store.newest_run(repository.id, pull.number, of).await? else {
        return Ok(());
    };
    let merge = Merge {
        repository,
        pull,
        revision,
        run: &run,
    };
    tell::stuck(ctx, &merge, failure, gave_up).await
}

/// A merge and the evaluation that it followed.
pub(super) struct Merge<'a> {
    pub(super) repository: &'a RepositoryRef,
    pub(super) pull: &'a Pull,
    pub(super) revision: &'a CommitSha,
    pub(super) run: &'a RunRecord,
}

/// Deploys every environment. `None`: the branch moved meanwhile, and everything has to be looked at
/// again.
async fn deploy(ctx: &Arc<Ctx>, merge: &Merge<'_>) -> Result<Option<Vec<AppDeployment>>, Failure> {
    let approved = if merge.run.verdict == RunVerdict::Pass {
        ctx.store.run_apps(&merge.run.id).await?
    } else {
        Vec::new()
    };
    let Some(prepared) = prepare::prepare(ctx, merge, &approved).await? else {
        // No configuration, no rules: such a merge was never approved, and nothing is written.
        tracing::warn!(
            pr = merge.pull.number.0,
            "the configuration that judged this merge cannot be read"
        );
        if !ctx.bench.deployers.clients.is_empty() {
            tell::without_rules(ctx, merge).await?;
        }
        return Ok(Some(Vec::new()));
    };
    let mut rows = Vec::new();
    let mut stopped_after: Option<ClusterName> = None;
    for environment in environment::order(&prepared) {
        let waits = prepared.config.sync_order.contains(&environment);
        if let Some(after) = stopped_after.as_ref().filter(|_| waits) {
            let mut told = environment::stop(ctx, merge, &prepared, &environment, after).await?;
            rows.append(&mut told);
            continue;
        }
        match environment::deploy(ctx, merge, &prepared, &environment).await? {
            Ended::Moved => return Ok(None),
            Ended::Told(mut told) => {
                if waits && !environment::is_well(&told) {
                    stopped_after = Some(environment);
                }
                rows.append(&mut told);
            }
        }
    }
    rows.sort();
    Ok(Some(rows))
}

/// Writes down that nothing is left to do for this merge.
async fn settle(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pull: &Pull,
    revision: &CommitSha,
) -> Result<(), Failure> {
    let now = ctx.now();
    let record = DeploymentRecord {
        id: super::ctx::new_id("deploy"),
        repository: repository.id,
        pull: pull.number,
        revision: revision.clone(),
        environment: String::new(),
        state: SETTLED.to_owned(),
        detail: "{}".to_owned(),
        started_at: now,
    };
    ctx.store.record_deployment(&record, &[], now).await?;
    Ok(())
}
