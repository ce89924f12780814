//! Conversions between typed ids and columns.

use std::str::FromStr;

use super::error::{StoreError, corrupt};
use crate::event::Event;
use crate::ids::{CommitSha, Digest, PrNumber, RepositoryId};

/// Ids of GitHub fit into 63 bits; a larger one could not have come from it.
pub(super) fn column(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

pub(super) fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

pub(super) fn repository(column: i64) -> RepositoryId {
    RepositoryId(number(column))
}

pub(super) fn sha(text: &str) -> Result<CommitSha, StoreError> {
    CommitSha::from_str(text).map_err(|_| corrupt("a commit id", text))
}

pub(super) fn digest(text: &str) -> Result<Digest, StoreError> {
    Digest::from_str(text).map_err(|_| corrupt("a digest", text))
}

/// The columns of an event: kind, repository, subject. `None`: the event asks for no work.
///
/// Both events of a pull request are one kind: the job looks at the pull request as it is then, and
/// one lane per pull request keeps a review and a deployment apart.
pub(super) fn of_event(event: &Event) -> Option<(&'static str, i64, String)> {
    Some(match event {
        Event::PullRequestChanged { repository, pr }
        | Event::PullRequestClosed { repository, pr } => {
            ("pull", column(repository.0), pr.0.to_string())
        }
        Event::CheckRequested { repository, head } => {
            ("check", column(repository.0), head.to_string())
        }
        Event::BranchMoved { repository, branch } => {
            ("branch", column(repository.0), branch.clone())
        }
        Event::InstallationChanged { installation } => {
            ("installation", 0, installation.to_string())
        }
        Event::RepositoryChanged { repository } => {
            ("repository", column(repository.0), String::new())
        }
        Event::Nothing => return None,
    })
}

pub(super) fn event(kind: &str, owner: i64, subject: &str) -> Result<Event, StoreError> {
    let repository = repository(owner);
    let number = || {
        subject
            .parse::<u64>()
            .map_err(|_| corrupt("a number", subject))
    };
    Ok(match kind {
        "pull" => Event::PullRequestChanged {
            repository,
            pr: PrNumber(number()?),
        },
        "check" => Event::CheckRequested {
            repository,
            head: sha(subject)?,
        },
        "branch" => Event::BranchMoved {
            repository,
            branch: subject.to_owned(),
        },
        "installation" => Event::InstallationChanged {
            installation: number()?,
        },
        "repository" => Event::RepositoryChanged { repository },
        other => return Err(corrupt("a kind of job", other)),
    })
}

/// The key of a lane: at most one job of a key runs, and at most one waits.
pub(super) fn job_key(kind: &str, repository: i64, subject: &str) -> String {
    format!("{kind}/{repository}/{subject}")
}
