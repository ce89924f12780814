//! What all work shares: clients, means, the clock, and the signals to stop and to look.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio::sync::{Notify, OwnedMutexGuard, Semaphore, watch};

use crate::clients::github::{App, GitHub, RepositoryRef};
use crate::clients::store::{RepositoryRecord, Store};
use crate::ids::{Digest, PrNumber, RepositoryId, RunId};
use crate::report::comment;

/// Locks over which subjects are spread; two that share one only wait for each other.
const TURNS: usize = 64;

/// How the bot works. Every field has a value; `Limits::default()` suits one small machine.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Jobs at the same time, most of which wait for GitHub.
    pub lanes: u32,
    /// Jobs of one repository at the same time, so that it does not delay another.
    pub lanes_per_repository: u32,
    /// Judgements at the same time: each renders with as many processes as there are permits.
    pub judgements: usize,
    /// How long a job may be silent before another worker takes it over.
    pub lease: Duration,
    /// Attempts before a job is left to the next sweep.
    pub attempts: u32,
    /// Time between two sweeps for what was missed.
    pub sweep: Duration,
    /// How long one judgement may take.
    pub deadline: Duration,
    /// Bytes of a comment; what does not fit is counted and stands in the check.
    pub comment_bytes: usize,
    /// How long running work may go on after the signal to stop.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lanes: 16,
            lanes_per_repository: 4,
            judgements: 2,
            lease: Duration::from_mins(1),
            attempts: 6,
            sweep: Duration::from_mins(5),
            deadline: Duration::from_mins(15),
            comment_bytes: comment::BUDGET,
            grace: Duration::from_secs(25),
        }
    }
}

/// Where `now` comes from: the system in production, a fixed value in a test.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What a process is made of; see [`Ctx`].
pub struct Parts {
    /// The open database.
    pub store: Store,
    /// The client, already proven against the App.
    pub github: GitHub,
    /// The App as GitHub knows it.
    pub app: App,
    /// What judges.
    pub bench: super::review::Bench,
    /// Folder for checkouts; emptied at start.
    pub work: PathBuf,
    /// Key of the marks in comments; derived from the App's key, so that it survives the database.
    pub mark_key: SecretString,
    /// How much at once.
    pub limits: Limits,
    /// Address of the web pages, without a final slash; `None` where none are served.
    pub pages: Option<String>,
    /// Where `now` comes from.
    pub clock: Clock,
}

/// Shared by every task of the process.
pub struct Ctx {
    /// The open database.
    pub store: Store,
    /// The client of GitHub's API, with the App's credentials.
    pub github: GitHub,
    /// The App as GitHub knows it.
    pub app: App,
    /// What judges.
    pub bench: super::review::Bench,
    /// Folder for checkouts; emptied at start.
    pub work: PathBuf,
    /// How much at once.
    pub limits: Limits,
    /// Address of the web pages, without a final slash; `None` where none are served.
    pub pages: Option<String>,
    /// This process, as owner of leases.
    pub owner: String,
    pub(super) judgements: Arc<Semaphore>,
    pub(super) wake: Notify,
    pub(super) settled: watch::Sender<u64>,
    turns: Vec<Arc<tokio::sync::Mutex<()>>>,
    mark_key: SecretString,
    clock: Clock,
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx")
            .field("app", &self.app.slug)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Ctx {
    /// Puts the parts together; starts nothing.
    pub fn new(parts: Parts) -> Self {
        Self {
            owner: new_id("worker").0,
            judgements: Arc::new(Semaphore::new(parts.limits.judgements)),
            store: parts.store,
            github: parts.github,
            app: parts.app,
            bench: parts.bench,
            work: parts.work,
            limits: parts.limits,
            pages: parts.pages,
            turns: (0..TURNS).map(|_| Arc::default()).collect(),
            wake: Notify::new(),
            settled: watch::Sender::new(0),
            mark_key: parts.mark_key,
            clock: parts.clock,
        }
    }

    /// The time now.
    pub fn now(&self) -> SystemTime {
        (self.clock)()
    }

    /// Says that there may be work.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    pub(super) fn note_settled(&self) {
        self.settled.send_modify(|count| *count += 1);
    }

    /// Waits for the turn to write about `subject`; it ends when the guard is dropped.
    pub(super) async fn turn(&self, subject: &str) -> Option<OwnedMutexGuard<()>> {
        let digest = Digest::of(subject.as_bytes()).to_string();
        let number = usize::from_str_radix(digest.get(..4).unwrap_or("0"), 16).unwrap_or(0);
        let turn = self.turns.get(number % TURNS)?;
        Some(Arc::clone(turn).lock_owned().await)
    }

    /// Waits until nothing is queued, running or unsent.
    pub async fn wait_until_idle(&self) -> Result<(), super::Failure> {
        let mut settled = self.settled.subscribe();
        loop {
            settled.mark_unchanged();
            if self.store.backlog().await?.is_idle() {
                return Ok(());
            }
            // The sender lives as long as this context.
            let _ = settled.changed().await;
        }
    }

    /// The mark of a comment: who does not have the App's key cannot make it.
    pub(super) fn tag(&self, repository: RepositoryId, pr: PrNumber, subject: &str) -> String {
        let key = self.mark_key.expose_secret().as_bytes();
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
            return String::new();
        };
        mac.update(format!("{}/{}/{subject}", repository.0, pr.0).as_bytes());
        let digits = hex::encode(mac.finalize().into_bytes());
        digits.chars().take(32).collect()
    }
}

/// A repository as requests address it.
pub(super) fn reference(record: &RepositoryRecord) -> RepositoryRef {
    RepositoryRef {
        id: record.id,
        name: record.name.clone(),
        installation: record.installation,
    }
}

/// A new id: random, so that two processes never make the same.
pub(super) fn new_id(prefix: &str) -> RunId {
    let mut bytes = [0_u8; 12];
    if getrandom::fill(&mut bytes).is_err() {
        // Without randomness the time still tells runs of one process apart.
        let nanos = SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos());
        return RunId(format!("{prefix}-{nanos:x}"));
    }
    RunId(format!("{prefix}-{}", hex::encode(bytes)))
}
