//! Read-only trees of files: a commit, or a working directory.
//!
//! A tree never follows a symbolic link out of itself, never reads a submodule, and gives each
//! file's Git blob id, so that two trees compare without reading.

mod link;
mod materialise;
mod overlay;
mod read;
mod scan;

pub use read::Reader;
pub use scan::blob_id;
pub(crate) use scan::read_entry;

use std::collections::BTreeMap;
use std::ops::Bound;
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
    /// Git's blob id of the content (SHA-1 or SHA-256, lower-case hexadecimal); of a submodule the
    /// commit it stands at.
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
    /// A file that could not be written where it was asked for.
    #[error("`{path}` could not be written to the working folder: {reason}")]
    NotWritten {
        /// The file.
        path: RepoPath,
        /// What the system said.
        reason: String,
    },
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

/// What a folder holds under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Child {
    /// A folder; Git knows it by what it holds.
    Folder,
    /// An entry of its own.
    Entry(EntryKind),
}

/// A read-only state of a repository. Cheap to clone.
#[derive(Clone)]
pub struct Tree {
    revision: Revision,
    entries: Arc<BTreeMap<RepoPath, Entry>>,
    /// Regular files alone: no path of it leads anywhere else.
    is_plain: bool,
    backing: Backing,
    overlay: Option<Arc<overlay::Overlay>>,
}

#[derive(Clone)]
enum Backing {
    /// Nothing to read.
    Empty,
    /// Blobs of a Git object database.
    Git(Arc<gix::ThreadSafeRepository>),
    /// Files that were fetched and are held in memory.
    Memory(Arc<BTreeMap<RepoPath, Arc<[u8]>>>),
    /// Files below a directory; what is listed and not on disk (a sparse checkout) comes from the
    /// object database, where there is one.
    Directory {
        root: PathBuf,
        objects: Option<Arc<gix::ThreadSafeRepository>>,
    },
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
            is_plain: true,
            backing: Backing::Empty,
            overlay: None,
        }
    }

    /// A tree of files that are held in memory.
    pub fn of_memory(
        revision: Revision,
        files: Arc<BTreeMap<RepoPath, Arc<[u8]>>>,
    ) -> Result<Self, TreeError> {
        let mut entries = BTreeMap::new();
        for (path, content) in &*files {
            let (kind, blob) = (EntryKind::File, blob_id(content)?);
            entries.insert(path.clone(), Entry { kind, blob });
        }
        Ok(Self {
            revision,
            is_plain: is_plain(&entries),
            entries: Arc::new(entries),
            backing: Backing::Memory(files),
            overlay: None,
        })
    }

    /// A tree whose blobs come from a Git object database.
    pub fn of_git(
        revision: Revision,
        entries: BTreeMap<RepoPath, Entry>,
        repository: gix::ThreadSafeRepository,
    ) -> Self {
        Self {
            revision,
            is_plain: is_plain(&entries),
            entries: Arc::new(entries),
            backing: Backing::Git(Arc::new(repository)),
            overlay: None,
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
            is_plain: is_plain(&entries),
            entries: Arc::new(entries),
            backing: Backing::Directory {
                root,
                objects: None,
            },
            overlay: None,
        }
    }

    /// A working directory; a listed file that is not on disk is read from the object database.
    pub fn of_worktree(
        entries: BTreeMap<RepoPath, Entry>,
        root: PathBuf,
        objects: gix::ThreadSafeRepository,
    ) -> Self {
        Self {
            revision: Revision::Worktree,
            is_plain: is_plain(&entries),
            entries: Arc::new(entries),
            backing: Backing::Directory {
                root,
                objects: Some(Arc::new(objects)),
            },
            overlay: None,
        }
    }

    /// The same state with these entries alone.
    #[must_use]
    pub fn restricted(&self, keep: impl Fn(&RepoPath, &Entry) -> bool) -> Self {
        let kept = self
            .entries
            .iter()
            .filter(|(path, entry)| keep(path, entry));
        let entries: BTreeMap<_, _> = kept
            .map(|(path, entry)| (path.clone(), entry.clone()))
            .collect();
        Self {
            is_plain: is_plain(&entries),
            entries: Arc::new(entries),
            ..self.clone()
        }
    }

    /// True when its files cannot change.
    fn is_immutable(&self) -> bool {
        match self.backing {
            Backing::Empty | Backing::Git(_) | Backing::Memory(_) => true,
            Backing::Directory { .. } => false,
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

    /// True when a folder stands at this path, or a link that leads to one.
    pub fn is_folder(&self, path: &RepoPath) -> bool {
        self.is_plain_folder(path)
            || (!self.entries.contains_key(path)
                || self
                    .entries
                    .get(path)
                    .is_some_and(|entry| entry.kind == EntryKind::Symlink))
                && self
                    .resolve(path)
                    .is_ok_and(|real| self.is_plain_folder(&real))
    }

    /// True when a regular file stands at this path, or a link that leads to one.
    pub fn is_file(&self, path: &RepoPath) -> bool {
        self.find_file(path).is_ok()
    }

    /// True when a regular file stands at this path, or something that cannot be followed: a link that
    /// leaves the tree, a submodule. Whoever looks for the file has to stop there, not pass by.
    pub(crate) fn claims_file(&self, path: &RepoPath) -> bool {
        self.is_file(path) || self.entries.contains_key(path) && self.resolve(path).is_err()
    }

    /// The blob id of the file at this path, links followed.
    pub fn find_blob(&self, path: &RepoPath) -> Option<&str> {
        self.find_file(path)
            .ok()
            .map(|(_, entry)| entry.blob.as_str())
    }

    /// The names in a folder, in order, links to the folder followed (its own links are not).
    pub fn list_folder(&self, path: &RepoPath) -> Result<BTreeMap<String, Child>, TreeError> {
        let real = self.resolve(path)?;
        if !self.is_plain_folder(&real) {
            return Err(TreeError::Missing(path.clone()));
        }
        let prefix = folder_prefix(&real);
        let mut children = BTreeMap::new();
        let mut start = Bound::Included(prefix.clone());
        while let Some((found, entry)) = self
            .entries
            .range::<str, _>((start.as_ref().map(String::as_str), Bound::Unbounded))
            .next()
        {
            let Some(rest) = found.as_str().strip_prefix(&prefix) else {
                break;
            };
            if let Some((folder, _)) = rest.split_once('/') {
                children.insert(folder.to_owned(), Child::Folder);
                // `0` follows `/`: the first text behind everything in that folder.
                start = Bound::Included(format!("{prefix}{folder}0"));
            } else {
                children.insert(rest.to_owned(), Child::Entry(entry.kind));
                start = Bound::Excluded(found.as_str().to_owned());
            }
        }
        Ok(children)
    }

    /// Every entry below a folder (no links followed), in path order.
    pub fn below<'a>(
        &'a self,
        folder: &RepoPath,
    ) -> impl Iterator<Item = (&'a RepoPath, &'a Entry)> + use<'a> {
        let prefix = folder_prefix(folder);
        self.entries
            .range::<str, _>((Bound::Included(prefix.as_str()), Bound::Unbounded))
            .take_while(move |(path, _)| path.as_str().starts_with(&prefix))
    }

    fn is_plain_folder(&self, path: &RepoPath) -> bool {
        path.is_root() || self.below(path).next().is_some()
    }
}

fn is_plain(entries: &BTreeMap<RepoPath, Entry>) -> bool {
    entries.values().all(|entry| entry.kind == EntryKind::File)
}

/// What every path in a folder begins with.
fn folder_prefix(folder: &RepoPath) -> String {
    if folder.is_root() {
        String::new()
    } else {
        format!("{folder}/")
    }
}

#[cfg(test)]
mod tests;
