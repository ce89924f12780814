//! Writing one check run: made once, found again after a lost answer, annotations in batches.

use super::check::{CHECK_NAME, CheckIntent};
use super::intent::{find_id, read_intent};
use crate::clients::github::{CheckContent, GitHubError, RepositoryRef};
use crate::clients::store::Effect;
use crate::ids::CommitSha;
use crate::run::{Ctx, Failure};

/// Brings the check run to its wanted state. A first attempt makes it; later ones look for it first.
pub(super) async fn perform(
    ctx: &Ctx,
    repository: &RepositoryRef,
    effect: &Effect,
) -> Result<(), Failure> {
    let intent: CheckIntent = read_intent(effect)?;
    let head: CommitSha = intent
        .head
        .parse()
        .map_err(|error| Failure::internal(format!("{error}")))?;
    let known = find_run(ctx, repository, effect, &head).await?;
    match write(ctx, repository, effect, &head, &intent.content, known).await {
        Err(GitHubError::Rejected {
            status: 422,
            message,
            ..
        }) => {
            // Too large or otherwise refused: without a conclusion the check would block for ever.
            tracing::error!(effect = %effect.wanted.target, %message, "the check is sent without its details");
            let bare = CheckContent {
                summary: intent.content.title.clone(),
                text: None,
                annotations: Vec::new(),
                ..intent.content
            };
            let known = find_run(ctx, repository, effect, &head).await?;
            Ok(write(ctx, repository, effect, &head, &bare, known).await?)
        }
        Err(error) if error.is_gone() => {
            let _ = ctx.store.forget_external_id(effect).await?;
            Err(error.into())
        }
        other => Ok(other?),
    }
}

/// The check run's id and how many annotations it has; `None`: it was never made.
async fn find_run(
    ctx: &Ctx,
    repository: &RepositoryRef,
    effect: &Effect,
    head: &CommitSha,
) -> Result<Option<(u64, usize)>, Failure> {
    match find_id(effect) {
        Some(id) if effect.attempts <= 1 => Ok(Some((id, 0))),
        Some(id) => {
            let run = ctx.github.fetch_check_run(repository, id).await?;
            Ok(Some((run.id, run.output.annotations_count)))
        }
        None if effect.attempts <= 1 => Ok(None),
        None => {
            let runs = ctx
                .github
                .fetch_check_runs(repository, CHECK_NAME, head)
                .await?;
            let wanted = Some(effect.wanted.reference.as_str());
            Ok(runs
                .into_iter()
                .find(|run| run.external_id.as_deref() == wanted)
                .map(|run| (run.id, run.output.annotations_count)))
        }
    }
}

async fn write(
    ctx: &Ctx,
    repository: &RepositoryRef,
    effect: &Effect,
    head: &CommitSha,
    content: &CheckContent,
    known: Option<(u64, usize)>,
) -> Result<(), GitHubError> {
    let github = &ctx.github;
    let reference = &effect.wanted.reference;
    let (id, before) = if let Some(found) = known {
        found
    } else {
        let made = github
            .create_check_run(repository, CHECK_NAME, head, reference, content)
            .await?;
        remember(ctx, effect, made.id).await;
        (made.id, made.output.annotations_count)
    };
    let total = content.annotations.len();
    let mut have = before;
    let mut first = known.is_some();
    while first || have < total {
        first = false;
        let run = github
            .update_check_run(repository, id, content, have)
            .await?;
        remember(ctx, effect, run.id).await;
        let now = run.output.annotations_count;
        if now <= have && have < total {
            tracing::error!(effect = %effect.wanted.target, have, total, "annotations were not taken");
            break;
        }
        have = now;
    }
    Ok(())
}

/// Keeps the id as soon as it is known. Losing it costs a look-up, nothing more.
async fn remember(ctx: &Ctx, effect: &Effect, id: u64) {
    if effect.external_id.as_deref() == Some(&id.to_string()) {
        return;
    }
    if let Err(error) = ctx.store.record_external_id(effect, &id.to_string()).await {
        tracing::warn!(effect = %effect.wanted.target, %error, "an id was not kept");
    }
}
