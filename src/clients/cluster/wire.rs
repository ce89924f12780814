//! One request and its answer: permits, time limits, size limits, 429.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, header};
use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;
use tokio::sync::Semaphore;

use super::ClusterError;
use super::connect::root_cause;

/// Requests in flight per cluster. Measured on two cores: 8 connections give twice the rate of one,
/// 32 give less.
pub const CONCURRENT_REQUESTS: usize = 8;

/// How long one request may take, waiting for its answer included. Webhooks may use up to 30 s.
const REQUEST_LIMIT: Duration = Duration::from_secs(35);

/// The largest answer: the OpenAPI document of the core group has 2 MB, a list page less.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// How often a 429 is waited for, and how long at most each time.
const BUSY_TRIES: u32 = 3;
const BUSY_WAIT_LIMIT: Duration = Duration::from_secs(10);

/// A connection to one cluster. Cheap to clone.
#[derive(Clone)]
pub(super) struct Connection {
    client: kube::Client,
    permits: Arc<Semaphore>,
    /// The cluster, as messages name it.
    pub(super) cluster: String,
}

/// One request.
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query.
    pub(super) uri: String,
    /// What it asks, for messages.
    pub(super) what: String,
    pub(super) accept: &'static str,
    /// Content type and body.
    pub(super) body: Option<(&'static str, Vec<u8>)>,
}

impl Call {
    /// A read that wants JSON.
    pub(super) fn get(uri: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            uri: uri.into(),
            what: what.into(),
            accept: "application/json",
            body: None,
        }
    }
}

/// One answer, whatever its status.
pub(super) struct Reply {
    pub(super) code: u16,
    pub(super) warnings: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl Connection {
    pub(super) fn new(client: kube::Client, cluster: String) -> Self {
        Self {
            client,
            permits: Arc::new(Semaphore::new(CONCURRENT_REQUESTS)),
            cluster,
        }
    }

    /// Sends a request. An answer of 401 or of 429 after waiting is an error; every other one is a
    /// reply.
    pub(super) async fn send(&self, call: &Call) -> Result<Reply, ClusterError> {
        let _permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| self.unreachable("the connection is closed"))?;
        let mut tried = 0;
        loop {
            tried += 1;
            let (reply, retry_after) = tokio::time::timeout(REQUEST_LIMIT, self.send_once(call))
                .await
                .map_err(|_| ClusterError::TimedOut {
                    cluster: self.cluster.clone(),
                    limit: REQUEST_LIMIT,
                })??;
            match reply.code {
                // The server did not start on the request, so sending it again is safe for writes.
                429 if tried <= BUSY_TRIES => {
                    tokio::time::sleep(retry_after.min(BUSY_WAIT_LIMIT)).await;
                }
                429 => {
                    return Err(ClusterError::Busy {
                        cluster: self.cluster.clone(),
                    });
                }
                401 => {
                    return Err(ClusterError::Unauthenticated {
                        cluster: self.cluster.clone(),
                    });
                }
                _ => return Ok(reply),
            }
        }
    }

    async fn send_once(&self, call: &Call) -> Result<(Reply, Duration), ClusterError> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(&call.uri)
            .header(header::ACCEPT, call.accept);
        let body = match &call.body {
            Some((content_type, bytes)) => {
                request = request.header(header::CONTENT_TYPE, *content_type);
                Body::from(bytes.clone())
            }
            None => Body::empty(),
        };
        let request = request
            .body(body)
            .map_err(|error| self.unreachable(&error.to_string()))?;
        let response = self
            .client
            .send(request)
            .await
            .map_err(|error| self.failed(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, BODY_LIMIT)
            .collect()
            .await
            .map_err(|error| self.unreachable(&format!("the answer broke off: {error}")))?
            .to_bytes()
            .to_vec();
        let retry_after = head
            .headers
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse().ok())
            .map_or(Duration::from_secs(1), Duration::from_secs);
        Ok((
            Reply {
                code: head.status.as_u16(),
                warnings: parse_warnings(&head.headers),
                body,
            },
            retry_after,
        ))
    }

    fn failed(&self, error: &kube::Error) -> ClusterError {
        match error {
            kube::Error::Auth(error) => ClusterError::Credentials {
                cluster: self.cluster.clone(),
                reason: root_cause(error),
            },
            other => self.unreachable(&root_cause(other)),
        }
    }

    fn unreachable(&self, reason: &str) -> ClusterError {
        ClusterError::Unreachable {
            cluster: self.cluster.clone(),
            reason: reason.to_owned(),
        }
    }

    /// An answer that means neither yes nor no; 403 is the identity's trouble.
    pub(super) fn unexpected(&self, call: &Call, reply: &Reply) -> ClusterError {
        let status = super::status::Status::parse(&reply.body);
        if reply.code == 403 {
            return ClusterError::Forbidden {
                cluster: self.cluster.clone(),
                what: call.what.clone(),
            };
        }
        ClusterError::Unexpected {
            cluster: self.cluster.clone(),
            code: reply.code,
            what: call.what.clone(),
            message: status.short_message(),
        }
    }
}

/// The texts of all `Warning` headers (RFC 7234: code, agent, quoted text), in order.
fn parse_warnings(headers: &HeaderMap) -> Vec<String> {
    let mut texts = Vec::new();
    for value in headers.get_all(header::WARNING) {
        let value = String::from_utf8_lossy(value.as_bytes());
        let mut characters = value.chars();
        while characters.by_ref().any(|character| character == '"') {
            let mut text = String::new();
            while let Some(character) = characters.next() {
                match character {
                    '"' => break,
                    '\\' => text.extend(characters.next()),
                    other => text.push(other),
                }
            }
            texts.push(text);
        }
    }
    texts
}

#[cfg(test)]
mod tests;
