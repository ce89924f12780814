//! The outbox: one row per object outside, with its wanted state and its name there.

use std::time::SystemTime;

use super::error::{corrupt, query};
use super::rows::{column, repository};
use super::{Guarded, Store, StoreError, millis};
use crate::ids::{Digest, RepositoryId};

/// What kind of object outside an effect keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EffectKind {
    /// A check run on a commit.
    Check,
    /// The sticky comment of a pull request.
    Comment,
    /// A further comment, written once and never edited.
    Note,
    /// A deployment of one environment.
    Deployment,
}

impl EffectKind {
    fn word(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Comment => "comment",
            Self::Note => "note",
            Self::Deployment => "deployment",
        }
    }

    const ALL: [Self; 4] = [Self::Check, Self::Comment, Self::Note, Self::Deployment];
}

/// The wanted state of one object outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which object: stable text, unique over all kinds.
    pub target: String,
    /// What kind of object it is: who knows how to write it.
    pub kind: EffectKind,
    /// The repository it belongs to.
    pub repository: RepositoryId,
    /// What the object carries so that it can be found again. Another reference means another
    /// object: what the old one was called is forgotten.
    pub reference: String,
    /// What it should be, JSON of `run::publish`.
    pub intent: String,
}

/// A claimed effect: the right to write this object until the lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What it should be.
    pub wanted: Wanted,
    /// What it is called outside, once that is known.
    pub external_id: Option<String>,
    /// How often sending was tried since the object was last written. More than zero without an
    /// external id: an answer may have been lost, so it must be looked for before it is made.
    pub attempts: u32,
    /// True when nothing was ever confirmed for this object.
    pub unsent: bool,
    owner: String,
    fence: i64,
    digest: Digest,
}

type Row = (
    String,
    String,
    i64,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    i64,
    i64,
);

const RETURNED: &str = "target, kind, repository, reference, intent, intent_digest, sent_digest, external_id, attempts, fence";

fn effect(row: Row, owner: &str) -> Result<Effect, StoreError> {
    let (
        target,
        kind,
        owner_id,
        reference,
        intent,
        intent_digest,
        sent,
        external_id,
        attempts,
        fence,
    ) = row;
    Ok(Effect {
        wanted: Wanted {
            target,
            kind: EffectKind::ALL
                .into_iter()
                .find(|known| known.word() == kind)
                .ok_or_else(|| corrupt("a kind of effect", &kind))?,
            repository: repository(owner_id),
            reference,
            intent,
        },
        external_id,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        unsent: sent.is_none(),
        owner: owner.to_owned(),
        fence,
        digest: super::rows::digest(&intent_digest)?,
    })
}

impl Store {
    /// Writes what an object outside should be. Nothing is sent here. Returns true when that differs
    /// from what was wanted before.
    pub async fn want(&self, wanted: &Wanted, now: SystemTime) -> Result<bool, StoreError> {
        sqlx::query(
            "INSERT INTO effect (target, kind, repository, reference, intent, intent_digest, attempts, fence, not_before, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $7)
             ON CONFLICT (target) DO UPDATE SET
               external_id = CASE WHEN effect.reference = excluded.reference THEN effect.external_id END,
               sent_digest = CASE WHEN effect.reference = excluded.reference THEN effect.sent_digest END,
               attempts = CASE WHEN effect.reference = excluded.reference THEN effect.attempts ELSE 0 END,
               reference = excluded.reference, intent = excluded.intent, intent_digest = excluded.intent_digest,
               not_before = 0, changed_at = excluded.changed_at
             WHERE effect.reference <> excluded.reference OR effect.intent_digest <> excluded.intent_digest",
        )
        .bind(&wanted.target)
        .bind(wanted.kind.word())
        .bind(column(wanted.repository.0))
        .bind(&wanted.reference)
        .bind(&wanted.intent)
        .bind(Digest::of(wanted.intent.as_bytes()).to_string())
        .bind(millis(now))
        .execute(&self.write)
        .await
        .map(|done| done.rows_affected() > 0)
        .map_err(query("store an effect"))
    }

    /// What an object outside should be and how it is called, without claiming it.
    pub async fn find_effect(&self, target: &str) -> Result<Option<Effect>, StoreError> {
        let statement = format!("SELECT {RETURNED} FROM effect WHERE target = $1");
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(target)
            .fetch_optional(&self.read)
            .await
            .map_err(query("read an effect"))?;
        row.map(|row| effect(row, "")).transpose()
    }

    /// Takes the right to write one object whose wanted state was not sent yet. `None`: nothing to
    /// send, not due, or someone else is writing it (who looks again when done).
    pub async fn claim_effect(
        &self,
        target: &str,
        owner: &str,
        now: SystemTime,
        lease_until: SystemTime,
    ) -> Result<Option<Effect>, StoreError> {
        let statement = format!(
            "UPDATE effect SET lease_owner = $1, lease_until = $2, fence = fence + 1, attempts = attempts + 1
             WHERE target = $3 AND (sent_digest IS NULL OR sent_digest <> intent_digest)
               AND (lease_until IS NULL OR lease_until < $4) AND not_before <= $4
             RETURNING {RETURNED}"
        );
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(statement))
            .bind(owner)
            .bind(millis(lease_until))
            .bind(target)
            .bind(millis(now))
            .fetch_optional(&self.write)
            .await
            .map_err(query("claim an effect"))?;
        row.map(|row| effect(row, owner)).transpose()
    }

    /// Records how the object is called, as soon as that is known.
    pub async fn record_external_id(
        &self,
        effect: &Effect,
        external_id: &str,
    ) -> Result<Guarded, StoreError> {
        sqlx::query("UPDATE effect SET external_id = $1 WHERE target = $2 AND reference = $3 AND lease_owner = $4 AND fence = $5")
            .bind(external_id)
            .bind(&effect.wanted.target)
            .bind(&effect.wanted.reference)
            .bind(&effect.owner)
            .bind(effect.fence)
            .execute(&self.write)
            .await
            .map(|done| Guarded::of(done.rows_affected()))
            .map_err(query("record the id of an effect"))
    }

    /// Records that the object is what this claim wanted it to be, and gives the right back. When
    /// something newer is wanted by now, a next claim finds it.
    pub async fn record_sent(
        &self,
        effect: &Effect,
        now: SystemTime,
    ) -> Result<Guarded, StoreError> {
        sqlx::query(
            "UPDATE effect SET lease_owner = NULL, lease_until = NULL, trouble = NULL, sent_at = $1,
               attempts = CASE WHEN reference = $2 THEN 0 ELSE attempts END,
               sent_digest = CASE WHEN reference = $2 THEN $3 ELSE sent_digest END
             WHERE target = $4 AND lease_owner = $5 AND fence = $6",
        )
        .bind(millis(now))
        .bind(&effect.wanted.reference)
        .bind(effect.digest.to_string())
        .bind(&effect.wanted.target)
        .bind(&effect.owner)
        .bind(effect.fence)
        .execute(&self.write)
        .await
        .map(|done| Guarded::of(done.rows_affected()))
        .map_err(query("record a sent effect"))
    }

    /// Gives the right back without success; not tried again before `until`.
    pub async fn record_unsent(
        &self,
        effect: &Effect,
        until: SystemTime,
        trouble: &str,
    ) -> Result<Guarded, StoreError> {
        sqlx::query(
            "UPDATE effect SET lease_owner = NULL, lease_until = NULL, trouble = $1,
               not_before = CASE WHEN intent_digest = $2 THEN $3 ELSE 0 END
             WHERE target = $4 AND lease_owner = $5 AND fence = $6",
        )
        .bind(trouble)
        .bind(effect.digest.to_string())
        .bind(millis(until))
        .bind(&effect.wanted.target)
        .bind(&effect.owner)
        .bind(effect.fence)
        .execute(&self.write)
        .await
        .map(|done| Guarded::of(done.rows_affected()))
        .map_err(query("record an unsent effect"))
    }

    /// Forgets how the object was called: it is gone outside, and the next attempt looks for it or
    /// makes it again.
    pub async fn forget_external_id(&self, effect: &Effect) -> Result<Guarded, StoreError> {
        sqlx::query("UPDATE effect SET external_id = NULL WHERE target = $1 AND lease_owner = $2 AND fence = $3")
            .bind(&effect.wanted.target)
            .bind(&effect.owner)
            .bind(effect.fence)
            .execute(&self.write)
            .await
            .map(|done| Guarded::of(done.rows_affected()))
            .map_err(query("forget the id of an effect"))
    }

    /// Targets whose wanted state was not sent yet and that are due, oldest change first.
    pub async fn due_effects(&self, now: SystemTime) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(
            "SELECT target FROM effect WHERE (sent_digest IS NULL OR sent_digest <> intent_digest)
               AND (lease_until IS NULL OR lease_until < $1) AND not_before <= $1 ORDER BY changed_at, target",
        )
        .bind(millis(now))
        .fetch_all(&self.read)
        .await
        .map_err(query("list unsent effects"))
    }
}
