//! The repository of the scenarios: one plain application, and pull requests that scale it.

use std::net::SocketAddr;

use crate::bot::Bot;
use crate::github::{Files, GitHub};

pub(crate) const REPOSITORY: &str = "demo/shop";

/// A Deployment that passes; `replicas` is on line 7.
pub(crate) fn deployment(name: &str, replicas: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      securityContext:
        runAsNonRoot: true
      containers:
        - name: web
          image: registry.example/web:1.4.2
"
    )
}

/// A repository with one plain application, and a bot that knows it.
pub(crate) async fn start() -> (GitHub, Bot) {
    let fake = serve().await;
    let bot = Bot::start(&fake).await;
    bot.idle().await;
    (fake, bot)
}

/// The repository alone.
pub(crate) async fn serve() -> GitHub {
    let fake = GitHub::start().await;
    let web = deployment("web", "2");
    let files: &Files<'_> = &[
        ("apps/shop/web.yaml", Some(&web)),
        ("README.md", Some("text\n")),
    ];
    fake.create_repository(REPOSITORY, files);
    fake
}

/// A pull request from the branch `scale` to `main`.
#[derive(Debug)]
pub(crate) struct Scaling {
    pub(crate) pull: u64,
    pub(crate) head: String,
}

/// Opens a pull request that wants `replicas`; nobody is told.
pub(crate) fn propose(fake: &GitHub, replicas: &str) -> Scaling {
    let head = push(fake, replicas);
    let pull = fake.open_pull(REPOSITORY, "scale", "main");
    Scaling { pull, head }
}

/// Commits `replicas` to the branch `scale`, cut from `main` when it is new; nobody is told.
pub(crate) fn push(fake: &GitHub, replicas: &str) -> String {
    let web = deployment("web", replicas);
    let files: &Files<'_> = &[("apps/shop/web.yaml", Some(&web))];
    fake.commit(REPOSITORY, "scale", Some("main"), files)
}

/// Opens a pull request that wants `replicas`, and delivers that.
pub(crate) async fn open(fake: &GitHub, bot: SocketAddr, replicas: &str) -> Scaling {
    let scaling = propose(fake, replicas);
    deliver(fake, bot, scaling.pull, "opened").await;
    scaling
}

/// Delivers an event about a pull request, which is taken.
pub(crate) async fn deliver(fake: &GitHub, bot: SocketAddr, pull: u64, action: &str) {
    let answer = fake.deliver_pull(bot, REPOSITORY, pull, action).await;
    assert_eq!(answer, 202);
}
