//! GitHub's REST API as an App: tokens, requests, and the few objects Drydock reads and writes.
//!
//! Responsible for authentication, paging, limits of single requests, and errors that say whose move
//! it is. It decides nothing, keeps no state but tokens, and sends each write exactly once: whether a
//! write is repeated is decided where its outcome can be looked up first.

mod auth;
mod checks;
mod comments;
mod deployments;
mod error;
mod pulls;
mod refusal;
mod repositories;
mod request;

use std::sync::Arc;
use std::time::Duration;

use octocrab::Octocrab;
use octocrab::service::middleware::retry::RetryConfig;
use secrecy::{ExposeSecret as _, SecretString};

pub use auth::Scope;
pub use checks::{
    ANNOTATION_BATCH, Annotation, AnnotationLevel, CheckContent, CheckRun, CheckStatus, Conclusion,
    OUTPUT_LIMIT,
};
pub use comments::{COMMENT_LIMIT, Comment};
pub use deployments::{
    Deployment, DeploymentState, DeploymentStatus, NewDeployment, NewDeploymentStatus,
};
pub use error::GitHubError;
pub use pulls::{Comparison, Pull, PullSide};
pub use repositories::{App, Permission, RepositoryRef};

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// How long a whole request may take. GitHub ends requests after ten seconds itself.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// What the client needs to know.
#[derive(Clone)]
pub struct GitHubOptions {
    /// The root of the REST API: `https://api.github.com`, or `https://HOST/api/v3` of an Enterprise
    /// Server. `http` only on this machine.
    pub api: String,
    /// The App's id.
    pub app_id: u64,
    /// The App's private key, PEM.
    pub private_key: SecretString,
}

impl std::fmt::Debug for GitHubOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHubOptions")
            .field("api", &self.api)
            .field("app_id", &self.app_id)
            .finish_non_exhaustive()
    }
}

/// The client. Cheap to clone; clones share tokens and connections.
#[derive(Clone)]
pub struct GitHub {
    inner: Arc<Inner>,
}

struct Inner {
    http: Octocrab,
    app_id: u64,
    key: octocrab::jsonwebtoken::EncodingKey,
    tokens: auth::Tokens,
    /// How far GitHub's clock is ahead of ours, in seconds; learned when a token was refused.
    skew: std::sync::atomic::AtomicI64,
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitHub")
            .field("app_id", &self.inner.app_id)
            .finish_non_exhaustive()
    }
}

impl GitHub {
    /// Prepares the client; nothing is sent. Must be called within a runtime.
    pub fn new(options: &GitHubOptions) -> Result<Self, GitHubError> {
        let unusable = |reason: String| GitHubError::Settings { reason };
        check_address(&options.api)?;
        let key = octocrab::jsonwebtoken::EncodingKey::from_rsa_pem(
            options.private_key.expose_secret().as_bytes(),
        )
        .map_err(|_| unusable("the private key is not an RSA key in PEM form".to_owned()))?;
        let http = Octocrab::builder()
            .base_uri(options.api.trim_end_matches('/'))
            .map_err(|error| unusable(error.to_string()))?
            .add_header(http::header::USER_AGENT, "drydock".to_owned())
            // The default repeats POSTs whose answer was lost: four comments instead of one.
            .add_retry_config(RetryConfig::None)
            .set_connect_timeout(Some(CONNECT_TIME))
            .set_read_timeout(Some(REQUEST_TIME))
            .build()
            .map_err(|error| unusable(error.to_string()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                app_id: options.app_id,
                key,
                tokens: auth::Tokens::default(),
                skew: std::sync::atomic::AtomicI64::new(0),
            }),
        })
    }

    /// The App's id.
    pub fn app_id(&self) -> u64 {
        self.inner.app_id
    }
}

fn check_address(api: &str) -> Result<(), GitHubError> {
    let url = url::Url::parse(api).map_err(|_| GitHubError::Settings {
        reason: format!("`{api}` is not a URL"),
    })?;
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && local) {
        Ok(())
    } else {
        Err(GitHubError::Settings {
            reason: format!("`{api}` is not an https address"),
        })
    }
}
