//! Level-triggered repair: what should be, compared with what is. Runs at start and now and then, and
//! serves the events that are about more than one pull request.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::ctx::reference;
use super::{Ctx, Failure, deploy, publish};
use crate::clients::github::GitHubError;
use crate::clients::store::{RepositoryRecord, RunVerdict};
use crate::event::Event;
use crate::ids::{CommitSha, PrNumber, RepositoryId};
use crate::report::standing::Standing;

/// How long settled rows are kept: longer than GitHub can redeliver, long enough to ask what happened.
const KEEP: Duration = Duration::from_hours(30 * 24);

/// Between two looks at effects that wait for their time.
const EFFECTS: Duration = Duration::from_secs(1);

/// Every how many sweeps each open pull request is looked at, not only those without a result.
const FULL_EVERY: u32 = 6;

/// How much a sweep looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Open pull requests whose head has no result.
    Missing,
    /// Every open pull request.
    Everything,
}

/// Frees what a dead process held and empties the folder of checkouts. Called once, before anything
/// runs.
pub async fn prepare(ctx: &Ctx) -> Result<(), Failure> {
    let freed = ctx.store.release_orphans(ctx.now()).await?;
    if freed > 0 {
        tracing::info!(
            jobs = freed,
            "unfinished work of the last process is queued again"
        );
    }
    let unusable = |error: std::io::Error| {
        Failure::internal(format!("the work folder `{}`: {error}", ctx.work.display()))
    };
    if ctx.work.exists() {
        std::fs::remove_dir_all(&ctx.work).map_err(unusable)?;
    }
    std::fs::create_dir_all(&ctx.work).map_err(unusable)
}

/// Sends what waits for its time, until `stop` turns true.
pub(super) async fn keep_sending(ctx: Arc<Ctx>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        if let Err(failure) = publish::send_due(&ctx).await {
            tracing::error!(error = %failure.detail, "the outbox could not be read");
        }
        if let Ok(backlog) = ctx.store.backlog().await {
            crate::server::metrics::backlog(backlog.queued, backlog.running, backlog.unsent);
        }
        let (open, stopped) = ctx.bench.count_previews();
        crate::server::metrics::previews(open, stopped);
        tokio::select! {
            () = tokio::time::sleep(EFFECTS) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Sweeps at once and then regularly, until `stop` turns true.
pub(super) async fn keep_sweeping(ctx: Arc<Ctx>, mut stop: watch::Receiver<bool>) {
    let mut sweeps = 0_u32;
    while !*stop.borrow() {
        let depth = if sweeps.is_multiple_of(FULL_EVERY) {
            Depth::Everything
        } else {
            Depth::Missing
        };
        if let Err(failure) = sweep(&ctx, depth).await {
            tracing::error!(error = %failure.detail, "a sweep did not finish");
        }
        sweeps = sweeps.wrapping_add(1);
        tokio::select! {
            () = tokio::time::sleep(ctx.limits.sweep) => {}
            _ = stop.changed() => {}
        }
    }
}

/// One sweep over everything that the App can see.
pub async fn sweep(ctx: &Arc<Ctx>, depth: Depth) -> Result<(), Failure> {
    ctx.bench.check_fences().await;
    let now = ctx.now();
    ctx.store.requeue_forgotten(now).await?;
    ctx.store.forget_settled(now, KEEP).await?;
    for installation in ctx.github.fetch_installations().await? {
        // One installation that cannot be read does not keep the others from being swept.
        if let Err(failure) = sweep_installation(ctx, installation, depth).await {
            tracing::warn!(installation, error = %failure.detail, "an installation was not swept");
        }
    }
    ctx.wake();
    Ok(())
}

/// Brings the list of an installation's repositories up to date and looks for what each lacks.
pub async fn sweep_installation(
    ctx: &Arc<Ctx>,
    installation: u64,
    depth: Depth,
) -> Result<(), Failure> {
    let known: Vec<RepositoryRecord> = ctx
        .store
        .repositories()
        .await?
        .into_iter()
        .filter(|record| record.installation == installation && record.granted)
        .collect();
    let listed = match ctx.github.fetch_repositories(installation).await {
        Ok(listed) => listed,
        Err(GitHubError::Forbidden { .. }) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    for record in known {
        if !listed.iter().any(|origin| origin.repository == record.id) {
            tracing::info!(repo = %record.name, "access was taken away");
            ctx.store.record_lost_access(record.id).await?;
        }
    }
    for origin in listed {
        if !ctx.bench.serves.matches(&origin.name.to_string()) {
            continue;
        }
        ctx.store.record_repository(&origin, ctx.now()).await?;
        sweep_known(ctx, origin.repository, depth).await?;
    }
    Ok(())
}

/// Looks for open pull requests without a result, for ones that were closed unseen, and for merges
/// whose deployment was not finished.
pub async fn sweep_known(
    ctx: &Arc<Ctx>,
    repository: RepositoryId,
    depth: Depth,
) -> Result<(), Failure> {
    let Some(record) = ctx
        .store
        .find_repository(repository)
        .await?
        .filter(|record| record.granted)
    else {
        return Ok(());
    };
    let open = match ctx.github.fetch_open_pulls(&reference(&record)).await {
        Ok(open) => open,
        Err(GitHubError::Forbidden { .. } | GitHubError::NotFound { .. }) => {
            ctx.store.record_lost_access(repository).await?;
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    for pull in &open {
        let of = Some((&pull.head.sha, pull.base.branch.as_str()));
        let run = ctx.store.newest_run(repository, pull.number, of).await?;
        let lacks = run.is_none_or(|run| run.verdict == RunVerdict::Error);
        if lacks || depth == Depth::Everything {
            look_again(ctx, repository, pull.number).await?;
        }
    }
    resume_merges(ctx, repository, None).await?;
    for known in ctx.store.open_pulls(repository, None).await? {
        if !open.iter().any(|pull| pull.number == known.number) {
            let event = Event::PullRequestClosed {
                repository,
                pr: known.number,
            };
            ctx.store.enqueue(&event, ctx.now()).await?;
        }
    }
    ctx.wake();
    Ok(())
}

async fn look_again(ctx: &Ctx, repository: RepositoryId, pr: PrNumber) -> Result<(), Failure> {
    let event = Event::PullRequestChanged { repository, pr };
    ctx.store.enqueue(&event, ctx.now()).await?;
    Ok(())
}

/// A deployment that gave up, because its cluster was away for too long, is taken up again: its pull
/// request is not open, so nothing else would find it.
async fn resume_merges(
    ctx: &Ctx,
    repository: RepositoryId,
    head: Option<&CommitSha>,
) -> Result<(), Failure> {
    let settled = deploy::SETTLED;
    for pr in ctx
        .store
        .unsettled_merges(repository, settled, head)
        .await?
    {
        look_again(ctx, repository, pr).await?;
    }
    Ok(())
}

/// The base moved: every open pull request that goes there is merged with something else now.
pub(super) async fn follow_branch(
    ctx: &Arc<Ctx>,
    repository: RepositoryId,
    branch: &str,
) -> Result<(), Failure> {
    for pull in ctx.store.open_pulls(repository, None).await? {
        if pull.base_ref == branch {
            look_again(ctx, repository, pull.number).await?;
        }
    }
    ctx.wake();
    Ok(())
}

/// Someone pressed "re-run": the results of this commit count no longer, and a merge of it that was
/// given up is taken up again.
pub(super) async fn judge_again(
    ctx: &Arc<Ctx>,
    repository: RepositoryId,
    head: &CommitSha,
) -> Result<(), Failure> {
    let Some(record) = ctx.store.find_repository(repository).await? else {
        return Ok(());
    };
    let reference = reference(&record);
    for pull in ctx.github.fetch_open_pulls(&reference).await? {
        if pull.head.sha != *head {
            continue;
        }
        ctx.store.invalidate_runs(repository, pull.number).await?;
        look_again(ctx, repository, pull.number).await?;
        publish::show_standing(ctx, &reference, head, Standing::Queued).await?;
    }
    resume_merges(ctx, repository, Some(head)).await?;
    ctx.wake();
    Ok(())
}
