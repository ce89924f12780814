//! Deployments on GitHub: one per environment and merge, with the statuses that it went through.

use serde::{Deserialize, Serialize};

use super::intent::{find_id, read_intent, want};
use super::send::send;
use crate::clients::github::{NewDeployment, NewDeploymentStatus, RepositoryRef};
use crate::clients::store::{Effect, EffectKind};
use crate::ids::CommitSha;
use crate::run::{Ctx, Failure};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct DeploymentIntent {
    deployment: NewDeployment,
    status: Option<NewDeploymentStatus>,
}

fn target(repository: &RepositoryRef, job: &str) -> String {
    format!("deployment/{}/{job}", repository.id)
}

/// Says that there should be this deployment. It is found again by `deployment.job`.
pub async fn publish_deployment(
    ctx: &Ctx,
    repository: &RepositoryRef,
    deployment: NewDeployment,
) -> Result<(), Failure> {
    let known = ctx
        .store
        .find_effect(&target(repository, &deployment.job))
        .await?;
    if known.is_some() {
        return send(ctx, &target(repository, &deployment.job)).await;
    }
    let intent = DeploymentIntent {
        deployment,
        status: None,
    };
    publish(ctx, repository, &intent).await
}

/// Says what the newest status of a deployment should be. A status that was replaced before it could
/// be sent is never sent.
pub async fn publish_deployment_status(
    ctx: &Ctx,
    repository: &RepositoryRef,
    deployment: NewDeployment,
    status: NewDeploymentStatus,
) -> Result<(), Failure> {
    let intent = DeploymentIntent {
        deployment,
        status: Some(status),
    };
    publish(ctx, repository, &intent).await
}

async fn publish(
    ctx: &Ctx,
    repository: &RepositoryRef,
    intent: &DeploymentIntent,
) -> Result<(), Failure> {
    let job = intent.deployment.job.clone();
    let (kind, target) = (EffectKind::Deployment, target(repository, &job));
    want(ctx, repository, kind, target, job, intent).await
}

/// Makes the deployment unless it is there, and adds the status unless it is the newest.
pub(super) async fn perform(
    ctx: &Ctx,
    repository: &RepositoryRef,
    effect: &Effect,
) -> Result<(), Failure> {
    let intent: DeploymentIntent = read_intent(effect)?;
    let id = match find_id(effect) {
        Some(id) => id,
        None => find_or_make(ctx, repository, effect, &intent.deployment).await?,
    };
    let _ = ctx
        .store
        .record_external_id(effect, &id.to_string())
        .await?;
    let Some(status) = &intent.status else {
        return Ok(());
    };
    // Statuses cannot be edited: after an attempt whose answer was lost the same one is not added again.
    if effect.attempts > 1 {
        let statuses = ctx.github.fetch_deployment_statuses(repository, id).await?;
        let word = serde_json::to_value(status.state).unwrap_or_default();
        let newest = statuses.first();
        if newest.is_some_and(|newest| {
            word == newest.state.as_str() && newest.description == status.description
        }) {
            return Ok(());
        }
    }
    ctx.github
        .create_deployment_status(repository, id, status)
        .await?;
    Ok(())
}

async fn find_or_make(
    ctx: &Ctx,
    repository: &RepositoryRef,
    effect: &Effect,
    deployment: &NewDeployment,
) -> Result<u64, Failure> {
    if effect.attempts > 1 {
        let sha: CommitSha = deployment
            .sha
            .parse()
            .map_err(|error| Failure::internal(format!("{error}")))?;
        let all = ctx
            .github
            .fetch_deployments(repository, &sha, &deployment.environment)
            .await?;
        let ours = all
            .into_iter()
            .find(|known| known.job().as_deref() == Some(&deployment.job));
        if let Some(known) = ours {
            return Ok(known.id);
        }
    }
    Ok(ctx
        .github
        .create_deployment(repository, deployment)
        .await?
        .id)
}
