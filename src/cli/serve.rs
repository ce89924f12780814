//! `drydock serve`: the GitHub App.

mod cache;
mod clusters;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio::net::TcpListener;

use super::{CommandError, Exit, describe, inputs};
use crate::clients::github::{App, GitHub, GitHubError, GitHubOptions};
use crate::clients::store;
use crate::config::settings::{self, Settings, SettingsError, Store};
use crate::ids::{ClusterName, Digest};
use crate::object::Masker;
use crate::plan::{ArgoCd, ArgoCluster, Defaults};
use crate::render::{self, Permits, ToolKind, ToolPaths, Tools};
use crate::run::pipeline::Means;
use crate::run::review::Bench;
use crate::run::{self, Ctx, Limits, Parts};
use crate::sandbox::Sandbox;
use crate::server::{Secrets, logs, metrics};

/// Arguments of `drydock serve`.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// The operator's settings
    #[arg(long, value_name = "FILE")]
    settings: PathBuf,
    /// What is logged: a level, or directives of tracing-subscriber
    #[arg(long, value_name = "FILTER", default_value = "info")]
    log: String,
}

/// Serves until SIGTERM or SIGINT.
pub(super) fn run(args: &ServeArgs) -> Result<Exit, CommandError> {
    let settings =
        settings::load(&args.settings).map_err(|error| CommandError::new(describe(&error)))?;
    logs::install(logs::LogFormat::Json, &args.log);
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(format!("no threads could be started: {error}")))?;
    let digest = Digest::of(&inputs::read_file(&args.settings)?);
    let result = runtime.block_on(serve(&settings, digest));
    // A judgement that is still going on does not hold up the end: its work is queued again.
    runtime.shutdown_background();
    result
}

async fn serve(settings: &Settings, digest: Digest) -> Result<Exit, CommandError> {
    let secrets = Secrets::new(
        settings
            .github
            .read_webhook_secrets()
            .map_err(|error| wrong(&error))?,
    )
    .map_err(|error| CommandError::new(error.to_string()))?;
    let private_key = settings
        .github
        .read_private_key()
        .map_err(|error| wrong(&error))?;
    let masker = match settings.read_masker_key().map_err(|error| wrong(&error))? {
        Some(key) => Masker::new(*key.expose_secret()),
        // Stable over restarts: the digests of an approval must be those of the deployment.
        None => Masker::new(derive(&private_key, "masking")),
    };
    let Store::Sqlite(database) = &settings.store else {
        return Err(CommandError::with_hint(
            "this version keeps its results in SQLite only",
            "set `store: sqlite:PATH`",
        ));
    };
    let sandbox = confine()?;
    let (github, app) = enter_github(settings, &private_key).await?;
    let folder = database.parent().unwrap_or(Path::new("."));
    let store = open_store(folder, database).await?;
    let bench = bench(settings, digest, &sandbox, masker, folder).await;
    let metrics = metrics::install()
        .map_err(|error| CommandError::new(format!("metrics could not be set up: {error}")))?;
    let ctx = Arc::new(Ctx::new(Parts {
        store: store.clone(),
        github,
        app,
        bench,
        work: folder.join("work"),
        mark_key: SecretString::from(hex::encode(derive(&private_key, "comment marks"))),
        limits: limits(settings),
        // This version serves no pages, so nothing may link to one.
        pages: None,
        clock: Arc::new(SystemTime::now),
    }));
    let listener = listen(settings.listen).await?;
    let running = run::start(ctx, listener, secrets, Arc::new(metrics))
        .await
        .map_err(|failure| CommandError::new(failure.to_string()))?;
    tracing::info!(address = %running.address, "listening");
    wait_for_signal().await?;
    tracing::info!("stopping");
    running.stop().await;
    store.close().await;
    Ok(Exit::Pass)
}

fn confine() -> Result<Sandbox, CommandError> {
    let sandbox = Sandbox::default();
    sandbox.probe().map_err(|error| {
        CommandError::with_hint(
            format!("untrusted content cannot be confined here: {error}"),
            "run on Linux 6.2 or later with Landlock enabled; `drydock doctor` says what is missing",
        )
    })?;
    Ok(sandbox)
}

/// Proves the App's key against GitHub.
async fn enter_github(
    settings: &Settings,
    private_key: &SecretString,
) -> Result<(GitHub, App), CommandError> {
    let options = GitHubOptions {
        api: settings.github.api_url.to_string(),
        app_id: settings.github.app_id,
        private_key: private_key.clone(),
    };
    let github = GitHub::new(&options).map_err(|error| unreachable(&error))?;
    let app = github.fetch_app().await;
    let app = app.map_err(|error| unreachable(&error))?;
    Ok((github, app))
}

fn wrong(error: &SettingsError) -> CommandError {
    CommandError::new(describe(error))
}

fn unreachable(error: &GitHubError) -> CommandError {
    CommandError::with_hint(
        format!("the App could not be proven: {error}"),
        if matches!(error, GitHubError::NoAnswer { .. }) {
            "see that `github.api_url` can be reached from here"
        } else {
            "compare `github.app_id`, `github.private_key_file` and `github.api_url` with the App's page"
        },
    )
}

async fn open_store(folder: &Path, database: &Path) -> Result<store::Store, CommandError> {
    std::fs::create_dir_all(folder).map_err(|error| {
        CommandError::new(format!("`{}` could not be made: {error}", folder.display()))
    })?;
    store::Store::open(database)
        .await
        .map_err(|error| {
            let is_taken = matches!(&error, store::StoreError::Lock { source, .. }
                if source.kind() == std::io::ErrorKind::WouldBlock);
            CommandError::with_hint(
                describe(&error),
                if is_taken {
                    "another Drydock is using it: stop that one, or name another file under `store`"
                } else {
                    "free some room on its volume, let this user write to it, or name another file under `store`"
                },
            )
        })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, CommandError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| CommandError::new(format!("`{address}` cannot be listened on: {error}")))
}

fn limits(settings: &Settings) -> Limits {
    Limits {
        judgements: settings.limits.lanes,
        deadline: settings.limits.job_deadline,
        comment_bytes: settings.limits.comment_bytes,
        ..Limits::default()
    }
}

async fn bench(
    settings: &Settings,
    digest: Digest,
    sandbox: &Sandbox,
    masker: Masker,
    folder: &Path,
) -> Bench {
    let mut lacks = Vec::new();
    let tools = Arc::new(Tools::find(tool_paths(settings), sandbox.clone()));
    let mut versions = Vec::new();
    for kind in ToolKind::ALL {
        match tools.find_one(kind) {
            Ok(tool) => versions.push(format!("{}={}", kind.name(), tool.version)),
            Err(error) => tracing::warn!(%error, "applications that need it will be errors"),
        }
    }
    let previews = clusters::connect_previews(settings, &masker, &mut lacks).await;
    let deployers = clusters::connect_deployers(settings, &masker, &mut lacks).await;
    let parts = [
        digest.to_string(),
        versions.join(";"),
        env!("CARGO_PKG_VERSION").to_owned(),
    ];
    let mut rendering = render::Settings::new(tools, sandbox.clone(), masker.clone());
    rendering.permits = Permits::new(settings.limits.renderers);
    rendering.limits.time = settings.limits.render_timeout;
    rendering.cache = cache::open(&settings.cache, folder);
    Bench {
        means: Means {
            render: rendering,
            sandbox: sandbox.clone(),
            masker,
            clusters: previews,
            outside: Arc::new(settings.outside.clone()),
            now_ns: 0,
        },
        serves: settings.repositories.clone(),
        clusters: settings.clusters.clone(),
        defaults: Defaults {
            argocd: argocd(settings),
            ..Defaults::default()
        },
        kubernetes: None,
        deployers: Arc::new(deployers),
        digest: Digest::of_parts(parts.iter().map(String::as_bytes)),
        lacks,
    }
}

/// The Argo CD of the settings.
fn argocd(settings: &Settings) -> ArgoCd {
    let clusters = settings
        .clusters
        .iter()
        .map(|(name, cluster)| ArgoCluster::of(&ClusterName(name.clone()), &cluster.argocd));
    ArgoCd {
        clusters: clusters.collect(),
        build_options: settings.argocd.kustomize_build_options.clone(),
    }
}

fn tool_paths(settings: &Settings) -> ToolPaths {
    ToolPaths {
        kustomize: settings.tools.kustomize.clone(),
        helm: settings.tools.helm.clone(),
        helm3: settings.tools.helm3.clone(),
        search: inputs::search_path(),
    }
}

/// Keys that must be the same after a restart, made from the one secret that is.
fn derive(private_key: &SecretString, purpose: &str) -> [u8; 32] {
    Hmac::<Sha256>::new_from_slice(private_key.expose_secret().as_bytes())
        .map(|mut mac| {
            mac.update(b"drydock ");
            mac.update(purpose.as_bytes());
            mac.finalize().into_bytes().into()
        })
        .unwrap_or_default()
}

async fn wait_for_signal() -> Result<(), CommandError> {
    use tokio::signal::unix::{SignalKind, signal};
    let deaf =
        |error: std::io::Error| CommandError::new(format!("signals cannot be received: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(deaf)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(deaf)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
