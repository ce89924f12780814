//! GitHub for tests: a small state machine behind real HTTP on 127.0.0.1. It keeps installations,
//! repositories (real Git, served by `git http-backend`), pull requests, check runs, comments and
//! deployments, answers with GitHub's official examples filled in, and holds every request against
//! GitHub's official OpenAPI description. It records every write, so that a test can say that
//! nothing else was sent.
#![allow(dead_code, reason = "each test binary uses a part of it")]

mod api;
mod contract;
mod git;
mod state;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) use contract::official_webhook_examples;
pub(crate) use git::{Files, MergeMethod};
pub(crate) use state::{CheckRun, Comment, Deployment, Fault, FaultKind, Pull, Repository, State};

/// How long any wait lasts before the test fails; generous, because machines differ.
const DEADLINE: Duration = Duration::from_secs(90);

pub(crate) const WEBHOOK_SECRET: &str = "a webhook secret of tests";

/// A running fake. Stops when dropped.
pub(crate) struct GitHub {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
    server: tokio::task::JoinHandle<()>,
}

pub(crate) struct Inner {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    address: SocketAddr,
    folder: tempfile::TempDir,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn touch(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    async fn wait_for_release(&self) {
        let mut changes = self.changed.subscribe();
        while !self.lock().released {
            // The sender lives as long as this value.
            let _ = changes.changed().await;
        }
    }
}

/// The App's key, made once per test binary.
fn key() -> &'static KeyPair {
    static KEY: std::sync::OnceLock<KeyPair> = std::sync::OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

pub(crate) fn private_key_pem() -> String {
    let der: Pkcs8V1Der<'_> = key().as_der().unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(der.as_ref());
    let lines: Vec<_> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

pub(crate) fn public_key_der() -> Vec<u8> {
    key().public_key().as_ref().to_vec()
}

impl GitHub {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner {
            state: Mutex::new(State::new()),
            changed: watch::Sender::new(0),
            address,
            folder: tempfile::tempdir().unwrap(),
        });
        let router = axum::Router::new()
            .fallback(api::answer)
            .with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            inner,
            server,
        }
    }

    /// The root of the REST API, the way an Enterprise Server has it.
    pub(crate) fn api(&self) -> String {
        format!("http://{}/api/v3", self.address)
    }

    pub(crate) fn app_id(&self) -> u64 {
        State::APP_ID
    }

    /// Makes a repository whose default branch `main` holds these files.
    pub(crate) fn create_repository(&self, name: &str, files: &Files<'_>) -> u64 {
        let mut state = self.inner.lock();
        let id = state.next_id();
        git::init(&self.inner.folder.path().join(format!("{name}.git")));
        state.add_repository(id, name);
        drop(state);
        self.commit(name, "main", None, files);
        id
    }

    /// Adds a commit to a branch (made from `from` when new). `None` as content removes a file.
    pub(crate) fn commit(
        &self,
        name: &str,
        branch: &str,
        from: Option<&str>,
        files: &Files<'_>,
    ) -> String {
        let folder = self.inner.folder.path().join(format!("{name}.git"));
        let sha = git::commit(&folder, branch, from, files);
        let mut state = self.inner.lock();
        let repository = state.repository_mut(name);
        for pull in repository.pulls.values_mut() {
            if pull.state == "open" && pull.head_ref == branch {
                pull.head.clone_from(&sha);
                git::set_reference(&folder, &format!("refs/pull/{}/head", pull.number), &sha);
            }
        }
        drop(state);
        self.inner.touch();
        sha
    }

    /// Points a branch at a commit, as a force-push does.
    pub(crate) fn set_branch(&self, name: &str, branch: &str, sha: &str) {
        let folder = self.inner.folder.path().join(format!("{name}.git"));
        git::set_reference(&folder, &format!("refs/heads/{branch}"), sha);
    }

    /// Opens a pull request from a branch of the same repository.
    pub(crate) fn open_pull(&self, name: &str, branch: &str, base: &str) -> u64 {
        let folder = self.inner.folder.path().join(format!("{name}.git"));
        let head = git::resolve(&folder, &format!("refs/heads/{branch}"));
        let mut state = self.inner.lock();
        let repository = state.repository_mut(name);
        let number = repository.pulls.keys().max().map_or(1, |last| last + 1);
        git::set_reference(&folder, &format!("refs/pull/{number}/head"), &head);
        repository
            .pulls
            .insert(number, Pull::new(number, head, branch, base));
        number
    }

    pub(crate) fn change_pull(&self, name: &str, number: u64, change: impl FnOnce(&mut Pull)) {
        let mut state = self.inner.lock();
        change(state.repository_mut(name).pulls.get_mut(&number).unwrap());
    }

    /// Deletes our comment and posts its text in someone's name; gives the text.
    pub(crate) fn steal_comment(&self, name: &str, number: u64, login: &str) -> String {
        let mut state = self.inner.lock();
        let id = state.next_id();
        let comments = &mut state.repository_mut(name).comments;
        let at = comments
            .iter()
            .position(|comment| comment.pull == number)
            .unwrap();
        let mut comment = comments.remove(at);
        comment.id = id;
        comment.by = Some(login.to_owned());
        comments.push(comment.clone());
        comment.body
    }

    /// Merges a pull request with a merge commit, as the button does; gives the merge commit.
    pub(crate) fn merge_pull(&self, name: &str, number: u64) -> String {
        self.merge_pull_by(name, number, MergeMethod::Merge)
    }

    /// Merges with any of the three buttons; gives the commit that the base branch points at then.
    pub(crate) fn merge_pull_by(&self, name: &str, number: u64, method: MergeMethod) -> String {
        let folder = self.inner.folder.path().join(format!("{name}.git"));
        let mut state = self.inner.lock();
        let pull = state.repository_mut(name).pulls.get_mut(&number).unwrap();
        let sha = git::merge(&folder, &pull.base_ref, &pull.head, method);
        pull.state = "closed";
        pull.merged_as = Some(sha.clone());
        sha
    }

    /// Delivers a `pull_request` event about the pull request as it is now; gives the bot's answer.
    pub(crate) async fn deliver_pull(
        &self,
        bot: SocketAddr,
        name: &str,
        number: u64,
        action: &str,
    ) -> u16 {
        let payload = self.pull_payload(name, number, action);
        self.deliver(bot, "pull_request", &new_guid(), &payload)
            .await
    }

    pub(crate) fn pull_payload(&self, name: &str, number: u64, action: &str) -> Value {
        let state = self.inner.lock();
        let repository = state.repository(name);
        let pull = api::pull_json(self.address, repository, &repository.pulls[&number]);
        json!({
            "action": action, "number": number, "pull_request": pull,
            "repository": api::repository_json(self.address, repository),
            "installation": {"id": State::INSTALLATION}, "sender": pull["user"],
        })
    }

    pub(crate) fn envelope(&self, name: &str, mut payload: Value) -> Value {
        let state = self.inner.lock();
        payload["repository"] = api::repository_json(self.address, state.repository(name));
        payload["installation"] = json!({"id": State::INSTALLATION});
        payload
    }

    /// Sends a signed delivery.
    pub(crate) async fn deliver(
        &self,
        bot: SocketAddr,
        event: &str,
        guid: &str,
        payload: &Value,
    ) -> u16 {
        deliver_to(bot, event, guid, payload).await
    }

    /// The next matching request meets this fault.
    pub(crate) fn inject(&self, fault: Fault) {
        self.inner.lock().faults.push(fault);
    }

    /// Answers every request that met [`FaultKind::Hold`].
    pub(crate) fn release(&self) {
        self.inner.lock().released = true;
        self.inner.touch();
    }

    pub(crate) fn clear_faults(&self) {
        self.inner.lock().faults.clear();
    }

    /// Reads the state.
    pub(crate) fn look<T>(&self, read: impl FnOnce(&State) -> T) -> T {
        read(&self.inner.lock())
    }

    /// Waits until `find` gives something; fails the test with the state at the deadline.
    pub(crate) async fn wait<T>(&self, what: &str, mut find: impl FnMut(&State) -> Option<T>) -> T {
        let mut changes = self.inner.changed.subscribe();
        let search = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = find(&self.inner.lock()) {
                    return found;
                }
                changes.changed().await.unwrap();
            }
        };
        match tokio::time::timeout(DEADLINE, search).await {
            Ok(found) => found,
            Err(_) => panic!("never happened: {what}\n{:#?}", self.inner.lock()),
        }
    }

    /// Waits until the newest check run `drydock` of a commit is completed.
    pub(crate) async fn wait_for_conclusion(
        &self,
        name: &str,
        sha: &str,
        conclusion: &str,
    ) -> CheckRun {
        self.wait(&format!("{conclusion} on {name} {sha}"), |state| {
            let newest = state.repository(name).newest_check(sha)?;
            (newest.conclusion.as_deref() == Some(conclusion)).then(|| newest.clone())
        })
        .await
    }

    /// Fails when any request broke GitHub's description.
    pub(crate) fn assert_contract_kept(&self) {
        let state = self.inner.lock();
        assert!(state.violations.is_empty(), "{:#?}", state.violations);
    }
}

impl Drop for GitHub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) fn new_guid() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!(
        "00000000-0000-4000-8000-{:012}",
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

pub(crate) fn sign(body: &[u8]) -> String {
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

pub(crate) async fn deliver_to(bot: SocketAddr, event: &str, guid: &str, payload: &Value) -> u16 {
    let body = serde_json::to_vec(payload).unwrap();
    let signature = sign(&body);
    let headers = [
        ("x-github-event", event),
        ("x-github-delivery", guid),
        ("x-hub-signature-256", &signature),
    ];
    post(bot, "/webhook", &headers, &body).await
}

/// Status and body of a page of the bot.
pub(crate) async fn get(bot: SocketAddr, path: &str) -> (u16, String) {
    let text = exchange(bot, &format!("GET {path} HTTP/1.1\r\n"), &[], b"").await;
    let body = text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (status(&text), body.unwrap_or_default())
}

/// One HTTP/1.1 exchange without a client library, so that headers are exactly what a test says.
pub(crate) async fn post(
    bot: SocketAddr,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> u16 {
    let line = format!("POST {path} HTTP/1.1\r\n");
    status(&exchange(bot, &line, headers, body).await)
}

fn status(text: &str) -> u16 {
    let status = text
        .split(' ')
        .nth(1)
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    status.parse().unwrap()
}

async fn exchange(bot: SocketAddr, line: &str, headers: &[(&str, &str)], body: &[u8]) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(bot).await.unwrap();
    let mut head = format!(
        "{line}host: {bot}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    // A server that refuses early may close before it read everything.
    let _ = stream.write_all(body).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}
