//! What GitHub is told of a deployment: its statuses, the comment's table, a comment when it failed.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Merge;
use super::prepare::Prepared;
use crate::clients::github::{DeploymentState as OnGitHub, NewDeployment, NewDeploymentStatus};
use crate::clients::store::DeploymentRecord;
use crate::ids::ClusterName;
use crate::report::deployed;
use crate::report::deployment;
use crate::report::model::FailedDeployment;
use crate::run::{Ctx, Failure, publish};
use crate::sync::outcome::{AppDeployment, NotDeployed, Outcome, State};

/// Milliseconds of Unix time.
pub(super) fn millis(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

fn on_github(merge: &Merge<'_>, prepared: &Prepared, record: &DeploymentRecord) -> NewDeployment {
    let name = ClusterName(record.environment.clone());
    NewDeployment {
        sha: merge.revision.to_string(),
        environment: record.environment.clone(),
        description: deployed::description(merge.pull.number),
        job: record.id.0.clone(),
        production: prepared
            .config
            .clusters
            .get(&name)
            .is_some_and(|cluster| cluster.protected),
    }
}

/// One deployment per environment and merge, in progress.
pub(super) async fn started(
    ctx: &Ctx,
    merge: &Merge<'_>,
    prepared: &Prepared,
    record: &DeploymentRecord,
) -> Result<(), Failure> {
    let deployment = on_github(merge, prepared, record);
    publish::publish_deployment(ctx, merge.repository, deployment.clone()).await?;
    let status = NewDeploymentStatus {
        state: OnGitHub::InProgress,
        description: deployed::in_progress(),
        log_url: None,
    };
    publish::publish_deployment_status(ctx, merge.repository, deployment, status).await
}

/// How it ended: stored first, then told; a failure is a comment of its own, because edits notify
/// nobody.
pub(super) async fn ended(
    ctx: &Ctx,
    merge: &Merge<'_>,
    prepared: &Prepared,
    record: &mut DeploymentRecord,
    rows: &[AppDeployment],
) -> Result<(), Failure> {
    let state = state_of(rows);
    state.word().clone_into(&mut record.state);
    ctx.store.record_deployment(record, &[], ctx.now()).await?;
    let status = NewDeploymentStatus {
        state: match state {
            Whole::Success => OnGitHub::Success,
            Whole::Failure => OnGitHub::Failure,
            Whole::Error => OnGitHub::Error,
            Whole::Inactive => OnGitHub::Inactive,
        },
        description: deployed::summary(rows),
        log_url: None,
    };
    let deployment = on_github(merge, prepared, record);
    publish::publish_deployment_status(ctx, merge.repository, deployment, status).await?;
    for row in rows {
        let State::Ended(outcome) = &row.state else {
            continue;
        };
        if let Some((failures, live)) = deployed::failure(outcome) {
            let failed = FailedDeployment {
                app: row.app.clone(),
                cluster: ClusterName(record.environment.clone()),
                commit: merge.revision.clone(),
                merge: prepared.is_merge,
                failures,
                live,
                page: None,
            };
            let subject = format!("{}/{}", record.id, row.app);
            let body = deployment::failed(&failed);
            publish::publish_note(ctx, merge.repository, merge.pull.number, &subject, &body)
                .await?;
        }
    }
    Ok(())
}

/// Nothing was deployed, because nobody knows where anything goes: a comment of its own.
pub(super) async fn without_rules(ctx: &Ctx, merge: &Merge<'_>) -> Result<(), Failure> {
    let subject = format!("no-rules/{}", merge.revision);
    let body = deployment::without_rules(merge.revision, &merge.run.base);
    publish::publish_note(ctx, merge.repository, merge.pull.number, &subject, &body).await
}

/// The comment gains one table: how each application stands.
pub(super) async fn comment(
    ctx: &Ctx,
    merge: &Merge<'_>,
    rows: &[AppDeployment],
) -> Result<(), Failure> {
    let outputs: publish::Outputs = serde_json::from_str(&merge.run.outputs)
        .map_err(|error| Failure::internal(error.to_string()))?;
    if rows.is_empty() {
        return Ok(());
    }
    let body = deployment::append(&outputs.comment, &deployed::rows(rows));
    publish::publish_comment(ctx, merge.repository, merge.pull.number, &body, true).await
}

/// The comment says that the deployment cannot be carried on; once more in a comment of its own when
/// it was given up.
pub(super) async fn stuck(
    ctx: &Ctx,
    merge: &Merge<'_>,
    failure: &Failure,
    gave_up: bool,
) -> Result<(), Failure> {
    let outputs: publish::Outputs = serde_json::from_str(&merge.run.outputs)
        .map_err(|error| Failure::internal(error.to_string()))?;
    let (repository, pr) = (merge.repository, merge.pull.number);
    let text = deployment::stuck(merge.revision, failure.said, failure.blame, gave_up);
    let body = deployment::append_text(&outputs.comment, &text);
    publish::publish_comment(ctx, repository, pr, &body, true).await?;
    if !gave_up {
        return Ok(());
    }
    let subject = format!("stuck/{}", merge.revision);
    publish::publish_note(ctx, repository, pr, &subject, &text).await
}

/// The environment as a whole; ordered, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whole {
    Success,
    Inactive,
    Error,
    Failure,
}

impl Whole {
    fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Inactive => "inactive",
            Self::Error => "error",
            Self::Failure => "failure",
        }
    }
}

fn state_of(rows: &[AppDeployment]) -> Whole {
    let weigh = |row: &AppDeployment| match &row.state {
        // Found only once the objects are known, so after the deployment was begun on GitHub.
        State::Ended(
            Outcome::NotDeployed(NotDeployed::SettingsForbid)
            | Outcome::Held(_)
            | Outcome::Stopped { .. },
        )
        | State::Queued
        | State::InProgress(_) => Whole::Error,
        State::Ended(Outcome::Deployed | Outcome::NotDeployed(_)) => Whole::Success,
        State::Ended(Outcome::Superseded) => Whole::Inactive,
        State::Ended(Outcome::Failed(_) | Outcome::TimedOut { .. }) => Whole::Failure,
    };
    // Nothing that ended well is no success.
    rows.iter().map(weigh).max().unwrap_or(Whole::Error)
}
