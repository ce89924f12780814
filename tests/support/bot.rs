//! The whole bot in this process, against the fake GitHub.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use drydock::clients::github::{GitHub, GitHubOptions};
use drydock::clients::store::Store;
use drydock::ids::Digest;
use drydock::object::Masker;
use drydock::plan::Defaults;
use drydock::render::{self, ToolPaths, Tools};
use drydock::run::pipeline::{Clusters, Means};
use drydock::run::review::Bench;
use drydock::run::{Ctx, Limits, Parts, Running, start};
use drydock::sandbox::Sandbox;
use drydock::server::Secrets;
use secrecy::SecretString;

use crate::github::{self, WEBHOOK_SECRET};

/// A running bot with its database.
pub(crate) struct Bot {
    pub(crate) address: SocketAddr,
    pub(crate) ctx: Arc<Ctx>,
    running: Option<Running>,
    folder: tempfile::TempDir,
}

/// Where the real tools are.
pub(crate) fn tools_folder() -> PathBuf {
    let parts = std::env::var_os("DRYDOCK_PARTS").map_or_else(
        || {
            PathBuf::from(std::env::var_os("HOME").expect("HOME is set"))
                .join(".cache/drydock/parts")
        },
        PathBuf::from,
    );
    parts.join("bin")
}

pub(crate) fn bench(clusters: Clusters) -> Bench {
    let sandbox = Sandbox::default().with_executable(PathBuf::from(env!("CARGO_BIN_EXE_drydock")));
    let masker = Masker::random();
    let paths = ToolPaths {
        search: vec![tools_folder()],
        ..ToolPaths::default()
    };
    let tools = Arc::new(Tools::find(paths, sandbox.clone()));
    Bench {
        means: Means {
            render: render::Settings::new(tools, sandbox.clone(), masker.clone()),
            sandbox,
            masker,
            clusters,
            outside: Arc::default(),
            now_ns: 0,
        },
        serves: vec!["demo/*".to_owned()].try_into().unwrap(),
        clusters: BTreeMap::new(),
        deployers: Arc::default(),
        defaults: Defaults::default(),
        kubernetes: None,
        digest: Digest::of(b"tests"),
        lacks: Vec::new(),
    }
}

impl Bot {
    pub(crate) async fn start(fake: &github::GitHub) -> Self {
        let limits = Limits {
            sweep: Duration::from_secs(3600),
            ..Limits::default()
        };
        Self::start_with(fake, bench(Clusters::None), limits).await
    }

    pub(crate) async fn start_with(fake: &github::GitHub, bench: Bench, limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start_in(fake, folder, bench, limits).await
    }

    async fn start_in(
        fake: &github::GitHub,
        folder: tempfile::TempDir,
        bench: Bench,
        limits: Limits,
    ) -> Self {
        let github = GitHub::new(&GitHubOptions {
            api: fake.api(),
            app_id: fake.app_id(),
            private_key: SecretString::from(github::private_key_pem()),
        })
        .unwrap();
        let ctx = Arc::new(Ctx::new(Parts {
            store: Store::open(&folder.path().join("drydock.db"))
                .await
                .unwrap(),
            app: github.fetch_app().await.unwrap(),
            github,
            bench,
            work: folder.path().join("work"),
            mark_key: SecretString::from("a key of tests"),
            limits,
            pages: None,
            clock: Arc::new(SystemTime::now),
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let secrets = Secrets::new([SecretString::from(WEBHOOK_SECRET)]).unwrap();
        let running = start(Arc::clone(&ctx), listener, secrets, Arc::new(String::new))
            .await
            .unwrap();
        Self {
            address: running.address,
            ctx,
            running: Some(running),
            folder,
        }
    }

    /// Stops and starts again on the same database.
    pub(crate) async fn restart(self, fake: &github::GitHub) -> Self {
        let bench = self.ctx.bench.clone();
        self.restart_with(fake, bench).await
    }

    /// The same after the operator changed something.
    pub(crate) async fn restart_with(mut self, fake: &github::GitHub, bench: Bench) -> Self {
        self.running.take().unwrap().stop().await;
        self.ctx.store.close().await;
        let Self { ctx, folder, .. } = self;
        let limits = ctx.limits.clone();
        drop(ctx);
        Self::start_in(fake, folder, bench, limits).await
    }

    /// Waits until nothing is queued, running or unsent; fails at the deadline.
    pub(crate) async fn idle(&self) {
        let idle = self.ctx.wait_until_idle();
        match tokio::time::timeout(Duration::from_secs(90), idle).await {
            Ok(done) => done.unwrap(),
            Err(_) => panic!("never idle: {:?}", self.ctx.store.backlog().await),
        }
    }

    pub(crate) async fn stop(mut self) {
        self.running.take().unwrap().stop().await;
    }
}
