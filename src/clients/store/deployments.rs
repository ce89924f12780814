//! Deployments and their steps, planned before they are made.

use std::time::SystemTime;

use super::error::{corrupt, query};
use super::rows::{column, number, repository, sha};
use super::{Store, StoreError, millis, time};
use crate::ids::{CommitSha, PrNumber, RepositoryId, RunId};

/// One deployment: a merged revision brought to one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentRecord {
    /// Its id, which GitHub's deployment carries as `job`.
    pub id: RunId,
    /// The repository that was merged in.
    pub repository: RepositoryId,
    /// The merged pull request.
    pub pull: PrNumber,
    /// The commit that the merge left on the base branch.
    pub revision: CommitSha,
    /// The environment, by its cluster's name.
    pub environment: String,
    /// How far it is: a word of `run::deploy`, not read here.
    pub state: String,
    /// What `run::deploy` needs to go on after a restart, as JSON; not read here.
    pub detail: String,
    /// When its first write was about to begin, to the millisecond.
    pub started_at: SystemTime,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// Not done, or not known to be done: live state is read before it is done again.
    Planned,
    /// Done: it is skipped when the deployment is resumed.
    Done,
    /// Refused by the cluster, or failed; later steps were not begun.
    Failed,
}

impl StepState {
    fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// One write of a deployment, planned before it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeployStep {
    /// Order within the deployment, from 0.
    pub seq: u32,
    /// The application's id as text.
    pub app: String,
    /// Word of what is done: `apply`, `delete`.
    pub action: String,
    /// The object as text.
    pub object: String,
    /// JSON of the deployer: what must be known to do it again or to see that it was done.
    pub detail: String,
    /// How far it is.
    pub state: StepState,
    /// What happened, for people.
    pub note: Option<String>,
}

type DeploymentRow = (String, i64, i64, String, String, String, String, i64);

fn record(row: DeploymentRow) -> Result<DeploymentRecord, StoreError> {
    let (id, owner, pull, revision, environment, state, detail, started_at) = row;
    Ok(DeploymentRecord {
        id: RunId(id),
        repository: repository(owner),
        pull: PrNumber(number(pull)),
        revision: sha(&revision)?,
        environment,
        state,
        detail,
        started_at: time(started_at),
    })
}

impl Store {
    /// Writes a deployment with its steps, or its new state and detail when it is known already (by
    /// repository, pull request, revision and environment); steps of a known one stay as they are.
    /// Returns the record that holds: its id may be an older one.
    pub async fn record_deployment(
        &self,
        deployment: &DeploymentRecord,
        steps: &[DeployStep],
        now: SystemTime,
    ) -> Result<DeploymentRecord, StoreError> {
        let action = "store a deployment";
        let failed = query(action);
        let mut transaction = self.begin(action).await?;
        let row: DeploymentRow = sqlx::query_as(
            "INSERT INTO deployment (id, repository, pull, revision, environment, state, detail, started_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (repository, pull, revision, environment) DO UPDATE
               SET state = excluded.state, detail = excluded.detail, changed_at = excluded.changed_at
             RETURNING id, repository, pull, revision, environment, state, detail, started_at",
        )
        .bind(&deployment.id.0)
        .bind(column(deployment.repository.0))
        .bind(column(deployment.pull.0))
        .bind(deployment.revision.as_str())
        .bind(&deployment.environment)
        .bind(&deployment.state)
        .bind(&deployment.detail)
        .bind(millis(deployment.started_at))
        .bind(millis(now))
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed)?;
        let holds = record(row)?;
        for step in steps {
            sqlx::query(
                "INSERT INTO deploy_step (deployment, seq, app, action, object, detail, state, note, changed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (deployment, seq) DO NOTHING",
            )
            .bind(&holds.id.0)
            .bind(i64::from(step.seq))
            .bind(&step.app)
            .bind(&step.action)
            .bind(&step.object)
            .bind(&step.detail)
            .bind(step.state.word())
            .bind(&step.note)
            .bind(millis(now))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(holds)
    }

    /// The deployments of a pull request, oldest first.
    pub async fn deployments(
        &self,
        owner: RepositoryId,
        pr: PrNumber,
    ) -> Result<Vec<DeploymentRecord>, StoreError> {
        let rows: Vec<DeploymentRow> = sqlx::query_as(
            "SELECT id, repository, pull, revision, environment, state, detail, started_at FROM deployment
             WHERE repository = $1 AND pull = $2 ORDER BY started_at, environment",
        )
        .bind(column(owner.0))
        .bind(column(pr.0))
        .fetch_all(&self.read)
        .await
        .map_err(query("list deployments"))?;
        rows.into_iter().map(record).collect()
    }

    /// The steps of a deployment, in order.
    pub async fn deploy_steps(&self, id: &RunId) -> Result<Vec<DeployStep>, StoreError> {
        type Row = (i64, String, String, String, String, String, Option<String>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT seq, app, action, object, detail, state, note FROM deploy_step WHERE deployment = $1 ORDER BY seq",
        )
        .bind(&id.0)
        .fetch_all(&self.read)
        .await
        .map_err(query("list the steps of a deployment"))?;
        rows.into_iter()
            .map(|(seq, app, action, object, detail, state, note)| {
                Ok(DeployStep {
                    seq: u32::try_from(seq).map_err(|_| corrupt("a step number", &seq))?,
                    app,
                    action,
                    object,
                    detail,
                    state: match state.as_str() {
                        "planned" => StepState::Planned,
                        "done" => StepState::Done,
                        "failed" => StepState::Failed,
                        other => return Err(corrupt("the state of a step", other)),
                    },
                    note,
                })
            })
            .collect()
    }

    /// Records how a step went, right after it was made.
    pub async fn mark_step(
        &self,
        deployment: &RunId,
        seq: u32,
        state: StepState,
        note: Option<&str>,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE deploy_step SET state = $1, note = $2, changed_at = $3 WHERE deployment = $4 AND seq = $5")
            .bind(state.word())
            .bind(note)
            .bind(millis(now))
            .bind(&deployment.0)
            .bind(i64::from(seq))
            .execute(&self.write)
            .await
            .map(drop)
            .map_err(query("record a step"))
    }
}
