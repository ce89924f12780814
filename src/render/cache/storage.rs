//! Where entries are: a folder of this machine, or a bucket that several share. Nothing that goes
//! wrong here fails a rendering.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetResultPayload, ObjectStore, ObjectStoreExt as _};
use url::Url;

use super::bucket::{Waiting, open_bucket};
use super::evict;
use crate::ids::Digest;

/// Entries larger than this are not believed: twice what any output compresses to.
const ENTRY_LIMIT: u64 = 128 << 20;

/// After so many failures in a row the storage is left alone: rendering is quicker than waiting for
/// what is not there.
const FAILURES: usize = 3;

/// Where a cache is kept.
#[derive(Debug, Clone)]
pub enum Place {
    /// A folder of this machine. Several processes may share it.
    Folder(PathBuf),
    /// A bucket, such as `s3://bucket/prefix`, `gs://…` or `az://…`.
    Bucket {
        /// Its address; a path in it is the prefix of every entry.
        url: Url,
        /// Credentials and options by the names that `object_store` gives them, such as
        /// `aws_access_key_id`; unknown ones are ignored.
        options: Vec<(String, String)>,
    },
}

/// Why a cache cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The folder cannot be made.
    #[error("the folder `{}` for rendered output cannot be made", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The address leads to no bucket.
    #[error("`{url}` is no storage for rendered output")]
    Address {
        /// As configured.
        url: String,
        /// Why.
        source: Box<object_store::Error>,
    },
    /// The scheme of the address is not known.
    #[error(
        "`{url}` is no storage for rendered output: name a folder, or an address that begins with s3://, gs:// or az://"
    )]
    Scheme {
        /// As configured.
        url: String,
    },
    /// No task could be run.
    #[error("no task for the storage of rendered output could be started")]
    Runtime(#[source] std::io::Error),
}

/// A storage that is ready.
#[derive(Debug)]
pub(super) struct Storage {
    store: Box<dyn ObjectStore>,
    prefix: Path,
    waiting: Waiting,
    folder: Option<Folder>,
    failures: AtomicUsize,
}

/// A folder with a bound.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    max_bytes: u64,
    /// Bytes that the folder takes, as far as this process knows; unknown before its first write.
    taken: AtomicU64,
}

const UNKNOWN: u64 = u64::MAX;

impl Storage {
    pub(super) fn open(place: &Place, max_bytes: u64) -> Result<Self, CacheError> {
        match place {
            Place::Folder(path) => {
                let failed = |source| CacheError::Folder {
                    path: path.clone(),
                    source,
                };
                let path = path.join("entries");
                // Entries are masked; who may see which repositories are judged is still not everybody.
                std::fs::DirBuilder::new()
                    .recursive(true)
                    .mode(0o700)
                    .create(&path)
                    .map_err(failed)?;
                let path = path.canonicalize().map_err(failed)?;
                let store = LocalFileSystem::new_with_prefix(&path)
                    .map_err(|error| failed(std::io::Error::other(error)))?;
                Ok(Self {
                    store: Box::new(store),
                    prefix: Path::default(),
                    waiting: Waiting::OnThread,
                    folder: Some(Folder {
                        path,
                        max_bytes,
                        taken: AtomicU64::new(UNKNOWN),
                    }),
                    failures: AtomicUsize::new(0),
                })
            }
            Place::Bucket { url, options } => {
                let (store, prefix) = open_bucket(url, options)?;
                Ok(Self {
                    store,
                    prefix,
                    waiting: Waiting::with_runtime()?,
                    folder: None,
                    failures: AtomicUsize::new(0),
                })
            }
        }
    }

    /// The bytes of an entry, as they are.
    pub(super) fn read(&self, key: &Digest) -> Option<Vec<u8>> {
        if self.is_given_up() {
            return None;
        }
        let path = self.locate(key);
        let result = self.waiting.wait(async {
            let found = self.store.get(&path).await?;
            if found.meta.size > ENTRY_LIMIT {
                return Ok(None);
            }
            let file = match &found.payload {
                GetResultPayload::File(_, file) => Some(file.clone()),
                GetResultPayload::Stream(_) => None,
            };
            let modified = found.meta.last_modified;
            let bytes = found.bytes().await?;
            if let Some(file) = file {
                evict::note_use(&file, modified.into());
            }
            Ok(Some(Vec::from(bytes)))
        });
        match result {
            Err(object_store::Error::NotFound { .. }) => self.note(Ok(None)),
            other => self.note(other),
        }
        .flatten()
    }

    /// Keeps an entry. A reader sees all of it or nothing, whenever this process ends.
    pub(super) fn write(&self, key: &Digest, bytes: Vec<u8>) {
        if self.is_given_up() {
            return;
        }
        let added = bytes.len() as u64;
        let path = self.locate(key);
        if let Some(folder) = &self.folder {
            folder.make_room(added);
        }
        let put = async { self.store.put(&path, bytes.into()).await };
        let _ = self.note(self.waiting.wait(put));
    }

    fn locate(&self, key: &Digest) -> Path {
        let name = key.to_string();
        let (folder, file) = name.split_at_checked(2).unwrap_or(("", &name));
        let parts = self.prefix.parts().map(|part| part.as_ref().to_owned());
        parts.chain([folder.to_owned(), file.to_owned()]).collect()
    }

    fn is_given_up(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILURES
    }

    fn note<T>(&self, result: Result<T, object_store::Error>) -> Option<T> {
        match result {
            Ok(value) => {
                self.failures.store(0, Ordering::Relaxed);
                Some(value)
            }
            Err(error) => {
                let failures = self
                    .failures
                    .fetch_add(1, Ordering::Relaxed)
                    .saturating_add(1);
                tracing::warn!(%error, failures, "rendered output could not be looked up or kept");
                if failures == FAILURES {
                    tracing::warn!("rendered output is not kept any more until the next start");
                }
                None
            }
        }
    }
}

impl Folder {
    /// Sweeps before the bound would be passed; to seven eighths of it, so that not every write does.
    fn make_room(&self, bytes: u64) {
        let added = evict::size_on_disk(bytes);
        let taken = self.taken.load(Ordering::Relaxed);
        let after = taken.saturating_add(added);
        let after = if taken == UNKNOWN || after > self.max_bytes {
            let goal = (self.max_bytes / 8 * 7).saturating_sub(added);
            evict::sweep(&self.path, goal).saturating_add(added)
        } else {
            after
        };
        self.taken.store(after, Ordering::Relaxed);
    }
}
