//! After a merge: what becomes of it in the clusters.

use std::sync::Arc;

use super::{Ctx, Failure};
use crate::clients::github::{Pull, RepositoryRef};
use crate::clients::store::DeploymentRecord;

/// State word of a merge that this version leaves to others.
const NOT_BY_DRYDOCK: &str = "not_by_drydock";

/// Called once the pull request is seen merged, and again by every later look: it must find what it
/// already did. Records that Drydock does not deploy this merge.
pub async fn on_merge(
    ctx: &Arc<Ctx>,
    repository: &RepositoryRef,
    pull: &Pull,
) -> Result<(), Failure> {
    let Some(revision) = pull.merge_commit.clone() else {
        return Ok(());
    };
    if !ctx
        .store
        .deployments(repository.id, pull.number)
        .await?
        .is_empty()
    {
        return Ok(());
    }
    let now = ctx.now();
    let record = DeploymentRecord {
        id: super::ctx::new_id("deploy"),
        repository: repository.id,
        pull: pull.number,
        revision,
        environment: String::new(),
        state: NOT_BY_DRYDOCK.to_owned(),
        detail: "{}".to_owned(),
        started_at: now,
    };
    ctx.store.record_deployment(&record, &[], now).await?;
    Ok(())
}
