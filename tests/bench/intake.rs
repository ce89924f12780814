//! How long GitHub waits for its answer: `drydock serve` with its database on disk takes the official
//! webhook examples at 50 a second, and each second a pull request that it has to judge meanwhile. An answer 2xx means that the row is on disk. Time counts from the moment at
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
    // Two runtimes: what the fake GitHub computes must not hold up the clock of the deliveries.
    let of_github = tokio::runtime::Runtime::new().unwrap();
    let fake = of_github.block_on(github::GitHub::start());
    let of_deliveries = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut waited = of_deliveries.block_on(measure(&fake, deliveries));
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

/// One delivery as it goes over the wire.
struct Delivery {
    event: String,
    guid: String,
    signature: String,
    body: Vec<u8>,
    /// The pull request that is open from now on.
    opens: Option<u64>,
}

impl Delivery {
    fn new(event: &str, payload: &serde_json::Value) -> Self {
        let body = serde_json::to_vec(payload).unwrap();
        Self {
            event: event.to_owned(),
            guid: github::new_guid(),
            signature: github::sign(&body),
            body,
            opens: None,
        }
    }

    async fn send(&self, to: SocketAddr) -> u16 {
        let headers = [
            ("x-github-event", self.event.as_str()),
            ("x-github-delivery", self.guid.as_str()),
            ("x-hub-signature-256", self.signature.as_str()),
        ];
        github::post(to, "/webhook", &headers, &self.body).await
    }
}

async fn measure(fake: &github::GitHub, count: u32) -> Vec<Duration> {
    let deliveries = prepare(fake, count);
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), fake);
    let mut waiting = tokio::task::JoinSet::new();
    let start = Instant::now() + Duration::from_millis(200);
    for (index, delivery) in (0..).zip(deliveries) {
        let due = start + Duration::from_secs(1) / A_SECOND * index;
        tokio::time::sleep_until(due).await;
        if let Some(pull) = delivery.opens {
            fake.change_pull(REPOSITORY, pull, |pull| pull.state = "open");
        }
        let address = server.address;
        waiting.spawn(async move {
            assert_eq!(delivery.send(address).await, 202, "{}", delivery.event);
            due.elapsed()
        });
    }
    let waited = waiting.join_all().await;
    let judged = fake.look(|state| state.repository(REPOSITORY).checks.len());
    println!("meanwhile {judged} pull requests got their check");
    waited
}

/// Everything that is sent, made before the clock runs.
fn prepare(fake: &github::GitHub, count: u32) -> Vec<Delivery> {
    let manifest =
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  size: small\n";
    fake.create_repository(REPOSITORY, &[("apps/shop/web.yaml", Some(manifest))]);
    let examples = github::official_webhook_examples();
    let mut examples = examples.iter().cycle();
    let own = |index: u32| {
        let branch = format!("change-{index}");
        let changed = manifest.replace("small", &format!("size-{index}"));
        let change = [("apps/shop/web.yaml", Some(changed.as_str()))];
        fake.commit(REPOSITORY, &branch, Some("main"), &change);
        let pull = fake.open_pull(REPOSITORY, &branch, "main");
        let payload = fake.pull_payload(REPOSITORY, pull, "opened");
        // Else the bot would find all of them when it starts.
        fake.change_pull(REPOSITORY, pull, |pull| pull.state = "closed");
        Delivery {
            opens: Some(pull),
            ..Delivery::new("pull_request", &payload)
        }
    };
    (0..count)
        .filter_map(|index| {
            if index % A_SECOND == 0 {
                return Some(own(index));
            }
            let (event, payload) = examples.next()?;
            Some(Delivery::new(event, payload))
        })
        .collect()
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
