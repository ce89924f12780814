//! One look at a pull request: what it is now decides what is done.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedSemaphorePermit;

use super::ctx::{new_id, reference};
use super::evaluate::{Matter, evaluate};
use super::record::{self, Evaluated};
use super::{Ctx, Failure, deploy, publish};
use crate::clients::github::{Comparison, GitHubError, Pull, RepositoryRef};
use crate::clients::store::{PullRecord, PullState, RunRecord, RunVerdict};
use crate::event::Event;
use crate::finding::Retry;
use crate::ids::{Digest, PrNumber, RepositoryId};
use crate::report::model::{Occasion, Report};
use crate::report::standing::{self, Standing};
use crate::server::metrics::{RunEnd, run_ended};

pub use super::evaluate::Bench;

/// From this attempt on a failure is shown on the check; before, the check stays in progress, because
/// most failures of others pass in seconds.
const SHOWN_FROM: u32 = 2;

/// Looks at a pull request and does what its state asks for: judge, end, or deploy.
pub(super) async fn look_at(
    ctx: &Arc<Ctx>,
    repository: RepositoryId,
    number: PrNumber,
    attempt: u32,
) -> Result<(), Failure> {
    let known = ctx.store.find_repository(repository).await?;
    let Some(record) =
        known.filter(|record| record.granted && ctx.bench.serves.matches(&record.name.to_string()))
    else {
        tracing::info!(
            repo.id = repository.0,
            "not one of the repositories that are served"
        );
        return Ok(());
    };
    let repository = reference(&record);
    let pull = match ctx.github.fetch_pull(&repository, number).await {
        Ok(pull) => pull,
        Err(error) if error.is_gone() => return Ok(()),
        Err(GitHubError::Forbidden { call, message }) => {
            tracing::warn!(repo = %repository.name, %call, %message, "access was taken away");
            return Ok(ctx.store.record_lost_access(repository.id).await?);
        }
        Err(error) => return Err(error.into()),
    };
    let before = ctx.store.find_pull(repository.id, number).await?;
    remember(ctx, &repository, &pull).await?;
    if let Some(old) = before.filter(|old| old.head != pull.head.sha) {
        publish::conclude_standing(ctx, &repository, &old.head, Standing::Replaced).await?;
        publish::publish_check(ctx, &repository, &old.head).await?;
    }
    if pull.open {
        return judge(ctx, &repository, &pull, attempt).await;
    }
    publish::conclude_standing(ctx, &repository, &pull.head.sha, Standing::Closed).await?;
    // Another pull request may propose the same commit: the check is its alone now.
    publish::publish_check(ctx, &repository, &pull.head.sha).await?;
    if !pull.merged {
        return Ok(());
    }
    let deployed = deploy::on_merge(ctx, &repository, &pull).await;
    if let Err(failure) = &deployed {
        let gave_up = attempt >= ctx.limits.attempts || failure.retry == Retry::No;
        if gave_up || attempt >= SHOWN_FROM {
            deploy::tell_stuck(ctx, &repository, &pull, failure, gave_up).await?;
        }
    }
    deployed
}

async fn remember(ctx: &Ctx, repository: &RepositoryRef, pull: &Pull) -> Result<(), Failure> {
    let record = PullRecord {
        repository: repository.id,
        number: pull.number,
        state: match (pull.open, pull.merged) {
            (true, _) => PullState::Open,
            (false, true) => PullState::Merged,
            (false, false) => PullState::Closed,
        },
        head: pull.head.sha.clone(),
        base_ref: pull.base.branch.clone(),
        author: pull.author.clone(),
        from_fork: pull.is_from_fork(),
        merged_as: pull.merge_commit.clone().filter(|_| pull.merged),
    };
    Ok(ctx.store.record_pull(&record, ctx.now()).await?)
}

/// Judges an open pull request, unless nothing that decides the result has changed.
async fn judge(
    ctx: &Arc<Ctx>,
    repository: &RepositoryRef,
    pull: &Pull,
    attempt: u32,
) -> Result<(), Failure> {
    let started = Instant::now();
    let head = &pull.head.sha;
    let of = Some((head, pull.base.branch.as_str()));
    let previous = ctx.store.newest_run(repository.id, pull.number, of).await?;
    if previous.is_none() {
        publish::show_standing(ctx, repository, head, Standing::Queued).await?;
    }
    let comparison = match compare(ctx, repository, pull).await {
        Ok(comparison) => comparison,
        Err(failure) => return give_up(ctx, repository, pull, None, attempt, failure).await,
    };
    let key = evaluation_key(ctx, repository, pull, comparison.as_ref());
    if let Some(run) = previous.as_ref().filter(|run| still_holds(ctx, run, key)) {
        run_ended(RunEnd::Unchanged, started.elapsed());
        return show(ctx, repository, pull, run).await;
    }
    let permit = Arc::clone(&ctx.judgements).acquire_owned().await.ok();
    let asked_again = previous
        .as_ref()
        .is_none_or(|run| run.evaluation_key == Digest::ZERO);
    if asked_again {
        publish::show_standing(ctx, repository, head, Standing::InProgress).await?;
    }
    let id = new_id("run");
    let began = ctx.now();
    let report = match report_on(ctx, repository, pull, comparison.as_ref(), permit).await {
        Ok(report) => report,
        Err(failure) => {
            return give_up(ctx, repository, pull, comparison.as_ref(), attempt, failure).await;
        }
    };
    let evaluated = Evaluated {
        id,
        began,
        key,
        report,
        comparison,
    };
    let run = record::store(ctx, repository, pull, evaluated, previous.as_ref()).await?;
    run_ended(end_of(run.verdict), started.elapsed());
    publish_run(ctx, repository, pull, &run).await
}

/// A head that has nothing in common with its target is not judged: there is nothing to merge.
async fn report_on(
    ctx: &Arc<Ctx>,
    repository: &RepositoryRef,
    pull: &Pull,
    comparison: Option<&Comparison>,
    permit: Option<OwnedSemaphorePermit>,
) -> Result<Report, Failure> {
    let Some(comparison) = comparison else {
        let trouble = standing::unrelated(&pull.base.branch);
        return Ok(Report::of_troubles(None, None, vec![trouble]));
    };
    let matter = Matter {
        repository,
        pull,
        comparison,
    };
    evaluate(ctx, &matter, permit).await
}

/// What the head adds to its target; `None` when the two have no commit in common.
async fn compare(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pull: &Pull,
) -> Result<Option<Comparison>, Failure> {
    let comparison = ctx
        .github
        .fetch_comparison(repository, &pull.base.branch, &pull.head.sha)
        .await;
    match comparison {
        Ok(comparison) => Ok(Some(comparison)),
        Err(error) if error.is_gone() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn end_of(verdict: RunVerdict) -> RunEnd {
    match verdict {
        RunVerdict::Pass => RunEnd::Pass,
        RunVerdict::Fail => RunEnd::Fail,
        RunVerdict::Error => RunEnd::Error,
    }
}

/// Everything that decides a result: the base commit holds configuration, policies and waivers, base
/// and head make the judged tree.
fn evaluation_key(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pull: &Pull,
    comparison: Option<&Comparison>,
) -> Digest {
    let base = comparison.map(|comparison| comparison.base_tip.as_str());
    let labels = pull.labels.join("\n");
    Digest::of_parts([
        repository.id.to_string().as_bytes(),
        pull.base.branch.as_bytes(),
        pull.head.sha.as_str().as_bytes(),
        base.unwrap_or_default().as_bytes(),
        labels.as_bytes(),
        if pull.is_from_fork() { b"fork" } else { b"own" },
        ctx.bench.digest.to_string().as_bytes(),
    ])
}

/// A result stands while its inputs do; what could not be judged is always tried again.
fn still_holds(ctx: &Ctx, run: &RunRecord, key: Digest) -> bool {
    let expired = run.valid_until.is_some_and(|until| until <= ctx.now());
    run.evaluation_key == key && run.verdict != RunVerdict::Error && !expired
}

/// Sends a result unless the pull request has moved on meanwhile: an older run never speaks over a
/// newer one.
async fn publish_run(
    ctx: &Arc<Ctx>,
    repository: &RepositoryRef,
    pull: &Pull,
    run: &RunRecord,
) -> Result<(), Failure> {
    let now = ctx.github.fetch_pull(repository, pull.number).await?;
    if now.head.sha != pull.head.sha || now.base.branch != pull.base.branch || !now.open {
        run_ended(RunEnd::Superseded, std::time::Duration::ZERO);
        let event = Event::PullRequestChanged {
            repository: repository.id,
            pr: pull.number,
        };
        ctx.store.enqueue(&event, ctx.now()).await?;
        return Ok(());
    }
    show(ctx, repository, pull, run).await
}

/// Makes check and comment what this run says; what is so already is not sent again.
async fn show(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pull: &Pull,
    run: &RunRecord,
) -> Result<(), Failure> {
    publish::publish_check(ctx, repository, &pull.head.sha).await?;
    let outputs: publish::Outputs =
        serde_json::from_str(&run.outputs).map_err(|error| Failure::internal(error.to_string()))?;
    let needed = outputs.comment_needed;
    publish::publish_comment(ctx, repository, pull.number, &outputs.comment, needed).await
}

/// The judgement could not be made. Soon the check says so, and it is tried again either way.
async fn give_up(
    ctx: &Arc<Ctx>,
    repository: &RepositoryRef,
    pull: &Pull,
    comparison: Option<&Comparison>,
    attempt: u32,
    failure: Failure,
) -> Result<(), Failure> {
    if attempt < SHOWN_FROM && failure.retry != Retry::No {
        return Err(failure);
    }
    let of = Some((&pull.head.sha, pull.base.branch.as_str()));
    let previous = ctx.store.newest_run(repository.id, pull.number, of).await?;
    let evaluated = Evaluated {
        id: new_id("run"),
        began: ctx.now(),
        key: evaluation_key(ctx, repository, pull, comparison),
        report: Report::of_troubles(
            None,
            None,
            vec![standing::outage(failure.said, failure.blame)],
        ),
        comparison: comparison.cloned(),
    };
    let run = record::store(ctx, repository, pull, evaluated, previous.as_ref()).await?;
    run_ended(RunEnd::Error, std::time::Duration::ZERO);
    publish_run(ctx, repository, pull, &run).await?;
    Err(failure)
}

/// What the words of a report are about.
pub(super) fn occasion(ctx: &Ctx, pull: &Pull, evaluated: &Evaluated) -> Occasion {
    let base = evaluated.comparison.as_ref().map_or_else(
        || pull.base.sha.clone(),
        |comparison| comparison.base_tip.clone(),
    );
    Occasion {
        target: pull.base.branch.clone(),
        head: pull.head.sha.clone(),
        base,
        run: evaluated.id.clone(),
        files: pull
            .html_url
            .rsplit_once("/pull/")
            .map(|(repository, _)| format!("{repository}/blob")),
        page: ctx
            .pages
            .as_ref()
            .map(|pages| format!("{pages}/runs/{}", evaluated.id)),
    }
}
