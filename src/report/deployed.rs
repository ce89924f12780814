//! The words for how a deployment stands and ended.

use super::model::{DeploymentRow, DeploymentState};
use super::visible;
use super::wording::count;
use crate::ids::{ObjectRef, PrNumber};
use crate::sync::outcome::{AppDeployment, Held, NotDeployed, Outcome, State};

/// Objects that a sentence names before it counts the rest.
const NAMED: usize = 5;

/// One line for GitHub's list of deployments.
pub fn description(pr: PrNumber) -> String {
    format!("Merge of {pr}")
}

/// One line while it runs.
pub fn in_progress() -> String {
    "Drydock applies the merged commit and watches it".to_owned()
}

/// One line at the end.
pub fn summary(rows: &[AppDeployment]) -> String {
    let number = |of: fn(&Outcome) -> bool| {
        rows.iter()
            .filter(|row| matches!(&row.state, State::Ended(outcome) if of(outcome)))
            .count()
    };
    let parts = [
        (
            number(|outcome| matches!(outcome, Outcome::Deployed)),
            "deployed",
        ),
        (
            number(|outcome| matches!(outcome, Outcome::Failed(_))),
            "failed",
        ),
        (
            number(|outcome| matches!(outcome, Outcome::TimedOut { .. })),
            "not healthy in time",
        ),
        (
            number(|outcome| matches!(outcome, Outcome::Held(_))),
            "held",
        ),
        (
            number(|outcome| matches!(outcome, Outcome::Superseded)),
            "left to a newer commit",
        ),
        (
            number(|outcome| matches!(outcome, Outcome::Stopped { .. })),
            "stopped because an earlier environment did not end well",
        ),
        (
            number(|outcome| matches!(outcome, Outcome::NotDeployed(_))),
            "not deployed by Drydock",
        ),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} {what}", count(*number, "application", "applications")))
        .collect();
    said.join(", ")
}

/// Rows of the comment's table.
pub fn rows(deployments: &[AppDeployment]) -> Vec<DeploymentRow> {
    deployments
        .iter()
        .map(|deployment| {
            let (state, note) = describe(&deployment.state);
            let notes: Vec<String> = note.into_iter().chain(left(&deployment.left)).collect();
            DeploymentRow {
                app: deployment.app.clone(),
                cluster: deployment.app.cluster.clone(),
                commit: deployment.commit.clone(),
                state,
                since: time(deployment.since),
                note: (!notes.is_empty()).then(|| notes.join("; ")),
            }
        })
        .collect()
}

/// What stays in the cluster although the commit no longer has it.
fn left(objects: &[ObjectRef]) -> Option<String> {
    let named: Vec<String> = objects
        .iter()
        .take(NAMED)
        .map(ToString::to_string)
        .collect();
    let more = match objects.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!named.is_empty()).then(|| {
        format!(
            "left in the cluster, to be deleted by hand: {}{more}",
            named.join(", ")
        )
    })
}

fn describe(state: &State) -> (DeploymentState, Option<String>) {
    match state {
        State::Queued => (DeploymentState::Waiting, None),
        State::InProgress(waiting) => (DeploymentState::InProgress, Some(waiting.clone())),
        State::Ended(outcome) => match outcome {
            Outcome::Deployed => (DeploymentState::Deployed, None),
            Outcome::Held(held) => (DeploymentState::Held, Some(reason_held(*held).to_owned())),
            Outcome::Failed(failure) => (DeploymentState::Failed, Some(failure.message.clone())),
            Outcome::TimedOut { waiting, seconds } => {
                let number = count(waiting.len(), "object", "objects");
                (
                    DeploymentState::Failed,
                    Some(format!("{number} not healthy after {seconds} s")),
                )
            }
            Outcome::Stopped { after } => (
                DeploymentState::Held,
                Some(format!(
                    "`{}` comes before it in `sync.order` and did not end well; nothing was written here",
                    visible::line(&after.0)
                )),
            ),
            Outcome::Superseded => (
                DeploymentState::Elsewhere,
                Some("a newer commit is deployed instead".to_owned()),
            ),
            Outcome::NotDeployed(reason) => (
                DeploymentState::Elsewhere,
                Some(reason_elsewhere(*reason).to_owned()),
            ),
        },
    }
}

fn reason_held(held: Held) -> &'static str {
    match held {
        Held::NeverApproved => "nothing was approved",
        Held::Refused => {
            "the merged commit differs from what was approved, and judged again it is refused: revert it, or mend it in a new pull request"
        }
        Held::Undecided => "the merged commit could not be judged",
        Held::NotPreviewed => {
            "it was never previewed, and its cluster demands that: open a pull request of the same change from a branch of this repository"
        }
        Held::EmptyRender => "the merged commit renders to no object at all",
        Held::UnknownValues => {
            "it holds values that are encrypted or not known here, so what would be applied is not what is meant"
        }
    }
}

fn reason_elsewhere(reason: NotDeployed) -> &'static str {
    match reason {
        NotDeployed::Mode => "`sync.on_merge` is not `trigger`",
        NotDeployed::SettingsForbid => {
            "the operator's settings do not allow applies to this cluster"
        }
        NotDeployed::ArgoCd => "Argo CD applies it; Drydock does not trigger or watch it yet",
        NotDeployed::Flux => "Flux applies it; Drydock does not trigger or watch it yet",
        NotDeployed::Kubectl => "it is applied by hand or by a pipeline",
        NotDeployed::NoCluster => "no cluster is configured for it",
    }
}

/// What failed and what is live now, where a deployment failed; `None` for every other end.
pub fn failure(outcome: &Outcome) -> Option<(Vec<String>, Vec<String>)> {
    match outcome {
        Outcome::Failed(failure) => {
            let what = failure.object.as_ref().map_or_else(
                || failure.message.clone(),
                |object| format!("{object}: {}", failure.message),
            );
            let applied = match failure.applied {
                0 => "nothing of this commit was applied".to_owned(),
                number => format!(
                    "{} of this commit were applied before and stay",
                    count(number, "object", "objects")
                ),
            };
            Some((vec![what], vec![applied]))
        }
        Outcome::TimedOut { waiting, seconds } => {
            let mut failures: Vec<String> = waiting
                .iter()
                .take(NAMED)
                .map(|(object, reason)| format!("{object}: {reason}"))
                .collect();
            if waiting.len() > NAMED {
                failures.push(format!("{} more", waiting.len() - NAMED));
            }
            Some((
                failures,
                vec![format!(
                    "every object of this commit is applied; not all became healthy within {seconds} s"
                )],
            ))
        }
        Outcome::Deployed
        | Outcome::Held(_)
        | Outcome::Superseded
        | Outcome::Stopped { .. }
        | Outcome::NotDeployed(_) => None,
    }
}

/// UTC to the second.
fn time(millis: i64) -> String {
    jiff::Timestamp::from_second(millis.div_euclid(1000))
        .map(|time| time.to_string())
        .unwrap_or_default()
}
