//! One request: authority, limits of time and size, and what a status means.

use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{Method, header};
use http_body_util::{BodyExt as _, Limited};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::refusal::{Refused, refusal};
use super::{GitHub, GitHubError, REQUEST_TIME, RepositoryRef, Scope};

/// The largest answer that is read: a page of a hundred comments of the largest size fits.
const ANSWER_LIMIT: usize = 32 * 1024 * 1024;

/// The most entries GitHub puts on a page.
const PER_PAGE: usize = 100;

/// The longest list that is read: ten thousand entries.
const PAGE_LIMIT: u32 = 100;

/// In whose name a request is made.
#[derive(Clone, Copy)]
pub(super) enum Authority<'a> {
    /// The App itself.
    App,
    /// An installation, over all its repositories.
    Installation(u64),
    /// An installation, narrowed to one repository.
    Repository(&'a RepositoryRef, Scope),
}

/// A successful answer.
pub(super) struct Answer {
    call: String,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|error| GitHubError::Unreadable {
            call: self.call.clone(),
            reason: error.to_string(),
        })
    }
}

impl GitHub {
    pub(super) async fn fetch<T: DeserializeOwned>(
        &self,
        authority: Authority<'_>,
        path: String,
    ) -> Result<T, GitHubError> {
        self.send(authority, Method::GET, path, None).await?.read()
    }

    pub(super) async fn post(
        &self,
        authority: Authority<'_>,
        path: String,
        body: &Value,
    ) -> Result<Answer, GitHubError> {
        self.send(authority, Method::POST, path, Some(body)).await
    }

    pub(super) async fn patch(
        &self,
        authority: Authority<'_>,
        path: String,
        body: &Value,
    ) -> Result<Answer, GitHubError> {
        self.send(authority, Method::PATCH, path, Some(body)).await
    }

    /// Every page of a list. `key` names the list inside an object; `None`: the answer is the list.
    pub(super) async fn fetch_all<T: DeserializeOwned>(
        &self,
        authority: Authority<'_>,
        path: &str,
        key: Option<&'static str>,
    ) -> Result<Vec<T>, GitHubError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1..=PAGE_LIMIT {
            let address = format!("{path}{joint}per_page={PER_PAGE}&page={page}");
            let answer = self.send(authority, Method::GET, address, None).await?;
            let entries: Vec<T> = match key {
                None => answer.read()?,
                Some(key) => {
                    let mut object: serde_json::Map<String, Value> = answer.read()?;
                    let list = object.remove(key).unwrap_or_default();
                    serde_json::from_value(list).map_err(|error| GitHubError::Unreadable {
                        call: answer.call.clone(),
                        reason: error.to_string(),
                    })?
                }
            };
            let last = entries.len() < PER_PAGE;
            all.extend(entries);
            if last {
                return Ok(all);
            }
        }
        Err(GitHubError::TooMany {
            call: format!("GET {path}"),
            pages: PAGE_LIMIT,
        })
    }

    /// Sends once; a second time only after a 401, which says that nothing was done.
    async fn send(
        &self,
        authority: Authority<'_>,
        method: Method,
        path: String,
        body: Option<&Value>,
    ) -> Result<Answer, GitHubError> {
        let token = self.credential(authority).await?;
        let first = self.send_with(&token, &method, &path, body).await;
        let Err(Refused::Credentials { error, date }) = first else {
            return first.map_err(Refused::into_error);
        };
        match authority {
            Authority::App => {
                let Some(date) = date else { return Err(error) };
                self.learn_skew(date);
            }
            Authority::Installation(installation) => {
                self.inner.tokens.forget(&(installation, None, Scope::List));
            }
            Authority::Repository(repository, scope) => {
                let key = (repository.installation, Some(repository.id), scope);
                self.inner.tokens.forget(&key);
            }
        }
        let token = self.credential(authority).await?;
        self.send_with(&token, &method, &path, body)
            .await
            .map_err(Refused::into_error)
    }

    async fn credential(&self, authority: Authority<'_>) -> Result<SecretString, GitHubError> {
        match authority {
            Authority::App => self.app_token(),
            Authority::Installation(installation) => {
                Box::pin(self.token(installation, None, Scope::List)).await
            }
            Authority::Repository(repository, scope) => {
                Box::pin(self.mint_token(repository, scope)).await
            }
        }
    }

    fn learn_skew(&self, date: SystemTime) {
        let seconds = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
        };
        let skew = seconds(date) - seconds(SystemTime::now());
        self.inner.skew.store(skew, Ordering::Relaxed);
    }

    async fn send_with(
        &self,
        token: &SecretString,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Refused> {
        let call = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let no_answer = |reason: String| GitHubError::NoAnswer {
            call: call.clone(),
            reason,
        };
        let builder = http::Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/vnd.github+json")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", token.expose_secret()),
            );
        let request = self
            .inner
            .http
            .build_request(builder, body)
            .map_err(|error| no_answer(error.to_string()))?;
        let exchange = async {
            let answer = self
                .inner
                .http
                .execute(request)
                .await
                .map_err(|error| no_answer(chain(&error)))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT)
                .collect()
                .await
                .map_err(|error| no_answer(error.to_string()))?
                .to_bytes()
                .to_vec();
            Ok::<_, GitHubError>((parts, body))
        };
        let (parts, body) = tokio::time::timeout(REQUEST_TIME, exchange)
            .await
            .map_err(|_| no_answer(format!("no answer within {} s", REQUEST_TIME.as_secs())))??;
        if parts.status.is_success() {
            return Ok(Answer { call, body });
        }
        Err(refusal(call, parts.status, &parts.headers, &body))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}
