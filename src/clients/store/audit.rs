//! The audit: append-only entries, each sealed by a hash over the one before.

use std::time::SystemTime;

use super::error::query;
use super::rows::digest;
use super::{Store, StoreError, millis, next_number, time};
use crate::ids::Digest;

/// What is added to the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudit<'a> {
    /// Who: a login, or `drydock`.
    pub actor: &'a str,
    /// What: a fixed word such as `run.finished`.
    pub action: &'a str,
    /// About what: repository and pull request, deployment, cluster.
    pub subject: &'a str,
    /// JSON with the details; never a value of a Secret, never a token.
    pub detail: &'a str,
}

/// An entry of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number, from 1 without gaps.
    pub seq: i64,
    /// When it was written, by the clock of the process, to the millisecond.
    pub at: SystemTime,
    /// Who acted: a login, or the name of the part of Drydock.
    pub actor: String,
    /// What was done, as one word.
    pub action: String,
    /// What it was done to, such as a repository with a pull request.
    pub subject: String,
    /// Details as JSON.
    pub detail: String,
    /// Hash of the entry before; all zero for the first.
    pub previous: Digest,
    /// Hash over this entry and `previous`.
    pub hash: Digest,
}

fn hash(seq: i64, at: i64, entry: &NewAudit<'_>, previous: &str) -> Digest {
    Digest::of_parts([
        seq.to_string().as_bytes(),
        at.to_string().as_bytes(),
        entry.actor.as_bytes(),
        entry.action.as_bytes(),
        entry.subject.as_bytes(),
        entry.detail.as_bytes(),
        previous.as_bytes(),
    ])
}

/// The first entry whose number, link or hash is not what its content and predecessor make it.
pub fn verify_chain(entries: &[AuditEntry]) -> Result<(), i64> {
    let mut previous = "0".repeat(64);
    for (expected, entry) in (1_i64..).zip(entries) {
        let content = NewAudit {
            actor: &entry.actor,
            action: &entry.action,
            subject: &entry.subject,
            detail: &entry.detail,
        };
        let right = hash(entry.seq, millis(entry.at), &content, &previous);
        if entry.seq != expected || entry.previous.to_string() != previous || entry.hash != right {
            return Err(entry.seq);
        }
        previous = entry.hash.to_string();
    }
    Ok(())
}

impl Store {
    /// Adds an entry; its hash covers the one before.
    pub async fn append_audit(
        &self,
        entry: &NewAudit<'_>,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let action = "add to the audit";
        let failed = query(action);
        let now = millis(now);
        let mut transaction = self.begin(action).await?;
        let seq = next_number(&mut transaction, "audit")
            .await
            .map_err(failed)?;
        let previous: Option<String> =
            sqlx::query_scalar("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1")
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed)?;
        let previous = previous.unwrap_or_else(|| "0".repeat(64));
        sqlx::query("INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(seq)
            .bind(now)
            .bind(entry.actor)
            .bind(entry.action)
            .bind(entry.subject)
            .bind(entry.detail)
            .bind(&previous)
            .bind(hash(seq, now, entry, &previous).to_string())
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)
    }

    /// All entries, oldest first.
    pub async fn audit_entries(&self) -> Result<Vec<AuditEntry>, StoreError> {
        type Row = (i64, i64, String, String, String, String, String, String);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT seq, at, actor, action, subject, detail, previous, hash FROM audit ORDER BY seq",
        )
        .fetch_all(&self.read)
        .await
        .map_err(query("read the audit"))?;
        rows.into_iter()
            .map(
                |(seq, at, actor, action, subject, detail, previous, hash)| {
                    Ok(AuditEntry {
                        seq,
                        at: time(at),
                        actor,
                        action,
                        subject,
                        detail,
                        previous: digest(&previous)?,
                        hash: digest(&hash)?,
                    })
                },
            )
            .collect()
    }
}
