//! The queue: lanes, leases and fences.

use std::time::SystemTime;

use sqlx::SqliteConnection;

use super::error::query;
use super::rows::{event, job_key};
use super::{Guarded, Store, StoreError, millis};
use crate::event::Event;

/// A claimed job: the right to do its work until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its row in the table of jobs.
    pub id: i64,
    /// What to look at.
    pub event: Event,
    /// Grows with everything that is queued: a larger one of the same lane is newer.
    pub generation: i64,
    /// How often it was claimed since it was last asked for, this time included.
    pub attempts: u32,
    key: String,
    owner: String,
    fence: i64,
}

/// How a job's attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Its work is finished; the deliveries that asked for it are processed.
    Finished,
    /// It must be tried again, not before this time.
    Postponed {
        /// The earliest time of the next attempt.
        until: SystemTime,
        /// Why, for the operator.
        trouble: String,
    },
    /// It is not tried again by itself; a redelivery or a sweep may ask for it again.
    GaveUp {
        /// Why, for the operator.
        trouble: String,
    },
}

/// How much work is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Jobs that wait, including those that are not due yet.
    pub queued: u64,
    /// Jobs that run.
    pub running: u64,
    /// Effects whose wanted state was not sent yet.
    pub unsent: u64,
}

impl Backlog {
    /// True when nothing waits and nothing runs.
    pub fn is_idle(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) struct NewJob<'a> {
    pub(super) kind: &'a str,
    pub(super) repository: i64,
    pub(super) subject: &'a str,
    pub(super) generation: i64,
    pub(super) run_after: i64,
}

/// One waiting row per lane: the newest request replaces it, an older one changes nothing.
pub(super) async fn enqueue(
    connection: &mut SqliteConnection,
    job: &NewJob<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO job (id, kind, repository, subject, job_key, generation, state, run_after, attempts, fence)
         VALUES ($1, $2, $3, $4, $5, $1, 'queued', $6, 0, 0)
         ON CONFLICT (job_key) WHERE state = 'queued' DO UPDATE
         SET generation = excluded.generation, run_after = excluded.run_after, attempts = 0
         WHERE job.generation < excluded.generation",
    )
    .bind(job.generation)
    .bind(job.kind)
    .bind(job.repository)
    .bind(job.subject)
    .bind(job_key(job.kind, job.repository, job.subject))
    .bind(job.run_after)
    .execute(connection)
    .await
    .map(drop)
}

type Claimed = (i64, String, i64, String, String, i64, i64, i64);

impl Store {
    /// Takes the oldest due job whose lane is free, with a lease until `lease_until`. A repository
    /// with `per_repository` running jobs waits, so that it does not delay another. A running job
    /// whose lease ended is taken over.
    pub async fn claim(
        &self,
        owner: &str,
        now: SystemTime,
        lease_until: SystemTime,
        per_repository: u32,
    ) -> Result<Option<Job>, StoreError> {
        let claimed: Option<Claimed> = sqlx::query_as(
            "UPDATE job SET state = 'running', attempts = attempts + 1, fence = fence + 1, lease_until = $1, lease_owner = $2
             WHERE id = (SELECT j.id FROM job j
                 WHERE ((j.state = 'queued' AND j.run_after <= $3) OR (j.state = 'running' AND j.lease_until < $3))
                   AND NOT EXISTS (SELECT 1 FROM job r WHERE r.job_key = j.job_key AND r.state = 'running' AND r.id <> j.id)
                   AND (SELECT COUNT(*) FROM job r WHERE r.repository = j.repository AND r.state = 'running' AND r.id <> j.id) < $4
                 ORDER BY j.run_after, j.id LIMIT 1)
             RETURNING id, kind, repository, subject, job_key, generation, attempts, fence",
        )
        .bind(millis(lease_until))
        .bind(owner)
        .bind(millis(now))
        .bind(i64::from(per_repository))
        .fetch_optional(&self.write)
        .await
        .map_err(query("claim a job"))?;
        claimed
            .map(
                |(id, kind, repository, subject, key, generation, attempts, fence)| {
                    Ok(Job {
                        id,
                        event: event(&kind, repository, &subject)?,
                        generation,
                        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
                        key,
                        owner: owner.to_owned(),
                        fence,
                    })
                },
            )
            .transpose()
    }

    /// Extends the lease of a job that is still being worked on.
    pub async fn extend_lease(
        &self,
        job: &Job,
        lease_until: SystemTime,
    ) -> Result<Guarded, StoreError> {
        sqlx::query(
            "UPDATE job SET lease_until = $1 WHERE id = $2 AND state = 'running' AND lease_owner = $3 AND fence = $4",
        )
        .bind(millis(lease_until))
        .bind(job.id)
        .bind(&job.owner)
        .bind(job.fence)
        .execute(&self.write)
        .await
        .map(|done| Guarded::of(done.rows_affected()))
        .map_err(query("extend a lease"))
    }

    /// True when something newer waits in the job's lane.
    pub async fn has_newer(&self, job: &Job) -> Result<bool, StoreError> {
        sqlx::query_scalar::<_, i64>(
            "SELECT COUNT(*) FROM job WHERE job_key = $1 AND state = 'queued' AND generation > $2",
        )
        .bind(&job.key)
        .bind(job.generation)
        .fetch_one(&self.read)
        .await
        .map(|count| count > 0)
        .map_err(query("look for newer work"))
    }

    /// Records how a job ended, if its lease is still held.
    pub async fn settle(
        &self,
        job: &Job,
        attempt: &Attempt,
        now: SystemTime,
    ) -> Result<Guarded, StoreError> {
        let action = "settle a job";
        let failed = query(action);
        let now = millis(now);
        let mut transaction = self.begin(action).await?;
        let newer: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM job WHERE job_key = $1 AND state = 'queued'")
                .bind(&job.key)
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
        let (state, run_after, trouble) = match attempt {
            Attempt::Finished => ("done", now, None),
            // The waiting row of the lane does the work that is postponed here.
            Attempt::Postponed { trouble, .. } if newer > 0 => ("done", now, Some(trouble)),
            Attempt::Postponed { until, trouble } => ("queued", millis(*until), Some(trouble)),
            Attempt::GaveUp { trouble } => ("gave_up", now, Some(trouble)),
        };
        let settled = sqlx::query(
            "UPDATE job SET state = $1, run_after = $2, trouble = $3, settled_at = $4, lease_owner = NULL, lease_until = NULL
             WHERE id = $5 AND state = 'running' AND lease_owner = $6 AND fence = $7",
        )
        .bind(state)
        .bind(run_after)
        .bind(trouble)
        .bind(now)
        .bind(job.id)
        .bind(&job.owner)
        .bind(job.fence)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if settled.rows_affected() == 0 {
            return Ok(Guarded::LeaseLost);
        }
        let outcome = match attempt {
            Attempt::Finished => Some("processed"),
            Attempt::GaveUp { .. } => Some("gave_up"),
            Attempt::Postponed { .. } => None,
        };
        if let Some(outcome) = outcome {
            sqlx::query(
                "UPDATE delivery SET state = $1, settled_at = $2 WHERE job_key = $3 AND generation <= $4 AND state = 'received'",
            )
            .bind(outcome)
            .bind(now)
            .bind(&job.key)
            .bind(job.generation)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(Guarded::Done)
    }

    /// Frees everything that a process before this one had claimed: the lock on the database proves
    /// that it is dead. A lane with a waiting row keeps only that row.
    pub async fn release_orphans(&self, now: SystemTime) -> Result<u64, StoreError> {
        let action = "free the work of a dead process";
        let failed = query(action);
        let mut transaction = self.begin(action).await?;
        sqlx::query(
            "UPDATE job SET state = 'done', settled_at = $1, lease_owner = NULL, lease_until = NULL
             WHERE state = 'running' AND EXISTS (SELECT 1 FROM job w WHERE w.job_key = job.job_key AND w.state = 'queued')",
        )
        .bind(millis(now))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let freed = sqlx::query(
            "UPDATE job SET state = 'queued', run_after = $1, lease_owner = NULL, lease_until = NULL WHERE state = 'running'",
        )
        .bind(millis(now))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        sqlx::query("UPDATE effect SET lease_owner = NULL, lease_until = NULL, not_before = 0 WHERE lease_owner IS NOT NULL")
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(freed.rows_affected())
    }

    /// How much work waits and runs.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let (queued, running, unsent): (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM job WHERE state = 'queued'),
                    (SELECT COUNT(*) FROM job WHERE state = 'running'),
                    (SELECT COUNT(*) FROM effect WHERE sent_digest IS NULL OR sent_digest <> intent_digest)",
        )
        .fetch_one(&self.read)
        .await
        .map_err(query("count the work"))?;
        Ok(Backlog {
            queued: super::rows::number(queued),
            running: super::rows::number(running),
            unsent: super::rows::number(unsent),
        })
    }
}
