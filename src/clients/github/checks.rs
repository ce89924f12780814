//! Check runs.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::request::Authority;
use super::{GitHub, GitHubError, RepositoryRef, Scope};
use crate::ids::CommitSha;

/// Annotations that one request may carry; further ones are appended by later requests.
pub const ANNOTATION_BATCH: usize = 50;

/// Bytes of `summary` and of `text`. Documented as characters, measured as bytes.
pub const OUTPUT_LIMIT: usize = 65_535;

/// Where a check run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// Work is planned.
    Queued,
    /// Work is going on.
    InProgress,
    /// There is a conclusion.
    Completed,
}

/// What a check run concludes. `neutral` and `skipped` are left out on purpose: both satisfy a
/// required check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// It may merge.
    Success,
    /// It is refused, or could not be judged.
    Failure,
    /// A newer commit made it pointless.
    Cancelled,
    /// A person has to act.
    ActionRequired,
}

/// How grave an annotation is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnotationLevel {
    /// Worth knowing.
    Notice,
    /// Worth a look; refuses nothing.
    Warning,
    /// Refuses the change.
    Failure,
}

/// A sentence at a line of the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The file, from the root of the repository.
    pub path: String,
    /// First line, from 1.
    pub start_line: u32,
    /// Last line, from 1; the first again when it is one line.
    pub end_line: u32,
    /// First column, only when both lines are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_column: Option<u32>,
    /// Last column, only when both lines are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<u32>,
    /// How grave it is shown.
    pub annotation_level: AnnotationLevel,
    /// The sentence, up to 64 KB.
    pub message: String,
    /// A headline, up to 255 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// What a check run should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckContent {
    /// Where it stands.
    pub status: CheckStatus,
    /// What it concludes, when it is completed.
    pub conclusion: Option<Conclusion>,
    /// The line that lists of checks show.
    pub title: String,
    /// What stands under the title, as Markdown; at most [`OUTPUT_LIMIT`] bytes.
    pub summary: String,
    /// What stands below the summary, as Markdown, with the same limit.
    pub text: Option<String>,
    /// All of them; sent [`ANNOTATION_BATCH`] in a request.
    pub annotations: Vec<Annotation>,
    /// Where the full report is.
    pub details_url: Option<String>,
}

/// A check run as GitHub answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckRun {
    /// GitHub's id, by which it is updated.
    pub id: u64,
    /// The reference it was made with, by which it is found again.
    pub external_id: Option<String>,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    /// `success`, `failure` and others; `None` until it is completed.
    pub conclusion: Option<String>,
    /// What it shows.
    pub output: CheckOutput,
}

/// What a check run shows, as far as it is read back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CheckOutput {
    /// How many annotations GitHub has.
    #[serde(default)]
    pub annotations_count: usize,
}

impl CheckContent {
    /// The request's body with the annotations from `from` on, at most one batch.
    fn body(&self, from: usize) -> Value {
        let batch: Vec<&Annotation> = self
            .annotations
            .iter()
            .skip(from)
            .take(ANNOTATION_BATCH)
            .collect();
        let mut output = json!({"title": self.title, "summary": self.summary});
        let mut body = json!({"status": self.status});
        if let (Some(output), Some(body)) = (output.as_object_mut(), body.as_object_mut()) {
            if let Some(text) = &self.text {
                output.insert("text".to_owned(), json!(text));
            }
            if !batch.is_empty() {
                output.insert("annotations".to_owned(), json!(batch));
            }
            if let Some(conclusion) = self.conclusion {
                body.insert("conclusion".to_owned(), json!(conclusion));
            }
            if let Some(url) = &self.details_url {
                body.insert("details_url".to_owned(), json!(url));
            }
            body.insert("output".to_owned(), Value::Object(std::mem::take(output)));
        }
        body
    }
}

impl GitHub {
    /// Makes a check run. Not idempotent: look for `reference` first when one may exist.
    pub async fn create_check_run(
        &self,
        repository: &RepositoryRef,
        name: &str,
        head: &CommitSha,
        reference: &str,
        content: &CheckContent,
    ) -> Result<CheckRun, GitHubError> {
        let mut body = content.body(0);
        if let Some(fields) = body.as_object_mut() {
            fields.insert("name".to_owned(), json!(name));
            fields.insert("head_sha".to_owned(), json!(head.as_str()));
            fields.insert("external_id".to_owned(), json!(reference));
        }
        let authority = Authority::Repository(repository, Scope::Review);
        self.post(authority, repository.path("/check-runs"), &body)
            .await?
            .read()
    }

    /// Updates a check run and appends the annotations from `from` on, at most one batch. GitHub
    /// never removes annotations, so `from` must be what it already has.
    pub async fn update_check_run(
        &self,
        repository: &RepositoryRef,
        id: u64,
        content: &CheckContent,
        from: usize,
    ) -> Result<CheckRun, GitHubError> {
        let authority = Authority::Repository(repository, Scope::Review);
        let path = repository.path(&format!("/check-runs/{id}"));
        self.patch(authority, path, &content.body(from))
            .await?
            .read()
    }

    /// A check run by its id.
    pub async fn fetch_check_run(
        &self,
        repository: &RepositoryRef,
        id: u64,
    ) -> Result<CheckRun, GitHubError> {
        let authority = Authority::Repository(repository, Scope::Review);
        let path = repository.path(&format!("/check-runs/{id}"));
        self.fetch(authority, path).await
    }

    /// Our own check runs of this name on a commit, replaced ones included.
    pub async fn fetch_check_runs(
        &self,
        repository: &RepositoryRef,
        name: &str,
        head: &CommitSha,
    ) -> Result<Vec<CheckRun>, GitHubError> {
        let path = repository.path(&format!(
            "/commits/{head}/check-runs?app_id={}&check_name={name}&filter=all",
            self.app_id()
        ));
        let authority = Authority::Repository(repository, Scope::Review);
        self.fetch_all(authority, &path, Some("check_runs")).await
    }
}
