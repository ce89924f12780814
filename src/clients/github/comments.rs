//! Comments of pull requests.

use serde::Deserialize;
use serde_json::json;

use super::request::Authority;
use super::{GitHub, GitHubError, RepositoryRef, Scope};
use crate::ids::PrNumber;

/// Bytes of a comment: below every limit that was documented or measured.
pub const COMMENT_LIMIT: usize = 60_000;

/// A comment of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comment {
    /// GitHub's id, by which it is edited.
    pub id: u64,
    /// The text as Markdown, the mark included; empty where GitHub leaves it out.
    #[serde(default)]
    pub body: String,
    /// Who wrote it.
    user: Option<Author>,
    /// The App through which it was written.
    performed_via_github_app: Option<Via>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Author {
    login: String,
    #[serde(rename = "type", default)]
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Via {
    id: u64,
}

impl Comment {
    /// True when the App wrote it: by its id, or, where GitHub does not say, by its bot account.
    pub fn is_by(&self, app_id: u64, slug: &str) -> bool {
        match (&self.performed_via_github_app, &self.user) {
            (Some(via), _) => via.id == app_id,
            (None, Some(author)) => {
                author.kind == "Bot" && author.login.strip_suffix("[bot]") == Some(slug)
            }
            (None, None) => false,
        }
    }
}

impl GitHub {
    /// Writes a new comment. Not idempotent: look first when one may exist.
    pub async fn create_comment(
        &self,
        repository: &RepositoryRef,
        pr: PrNumber,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let path = repository.path(&format!("/issues/{}/comments", pr.0));
        let authority = Authority::Repository(repository, Scope::Review);
        self.post(authority, path, &json!({"body": body}))
            .await?
            .read()
    }

    /// Replaces a comment's text.
    pub async fn update_comment(
        &self,
        repository: &RepositoryRef,
        id: u64,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        let path = repository.path(&format!("/issues/comments/{id}"));
        let authority = Authority::Repository(repository, Scope::Review);
        self.patch(authority, path, &json!({"body": body}))
            .await?
            .read()
    }

    /// Every comment of a pull request, oldest first.
    pub async fn fetch_comments(
        &self,
        repository: &RepositoryRef,
        pr: PrNumber,
    ) -> Result<Vec<Comment>, GitHubError> {
        let path = repository.path(&format!("/issues/{}/comments", pr.0));
        let authority = Authority::Repository(repository, Scope::Review);
        self.fetch_all(authority, &path, None).await
    }
}
