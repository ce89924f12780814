//! Fetching exact commits over HTTP into a bare repository.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use base64::Engine as _;
use gix::remote::fetch::{Shallow, Tags};
use secrecy::{ExposeSecret as _, SecretString};

use super::{GitError, Repository, commit_sha, open_bare_with, options};
use crate::ids::CommitSha;

/// What is wanted from the server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// Exactly this commit. GitHub serves any commit that a reference reaches.
    Commit(CommitSha),
    /// What a full reference name points to now, such as `refs/heads/main`.
    Reference(String),
}

/// What to fetch, and how.
#[derive(Debug)]
pub struct FetchRequest<'a> {
    /// `https://…`, without credentials; `http://` only on this machine.
    pub url: &'a str,
    /// An installation token. It goes into one request header, never into the address, an
    /// argument, or a file.
    pub token: Option<&'a SecretString>,
    /// At least one.
    pub wants: &'a [Want],
    /// Commits of history behind each want; `None`: all.
    pub depth: Option<NonZeroU32>,
    /// Set it to stop the transfer.
    pub interrupt: &'a AtomicBool,
}

/// What a fetch brought.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The repository, without the token.
    pub repository: Repository,
    /// The commit of each want, in their order.
    pub commits: Vec<CommitSha>,
}

/// Fetches into the bare repository `directory`, which is made when missing. Blocks: call it from
/// a thread that may. Redirects are refused, so the token never reaches another host.
pub fn fetch(request: &FetchRequest<'_>, directory: &Path) -> Result<Fetched, GitError> {
    check_address(request.url)?;
    let header = request.token.map(authorization);
    let mut overrides = vec![
        "http.followRedirects=false".to_owned(),
        "protocol.allow=never".to_owned(),
        "protocol.https.allow=always".to_owned(),
        "protocol.http.allow=always".to_owned(),
    ];
    if let Some(header) = &header {
        overrides.push(format!("http.extraHeader={}", header.expose_secret()));
    }
    let repository =
        open_bare_with(directory, options().config_overrides(overrides))?.to_thread_local();
    receive(&repository, request).map_err(|error| classify(request, header.as_ref(), &error))?;
    // Opened anew, so that the token lives no longer than the transfer.
    let fetched = Repository::open_bare(directory)?;
    let local = fetched.objects.to_thread_local();
    let mut commits = Vec::new();
    for want in request.wants {
        let missing = |commit: &CommitSha, reason: String| GitError::MissingCommit {
            commit: commit.clone(),
            reason,
        };
        let commit = match want {
            Want::Commit(commit) => commit.clone(),
            Want::Reference(_) => {
                let id = local
                    .find_reference(&local_reference(want))
                    .and_then(gix::Reference::into_fully_peeled_id)
                    .map_err(|error| GitError::Fetch {
                        url: request.url.to_owned(),
                        reason: error.to_string(),
                    })?;
                commit_sha(id.detach())?
            }
        };
        if !fetched.has_commit(&commit) {
            return Err(missing(&commit, "the server did not send it".to_owned()));
        }
        commits.push(commit);
    }
    Ok(Fetched {
        repository: fetched,
        commits,
    })
}

/// The largest object that is unpacked for a caller who did not choose the repository.
const OBJECT_LIMIT: u64 = 256 * 1024 * 1024;

/// Fetches what `specs` name, without history, through a transport that the caller made and guards,
/// into the new bare repository `directory`. Blocks. The error is gix's text.
pub(crate) fn fetch_through(
    transport: impl gix::protocol::transport::client::blocking_io::Transport,
    url: &str,
    specs: &[String],
    interrupt: &AtomicBool,
    directory: &Path,
) -> Result<Repository, String> {
    let overrides = [format!("gitoxide.objects.allocLimit={OBJECT_LIMIT}")];
    let options = options().config_overrides(overrides);
    let objects = open_bare_with(directory, options).map_err(|error| error.to_string())?;
    let repository = objects.to_thread_local();
    let receive = || -> Result<(), gix::Error> {
        let remote = repository
            .remote_at_without_url_rewrite(url)?
            .with_fetch_tags(Tags::None)
            .with_refspecs(
                specs.iter().map(String::as_str),
                gix::remote::Direction::Fetch,
            )?;
        let connection = remote
            .to_connection_with_transport(transport)
            .with_credentials(|_| Ok(None));
        bring(
            connection,
            Shallow::DepthAtRemote(NonZeroU32::MIN),
            interrupt,
        )
    };
    receive().map_err(|error| format!("{error:#}"))?;
    Repository::open_bare(directory).map_err(|error| error.to_string())
}

fn bring<T: gix::protocol::transport::client::blocking_io::Transport>(
    connection: gix::remote::Connection<'_, '_, '_, T>,
    shallow: Shallow,
    interrupt: &AtomicBool,
) -> Result<(), gix::Error> {
    connection
        .prepare_fetch(
            gix::progress::Discard,
            gix::remote::ref_map::Options::default(),
        )?
        .with_shallow(shallow)
        .receive(gix::progress::Discard, interrupt)?;
    Ok(())
}

fn receive(repository: &gix::Repository, request: &FetchRequest<'_>) -> Result<(), gix::Error> {
    let specs: Vec<String> = request
        .wants
        .iter()
        .map(|want| {
            let remote = match want {
                Want::Commit(commit) => commit.as_str(),
                Want::Reference(name) => name,
            };
            format!("+{remote}:{}", local_reference(want))
        })
        .collect();
    let remote = repository
        .remote_at_without_url_rewrite(request.url)?
        .with_fetch_tags(Tags::None)
        .with_refspecs(
            specs.iter().map(String::as_str),
            gix::remote::Direction::Fetch,
        )?;
    let connection = remote
        .connect(gix::remote::Direction::Fetch)?
        // Without this, gix would start a credential helper or ask on the terminal.
        .with_credentials(|_| Ok(None));
    let shallow = match request.depth {
        Some(depth) => Shallow::DepthAtRemote(depth),
        None if repository.is_shallow()? => Shallow::undo(),
        None => Shallow::NoChange,
    };
    bring(connection, shallow, request.interrupt)
}

/// Where a want is kept, so that its objects stay reachable.
fn local_reference(want: &Want) -> String {
    match want {
        Want::Commit(commit) => format!("refs/drydock/commits/{commit}"),
        Want::Reference(name) => format!("refs/drydock/named/{name}"),
    }
}

/// GitHub takes an installation token as the password of `x-access-token`.
fn authorization(token: &SecretString) -> SecretString {
    let pair = format!("x-access-token:{}", token.expose_secret());
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    SecretString::from(format!("Authorization: Basic {encoded}"))
}

fn check_address(text: &str) -> Result<(), GitError> {
    let refuse = |url: &str, reason| {
        Err(GitError::Address {
            url: url.to_owned(),
            reason,
        })
    };
    let Ok(url) = url::Url::parse(text) else {
        return refuse("…", "it is not a URL");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(url.host_str().unwrap_or("…"), "it carries credentials");
    }
    let is_local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return refuse(text, "it names no host"),
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_local => Ok(()),
        _ => refuse(text, "only https is used"),
    }
}

/// gix's error as ours; no credential in its text.
fn classify(
    request: &FetchRequest<'_>,
    header: Option<&SecretString>,
    error: &gix::Error,
) -> GitError {
    let url = request.url.to_owned();
    let mut reason = format!("{error:#}");
    let secrets = [request.token, header];
    for secret in secrets.into_iter().flatten() {
        let whole = secret.expose_secret();
        let last = whole.rsplit(' ').next().unwrap_or(whole);
        reason = reason.replace(whole, "…").replace(last, "…");
    }
    // The status is only in the text: gix keeps no typed one.
    let says = |status: &str| reason.contains(&format!("HTTP status {status}"));
    if error.is_unauthenticated() || error.is_permission_denied() || says("401") || says("403") {
        GitError::Denied { url, reason }
    } else if says("404") {
        GitError::NotFound { url, reason }
    } else {
        GitError::Fetch { url, reason }
    }
}
