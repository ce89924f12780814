//! What an object outside should be, on its way into the outbox and out of it.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::send::send;
use crate::clients::github::RepositoryRef;
use crate::clients::store::{Effect, EffectKind, Wanted};
use crate::run::{Ctx, Failure};

/// Records what the object should be, then sends it. `reference` is what the object carries, so that
/// it is found again.
pub(super) async fn want(
    ctx: &Ctx,
    repository: &RepositoryRef,
    kind: EffectKind,
    target: String,
    reference: String,
    intent: &impl Serialize,
) -> Result<(), Failure> {
    let wanted = Wanted {
        target,
        kind,
        repository: repository.id,
        reference,
        intent: serde_json::to_string(intent)
            .map_err(|error| Failure::internal(error.to_string()))?,
    };
    ctx.store.want(&wanted, ctx.now()).await?;
    send(ctx, &wanted.target).await
}

/// What [`want`] recorded.
pub(super) fn read_intent<T: DeserializeOwned>(effect: &Effect) -> Result<T, Failure> {
    serde_json::from_str(&effect.wanted.intent)
        .map_err(|error| Failure::internal(error.to_string()))
}

/// GitHub's id of the object, once it is known.
pub(super) fn find_id(effect: &Effect) -> Option<u64> {
    effect.external_id.as_ref()?.parse().ok()
}
