//! Clusters named on the command line.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::check::ClusterArgs;
use super::{CommandError, inputs};
use crate::clients::cluster::{Credentials, PreviewClient};
use crate::config::repo::RepoConfig;
use crate::ids::ClusterName;
use crate::object::Masker;
use crate::observe::{Scope, snapshot};
use crate::run::pipeline::Clusters;

/// True when a cluster or a recording is named.
pub(super) fn is_named(args: &ClusterArgs) -> bool {
    args.live_snapshot.is_some() || is_live(args)
}

fn is_live(args: &ClusterArgs) -> bool {
    args.kubeconfig.is_some() || args.context.is_some() || !args.clusters.is_empty()
}

/// A runtime for requests to clusters, where any is named.
pub(super) fn runtime(args: &ClusterArgs) -> Result<Option<Runtime>, CommandError> {
    if !is_live(args) {
        return Ok(None);
    }
    let built = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    built
        .map(Some)
        .map_err(|error| CommandError::new(format!("requests cannot be sent: {error}")))
}

/// Connects what the flags name: one cluster for every destination, or one for each name.
pub(super) fn connect(
    args: &ClusterArgs,
    config: &RepoConfig,
    runtime: Option<&Runtime>,
    masker: &Masker,
) -> Result<Clusters, CommandError> {
    if let Some(file) = &args.live_snapshot {
        let text = String::from_utf8_lossy(&inputs::read_file(file)?).into_owned();
        let observation = snapshot::parse(&text).map_err(|error| {
            CommandError::new(format!("`{}` is no recording: {error}", file.display()))
        })?;
        return Ok(Clusters::Recorded(Arc::new(observation)));
    }
    let Some(runtime) = runtime else {
        return Ok(Clusters::None);
    };
    let mut clients = BTreeMap::new();
    let masker = Arc::new(masker.clone());
    for (name, credentials) in wanted(args, config)? {
        let client = runtime.block_on(PreviewClient::connect(
            &credentials,
            &name,
            Arc::clone(&masker),
        ));
        // Nothing was sent yet: what fails here is what the command line names.
        let client = client.map_err(|error| {
            CommandError::with_hint(
                super::describe(&error),
                "name a kubeconfig that exists with `--kubeconfig FILE`, and one of its contexts with `--context NAME`",
            )
        })?;
        clients.insert(name, Ok(client));
    }
    Ok(Clusters::Connected {
        runtime: runtime.handle().clone(),
        clients: Arc::new(clients),
        allowed: BTreeMap::new(),
        scope: Scope::All,
    })
}

/// The named clusters; without names, the same one for each that the configuration knows.
fn wanted(
    args: &ClusterArgs,
    config: &RepoConfig,
) -> Result<BTreeMap<ClusterName, Credentials>, CommandError> {
    let credentials = |context: Option<&String>| match &args.kubeconfig {
        Some(path) => Credentials::File {
            path: path.clone(),
            context: context.cloned(),
        },
        None => Credentials::Default {
            context: context.cloned(),
        },
    };
    let mut wanted: BTreeMap<ClusterName, Credentials> = BTreeMap::new();
    for pair in &args.clusters {
        let (name, context) = pair.split_once('=').ok_or_else(|| {
            CommandError::with_hint(
                format!("`{pair}` is not a cluster"),
                "write it as `--cluster NAME=CONTEXT`",
            )
        })?;
        let credentials = credentials(Some(&context.to_owned()));
        wanted.insert(ClusterName(name.to_owned()), credentials);
    }
    if wanted.is_empty() {
        let names = config
            .clusters
            .keys()
            .cloned()
            .chain([ClusterName::default()]);
        wanted.extend(names.map(|name| (name, credentials(args.context.as_ref()))));
    }
    Ok(wanted)
}
