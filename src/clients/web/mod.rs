//! Asking hosts that the settings allow, for what rendering needs from outside.
//!
//! Every request resolves the host's name itself, checks each address, and connects to one that was
//! checked: a name cannot mean another host a moment later. No proxy, no cookie, no compression, one
//! connection for each request. Redirects stay on their host, except for content whose digest is
//! known, which another allowed host may send. Credentials go to their own host only,
//! and there to the paths that the settings name. Everything
//! is bounded in bytes and time, and errors never repeat a query or credentials.

mod body;
mod connect;
mod patience;
mod public;

pub(crate) use body::Body;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::Full;
use hyper::body::Bytes;
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use url::Url;

use crate::config::settings::{AllowedHost, Outside};
use crate::outside::{Short, shown};
use patience::Patience;

/// Redirects that one request follows.
const REDIRECT_LIMIT: usize = 3;

/// A client for the hosts that `outside` allows.
pub(crate) struct Web {
    pub(crate) outside: Outside,
    /// What each host is certified by, by its authority file.
    tls: Mutex<HashMap<Option<std::path::PathBuf>, Arc<ClientConfig>>>,
    patience: Patience,
}

/// One request.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// Media types that are accepted; empty: any.
    pub(crate) accept: &'static str,
    /// More headers.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Value of the `Authorization` header, for the host of `url` alone.
    pub(crate) authorization: Option<SecretString>,
    /// True: what comes is checked by its digest, so that another allowed host may send it.
    pub(crate) is_checked: bool,
    /// True: it is asked of the very host that wants a token, for one of its paths that may be asked;
    /// tokens are given elsewhere on it.
    pub(crate) is_token: bool,
    /// When it has to be over.
    pub(crate) deadline: Instant,
}

/// What a server answered: any status but a redirect.
pub(crate) struct Answer {
    /// Where it came from in the end.
    pub(crate) url: Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
}

impl Call {
    /// A plain `GET`.
    pub(crate) fn get(url: Url, deadline: Instant) -> Self {
        Self {
            method: Method::GET,
            url,
            accept: "",
            headers: HeaderMap::new(),
            body: Bytes::new(),
            authorization: None,
            is_checked: false,
            is_token: false,
            deadline,
        }
    }
}

impl Web {
    pub(crate) fn new(outside: Outside) -> Self {
        Self {
            outside,
            tls: Mutex::default(),
            patience: Patience::default(),
        }
    }

    /// When a request that begins now has to be over.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.outside.timeout
    }

    /// Refuses an address that may not be asked: by its host, or by its path on it.
    pub(crate) fn refuse_outside(&self, url: &Url) -> Result<(), Short> {
        if self.allowed(url)?.allows_path(url) {
            return Ok(());
        }
        Err(Short::PathNotAllowed {
            host: host_of(url),
            path: url.path().to_owned(),
        })
    }

    /// The entry for a host that may be asked, whatever the path.
    fn allowed(&self, url: &Url) -> Result<&AllowedHost, Short> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Short::Address {
                reason: "the address carries credentials".to_owned(),
            });
        }
        let host = host_of(url);
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Short::Address {
                reason: format!("`{}` is neither https nor http", url.scheme()),
            });
        }
        let allowed = self.outside.find(url);
        let allowed = allowed.ok_or_else(|| Short::NotAllowed { host: host.clone() })?;
        if allowed.http == (url.scheme() == "http") {
            Ok(allowed)
        } else if allowed.http {
            Err(Short::Address {
                reason: format!("`{host}` is asked by http, as the settings say, and not by https"),
            })
        } else {
            Err(Short::NotEncrypted { host })
        }
    }

    /// The `Authorization` header with the credentials of this address's own host, if it has some.
    pub(crate) fn basic(&self, url: &Url) -> Result<Option<SecretString>, Short> {
        let Some(login) = &self.allowed(url)?.credentials else {
            return Ok(None);
        };
        let password = login.read_password().map_err(|error| Short::Credentials {
            host: host_of(url),
            reason: error.to_string(),
        })?;
        let pair = format!("{}:{}", login.username, password.expose_secret());
        let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
        Ok(Some(SecretString::from(format!("Basic {encoded}"))))
    }

    /// Asks, and follows redirects as far as they are followed.
    pub(crate) async fn ask(&self, mut call: Call) -> Result<Answer, Short> {
        let host = host_of(&call.url);
        for _ in 0..=REDIRECT_LIMIT {
            let answer = self.ask_once(&call).await?;
            let location = match answer.status.as_u16() {
                301 | 302 | 303 | 307 | 308 if call.method == Method::GET => {
                    answer.headers.get(header::LOCATION)
                }
                _ => return Ok(answer),
            };
            let target = location
                .and_then(|location| location.to_str().ok())
                .and_then(|location| call.url.join(location).ok())
                .ok_or_else(|| Short::Upstream {
                    host: host_of(&call.url),
                    reason: "it redirects to nowhere".to_owned(),
                })?;
            let refused = || Short::Redirected {
                host: host_of(&call.url),
                to: shown(target.as_str()).to_string(),
            };
            if target.origin() != call.url.origin() {
                if !call.is_checked || self.refuse_outside(&target).is_err() {
                    return Err(refused());
                }
                call.authorization = None;
            }
            call.url = target;
        }
        Err(Short::Upstream {
            host,
            reason: format!("it redirects more than {REDIRECT_LIMIT} times"),
        })
    }

    async fn ask_once(&self, call: &Call) -> Result<Answer, Short> {
        if !call.is_token {
            self.refuse_outside(&call.url)?;
        }
        let host = host_of(&call.url);
        self.patience.refuse_spent(&host, self.outside.timeout)?;
        let broken = |error: hyper::Error| Short::Upstream {
            host: host.clone(),
            reason: error.to_string(),
        };
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(target_of(&call.url))
            .header(header::HOST, host.as_str())
            .header(
                header::USER_AGENT,
                concat!("drydock/", env!("CARGO_PKG_VERSION")),
            )
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::CONNECTION, "close");
        if !call.accept.is_empty() {
            request = request.header(header::ACCEPT, call.accept);
        }
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if let Some(authorization) = &call.authorization {
            request = request.header(header::AUTHORIZATION, authorization.expose_secret());
        }
        let request = request
            .body(Full::new(call.body.clone()))
            .map_err(|_| Short::Address {
                reason: "the address cannot be asked".to_owned(),
            })?;
        let exchange = async {
            let (mut sender, task) = self.connect(&call.url).await?;
            let response = sender.send_request(request).await.map_err(broken)?;
            Ok((response, task))
        };
        let mut waiting = self.patience.begin(host.clone());
        let exchanged = tokio::time::timeout_at(call.deadline, exchange).await;
        let (response, task) = exchanged.map_err(|_| {
            waiting.mark_slow();
            self.too_slow(&call.url)
        })??;
        let (parts, incoming) = response.into_parts();
        Ok(Answer {
            url: call.url.clone(),
            status: parts.status,
            headers: parts.headers,
            body: Body::new(
                incoming,
                (task, waiting),
                call.deadline,
                self.too_slow(&call.url),
            ),
        })
    }

    fn too_slow(&self, url: &Url) -> Short {
        Short::TooSlow {
            host: host_of(url),
            seconds: self.outside.timeout.as_secs(),
        }
    }
}

impl Answer {
    /// The whole body of a successful answer; `subject` names it when it is too large.
    pub(crate) async fn read(self, limit: u64, subject: &str) -> Result<Vec<u8>, Short> {
        self.refuse_failure()?;
        let host = host_of(&self.url);
        self.body.read(limit, subject, &host).await
    }

    /// An error for every status that brings nothing.
    pub(crate) fn refuse_failure(&self) -> Result<(), Short> {
        let host = host_of(&self.url);
        match self.status.as_u16() {
            200..=299 => Ok(()),
            401 | 403 => Err(Short::Denied { host }),
            404 | 410 => Err(Short::NotFound { host }),
            _ => Err(Short::Upstream {
                host,
                reason: format!("it answered with status {}", self.status),
            }),
        }
    }
}

/// Host and port, as messages name them.
pub(crate) fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn target_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// How long a connection may take to be made.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
