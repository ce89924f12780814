//! Lanes: which job runs when, and what becomes of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::{Ctx, Failure, recover, review};
use crate::clients::store::{Attempt, Guarded, Job};
use crate::event::Event;
use crate::finding::Retry;

/// A claim that finds nothing is repeated after this: work that becomes due by time alone has no
/// other signal.
const POLL: Duration = Duration::from_millis(500);

/// Between two attempts; doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Works until `stop` turns true, then lets running jobs go on for the grace period. What is not
/// finished by then is free again when the next process starts.
pub(super) async fn work(ctx: Arc<Ctx>, mut stop: watch::Receiver<bool>) {
    let lanes = Arc::new(Semaphore::new(
        usize::try_from(ctx.limits.lanes).unwrap_or(1),
    ));
    let mut running = JoinSet::new();
    while !*stop.borrow() {
        while running.try_join_next().is_some() {}
        let permit = tokio::select! {
            permit = Arc::clone(&lanes).acquire_owned() => permit,
            _ = stop.changed() => break,
        };
        let Ok(permit) = permit else { break };
        if let Some(job) = claim(&ctx).await {
            let ctx = Arc::clone(&ctx);
            running.spawn(async move {
                run(&ctx, job).await;
                drop(permit);
                ctx.wake();
            });
            continue;
        }
        drop(permit);
        tokio::select! {
            () = ctx.wake.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => break,
        }
    }
    let finish = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(ctx.limits.grace, finish)
        .await
        .is_err()
    {
        tracing::warn!("work was handed back at the end of the grace period");
    }
}

async fn claim(ctx: &Ctx) -> Option<Job> {
    let now = ctx.now();
    let claimed = ctx
        .store
        .claim(
            &ctx.owner,
            now,
            now + ctx.limits.lease,
            ctx.limits.lanes_per_repository,
        )
        .await;
    match claimed {
        Ok(job) => job,
        // Two workers that reach for the same lane at once: one of them gets nothing.
        Err(error) => {
            tracing::error!(error = %Failure::from(error).detail, "no job could be claimed");
            None
        }
    }
}

/// Does one job and records how it ended. A panic ends this job alone.
async fn run(ctx: &Arc<Ctx>, job: Job) {
    let work = tokio::spawn({
        let (ctx, event, attempts) = (Arc::clone(ctx), job.event.clone(), job.attempts);
        async move { handle(&ctx, &event, attempts).await }
    });
    let abort = work.abort_handle();
    let outcome = tokio::select! {
        ended = work => Some(ended),
        () = keep_lease(ctx, &job) => None,
    };
    let attempt = match outcome {
        None => {
            abort.abort();
            tracing::warn!(
                job.id = job.id,
                "the lease was lost: another worker has the job"
            );
            return;
        }
        Some(Ok(Ok(()))) => Attempt::Finished,
        Some(Ok(Err(failure))) => settle_failure(ctx, &job, &failure),
        Some(Err(error)) => {
            let failure = Failure::internal(format!("the work broke off: {error}"));
            settle_failure(ctx, &job, &failure)
        }
    };
    match ctx.store.settle(&job, &attempt, ctx.now()).await {
        Ok(Guarded::Done) => {}
        Ok(Guarded::LeaseLost) => tracing::warn!(job.id = job.id, "the job was taken over"),
        Err(error) => {
            tracing::error!(job.id = job.id, error = %Failure::from(error).detail, "a job's end was not stored");
        }
    }
    ctx.note_settled();
}

/// Extends the lease until it is lost.
async fn keep_lease(ctx: &Ctx, job: &Job) {
    loop {
        tokio::time::sleep(ctx.limits.lease / 3).await;
        let until = ctx.now() + ctx.limits.lease;
        if matches!(
            ctx.store.extend_lease(job, until).await,
            Ok(Guarded::LeaseLost)
        ) {
            return;
        }
    }
}

fn settle_failure(ctx: &Ctx, job: &Job, failure: &Failure) -> Attempt {
    tracing::error!(
        job.id = job.id,
        job.attempts = job.attempts,
        event = ?job.event,
        error = %failure.detail,
        "a job failed"
    );
    let trouble = failure.detail.clone();
    match next_attempt(ctx.now(), job.attempts, ctx.limits.attempts, failure.retry) {
        Some(until) => Attempt::Postponed { until, trouble },
        None => Attempt::GaveUp { trouble },
    }
}

/// When to try again; `None`: leave it to the sweep.
fn next_attempt(now: SystemTime, attempts: u32, limit: u32, retry: Retry) -> Option<SystemTime> {
    if attempts >= limit {
        return None;
    }
    let doubled = FIRST_PAUSE.saturating_mul(1 << attempts.min(12).saturating_sub(1));
    match retry {
        Retry::No => None,
        Retry::Now => Some(now),
        Retry::After(wait) => Some(now + wait.max(doubled.min(LONGEST_PAUSE))),
    }
}

async fn handle(ctx: &Arc<Ctx>, event: &Event, attempts: u32) -> Result<(), Failure> {
    match event {
        Event::PullRequestChanged { repository, pr }
        | Event::PullRequestClosed { repository, pr } => {
            review::look_at(ctx, *repository, *pr, attempts).await
        }
        Event::CheckRequested { repository, head } => {
            recover::judge_again(ctx, *repository, head).await
        }
        Event::BranchMoved { repository, branch } => {
            recover::follow_branch(ctx, *repository, branch).await
        }
        Event::InstallationChanged { installation } => {
            recover::sweep_installation(ctx, *installation, recover::Depth::Everything).await
        }
        Event::RepositoryChanged { repository } => {
            recover::sweep_known(ctx, *repository, recover::Depth::Everything).await
        }
        Event::Nothing => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_spread_and_end() {
        let now = SystemTime::UNIX_EPOCH;
        let after = |attempts, retry| {
            next_attempt(now, attempts, 6, retry)
                .map(|at| at.duration_since(now).unwrap().as_secs())
        };
        assert_eq!(after(1, Retry::After(Duration::from_secs(1))), Some(5));
        assert_eq!(after(3, Retry::After(Duration::from_secs(1))), Some(20));
        assert_eq!(after(1, Retry::After(Duration::from_secs(60))), Some(60));
        assert_eq!(after(6, Retry::Now), None);
        assert_eq!(after(1, Retry::No), None);
    }
}
