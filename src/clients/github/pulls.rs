//! Pull requests, and how their commits relate to the base branch.

use serde::Deserialize;

use super::request::Authority;
use super::{GitHub, GitHubError, RepositoryRef, Scope};
use crate::ids::{CommitSha, PrNumber, RepositoryId};

/// A pull request as GitHub answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number.
    pub number: PrNumber,
    /// True unless it was closed or merged.
    pub open: bool,
    /// True when it was merged.
    pub merged: bool,
    /// True while its author has not asked for reviews.
    pub draft: bool,
    /// Login of who opened it; empty when the account is gone.
    pub author: String,
    /// What it proposes.
    pub head: PullSide,
    /// Where it goes. The commit is where the branch stood when GitHub last looked, not its tip now.
    pub base: PullSide,
    /// After the merge: the commit it left on the base branch. Before: a test merge, of no use.
    pub merge_commit: Option<CommitSha>,
    /// Names of its labels, sorted.
    pub labels: Vec<String>,
    /// Address of its page.
    pub html_url: String,
    /// Where Git fetches the base repository from.
    pub clone_url: String,
    /// The same for SSH, with the port of the installation; empty where GitHub does not say.
    pub ssh_url: String,
    /// The base repository's default branch; empty where GitHub does not say.
    pub default_branch: String,
}

/// One side of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullSide {
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The commit that the branch stood at.
    pub sha: CommitSha,
    /// The repository; `None` when a fork was deleted.
    pub repository: Option<RepositoryId>,
}

impl Pull {
    /// True when the head lies in another repository than the base.
    pub fn is_from_fork(&self) -> bool {
        self.head.repository != self.base.repository
    }
}

/// How two commits relate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The tip of the base branch at this moment.
    pub base_tip: CommitSha,
    /// The newest commit that both sides have.
    pub merge_base: CommitSha,
}

#[derive(Deserialize)]
struct WirePull {
    number: u64,
    state: String,
    #[serde(default)]
    draft: bool,
    merged_at: Option<String>,
    merge_commit_sha: Option<String>,
    user: Option<WireUser>,
    head: WireSide,
    base: WireSide,
    #[serde(default)]
    labels: Vec<WireLabel>,
    html_url: String,
}

#[derive(Deserialize)]
struct WireUser {
    login: String,
}

#[derive(Deserialize)]
struct WireLabel {
    name: String,
}

#[derive(Deserialize)]
struct WireSide {
    #[serde(rename = "ref")]
    branch: String,
    sha: String,
    repo: Option<WireRepository>,
}

#[derive(Deserialize)]
struct WireRepository {
    id: u64,
    clone_url: String,
    #[serde(default)]
    ssh_url: String,
    #[serde(default)]
    default_branch: String,
}

#[derive(Deserialize)]
struct WireComparison {
    base_commit: WireCommit,
    merge_base_commit: WireCommit,
}

#[derive(Deserialize)]
struct WireCommit {
    sha: String,
}

fn pull(call: &str, wire: WirePull) -> Result<Pull, GitHubError> {
    let sha = |text: &str| commit(call, text);
    let of_base = |field: fn(&WireRepository) -> &String| {
        let repository = wire.base.repo.as_ref();
        repository.map(field).cloned().unwrap_or_default()
    };
    let clone_url = of_base(|repository| &repository.clone_url);
    let ssh_url = of_base(|repository| &repository.ssh_url);
    let default_branch = of_base(|repository| &repository.default_branch);
    let side = |side: &WireSide| -> Result<PullSide, GitHubError> {
        Ok(PullSide {
            branch: side.branch.clone(),
            sha: sha(&side.sha)?,
            repository: side.repo.as_ref().map(|repo| RepositoryId(repo.id)),
        })
    };
    let mut labels: Vec<String> = wire.labels.into_iter().map(|label| label.name).collect();
    labels.sort();
    Ok(Pull {
        number: PrNumber(wire.number),
        open: wire.state == "open",
        merged: wire.merged_at.is_some(),
        draft: wire.draft,
        author: wire.user.map(|user| user.login).unwrap_or_default(),
        head: side(&wire.head)?,
        base: side(&wire.base)?,
        merge_commit: wire.merge_commit_sha.as_deref().map(sha).transpose()?,
        labels,
        html_url: wire.html_url,
        clone_url,
        ssh_url,
        default_branch,
    })
}

fn commit(call: &str, text: &str) -> Result<CommitSha, GitHubError> {
    text.parse().map_err(|error| GitHubError::Unreadable {
        call: call.to_owned(),
        reason: format!("{error}"),
    })
}

impl GitHub {
    /// One pull request as it is now.
    pub async fn fetch_pull(
        &self,
        repository: &RepositoryRef,
        number: PrNumber,
    ) -> Result<Pull, GitHubError> {
        let path = repository.path(&format!("/pulls/{}", number.0));
        let authority = Authority::Repository(repository, Scope::Review);
        let wire = self.fetch(authority, path.clone()).await?;
        pull(&path, wire)
    }

    /// Every open pull request, oldest first.
    pub async fn fetch_open_pulls(
        &self,
        repository: &RepositoryRef,
    ) -> Result<Vec<Pull>, GitHubError> {
        let path = repository.path("/pulls?state=open&sort=created&direction=asc");
        let authority = Authority::Repository(repository, Scope::Review);
        let all: Vec<WirePull> = self.fetch_all(authority, &path, None).await?;
        all.into_iter().map(|wire| pull(&path, wire)).collect()
    }

    /// Where the base branch stands now, and where `head` left it.
    pub async fn fetch_comparison(
        &self,
        repository: &RepositoryRef,
        base_branch: &str,
        head: &CommitSha,
    ) -> Result<Comparison, GitHubError> {
        let base = encode_path(base_branch);
        let path = repository.path(&format!("/compare/{base}...{head}"));
        let authority = Authority::Repository(repository, Scope::Review);
        let wire: WireComparison = self.fetch(authority, format!("{path}?per_page=1")).await?;
        Ok(Comparison {
            base_tip: commit(&path, &wire.base_commit.sha)?,
            merge_base: commit(&path, &wire.merge_base_commit.sha)?,
        })
    }
}

/// Escapes what a branch name may hold and a path may not; `/` stays.
fn encode_path(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_./~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}
