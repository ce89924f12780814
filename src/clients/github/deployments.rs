//! Deployments and their statuses.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::request::Authority;
use super::{GitHub, GitHubError, RepositoryRef, Scope};
use crate::ids::CommitSha;

/// Characters of a status' description.
const DESCRIPTION_LIMIT: usize = 140;

/// The task under which Drydock's deployments are listed.
const TASK: &str = "deploy";

/// What is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDeployment {
    /// The merged commit.
    pub sha: String,
    /// The environment, by its cluster's name.
    pub environment: String,
    /// One line for people; GitHub shows up to 140 characters.
    pub description: String,
    /// Our id of the deployment, kept in the payload, by which it is found again.
    pub job: String,
    /// True for an environment that people use.
    pub production: bool,
}

/// A deployment as GitHub answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Deployment {
    /// GitHub's id.
    pub id: u64,
    /// Whatever its maker stored.
    #[serde(default)]
    payload: Value,
}

impl Deployment {
    /// Our id of the deployment, where it is ours. Old servers answer the payload as text.
    pub fn job(&self) -> Option<String> {
        let read = |value: &Value| Some(value.get("job")?.as_str()?.to_owned());
        match &self.payload {
            Value::String(text) => read(&serde_json::from_str(text).ok()?),
            other => read(other),
        }
    }
}

/// Where a deployment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    /// It waits for its turn or for an approval.
    Queued,
    /// Objects are being written or watched.
    InProgress,
    /// Done and healthy.
    Success,
    /// Done and not healthy, or refused by the cluster.
    Failure,
    /// Could not be done.
    Error,
    /// A later deployment to the same environment replaced it.
    Inactive,
}

/// A new status of a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewDeploymentStatus {
    /// Where it stands.
    pub state: DeploymentState,
    /// One line; cut at GitHub's 140 characters, so keep it shorter.
    pub description: String,
    /// Where the full report is.
    pub log_url: Option<String>,
}

/// A status as GitHub answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DeploymentStatus {
    /// GitHub's id.
    pub id: u64,
    /// The state's word, such as `in_progress`.
    pub state: String,
    /// The line it was made with; empty where GitHub leaves it out.
    #[serde(default)]
    pub description: String,
}

impl GitHub {
    /// Makes a deployment of exactly this commit: GitHub merges nothing and asks for no contexts.
    /// Not idempotent: look for the job first when one may exist.
    pub async fn create_deployment(
        &self,
        repository: &RepositoryRef,
        deployment: &NewDeployment,
    ) -> Result<Deployment, GitHubError> {
        let body = json!({
            "ref": deployment.sha,
            "task": TASK,
            "auto_merge": false,
            "required_contexts": [],
            "environment": deployment.environment,
            "description": cut(&deployment.description),
            "payload": {"job": deployment.job},
            "production_environment": deployment.production,
        });
        let authority = Authority::Repository(repository, Scope::Deploy);
        self.post(authority, repository.path("/deployments"), &body)
            .await?
            .read()
    }

    /// Deployments of a commit to an environment, newest first.
    pub async fn fetch_deployments(
        &self,
        repository: &RepositoryRef,
        sha: &CommitSha,
        environment: &str,
    ) -> Result<Vec<Deployment>, GitHubError> {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("sha", sha.as_str())
            .append_pair("environment", environment)
            .append_pair("task", TASK)
            .finish();
        let authority = Authority::Repository(repository, Scope::Deploy);
        let path = repository.path(&format!("/deployments?{query}"));
        self.fetch_all(authority, &path, None).await
    }

    /// Adds a status. Not idempotent: compare with the newest one first.
    pub async fn create_deployment_status(
        &self,
        repository: &RepositoryRef,
        deployment: u64,
        status: &NewDeploymentStatus,
    ) -> Result<DeploymentStatus, GitHubError> {
        let mut body = json!({"state": status.state, "description": cut(&status.description)});
        if let (Some(url), Some(fields)) = (&status.log_url, body.as_object_mut()) {
            fields.insert("log_url".to_owned(), json!(url));
        }
        let authority = Authority::Repository(repository, Scope::Deploy);
        let path = repository.path(&format!("/deployments/{deployment}/statuses"));
        self.post(authority, path, &body).await?.read()
    }

    /// The statuses of a deployment, newest first.
    pub async fn fetch_deployment_statuses(
        &self,
        repository: &RepositoryRef,
        deployment: u64,
    ) -> Result<Vec<DeploymentStatus>, GitHubError> {
        let authority = Authority::Repository(repository, Scope::Deploy);
        let path = repository.path(&format!("/deployments/{deployment}/statuses"));
        self.fetch_all(authority, &path, None).await
    }
}

fn cut(text: &str) -> String {
    text.chars().take(DESCRIPTION_LIMIT).collect()
}
