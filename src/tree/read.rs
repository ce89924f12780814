//! Reading the content of files.

use std::path::Path;

use crate::ids::RepoPath;
use crate::tree::{Backing, Entry, EntryKind, Tree, TreeError};

/// Reads many files of one tree. Not shared between threads: each thread makes its own, which
/// spares the cost of opening the object database for every file.
pub struct Reader<'a> {
    tree: &'a Tree,
    objects: Option<gix::Repository>,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.tree.fmt(f)
    }
}

impl Tree {
    /// A reader for this thread.
    pub fn reader(&self) -> Reader<'_> {
        let objects = match &self.backing {
            Backing::Git(repository) => Some(repository.to_thread_local()),
            Backing::Directory { objects, .. } => {
                objects.as_ref().map(|objects| objects.to_thread_local())
            }
            Backing::Empty | Backing::Memory(_) => None,
        };
        Reader {
            tree: self,
            objects,
        }
    }

    /// The content of one file, links inside the tree followed.
    pub fn read(&self, path: &RepoPath) -> Result<Vec<u8>, TreeError> {
        self.reader().read(path)
    }
}

impl Reader<'_> {
    /// The content of one file, links inside the tree followed.
    pub fn read(&self, path: &RepoPath) -> Result<Vec<u8>, TreeError> {
        let (real, entry) = self.tree.find_file(path)?;
        self.read_entry(&real, entry)
    }

    /// The content at exactly this path: a link's target for a link.
    pub(crate) fn read_entry(&self, path: &RepoPath, entry: &Entry) -> Result<Vec<u8>, TreeError> {
        if entry.kind == EntryKind::Submodule {
            return Err(TreeError::Submodule(path.clone()));
        }
        let overlay = self.tree.overlay.as_ref();
        if let Some(content) = overlay.and_then(|overlay| overlay.find(path)) {
            return Ok(content.to_vec());
        }
        match &self.tree.backing {
            Backing::Empty => Err(TreeError::Missing(path.clone())),
            Backing::Memory(files) => files
                .get(path)
                .map(|content| content.to_vec())
                .ok_or_else(|| TreeError::Missing(path.clone())),
            Backing::Git(_) => self.read_object(path, entry),
            Backing::Directory { root, .. } => match read_disk(root, path, entry.kind) {
                Err(TreeError::Missing(_)) if self.objects.is_some() => {
                    self.read_object(path, entry)
                }
                result => result,
            },
        }
    }

    fn read_object(&self, path: &RepoPath, entry: &Entry) -> Result<Vec<u8>, TreeError> {
        let unreadable = |reason: String| TreeError::Unreadable {
            path: path.clone(),
            reason,
        };
        let objects = self
            .objects
            .as_ref()
            .ok_or_else(|| TreeError::Missing(path.clone()))?;
        let id = gix::ObjectId::from_hex(entry.blob.as_bytes())
            .map_err(|error| unreadable(error.to_string()))?;
        // The header first: a compressed bomb must not be inflated to learn its size.
        let header = objects
            .find_header(id)
            .map_err(|error| unreadable(error.to_string()))?;
        check_size(path, header.size())?;
        let object = objects
            .find_object(id)
            .map_err(|error| unreadable(error.to_string()))?;
        Ok(object.detach().data)
    }
}

fn check_size(path: &RepoPath, bytes: u64) -> Result<(), TreeError> {
    if bytes > Tree::FILE_LIMIT {
        return Err(TreeError::TooLarge {
            path: path.clone(),
            bytes,
            limit: Tree::FILE_LIMIT,
        });
    }
    Ok(())
}

fn read_disk(root: &Path, path: &RepoPath, kind: EntryKind) -> Result<Vec<u8>, TreeError> {
    let full = root.join(path.as_str());
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => TreeError::Missing(path.clone()),
        _ => TreeError::Unreadable {
            path: path.clone(),
            reason: error.kind().to_string(),
        },
    };
    if kind == EntryKind::Symlink {
        let target = std::fs::read_link(&full).map_err(failed)?;
        return Ok(target.into_os_string().into_encoded_bytes());
    }
    let metadata = std::fs::symlink_metadata(&full).map_err(failed)?;
    if !metadata.is_file() {
        return Err(TreeError::Unreadable {
            path: path.clone(),
            reason: "it changed while it was being read".to_owned(),
        });
    }
    check_size(path, metadata.len())?;
    std::fs::read(&full).map_err(failed)
}
