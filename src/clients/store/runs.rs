//! Finished evaluations with their applications and findings.

use std::collections::BTreeSet;
use std::time::SystemTime;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::error::{corrupt, query};
use super::rows::{column, digest, number, repository, sha};
use super::{Store, StoreError, millis, time};
use crate::ids::{CommitSha, Digest, PrNumber, RepositoryId, RunId};

/// The answer of an evaluation; ordered, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunVerdict {
    /// The change may merge.
    Pass,
    /// It is refused.
    Fail,
    /// It could not be judged.
    Error,
}

impl RunVerdict {
    fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// One finished evaluation of a pull request. Written before anything about it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// The base repository.
    pub repository: RepositoryId,
    /// The pull request.
    pub pull: PrNumber,
    /// Everything that decided the result, as one digest.
    pub evaluation_key: Digest,
    /// The pull request's newest commit when judging began.
    pub head: CommitSha,
    /// The tip of the base branch that it was merged into.
    pub base: CommitSha,
    /// The base branch, without `refs/heads/`.
    pub base_ref: String,
    /// The judged tree; `None` when there was none (a merge conflict).
    pub tree: Option<String>,
    /// Whether the change may merge.
    pub verdict: RunVerdict,
    /// What people are told, as one digest: equal digests need no new message.
    pub result_digest: Digest,
    /// How many applications the change touches.
    pub touched: u64,
    /// Check run and comment as composed, JSON of `run::publish`.
    pub outputs: String,
    /// JSON of the report.
    pub report: String,
    /// When judging began, to the millisecond.
    pub started_at: SystemTime,
    /// When judging ended, to the millisecond.
    pub finished_at: SystemTime,
    /// When the verdict ends by itself (a waiver expires).
    pub valid_until: Option<SystemTime>,
}

/// One application of an evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunApp {
    /// The application's id as text.
    pub app: String,
    /// Where it goes; empty without a cluster.
    pub cluster: String,
    /// What came of it, as the word of `verdict::AppOutcome`.
    pub outcome: String,
    /// Digest of what is on the base branch.
    pub base: Option<Digest>,
    /// Digest of what was judged; `None` when the application is removed or could not be rendered.
    pub head: Option<Digest>,
    /// What the preview showed as deleted by this change, with uids: JSON of the deployer.
    pub deletions: String,
}

/// One finding of an evaluation, as searched for later; never a value of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingRow {
    /// The same for the same violation in every evaluation.
    pub fingerprint: Digest,
    /// Which gate found it, as the word of `finding::Gate`.
    pub gate: String,
    /// Id of the violated rule, such as `schema.type`.
    pub rule: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// `new`, `existing`, `fixed` or `waived`.
    pub state: String,
    /// Whether it refuses the change.
    pub blocks: bool,
    /// The application's id as text.
    pub app: Option<String>,
    /// The object as text.
    pub object: Option<String>,
    /// The file it is about, from the root of the repository, where known.
    pub path: Option<String>,
    /// The line in that file, from 1, where known.
    pub line: Option<u32>,
    /// What is wrong, as one sentence without a final period.
    pub message: String,
}

const RUN_COLUMNS: &str = "SELECT id, repository, pull, evaluation_key, head, base, base_ref, tree, verdict, result_digest,
    touched, outputs, report, started_at, finished_at, valid_until FROM run";

fn run_record(row: &SqliteRow) -> Result<RunRecord, StoreError> {
    let failed = query("read a run");
    let text = |name: &str| row.try_get::<String, _>(name).map_err(failed);
    let int = |name: &str| row.try_get::<i64, _>(name).map_err(failed);
    let verdict = text("verdict")?;
    Ok(RunRecord {
        id: RunId(text("id")?),
        repository: repository(int("repository")?),
        pull: PrNumber(number(int("pull")?)),
        evaluation_key: digest(&text("evaluation_key")?)?,
        head: sha(&text("head")?)?,
        base: sha(&text("base")?)?,
        base_ref: text("base_ref")?,
        tree: row.try_get("tree").map_err(failed)?,
        verdict: [RunVerdict::Pass, RunVerdict::Fail, RunVerdict::Error]
            .into_iter()
            .find(|known| known.word() == verdict)
            .ok_or_else(|| corrupt("a verdict", &verdict))?,
        result_digest: digest(&text("result_digest")?)?,
        touched: number(int("touched")?),
        outputs: text("outputs")?,
        report: text("report")?,
        started_at: time(int("started_at")?),
        finished_at: time(int("finished_at")?),
        valid_until: row
            .try_get::<Option<i64>, _>("valid_until")
            .map_err(failed)?
            .map(time),
    })
}

impl Store {
    /// Writes an evaluation with its applications and findings, all or nothing.
    pub async fn record_run(
        &self,
        run: &RunRecord,
        apps: &[RunApp],
        findings: &[FindingRow],
    ) -> Result<(), StoreError> {
        let action = "store a run";
        let failed = query(action);
        let mut transaction = self.begin(action).await?;
        sqlx::query(
            "INSERT INTO run (id, repository, pull, evaluation_key, head, base, base_ref, tree, verdict, result_digest,
               touched, outputs, report, started_at, finished_at, valid_until)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(&run.id.0)
        .bind(column(run.repository.0))
        .bind(column(run.pull.0))
        .bind(run.evaluation_key.to_string())
        .bind(run.head.as_str())
        .bind(run.base.as_str())
        .bind(&run.base_ref)
        .bind(&run.tree)
        .bind(run.verdict.word())
        .bind(run.result_digest.to_string())
        .bind(column(run.touched))
        .bind(&run.outputs)
        .bind(&run.report)
        .bind(millis(run.started_at))
        .bind(millis(run.finished_at))
        .bind(run.valid_until.map(millis))
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        for app in apps {
            sqlx::query("INSERT INTO run_app (run, app, cluster, outcome, base_digest, head_digest, deletions) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(&run.id.0)
                .bind(&app.app)
                .bind(&app.cluster)
                .bind(&app.outcome)
                .bind(app.base.map(|digest| digest.to_string()))
                .bind(app.head.map(|digest| digest.to_string()))
                .bind(&app.deletions)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        for (seq, finding) in (0_i64..).zip(findings) {
            insert_finding(&mut transaction, &run.id, seq, finding)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// The newest evaluation of a pull request; only of this head and base branch, where they are
    /// given.
    pub async fn newest_run(
        &self,
        owner: RepositoryId,
        pr: PrNumber,
        of: Option<(&CommitSha, &str)>,
    ) -> Result<Option<RunRecord>, StoreError> {
        let statement = format!(
            "{RUN_COLUMNS} WHERE repository = $1 AND pull = $2 AND ($3 IS NULL OR (head = $3 AND base_ref = $4))
             ORDER BY finished_at DESC, id DESC LIMIT 1"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(column(owner.0))
            .bind(column(pr.0))
            .bind(of.map(|(head, _)| head.as_str()))
            .bind(of.map(|(_, base_ref)| base_ref))
            .fetch_optional(&self.read)
            .await
            .map_err(query("read the newest run"))?;
        row.as_ref().map(run_record).transpose()
    }

    /// Makes every evaluation of a pull request count as made from something else: the next look
    /// judges again.
    pub async fn invalidate_runs(
        &self,
        owner: RepositoryId,
        pr: PrNumber,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE run SET evaluation_key = $1 WHERE repository = $2 AND pull = $3")
            .bind("0".repeat(64))
            .bind(column(owner.0))
            .bind(column(pr.0))
            .execute(&self.write)
            .await
            .map(drop)
            .map_err(query("invalidate runs"))
    }

    /// An evaluation by its id.
    pub async fn find_run(&self, id: &RunId) -> Result<Option<RunRecord>, StoreError> {
        let statement = format!("{RUN_COLUMNS} WHERE id = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(&id.0)
            .fetch_optional(&self.read)
            .await
            .map_err(query("read a run"))?;
        row.as_ref().map(run_record).transpose()
    }

    /// What other merged pull requests into this branch had approved, as application and head digest:
    /// those are theirs to deploy. At most the newest 20,000.
    pub async fn approved_elsewhere(
        &self,
        owner: RepositoryId,
        pr: PrNumber,
        base_ref: &str,
    ) -> Result<BTreeSet<(String, Option<Digest>)>, StoreError> {
        let rows: Vec<(String, Option<String>)> = sqlx::query_as(
            "SELECT run_app.app, run_app.head_digest FROM run_app
             JOIN run ON run.id = run_app.run
             JOIN pull ON pull.repository = run.repository AND pull.number = run.pull AND pull.head = run.head
             WHERE run.repository = $1 AND run.pull <> $2 AND run.base_ref = $3
               AND run.verdict = 'pass' AND pull.state = 'merged'
             ORDER BY run.finished_at DESC LIMIT 20000",
        )
        .bind(column(owner.0))
        .bind(column(pr.0))
        .bind(base_ref)
        .fetch_all(&self.read)
        .await
        .map_err(query("read what other merges had approved"))?;
        rows.into_iter()
            .map(|(app, head)| Ok((app, head.as_deref().map(digest).transpose()?)))
            .collect()
    }

    /// The applications of an evaluation, in id order.
    pub async fn run_apps(&self, id: &RunId) -> Result<Vec<RunApp>, StoreError> {
        type Row = (
            String,
            String,
            String,
            Option<String>,
            Option<String>,
            String,
        );
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT app, cluster, outcome, base_digest, head_digest, deletions FROM run_app WHERE run = $1 ORDER BY app",
        )
        .bind(&id.0)
        .fetch_all(&self.read)
        .await
        .map_err(query("read the applications of a run"))?;
        rows.into_iter()
            .map(|(app, cluster, outcome, base, head, deletions)| {
                Ok(RunApp {
                    app,
                    cluster,
                    outcome,
                    base: base.as_deref().map(digest).transpose()?,
                    head: head.as_deref().map(digest).transpose()?,
                    deletions,
                })
            })
            .collect()
    }
}

async fn insert_finding(
    connection: &mut sqlx::SqliteConnection,
    run: &RunId,
    seq: i64,
    finding: &FindingRow,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO finding (run, seq, fingerprint, gate, rule, severity, state, blocks, app, object, path, line, message)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(&run.0)
    .bind(seq)
    .bind(finding.fingerprint.to_string())
    .bind(&finding.gate)
    .bind(&finding.rule)
    .bind(&finding.severity)
    .bind(&finding.state)
    .bind(finding.blocks)
    .bind(&finding.app)
    .bind(&finding.object)
    .bind(&finding.path)
    .bind(finding.line.map(i64::from))
    .bind(&finding.message)
    .execute(connection)
    .await
    .map(drop)
}
