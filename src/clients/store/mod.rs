//! The store: what Drydock has accepted, decided and still has to write to the outside.
//!
//! Responsible for durable rows and for the rules that keep concurrent workers apart: leases with a
//! fence, one running and one queued job per key, one row per object outside. It decides nothing
//! about pull requests and never talks to anything but its database. SQLite in WAL mode; one process
//! at a time holds the database, proven by a file lock, so that everything a dead process held is
//! free as soon as the next one starts.

mod audit;
mod deliveries;
mod deployments;
mod effects;
mod error;
mod jobs;
mod pulls;
mod rows;
mod runs;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sqlx::Connection as _;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

pub use audit::{AuditEntry, NewAudit, verify_chain};
pub use deliveries::Accepted;
pub use deployments::{DeployStep, DeploymentRecord, StepState};
pub use effects::{Effect, EffectKind, Wanted};
pub use error::StoreError;
pub use jobs::{Attempt, Backlog, Job};
pub use pulls::{PullRecord, PullState, RepositoryRecord};
pub use runs::{FindingRow, RunApp, RunRecord, RunVerdict};

/// How long a statement waits for a lock before it fails: longer than any write of ours takes.
const BUSY: Duration = Duration::from_secs(10);

/// Readers beside the one writer; SQLite in WAL mode serves them while a write is going on.
const READERS: u32 = 4;

/// Whether a guarded write took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Guarded {
    /// It did.
    Done,
    /// The lease had passed to someone else; nothing was changed.
    LeaseLost,
}

impl Guarded {
    fn of(rows: u64) -> Self {
        if rows == 0 {
            Self::LeaseLost
        } else {
            Self::Done
        }
    }
}

/// The open database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    /// One connection: writes queue here instead of failing on each other.
    write: SqlitePool,
    read: SqlitePool,
    /// Held for as long as the store is open; the system frees it when the process dies.
    _lock: Arc<File>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database at `path`, creates it when it does not exist, and brings its tables up to
    /// date. A database that a newer Drydock has changed is refused.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A delivery is acknowledged after its row is written: the row must outlive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let open = |source| StoreError::Open {
            path: path.display().to_string(),
            source,
        };
        make_private(path).map_err(|source| open(sqlx::Error::Io(source)))?;
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            // After a commit that failed (a full disk) SQLite has rolled back by itself and the
            // connection still counts a transaction, so that it could never begin another one.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_with(options.clone())
            .await
            .map_err(open)?;
        sqlx::migrate!("src/clients/store/migrations")
            .run(&write)
            .await
            .map_err(|source| StoreError::Migrate { source })?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(open)?;
        Ok(Self {
            write,
            read,
            _lock: Arc::new(lock),
        })
    }

    /// Succeeds when the database answers and can be written. Only a write that reaches the disk proves
    /// that there is room, and SQLite leaves out one that changes nothing: a number of its own grows.
    pub async fn probe(&self) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO sequence (name, value) VALUES ('probe', 1)
             ON CONFLICT (name) DO UPDATE SET value = sequence.value + 1",
        )
        .execute(&self.write)
        .await
        .map(drop)
        .map_err(error::query("answer a probe"))
    }

    /// Ends all connections; later calls fail.
    pub async fn close(&self) {
        self.read.close().await;
        self.write.close().await;
    }

    /// A transaction that holds the write lock from its start, so that it cannot fail half-way
    /// because another connection wrote in between.
    async fn begin(
        &self,
        action: &'static str,
    ) -> Result<sqlx::Transaction<'static, sqlx::Sqlite>, StoreError> {
        self.write
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(error::query(action))
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let failed = |source: std::io::Error| StoreError::Lock {
        path: path.display().to_string(),
        source,
    };
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&name)
        .map_err(failed)?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
        .map_err(|errno| failed(errno.into()))?;
    Ok(file)
}

/// Reports of private repositories are nobody else's to read; SQLite gives its other files the same
/// mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map(drop)
}

/// The next number of a sequence; grows with every call within any transaction that commits.
async fn next_number(
    connection: &mut sqlx::SqliteConnection,
    name: &'static str,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("UPDATE sequence SET value = value + 1 WHERE name = $1 RETURNING value")
        .bind(name)
        .fetch_one(connection)
        .await
}

/// Milliseconds since 1970, the form of every time in the store.
fn millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}
