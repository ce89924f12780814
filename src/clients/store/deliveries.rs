//! Deliveries with the work they ask for, written together before they are acknowledged.

use std::time::{Duration, SystemTime};

use sqlx::SqliteConnection;

use super::error::query;
use super::rows::{column, job_key, of_event};
use super::{Store, StoreError, jobs, millis, next_number, pulls};
use crate::event::{Delivery, Event};

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is new, and its work is queued.
    Queued,
    /// It came before and its work is not finished: it is queued again.
    QueuedAgain,
    /// It came before and its work is finished: nothing changes.
    AlreadyProcessed,
    /// It asks for nothing.
    NothingToDo,
}

impl Store {
    /// Writes the delivery and the work that it asks for, in one transaction. Only after this
    /// returns may the sender be told that the delivery was taken.
    pub async fn accept(
        &self,
        delivery: &Delivery,
        now: SystemTime,
    ) -> Result<Accepted, StoreError> {
        let action = "store the delivery";
        let failed = query(action);
        let now_millis = millis(now);
        let mut transaction = self.begin(action).await?;
        let known: Option<String> =
            sqlx::query_scalar("SELECT state FROM delivery WHERE guid = $1")
                .bind(&delivery.guid)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
        if known.as_deref() == Some("processed") {
            return Ok(Accepted::AlreadyProcessed);
        }
        if let Some(origin) = &delivery.origin {
            pulls::upsert_repository(&mut transaction, origin, now_millis)
                .await
                .map_err(failed)?;
        }
        let generation = next_number(&mut transaction, "job").await.map_err(failed)?;
        let work = of_event(&delivery.event);
        if let Some((kind, repository, subject)) = &work {
            let row = jobs::NewJob {
                kind,
                repository: *repository,
                subject,
                generation,
                run_after: now_millis,
            };
            jobs::enqueue(&mut transaction, &row)
                .await
                .map_err(failed)?;
        }
        let key = work.map(|(kind, repository, subject)| job_key(kind, repository, &subject));
        record(
            &mut transaction,
            delivery,
            key.as_deref(),
            generation,
            now_millis,
        )
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(match (key, known) {
            (None, _) => Accepted::NothingToDo,
            (Some(_), None) => Accepted::Queued,
            (Some(_), Some(_)) => Accepted::QueuedAgain,
        })
    }

    /// Queues work that no delivery asks for: a sweep's find. Returns false when the event asks for
    /// nothing or the same work waits already.
    pub async fn enqueue(&self, event: &Event, run_after: SystemTime) -> Result<bool, StoreError> {
        let action = "queue work";
        let failed = query(action);
        let Some((kind, repository, subject)) = of_event(event) else {
            return Ok(false);
        };
        let mut transaction = self.begin(action).await?;
        let waits: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM job WHERE job_key = $1 AND state = 'queued'")
                .bind(job_key(kind, repository, &subject))
                .fetch_one(&mut *transaction)
                .await
                .map_err(failed)?;
        if waits > 0 {
            return Ok(false);
        }
        let generation = next_number(&mut transaction, "job").await.map_err(failed)?;
        let row = jobs::NewJob {
            kind,
            repository,
            subject: &subject,
            generation,
            run_after: millis(run_after),
        };
        jobs::enqueue(&mut transaction, &row)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    /// Queues again what was accepted and neither waits nor runs nor was finished: nothing that was
    /// acknowledged is forgotten. Returns how many deliveries were found.
    pub async fn requeue_forgotten(&self, now: SystemTime) -> Result<usize, StoreError> {
        let rows: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT DISTINCT j.kind, j.repository, j.subject FROM delivery d
             JOIN job j ON j.job_key = d.job_key
             WHERE d.state = 'received' AND NOT EXISTS
               (SELECT 1 FROM job w WHERE w.job_key = d.job_key AND w.state IN ('queued', 'running'))",
        )
        .fetch_all(&self.read)
        .await
        .map_err(query("find forgotten deliveries"))?;
        for (kind, repository, subject) in &rows {
            let event = super::rows::event(kind, *repository, subject)?;
            self.enqueue(&event, now).await?;
        }
        Ok(rows.len())
    }

    /// Removes settled deliveries and jobs older than `keep`; runs, effects, deployments and the
    /// audit stay.
    pub async fn forget_settled(&self, now: SystemTime, keep: Duration) -> Result<u64, StoreError> {
        let action = "remove old rows";
        let failed = query(action);
        let before =
            millis(now).saturating_sub(column(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX)));
        let mut transaction = self.begin(action).await?;
        let deliveries =
            sqlx::query("DELETE FROM delivery WHERE state <> 'received' AND settled_at < $1")
                .bind(before)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        let jobs = sqlx::query(
            "DELETE FROM job WHERE state IN ('done', 'gave_up') AND settled_at < $1
             AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.job_key = job.job_key AND d.state = 'received')",
        )
        .bind(before)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(deliveries.rows_affected() + jobs.rows_affected())
    }
}

/// Writes the delivery's row; one that asks for no work is settled at once.
async fn record(
    transaction: &mut SqliteConnection,
    delivery: &Delivery,
    key: Option<&str>,
    generation: i64,
    now: i64,
) -> Result<(), sqlx::Error> {
    let state = if key.is_some() {
        "received"
    } else {
        "processed"
    };
    sqlx::query(
        "INSERT INTO delivery (guid, event, body_digest, state, job_key, generation, times_seen, received_at, settled_at)
         VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)
         ON CONFLICT (guid) DO UPDATE
         SET state = excluded.state, job_key = excluded.job_key, generation = excluded.generation,
             times_seen = delivery.times_seen + 1, settled_at = excluded.settled_at",
    )
    .bind(&delivery.guid)
    .bind(&delivery.name)
    .bind(delivery.body.to_string())
    .bind(state)
    .bind(key)
    .bind(generation)
    .bind(now)
    .bind(key.is_none().then_some(now))
    .execute(transaction)
    .await?;
    Ok(())
}
