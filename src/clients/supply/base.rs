//! A remote base: one state of a Git repository, as files.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use gix::protocol::transport::Protocol;
use gix::protocol::transport::client::blocking_io::http::Transport;
use tokio::runtime::Handle;
use url::Url;

use super::transport::{Failure, Guarded};
use crate::clients::git::fetch_through;
use crate::clients::web::{Web, host_of};
use crate::ids::{CommitSha, RepoPath};
use crate::outside::{BaseRevision, Files, LeftOut, Short, Supplied};
use crate::tree::{EntryKind, Reader, Tree, TreeError};

/// Files that a base's repository may have; the largest public collections of manifests have fewer.
const FILE_LIMIT: usize = 50_000;

/// Links to folders inside one another.
const LINK_LIMIT: usize = 8;

/// Where fetched references stand.
const HEAD: &str = "refs/drydock/head";
const TAG: &str = "refs/drydock/tag";

/// What came.
pub(super) struct Base {
    pub(super) commit: CommitSha,
    pub(super) files: Files,
    pub(super) left_out: BTreeMap<RepoPath, LeftOut>,
}

impl Base {
    pub(super) fn supply(&self, floating: bool) -> Supplied {
        Supplied {
            files: Arc::new(self.files.clone()),
            left_out: Arc::new(self.left_out.clone()),
            version: self.commit.to_string(),
            digest: Supplied::digest_of(&self.files),
            floating,
        }
    }
}

/// Stops the thread that works for a future which nobody waits for any more.
struct Interrupt(Arc<AtomicBool>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Fetches one commit without history, and takes its files.
pub(super) async fn fetch(web: Arc<Web>, url: Url, revision: BaseRevision) -> Result<Base, Short> {
    let interrupt = Interrupt(Arc::default());
    let flag = Arc::clone(&interrupt.0);
    let handle = Handle::current();
    super::blocking(move || fetch_here(&web, &url, &revision, handle, &flag)).await
}

fn fetch_here(
    web: &Arc<Web>,
    url: &Url,
    revision: &BaseRevision,
    handle: Handle,
    interrupt: &AtomicBool,
) -> Result<Base, Short> {
    let specs = match revision {
        BaseRevision::Commit(commit) => vec![format!("+{commit}:{HEAD}")],
        BaseRevision::Newest => vec![format!("+HEAD:{HEAD}")],
        BaseRevision::Named(name) => {
            check_reference(name)?;
            if name.starts_with("refs/") {
                vec![format!("+{name}:{HEAD}")]
            } else {
                // Git itself looks among the tags first.
                vec![
                    format!("+refs/tags/{name}:{TAG}"),
                    format!("+refs/heads/{name}:{HEAD}"),
                ]
            }
        }
    };
    let dir = tempfile::tempdir().map_err(|error| Short::Cache {
        reason: error.kind().to_string(),
    })?;
    let failure = Failure::default();
    let guarded = Guarded::new(Arc::clone(web), handle, Arc::clone(&failure));
    let upstream = |reason: String| Short::Upstream {
        host: host_of(url),
        reason,
    };
    let address = gix::url::parse(url.as_str()).map_err(|_| super::wrong_address())?;
    let transport = Transport::new_http(guarded, address, Protocol::V2, false);
    let fetched = fetch_through(transport, url.as_str(), &specs, interrupt, dir.path());
    if let Some(short) = failure
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        return Err(short);
    }
    let repository = fetched.map_err(|reason| {
        // The server's and gix's own words for a name or commit that is not there.
        if reason.contains("None of the refspec") || reason.contains("not our ref") {
            Short::NotFound { host: host_of(url) }
        } else {
            upstream(reason)
        }
    })?;
    let commit = [TAG, HEAD]
        .into_iter()
        .find_map(|name| repository.resolve(&format!("{name}^{{commit}}")).ok())
        .ok_or_else(|| upstream("it did not send the commit".to_owned()))?;
    if let BaseRevision::Commit(wanted) = revision
        && *wanted != commit
    {
        return Err(upstream("it sent another commit".to_owned()));
    }
    let unreadable = |reason: String| Short::Unreadable {
        subject: "the fetched commit".to_owned(),
        reason,
    };
    let tree = repository
        .tree(&commit)
        .map_err(|error| unreadable(error.to_string()))?;
    let mut taken = Taking {
        reader: tree.reader(),
        tree: &tree,
        left: web.outside.limits.unpacked_bytes,
        limit: web.outside.limits.unpacked_bytes,
        files: Files::new(),
        left_out: BTreeMap::new(),
    };
    taken.take_folder(&RepoPath::root(), &RepoPath::root(), 0)?;
    Ok(Base {
        commit,
        files: taken.files,
        left_out: taken.left_out,
    })
}

/// A name that Git could give to a reference, and that means nothing else in a reference
/// specification.
fn check_reference(name: &str) -> Result<(), Short> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '/' | '-' | '+' | '@');
    let is_name = name.chars().all(fits)
        && !name.starts_with(['-', '/', '.', '+'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains("//")
        && !name.contains("@{");
    if is_name {
        Ok(())
    } else {
        Err(Short::Address {
            reason: "its `ref` cannot be the name of a tag or branch".to_owned(),
        })
    }
}

/// The files of a tree, links inside it resolved, while they are taken.
struct Taking<'a> {
    tree: &'a Tree,
    reader: Reader<'a>,
    left: u64,
    limit: u64,
    files: Files,
    left_out: BTreeMap<RepoPath, LeftOut>,
}

impl Taking<'_> {
    /// Takes what stands below `real` as if it stood below `shown`.
    fn take_folder(
        &mut self,
        real: &RepoPath,
        shown: &RepoPath,
        depth: usize,
    ) -> Result<(), Short> {
        let tree = self.tree;
        for (path, entry) in tree.below(real) {
            let rest = path.as_str().get(real.as_str().len()..).unwrap_or_default();
            let Some(place) = shown.join(rest.trim_start_matches('/')) else {
                continue;
            };
            match entry.kind {
                EntryKind::File => self.take_file(path, place)?,
                EntryKind::Submodule => {
                    self.left_out.insert(place, LeftOut::Submodule);
                }
                EntryKind::Symlink => match tree.resolve(path) {
                    Ok(target) if tree.entries().contains_key(&target) => {
                        self.take_file(&target, place)?;
                    }
                    Ok(target)
                        if depth < LINK_LIMIT
                            && tree.is_folder(&target)
                            // A link to a folder above itself has no end.
                            && !path.is_within(&target) =>
                    {
                        self.take_folder(&target, &place, depth + 1)?;
                    }
                    _ => {
                        self.left_out.insert(place, LeftOut::Link);
                    }
                },
            }
        }
        Ok(())
    }

    fn take_file(&mut self, real: &RepoPath, place: RepoPath) -> Result<(), Short> {
        let content = match self.reader.read(real) {
            Ok(content) => content,
            Err(TreeError::TooLarge { .. }) => {
                self.left_out.insert(place, LeftOut::TooLarge);
                return Ok(());
            }
            Err(error) => {
                return Err(Short::Unreadable {
                    subject: "the fetched commit".to_owned(),
                    reason: error.to_string(),
                });
            }
        };
        let rest = self
            .left
            .checked_sub(u64::try_from(content.len()).unwrap_or(u64::MAX));
        self.left = rest.ok_or_else(|| Short::TooLarge {
            subject: "the repository".to_owned(),
            limit: self.limit,
        })?;
        self.files.insert(place, Arc::from(content));
        if self.files.len() > FILE_LIMIT {
            return Err(Short::TooMany {
                subject: "the repository".to_owned(),
                limit: FILE_LIMIT,
            });
        }
        Ok(())
    }
}
