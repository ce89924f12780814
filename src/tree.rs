//! Read-only trees of files: a commit, or a working directory.
//!
//! A tree never follows a symbolic link out of itself, never reads a submodule, and gives each
//! file's Git blob id, so that two trees compare without reading.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ids::{CommitSha, Digest, RepoPath};

/// What a tree is a state of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Revision {
    /// A commit, or the tree of a merge made in memory.
    Commit(CommitSha),
    /// The working directory as it is now.
    Worktree,
    /// No state at all: every file of the other side is new.
    Empty,
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Commit(sha) => sha.fmt(f),
            Self::Worktree => f.write_str("worktree"),
            Self::Empty => f.write_str("empty"),
        }
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A symbolic link; its content is the target.
    Symlink,
    /// A Git submodule; its content is not part of this tree.
    Submodule,
}

/// One path of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Git's blob id of the content (SHA-1 or SHA-256, lower-case hexadecimal); empty for a submodule.
    pub blob: String,
}

/// Why something of a tree could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// No such path.
    #[error("`{0}` does not exist")]
    Missing(RepoPath),
    /// A directory where a file was expected.
    #[error("`{0}` is a folder")]
    IsFolder(RepoPath),
    /// A link that leads out of the repository, or in a circle.
    #[error("`{path}` is a symbolic link to `{target}`, which is not inside the repository")]
    LinkEscapes {
        /// The link.
        path: RepoPath,
        /// Its content.
        target: String,
    },
    /// A submodule.
    #[error("`{0}` is a Git submodule, which Drydock does not follow")]
    Submodule(RepoPath),
    /// Larger than the reader accepts.
    #[error("`{path}` has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// The file.
        path: RepoPath,
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// The disk or object database did not give it.
    #[error("`{path}` could not be read: {reason}")]
    Unreadable {
        /// The file.
        path: RepoPath,
        /// What the system said.
        reason: String,
    },
}

/// A read-only state of a repository. Cheap to clone.
#[derive(Clone)]
pub struct Tree {
    revision: Revision,
    entries: Arc<BTreeMap<RepoPath, Entry>>,
    backing: Backing,
}

#[derive(Clone)]
enum Backing {
    /// Nothing to read.
    Empty,
    /// Blobs of a Git object database.
    Git(gix::ThreadSafeRepository),
    /// Files below a directory.
    Directory(PathBuf),
}

impl std::fmt::Debug for Tree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree")
            .field("revision", &self.revision)
            .field("entries", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl Tree {
    /// The largest file that is read: 5 MiB, which is above the largest real manifest (etcd stores
    /// objects up to 1.5 MiB) and bounds what one file can cost.
    pub const FILE_LIMIT: u64 = 5 * 1024 * 1024;

    /// A tree without files.
    pub fn empty() -> Self {
        Self {
            revision: Revision::Empty,
            entries: Arc::default(),
            backing: Backing::Empty,
        }
    }

    /// A tree whose blobs come from a Git object database.
    pub fn of_git(
        revision: Revision,
        entries: BTreeMap<RepoPath, Entry>,
        repository: gix::ThreadSafeRepository,
    ) -> Self {
        Self {
            revision,
            entries: Arc::new(entries),
            backing: Backing::Git(repository),
        }
    }

    /// A tree of files below `root`; `entries` name what belongs to it.
    pub fn of_directory(
        revision: Revision,
        entries: BTreeMap<RepoPath, Entry>,
        root: PathBuf,
    ) -> Self {
        Self {
            revision,
            entries: Arc::new(entries),
            backing: Backing::Directory(root),
        }
    }

    /// What it is a state of.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// Every path with what stands there, in path order; folders are implied.
    pub fn entries(&self) -> &BTreeMap<RepoPath, Entry> {
        &self.entries
    }

    /// The digest of every path with its content.
    pub fn digest(&self) -> Digest {
        Digest::of_parts(
            self.entries
                .iter()
                .flat_map(|(path, entry)| [path.as_str().as_bytes(), entry.blob.as_bytes()]),
        )
    }

    /// Reads the blob at exactly this path (a link's target for a link).
    pub(crate) fn read_entry(&self, path: &RepoPath, entry: &Entry) -> Result<Vec<u8>, TreeError> {
        let unreadable = |reason: String| TreeError::Unreadable {
            path: path.clone(),
            reason,
        };
        let too_large = |bytes: u64| TreeError::TooLarge {
            path: path.clone(),
            bytes,
            limit: Self::FILE_LIMIT,
        };
        match &self.backing {
            Backing::Empty => Err(TreeError::Missing(path.clone())),
            Backing::Git(repository) => {
                let repository = repository.to_thread_local();
                let id = gix::ObjectId::from_hex(entry.blob.as_bytes())
                    .map_err(|error| unreadable(error.to_string()))?;
                let header = repository
                    .find_header(id)
                    .map_err(|error| unreadable(error.to_string()))?;
                if header.size() > Self::FILE_LIMIT {
                    return Err(too_large(header.size()));
                }
                let object = repository
                    .find_object(id)
                    .map_err(|error| unreadable(error.to_string()))?;
                Ok(object.detach().data)
            }
            Backing::Directory(root) => {
                let full = root.join(path.as_str());
                let io = |error: std::io::Error| unreadable(error.to_string());
                if entry.kind == EntryKind::Symlink {
                    let target = std::fs::read_link(&full).map_err(io)?;
                    return Ok(target.to_string_lossy().into_owned().into_bytes());
                }
                let size = std::fs::symlink_metadata(&full).map_err(io)?.len();
                if size > Self::FILE_LIMIT {
                    return Err(too_large(size));
                }
                std::fs::read(&full).map_err(io)
            }
        }
    }
}
