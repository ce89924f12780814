//! The operator's clusters: previews behind a proven fence, and the only credentials that write.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clients::cluster::{ApplyClient, Credentials, PreviewClient};
use crate::config::settings::{Access, Settings};
use crate::ids::ClusterName;
use crate::object::Masker;
use crate::observe::{Allowed, Scope, Unanswered};
use crate::run::deploy::Deployers;
use crate::run::pipeline::Clusters;
use crate::sync::watch::Limits;

/// Connects every cluster that has a preview credential, and proves its fence: without a proof
/// nothing is asked, and the process is not ready.
pub(super) async fn connect_previews(
    settings: &Settings,
    masker: &Masker,
    lacks: &mut Vec<String>,
) -> Clusters {
    let masker = Arc::new(masker.clone());
    let mut clients = BTreeMap::new();
    let mut allowed = BTreeMap::new();
    for (name, cluster) in &settings.clusters {
        let name = ClusterName(name.clone());
        let masker = Arc::clone(&masker);
        let connected = PreviewClient::connect(&credentials(&cluster.preview), &name, masker).await;
        let client = connected.map(|client| {
            client.behind_fence(cluster.fence_namespace.clone(), settings.limits.fence_age)
        });
        match &client {
            // What it shows is kept by the client, which proves again before it is used.
            Ok(client) => drop(client.check_fence().await),
            Err(error) => {
                tracing::error!(cluster = %name, %error, "no preview");
                lacks.push(error.to_string());
            }
        }
        clients.insert(name.clone(), client.map_err(Unanswered::from));
        allowed.insert(name, Allowed::only(cluster.allow.clone()));
    }
    if clients.is_empty() {
        return Clusters::None;
    }
    Clusters::Connected {
        runtime: tokio::runtime::Handle::current(),
        clients: Arc::new(clients),
        allowed,
        scope: Scope::All,
    }
}

/// Connects every cluster that Drydock may write to, with credentials of their own.
pub(super) async fn connect_deployers(
    settings: &Settings,
    masker: &Masker,
    lacks: &mut Vec<String>,
) -> Deployers {
    let masker = Arc::new(masker.clone());
    let mut clients = BTreeMap::new();
    for (name, cluster) in &settings.clusters {
        let name = ClusterName(name.clone());
        let Some(access) = &cluster.apply else {
            continue;
        };
        match ApplyClient::connect(&credentials(access), &name, Arc::clone(&masker)).await {
            Ok(client) => {
                clients.insert(name, client);
            }
            Err(error) => {
                tracing::error!(cluster = %name, %error, "no deployments");
                lacks.push(format!("cluster {name}: {error}"));
            }
        }
    }
    let limits = Limits {
        deadline: settings.limits.ready_timeout,
        ..Limits::default()
    };
    Deployers::new(clients, limits)
}

fn credentials(access: &Access) -> Credentials {
    let context = access.context.clone();
    match (access.kubeconfig.clone(), access.token_file.clone()) {
        (Some(path), None) => Credentials::File { path, context },
        (Some(path), Some(token_file)) => Credentials::FileAndToken {
            path,
            context,
            token_file,
        },
        (None, _) => Credentials::InCluster,
    }
}
