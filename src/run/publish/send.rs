//! Brings one object outside to its wanted state.

use std::time::Duration;

use super::{check_write, comment, deployment};
use crate::clients::github::RepositoryRef;
use crate::clients::store::{Effect, EffectKind, Guarded};
use crate::finding::Retry;
use crate::run::ctx::reference;
use crate::run::{Ctx, Failure};
use crate::server::metrics::{EffectEnd, effect_ended};

/// Longer than the requests of one effect may take together.
const LEASE: Duration = Duration::from_mins(5);

/// Between two attempts when nothing says how long; doubles with each.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);

/// Sends what is wanted of one object until that is out, or an attempt fails. A failure is recorded
/// and tried again when it is due; only a failure of the database is returned.
pub async fn send(ctx: &Ctx, target: &str) -> Result<(), Failure> {
    loop {
        let now = ctx.now();
        let claimed = ctx
            .store
            .claim_effect(target, &ctx.owner, now, now + LEASE)
            .await?;
        let Some(effect) = claimed else { return Ok(()) };
        match perform(ctx, &effect).await {
            Ok(()) => {
                effect_ended(EffectEnd::Sent);
                if ctx.store.record_sent(&effect, ctx.now()).await? == Guarded::LeaseLost {
                    return Ok(());
                }
                ctx.note_settled();
            }
            Err(failure) => {
                effect_ended(EffectEnd::Postponed);
                let until = ctx.now() + pause(&effect, failure.retry);
                tracing::warn!(effect = target, attempts = effect.attempts, error = %failure.detail, "not sent");
                let _ = ctx
                    .store
                    .record_unsent(&effect, until, &failure.detail)
                    .await?;
                return Ok(());
            }
        }
    }
}

/// Sends everything that is due, object by object.
pub async fn send_due(ctx: &Ctx) -> Result<(), Failure> {
    for target in ctx.store.due_effects(ctx.now()).await? {
        send(ctx, &target).await?;
    }
    Ok(())
}

async fn perform(ctx: &Ctx, effect: &Effect) -> Result<(), Failure> {
    let record = ctx
        .store
        .find_repository(effect.wanted.repository)
        .await?
        .ok_or_else(|| Failure::internal("an effect on an unknown repository"))?;
    let repository: RepositoryRef = reference(&record);
    match effect.wanted.kind {
        EffectKind::Check => check_write::perform(ctx, &repository, effect).await,
        EffectKind::Comment | EffectKind::Note => comment::perform(ctx, &repository, effect).await,
        EffectKind::Deployment => deployment::perform(ctx, &repository, effect).await,
    }
}

fn pause(effect: &Effect, retry: Retry) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << effect.attempts.min(12).saturating_sub(1));
    match retry {
        Retry::Now => Duration::ZERO,
        Retry::After(wait) => wait.max(doubled.min(LONGEST_PAUSE)),
        // Refused as it is: the next result replaces it; until then it is tried now and then.
        Retry::No => LONGEST_PAUSE,
    }
}
