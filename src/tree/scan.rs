//! A tree of a plain directory, without Git.

use std::collections::BTreeMap;
use std::path::Path;

use crate::ids::RepoPath;
use crate::tree::{Entry, EntryKind, Revision, Tree, TreeError};

/// Files that one directory tree may have: ten times the largest manifest repository known to the
/// project, and still a list that fits in memory.
const FILE_COUNT_LIMIT: usize = 500_000;

/// Git's id of a blob with this content (SHA-1).
pub fn blob_id(content: &[u8]) -> Result<String, TreeError> {
    gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, content)
        .map(|id| id.to_string())
        .map_err(|error| TreeError::Unreadable {
            path: RepoPath::root(),
            reason: error.to_string(),
        })
}

impl Tree {
    /// Everything below a directory, `.git` folders left out, nothing ignored; blob ids are
    /// computed as Git would. Files larger than [`Tree::FILE_LIMIT`] are listed and not read: their
    /// id is made of size and time, so that a change still shows.
    pub fn read_directory(root: &Path) -> Result<Self, TreeError> {
        let mut entries = BTreeMap::new();
        let mut folders = vec![RepoPath::root()];
        while let Some(folder) = folders.pop() {
            let failed = |error: std::io::Error| TreeError::Unreadable {
                path: folder.clone(),
                reason: error.kind().to_string(),
            };
            for item in std::fs::read_dir(root.join(folder.as_str())).map_err(failed)? {
                let item = item.map_err(failed)?;
                let name = item.file_name();
                let Some(name) = name.to_str() else {
                    return Err(TreeError::Unreadable {
                        path: folder.clone(),
                        reason: "it holds a name that is not UTF-8".to_owned(),
                    });
                };
                let Some(path) = folder.join(name) else {
                    continue;
                };
                let kind = item.file_type().map_err(failed)?;
                if kind.is_dir() {
                    if name != ".git" {
                        folders.push(path);
                    }
                } else if kind.is_file() || kind.is_symlink() {
                    let entry = read_entry(&item.path(), &path, kind.is_symlink())?;
                    entries.insert(path, entry);
                }
                if entries.len() > FILE_COUNT_LIMIT {
                    return Err(TreeError::Unreadable {
                        path: folder.clone(),
                        reason: format!("more than {FILE_COUNT_LIMIT} files"),
                    });
                }
            }
        }
        Ok(Self::of_directory(
            Revision::Worktree,
            entries,
            root.to_owned(),
        ))
    }
}

/// One file of a directory as an entry, hashed as Git would.
pub(crate) fn read_entry(full: &Path, path: &RepoPath, is_link: bool) -> Result<Entry, TreeError> {
    let failed = |error: std::io::Error| TreeError::Unreadable {
        path: path.clone(),
        reason: error.kind().to_string(),
    };
    let (kind, content) = if is_link {
        let target = std::fs::read_link(full).map_err(failed)?;
        (
            EntryKind::Symlink,
            target.into_os_string().into_encoded_bytes(),
        )
    } else {
        let metadata = std::fs::symlink_metadata(full).map_err(failed)?;
        let content = if metadata.len() > Tree::FILE_LIMIT {
            format!("{}:{:?}", metadata.len(), metadata.modified().ok()).into_bytes()
        } else {
            std::fs::read(full).map_err(failed)?
        };
        (EntryKind::File, content)
    };
    Ok(Entry {
        kind,
        blob: blob_id(&content)?,
    })
}
