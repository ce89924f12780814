//! From the operator's credentials to a connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};

use super::ClusterError;

/// Where credentials come from. Never from a repository: a kubeconfig can name a program to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A kubeconfig file of the operator; `None`: the context that it names as current.
    File {
        /// The file.
        path: PathBuf,
        /// The context in it.
        context: Option<String>,
    },
    /// A kubeconfig file for address and authority, and a token in place of its credentials.
    FileAndToken {
        /// The file.
        path: PathBuf,
        /// The context in it.
        context: Option<String>,
        /// A bearer token, read again when it changes.
        token_file: PathBuf,
    },
    /// `$KUBECONFIG` or `~/.kube/config`, as kubectl finds it.
    Default {
        /// The context in it.
        context: Option<String>,
    },
    /// The service account of the pod that Drydock runs in.
    InCluster,
}

/// How long connecting may take: a live API server answers in milliseconds, a half-open one never.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Builds a client; no request is sent yet.
pub(super) async fn connect(
    credentials: &Credentials,
    cluster: &str,
) -> Result<kube::Client, ClusterError> {
    // A dependency that enables a second TLS provider would leave rustls undecided; the first call
    // wins and later ones say so, which is fine.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let wrong = |reason: String| ClusterError::Credentials {
        cluster: cluster.to_owned(),
        reason,
    };
    let mut config = match credentials {
        Credentials::InCluster => {
            kube::Config::incluster().map_err(|error| wrong(error.to_string()))?
        }
        Credentials::File { path, context } => {
            read_file(path, context.as_ref()).await.map_err(wrong)?
        }
        Credentials::FileAndToken {
            path,
            context,
            token_file,
        } => {
            let mut config = read_file(path, context.as_ref()).await.map_err(wrong)?;
            config.auth_info = kube::config::AuthInfo {
                token_file: Some(token_file.display().to_string()),
                ..kube::config::AuthInfo::default()
            };
            config
        }
        Credentials::Default { context } => {
            let file = Kubeconfig::read().map_err(|error| wrong(root_cause(&error)))?;
            from_kubeconfig(file, context.clone())
                .await
                .map_err(wrong)?
        }
    };
    config.connect_timeout = Some(CONNECT_LIMIT);
    // Retries are made in `wire`, bounded, and only where repeating cannot do something twice.
    config.default_retry = false;
    kube::Client::try_from(config).map_err(|error| wrong(root_cause(&error)))
}

async fn read_file(path: &Path, context: Option<&String>) -> Result<kube::Config, String> {
    let file = Kubeconfig::read_from(path)
        .map_err(|error| format!("`{}`: {}", path.display(), root_cause(&error)))?;
    from_kubeconfig(file, context.cloned())
        .await
        .map_err(|reason| format!("`{}`: {reason}", path.display()))
}

async fn from_kubeconfig(
    file: Kubeconfig,
    context: Option<String>,
) -> Result<kube::Config, String> {
    let options = KubeConfigOptions {
        context,
        ..KubeConfigOptions::default()
    };
    kube::Config::from_custom_kubeconfig(file, &options)
        .await
        .map_err(|error| root_cause(&error))
}

/// The innermost message of a chain: the outer ones repeat the type's name.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
