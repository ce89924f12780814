//! The App's JWT and installation tokens, narrowed to one repository and the permissions needed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use octocrab::jsonwebtoken::{Algorithm, Header, encode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::request::Authority;
use super::{GitHub, GitHubError, RepositoryRef};
use crate::ids::RepositoryId;

/// Tokens live an hour; a run must not meet the end of one.
const TOKEN_AGE: Duration = Duration::from_mins(50);

/// What a token may do; each names the fewest permissions that its work needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Read code and pull requests, write checks and comments.
    Review,
    /// The same, and write deployments.
    Deploy,
    /// List what an installation covers.
    List,
}

impl Scope {
    fn permissions(self) -> Value {
        match self {
            Self::Review => {
                json!({"checks": "write", "contents": "read", "metadata": "read", "pull_requests": "write"})
            }
            Self::Deploy => json!({
                "checks": "write", "contents": "read", "deployments": "write",
                "metadata": "read", "pull_requests": "write"
            }),
            Self::List => json!({"metadata": "read"}),
        }
    }
}

type Key = (u64, Option<RepositoryId>, Scope);

#[derive(Default)]
pub(super) struct Tokens {
    minted: Mutex<HashMap<Key, (SecretString, Instant)>>,
}

impl Tokens {
    fn find(&self, key: &Key) -> Option<SecretString> {
        let minted = self
            .minted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let (token, since) = minted.get(key)?;
        (since.elapsed() < TOKEN_AGE).then(|| token.clone())
    }

    fn keep(&self, key: Key, token: SecretString) {
        let mut minted = self
            .minted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        minted.retain(|_, (_, since)| since.elapsed() < TOKEN_AGE);
        minted.insert(key, (token, Instant::now()));
    }

    pub(super) fn forget(&self, key: &Key) {
        let mut minted = self
            .minted
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        minted.remove(key);
    }
}

#[derive(Serialize)]
struct Claims {
    iss: String,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Minted {
    token: String,
}

impl GitHub {
    /// A token for this repository alone; cached until shortly before it ends.
    pub async fn mint_token(
        &self,
        repository: &RepositoryRef,
        scope: Scope,
    ) -> Result<SecretString, GitHubError> {
        self.token(repository.installation, Some(repository.id), scope)
            .await
    }

    pub(super) async fn token(
        &self,
        installation: u64,
        repository: Option<RepositoryId>,
        scope: Scope,
    ) -> Result<SecretString, GitHubError> {
        let key = (installation, repository, scope);
        if let Some(token) = self.inner.tokens.find(&key) {
            return Ok(token);
        }
        let mut body = json!({"permissions": scope.permissions()});
        if let (Some(repository), Some(fields)) = (repository, body.as_object_mut()) {
            fields.insert("repository_ids".to_owned(), json!([repository.0]));
        }
        let path = format!("/app/installations/{installation}/access_tokens");
        let answer = self.post(Authority::App, path.clone(), &body).await;
        let minted: Minted = answer
            .map_err(|error| match error {
                // An installation that is gone or suspended answers like this.
                GitHubError::NotFound { call } => GitHubError::Forbidden {
                    call,
                    message: "the App is not installed there".to_owned(),
                },
                other => other,
            })?
            .read()?;
        let token = SecretString::from(minted.token);
        self.inner.tokens.keep(key, token.clone());
        Ok(token)
    }

    /// The App's own token: valid for nine minutes from a minute ago, by GitHub's clock as far as it
    /// is known.
    pub(super) fn app_token(&self) -> Result<SecretString, GitHubError> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
            + self.inner.skew.load(Ordering::Relaxed);
        let claims = Claims {
            iss: self.inner.app_id.to_string(),
            iat: now - 60,
            exp: now + 9 * 60,
        };
        encode(&Header::new(Algorithm::RS256), &claims, &self.inner.key)
            .map(SecretString::from)
            .map_err(|_| GitHubError::Settings {
                reason: "the private key cannot sign".to_owned(),
            })
    }
}
