//! The one comment that is edited in place, and further comments that are written once.

use serde::{Deserialize, Serialize};

use super::intent::{find_id, read_intent, want};
use crate::clients::github::{GitHubError, RepositoryRef};
use crate::clients::store::{Effect, EffectKind};
use crate::ids::PrNumber;
use crate::report::standing::{find_mark, mark};
use crate::run::{Ctx, Failure};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct CommentIntent {
    pull: u64,
    body: String,
}

/// Says what the sticky comment of a pull request should be. When it has nothing to say (`needed` is
/// false) it is only written where there is one already, so that an old text does not stand.
pub async fn publish_comment(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pr: PrNumber,
    body: &str,
    needed: bool,
) -> Result<(), Failure> {
    let target = format!("comment/{}/{}", repository.id, pr.0);
    if !needed && ctx.store.find_effect(&target).await?.is_none() {
        return Ok(());
    }
    let tag = ctx.tag(repository.id, pr, "sticky");
    publish(ctx, repository, EffectKind::Comment, target, tag, pr, body).await
}

/// Writes a further comment, once per `subject` (such as a deployment's id).
pub async fn publish_note(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pr: PrNumber,
    subject: &str,
    body: &str,
) -> Result<(), Failure> {
    let target = format!("note/{}/{}/{subject}", repository.id, pr.0);
    let tag = ctx.tag(repository.id, pr, subject);
    publish(ctx, repository, EffectKind::Note, target, tag, pr, body).await
}

async fn publish(
    ctx: &Ctx,
    repository: &RepositoryRef,
    kind: EffectKind,
    target: String,
    tag: String,
    pr: PrNumber,
    body: &str,
) -> Result<(), Failure> {
    let intent = CommentIntent {
        pull: pr.0,
        body: mark(body, &tag),
    };
    want(ctx, repository, kind, target, tag, &intent).await
}

/// Brings the comment to its wanted state: by its id, else the one that we wrote and that carries the
/// mark, else a new one.
pub(super) async fn perform(
    ctx: &Ctx,
    repository: &RepositoryRef,
    effect: &Effect,
) -> Result<(), Failure> {
    let intent: CommentIntent = read_intent(effect)?;
    if let Some(id) = find_id(effect) {
        match ctx
            .github
            .update_comment(repository, id, &intent.body)
            .await
        {
            Err(error) if error.is_gone() => {
                let _ = ctx.store.forget_external_id(effect).await?;
            }
            other => return Ok(other.map(drop)?),
        }
    }
    let found = find_comment(ctx, repository, effect, &intent).await?;
    let id = if let Some((id, body)) = found {
        if body != intent.body {
            ctx.github
                .update_comment(repository, id, &intent.body)
                .await?;
        }
        id
    } else {
        let pr = PrNumber(intent.pull);
        ctx.github
            .create_comment(repository, pr, &intent.body)
            .await?
            .id
    };
    if let Err(error) = ctx.store.record_external_id(effect, &id.to_string()).await {
        tracing::warn!(effect = %effect.wanted.target, %error, "an id was not kept");
    }
    Ok(())
}

/// Our comment with the effect's mark: written by the App *and* marked. The mark alone could be
/// copied by anyone.
async fn find_comment(
    ctx: &Ctx,
    repository: &RepositoryRef,
    effect: &Effect,
    intent: &CommentIntent,
) -> Result<Option<(u64, String)>, GitHubError> {
    let all = ctx
        .github
        .fetch_comments(repository, PrNumber(intent.pull))
        .await?;
    Ok(all
        .into_iter()
        .filter(|comment| comment.is_by(ctx.app.id, &ctx.app.slug))
        .find(|comment| find_mark(&comment.body) == Some(effect.wanted.reference.as_str()))
        .map(|comment| (comment.id, comment.body)))
}
