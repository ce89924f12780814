//! How long GitHub waits for its answer: `drydock serve` with its database on disk takes the official
//! webhook examples at 50 a second, every tenth delivery a new commit of a pull request that it has
//! to judge meanwhile. An answer 2xx means that the row is on disk. Time counts from the moment at
//! which a delivery was due, so that a slow answer is not forgiven to the ones behind it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::time::Instant;

#[path = "../support/github/mod.rs"]
#[expect(unused_imports, reason = "the scenarios use all of it")]
mod github;

const A_SECOND: u32 = 50;
const REPOSITORY: &str = "demo/shop";

fn main() {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok());
    let deliveries = A_SECOND * seconds.unwrap_or(30);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut waited = runtime.block_on(measure(deliveries));
    waited.sort();
    let at = |share: usize| waited[(waited.len() * share / 1000).min(waited.len() - 1)];
    println!(
        "{} deliveries at {A_SECOND} a second: p50 {:.1?}, p99 {:.1?} (under 100 ms), longest {:.1?}",
        waited.len(),
        at(500),
        at(990),
        at(1000),
    );
}

async fn measure(deliveries: u32) -> Vec<Duration> {
    let fake = github::GitHub::start().await;
    let manifest =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  size: small\n";
    fake.create_repository(REPOSITORY, &[("apps/shop/web.yaml", Some(manifest))]);
    let changed = manifest.replace("small", "large");
    let change = [("apps/shop/web.yaml", Some(changed.as_str()))];
    fake.commit(REPOSITORY, "change", Some("main"), &change);
    let pull = fake.open_pull(REPOSITORY, "change", "main");

    let examples = github::official_webhook_examples();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &fake);
    let mut waiting = tokio::task::JoinSet::new();
    let start = Instant::now() + Duration::from_millis(200);
    for (index, (event, example)) in (0..deliveries).zip(examples.iter().cycle()) {
        let due = start + Duration::from_secs(1) / A_SECOND * index;
        let own = index % 10 == 0;
        let body = if own {
            fake.commit(
                REPOSITORY,
                "change",
                None,
                &[("seen", Some(&index.to_string()))],
            );
            fake.pull_payload(REPOSITORY, pull, "synchronize")
        } else {
            example.clone()
        };
        let event = if own { "pull_request" } else { event }.to_owned();
        tokio::time::sleep_until(due).await;
        let address = server.address;
        waiting.spawn(async move {
            let status = github::deliver_to(address, &event, &github::new_guid(), &body).await;
            assert_eq!(status, 202, "{event}");
            due.elapsed()
        });
    }
    let waited = waiting.join_all().await;
    let judged = fake.look(|state| state.repository(REPOSITORY).checks.len());
    println!("meanwhile {judged} commits of a pull request got their check");
    waited
}

/// The real binary, ended with this value.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(folder: &Path, fake: &github::GitHub) -> Self {
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("key.pem", &github::private_key_pem());
        write("secrets", github::WEBHOOK_SECRET);
        let settings = format!(
            "github:\n  app_id: {}\n  private_key_file: key.pem\n  webhook_secrets_file: secrets\n  api_url: {}\n\
             repositories: [demo/*]\nlisten: 127.0.0.1:0\nstore: sqlite:drydock.db\n",
            fake.app_id(),
            fake.api(),
        );
        write("settings.yaml", &settings);
        let mut process = Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(["serve", "--settings", "settings.yaml"])
            .current_dir(folder)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = log.find_map(|line| {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).ok()?;
            (line["message"] == "listening").then(|| line["address"].as_str()?.parse().ok())?
        });
        // What it says later is read and dropped: a full pipe would stop it.
        std::thread::spawn(move || log.for_each(drop));
        Self {
            process,
            address: address.expect("`drydock serve` says where it listens"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
