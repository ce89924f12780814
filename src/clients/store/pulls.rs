//! Repositories and pull requests as they were last read.

use std::time::SystemTime;

use sqlx::SqliteConnection;

use super::error::{corrupt, query};
use super::rows::{column, number, repository, sha};
use super::{Store, StoreError, millis};
use crate::event::Origin;
use crate::ids::{CommitSha, PrNumber, RepoName, RepositoryId};

/// A repository that Drydock was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRecord {
    /// GitHub's id, which stays when the repository is renamed.
    pub id: RepositoryId,
    /// Its name when it was last seen.
    pub name: RepoName,
    /// The installation through which it is reached.
    pub installation: u64,
    /// False after access was taken away.
    pub granted: bool,
}

/// Where a pull request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullState {
    /// Open, draft or not.
    Open,
    /// Closed without a merge.
    Closed,
    /// Closed by a merge into its base branch.
    Merged,
}

impl PullState {
    fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }
}

/// A pull request as it was last read from GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRecord {
    /// The repository it goes into.
    pub repository: RepositoryId,
    /// Its number.
    pub number: PrNumber,
    /// Where it stands.
    pub state: PullState,
    /// The commit it proposes.
    pub head: CommitSha,
    /// The branch it goes to, without `refs/heads/`.
    pub base_ref: String,
    /// Login of who opened it.
    pub author: String,
    /// True when the head lies in another repository.
    pub from_fork: bool,
    /// The commit that the merge left on the base branch.
    pub merged_as: Option<CommitSha>,
}

pub(super) async fn upsert_repository(
    connection: &mut SqliteConnection,
    origin: &Origin,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO repository (id, owner, name, installation, access, seen_at) VALUES ($1, $2, $3, $4, 'granted', $5)
         ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, name = excluded.name,
           installation = excluded.installation, access = 'granted', seen_at = excluded.seen_at",
    )
    .bind(column(origin.repository.0))
    .bind(origin.name.owner())
    .bind(origin.name.name())
    .bind(column(origin.installation))
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}

type RepositoryRow = (i64, String, String, i64, String);

fn repository_record(row: RepositoryRow) -> Result<RepositoryRecord, StoreError> {
    let (id, owner, name, installation, access) = row;
    let full = format!("{owner}/{name}");
    Ok(RepositoryRecord {
        id: repository(id),
        name: full
            .parse()
            .map_err(|_| corrupt("a repository name", &full))?,
        installation: number(installation),
        granted: access == "granted",
    })
}

type PullRow = (
    i64,
    i64,
    String,
    String,
    String,
    String,
    bool,
    Option<String>,
);

fn pull_record(row: PullRow) -> Result<PullRecord, StoreError> {
    let (owner, pr, state, head, base_ref, author, from_fork, merged_as) = row;
    Ok(PullRecord {
        repository: repository(owner),
        number: PrNumber(number(pr)),
        state: match state.as_str() {
            "open" => PullState::Open,
            "closed" => PullState::Closed,
            "merged" => PullState::Merged,
            other => return Err(corrupt("the state of a pull request", other)),
        },
        head: sha(&head)?,
        base_ref,
        author,
        from_fork,
        merged_as: merged_as.as_deref().map(sha).transpose()?,
    })
}

impl Store {
    /// Remembers a repository and that access to it is granted.
    pub async fn record_repository(
        &self,
        origin: &Origin,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut connection = self
            .write
            .acquire()
            .await
            .map_err(query("take a connection"))?;
        upsert_repository(&mut connection, origin, millis(now))
            .await
            .map_err(query("remember a repository"))
    }

    /// Remembers that access to a repository is gone.
    pub async fn record_lost_access(&self, id: RepositoryId) -> Result<(), StoreError> {
        sqlx::query("UPDATE repository SET access = 'lost' WHERE id = $1")
            .bind(column(id.0))
            .execute(&self.write)
            .await
            .map(drop)
            .map_err(query("forget access to a repository"))
    }

    /// The repository, where it was ever seen.
    pub async fn find_repository(
        &self,
        id: RepositoryId,
    ) -> Result<Option<RepositoryRecord>, StoreError> {
        let row: Option<RepositoryRow> = sqlx::query_as(
            "SELECT id, owner, name, installation, access FROM repository WHERE id = $1",
        )
        .bind(column(id.0))
        .fetch_optional(&self.read)
        .await
        .map_err(query("read a repository"))?;
        row.map(repository_record).transpose()
    }

    /// Every repository seen, in id order.
    pub async fn repositories(&self) -> Result<Vec<RepositoryRecord>, StoreError> {
        let rows: Vec<RepositoryRow> = sqlx::query_as(
            "SELECT id, owner, name, installation, access FROM repository ORDER BY id",
        )
        .fetch_all(&self.read)
        .await
        .map_err(query("list repositories"))?;
        rows.into_iter().map(repository_record).collect()
    }

    /// Remembers a pull request as it was just read.
    pub async fn record_pull(&self, pull: &PullRecord, now: SystemTime) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO pull (repository, number, state, head, base_ref, author, from_fork, merged_as, seen_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (repository, number) DO UPDATE SET state = excluded.state, head = excluded.head,
               base_ref = excluded.base_ref, author = excluded.author, from_fork = excluded.from_fork,
               merged_as = excluded.merged_as, seen_at = excluded.seen_at",
        )
        .bind(column(pull.repository.0))
        .bind(column(pull.number.0))
        .bind(pull.state.word())
        .bind(pull.head.as_str())
        .bind(&pull.base_ref)
        .bind(&pull.author)
        .bind(pull.from_fork)
        .bind(pull.merged_as.as_ref().map(CommitSha::as_str))
        .bind(millis(now))
        .execute(&self.write)
        .await
        .map(drop)
        .map_err(query("remember a pull request"))
    }

    /// A pull request as it was last read.
    pub async fn find_pull(
        &self,
        owner: RepositoryId,
        pr: PrNumber,
    ) -> Result<Option<PullRecord>, StoreError> {
        let row: Option<PullRow> = sqlx::query_as(
            "SELECT repository, number, state, head, base_ref, author, from_fork, merged_as FROM pull
             WHERE repository = $1 AND number = $2",
        )
        .bind(column(owner.0))
        .bind(column(pr.0))
        .fetch_optional(&self.read)
        .await
        .map_err(query("read a pull request"))?;
        row.map(pull_record).transpose()
    }

    /// Merged pull requests without a deployment record in the state `settled` for the commit that
    /// the merge left, in number order: their deployment was never finished. Only those with this
    /// head, where one is given.
    pub async fn unsettled_merges(
        &self,
        owner: RepositoryId,
        settled: &str,
        head: Option<&CommitSha>,
    ) -> Result<Vec<PrNumber>, StoreError> {
        let numbers: Vec<i64> = sqlx::query_scalar(
            "SELECT p.number FROM pull p WHERE p.repository = $1 AND p.state = 'merged' AND p.merged_as IS NOT NULL
               AND ($3 IS NULL OR p.head = $3)
               AND NOT EXISTS (SELECT 1 FROM deployment d WHERE d.repository = p.repository AND d.pull = p.number
                 AND d.revision = p.merged_as AND d.state = $2)
             ORDER BY p.number",
        )
        .bind(column(owner.0))
        .bind(settled)
        .bind(head.map(CommitSha::as_str))
        .fetch_all(&self.read)
        .await
        .map_err(query("list unfinished merges"))?;
        Ok(numbers.into_iter().map(|pr| PrNumber(number(pr))).collect())
    }

    /// Open pull requests of a repository in number order; only those with this head, where one is
    /// given.
    pub async fn open_pulls(
        &self,
        owner: RepositoryId,
        head: Option<&CommitSha>,
    ) -> Result<Vec<PullRecord>, StoreError> {
        let rows: Vec<PullRow> = sqlx::query_as(
            "SELECT repository, number, state, head, base_ref, author, from_fork, merged_as FROM pull
             WHERE repository = $1 AND state = 'open' AND ($2 IS NULL OR head = $2) ORDER BY number",
        )
        .bind(column(owner.0))
        .bind(head.map(CommitSha::as_str))
        .fetch_all(&self.read)
        .await
        .map_err(query("list pull requests"))?;
        rows.into_iter().map(pull_record).collect()
    }
}
