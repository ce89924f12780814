//! A finished judgement as rows: written before anything about it is sent.

use std::time::SystemTime;

use super::{Ctx, Failure, publish, review};
use crate::clients::github::{Comparison, Pull, RepositoryRef};
use crate::clients::store::{FindingRow, NewAudit, RunApp, RunRecord, RunVerdict};
use crate::finding::Judged;
use crate::ids::{Digest, RunId};
use crate::report::json;
use crate::report::model::{AppReport, Report};
use crate::verdict::Verdict;

/// A judgement and what it was made from.
pub(super) struct Evaluated {
    pub(super) id: RunId,
    pub(super) began: SystemTime,
    pub(super) key: Digest,
    pub(super) report: Report,
    /// `None` when the two sides have nothing in common.
    pub(super) comparison: Option<Comparison>,
}

/// Writes the run with its applications and findings, and the audit entry. A repeated failure of the
/// same kind writes nothing and gives the run that is there.
pub(super) async fn store(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pull: &Pull,
    evaluated: Evaluated,
    previous: Option<&RunRecord>,
) -> Result<RunRecord, Failure> {
    let mut run = compose(ctx, repository, pull, &evaluated)?;
    let repeated = previous.filter(|before| {
        before.result_digest == run.result_digest && before.evaluation_key != Digest::ZERO
    });
    if let Some(before) = repeated {
        if run.verdict == RunVerdict::Error && before.evaluation_key == run.evaluation_key {
            return Ok(before.clone());
        }
        // What is said already need not be said again because the base moved elsewhere.
        run.outputs.clone_from(&before.outputs);
    }
    let apps: Vec<RunApp> = evaluated.report.apps.iter().map(run_app).collect();
    let findings: Vec<FindingRow> = evaluated.report.findings.iter().map(finding_row).collect();
    ctx.store.record_run(&run, &apps, &findings).await?;
    let detail = serde_json::json!({
        "run": run.id.0,
        "evaluation_key": run.evaluation_key.to_string(),
        "head": run.head.as_str(),
        "base": run.base.as_str(),
        "verdict": evaluated.report.verdict.word(),
        "result": run.result_digest.to_string(),
        "judged_with": evaluated.report.judged_with,
    });
    let entry = NewAudit {
        actor: "drydock",
        action: "run.finished",
        subject: &format!("{}{}", repository.name, pull.number),
        detail: &detail.to_string(),
    };
    ctx.store.append_audit(&entry, ctx.now()).await?;
    Ok(run)
}

fn compose(
    ctx: &Ctx,
    repository: &RepositoryRef,
    pull: &Pull,
    evaluated: &Evaluated,
) -> Result<RunRecord, Failure> {
    let unreadable = |error: serde_json::Error| Failure::internal(error.to_string());
    let report = &evaluated.report;
    let occasion = review::occasion(ctx, pull, evaluated);
    let outputs = publish::outputs(report, &occasion, ctx.limits.comment_bytes);
    let text = json::compose(report);
    Ok(RunRecord {
        id: evaluated.id.clone(),
        repository: repository.id,
        pull: pull.number,
        evaluation_key: evaluated.key,
        head: pull.head.sha.clone(),
        base: occasion.base,
        base_ref: pull.base.branch.clone(),
        tree: report.head.as_ref().map(ToString::to_string),
        verdict: match &report.verdict {
            Verdict::Pass(_) => RunVerdict::Pass,
            Verdict::Fail => RunVerdict::Fail,
            Verdict::Error => RunVerdict::Error,
        },
        result_digest: digest_of_result(&text, report).map_err(unreadable)?,
        touched: u64::try_from(report.apps.len()).unwrap_or(u64::MAX),
        outputs: serde_json::to_string(&outputs).map_err(unreadable)?,
        report: text,
        started_at: evaluated.began,
        finished_at: ctx.now(),
        valid_until: None,
    })
}

/// What the report says, without the commits that it was made from: a base that moved elsewhere needs
/// no new message.
fn digest_of_result(json: &str, report: &Report) -> Result<Digest, serde_json::Error> {
    let mut value: serde_json::Value = serde_json::from_str(json)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("base");
        fields.remove("head");
    }
    let troubles = format!("{:?}", report.troubles);
    Ok(Digest::of_parts([
        value.to_string().as_bytes(),
        troubles.as_bytes(),
    ]))
}

fn run_app(app: &AppReport) -> RunApp {
    RunApp {
        app: app.id.to_string(),
        cluster: app.cluster.0.clone(),
        outcome: app.outcome.word().to_owned(),
        base: app.base.map(|(digest, _)| digest),
        head: app.head.map(|(digest, _)| digest),
        deletions: super::deploy::write_deletions(app.preview.as_ref()),
    }
}

fn finding_row(judged: &Judged) -> FindingRow {
    let finding = &judged.finding;
    FindingRow {
        fingerprint: finding.fingerprint(),
        gate: finding.gate.word().to_owned(),
        rule: finding.rule.clone(),
        severity: finding.severity.word().to_owned(),
        state: judged.state.word().to_owned(),
        blocks: judged.blocks,
        app: finding.app.as_ref().map(ToString::to_string),
        object: finding.object.as_ref().map(ToString::to_string),
        path: finding
            .source
            .as_ref()
            .map(|source| source.path.to_string()),
        line: finding.source.as_ref().map(|source| source.line),
        message: finding.message.clone(),
    }
}
