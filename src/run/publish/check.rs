//! The check of a commit: the worst result over all open pull requests that propose it.

use serde::{Deserialize, Serialize};

use super::{Outputs, intent};
use crate::clients::github::{
    Annotation, AnnotationLevel, CheckContent, CheckStatus, Conclusion, RepositoryRef,
};
use crate::clients::store::{EffectKind, PullRecord, RunRecord, RunVerdict};
use crate::ids::{CommitSha, Digest, PrNumber};
use crate::report::check_run::{self, Level};
use crate::report::comment;
use crate::report::model::{Occasion, Report};
use crate::report::standing::{Sharing, Standing, shared};
use crate::run::{Ctx, Failure};

/// The name of the check. Branch protection refers to it: it never changes.
pub(super) const CHECK_NAME: &str = "drydock";

/// The wanted state of a commit's check. GitHub never removes annotations, so a new result after a
/// completed one is a new check run: the next in the series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CheckIntent {
    pub(super) head: String,
    pub(super) series: u32,
    pub(super) content: CheckContent,
}

/// What an evaluation shows on GitHub.
pub fn outputs(report: &Report, occasion: &Occasion, comment_bytes: usize) -> Outputs {
    let check = check_run::compose(report, occasion);
    let page = comment::compose(report, occasion, &[], comment_bytes);
    Outputs {
        check: CheckContent {
            status: CheckStatus::Completed,
            conclusion: Some(match check.conclusion {
                check_run::Conclusion::Success => Conclusion::Success,
                check_run::Conclusion::Failure => Conclusion::Failure,
            }),
            title: check.title,
            summary: check.summary,
            text: check.text,
            annotations: check
                .annotations
                .into_iter()
                .flatten()
                .map(annotation)
                .collect(),
            details_url: occasion.page.clone(),
        },
        comment: page.text,
        comment_needed: comment::is_needed(report),
    }
}

fn annotation(from: check_run::Annotation) -> Annotation {
    Annotation {
        path: from.path,
        start_line: from.line,
        end_line: from.line,
        start_column: from.columns.map(|(first, _)| first),
        end_column: from.columns.map(|(_, last)| last),
        annotation_level: match from.level {
            Level::Failure => AnnotationLevel::Failure,
            Level::Warning => AnnotationLevel::Warning,
            Level::Notice => AnnotationLevel::Notice,
        },
        message: from.message,
        title: Some(from.title),
    }
}

fn content_of(standing: Standing) -> CheckContent {
    let (status, conclusion) = match standing {
        Standing::Queued => (CheckStatus::Queued, None),
        Standing::InProgress => (CheckStatus::InProgress, None),
        Standing::Replaced | Standing::Closed => {
            (CheckStatus::Completed, Some(Conclusion::Cancelled))
        }
    };
    CheckContent {
        status,
        conclusion,
        title: standing.title().to_owned(),
        summary: standing.summary().to_owned(),
        text: None,
        annotations: Vec::new(),
        details_url: None,
    }
}

/// Shows that a commit waits or is being judged. A completed check of the commit is followed by a new
/// check run, so that an old result never stands for a new question.
pub async fn show_standing(
    ctx: &Ctx,
    repository: &RepositoryRef,
    head: &CommitSha,
    standing: Standing,
) -> Result<(), Failure> {
    let _turn = ctx.turn(&target(repository, head)).await;
    let pending = find_intent(ctx, repository, head)
        .await?
        .is_some_and(|intent| intent.content.status == CheckStatus::InProgress);
    if pending && standing == Standing::Queued {
        return Ok(());
    }
    want(ctx, repository, head, content_of(standing)).await
}

/// Ends a check that no open pull request needs any more; one that is completed stays as it is.
pub async fn conclude_standing(
    ctx: &Ctx,
    repository: &RepositoryRef,
    head: &CommitSha,
    standing: Standing,
) -> Result<(), Failure> {
    let _turn = ctx.turn(&target(repository, head)).await;
    let still_proposed = !ctx
        .store
        .open_pulls(repository.id, Some(head))
        .await?
        .is_empty();
    let pending = find_intent(ctx, repository, head)
        .await?
        .is_some_and(|intent| intent.content.status != CheckStatus::Completed);
    if still_proposed || !pending {
        return Ok(());
    }
    want(ctx, repository, head, content_of(standing)).await
}

/// Shows the worst result over all open pull requests that propose this commit. A pass needs a result
/// of every one of them; a refusal of one is enough.
pub async fn publish_check(
    ctx: &Ctx,
    repository: &RepositoryRef,
    head: &CommitSha,
) -> Result<(), Failure> {
    // Reading results and writing what follows from them is one step: else an older view could be
    // written last.
    let _turn = ctx.turn(&target(repository, head)).await;
    let pulls = ctx.store.open_pulls(repository.id, Some(head)).await?;
    let mut results: Vec<(&PullRecord, Option<RunRecord>)> = Vec::new();
    for pull in &pulls {
        let of = Some((head, pull.base_ref.as_str()));
        let run = ctx.store.newest_run(repository.id, pull.number, of).await?;
        // A result that somebody asked to be made again is none until it is.
        let counts = |run: &RunRecord| run.evaluation_key != Digest::ZERO;
        results.push((pull, run.filter(counts)));
    }
    let finished = results
        .iter()
        .filter_map(|(pull, run)| Some((*pull, run.as_ref()?)));
    let worst = finished.max_by_key(|(pull, run)| (run.verdict, std::cmp::Reverse(pull.number)));
    let waits = results.iter().any(|(_, run)| run.is_none());
    let content = match worst {
        None if pulls.is_empty() => return Ok(()),
        None => content_of(Standing::InProgress),
        Some((_, run)) if waits && run.verdict == RunVerdict::Pass => {
            content_of(Standing::InProgress)
        }
        Some((pull, run)) => {
            let outputs: Outputs = serde_json::from_str(&run.outputs)
                .map_err(|error| Failure::internal(error.to_string()))?;
            beside(outputs.check, pull.number, &results)
        }
    };
    want(ctx, repository, head, content).await
}

/// Names the other pull requests of the commit, where there are any.
fn beside(
    mut content: CheckContent,
    shown: PrNumber,
    results: &[(&PullRecord, Option<RunRecord>)],
) -> CheckContent {
    let others: Vec<(PrNumber, Sharing)> = results
        .iter()
        .filter(|(pull, _)| pull.number != shown)
        .map(|(pull, run)| {
            let sharing = match run.as_ref().map(|run| run.verdict) {
                None => Sharing::Waits,
                Some(RunVerdict::Pass) => Sharing::Passes,
                Some(RunVerdict::Fail) => Sharing::Refused,
                Some(RunVerdict::Error) => Sharing::NotJudged,
            };
            (pull.number, sharing)
        })
        .collect();
    if !others.is_empty() {
        content.summary.insert_str(0, &shared(shown, &others));
    }
    content
}

async fn want(
    ctx: &Ctx,
    repository: &RepositoryRef,
    head: &CommitSha,
    content: CheckContent,
) -> Result<(), Failure> {
    let before = find_intent(ctx, repository, head).await?;
    let series = match &before {
        None => 1,
        Some(intent) if intent.content == content => intent.series,
        Some(intent) if intent.content.status == CheckStatus::Completed => intent.series + 1,
        Some(intent) => intent.series,
    };
    let intent = CheckIntent {
        head: head.to_string(),
        series,
        content,
    };
    let (kind, target) = (EffectKind::Check, target(repository, head));
    let reference = format!("{}-{}-{series}", repository.id, head);
    intent::want(ctx, repository, kind, target, reference, &intent).await
}

fn target(repository: &RepositoryRef, head: &CommitSha) -> String {
    format!("check/{}/{head}", repository.id)
}

async fn find_intent(
    ctx: &Ctx,
    repository: &RepositoryRef,
    head: &CommitSha,
) -> Result<Option<CheckIntent>, Failure> {
    let Some(effect) = ctx.store.find_effect(&target(repository, head)).await? else {
        return Ok(None);
    };
    intent::read_intent(&effect).map(Some)
}
