//! Symbolic links: followed inside the tree, refused where they leave it.

use crate::ids::RepoPath;
use crate::tree::{Entry, EntryKind, Tree, TreeError};

/// Links followed for one path before it counts as a circle; Linux stops at the same number.
const LINK_LIMIT: usize = 40;

impl Tree {
    /// Where this path really stands: every link in it followed. The result need not exist.
    pub fn resolve(&self, path: &RepoPath) -> Result<RepoPath, TreeError> {
        // Git cannot store a file below a link, so no part of a file's path is one.
        let is_file = |entry: &Entry| entry.kind == EntryKind::File;
        if self.is_plain || self.entries.get(path).is_some_and(is_file) {
            return Ok(path.clone());
        }
        let mut rest: Vec<String> = reversed(path.as_str());
        let mut real = RepoPath::root();
        let mut links = 0;
        while let Some(segment) = rest.pop() {
            let escapes = |target: &str| TreeError::LinkEscapes {
                path: path.clone(),
                target: target.to_owned(),
            };
            let Some(next) = real.join(&segment) else {
                return Err(escapes(&segment));
            };
            match self.entries.get(&next) {
                Some(entry) if entry.kind == EntryKind::Symlink => {
                    let target = self.read_link(&next, entry)?;
                    links += 1;
                    if links > LINK_LIMIT || target.starts_with('/') || target.is_empty() {
                        return Err(escapes(&target));
                    }
                    real = next.parent();
                    rest.extend(reversed(&target));
                }
                Some(entry) if entry.kind == EntryKind::Submodule => {
                    return Err(TreeError::Submodule(next));
                }
                _ => real = next,
            }
        }
        Ok(real)
    }

    /// The regular file at this path, links followed, and where it really stands.
    pub(crate) fn find_file(&self, path: &RepoPath) -> Result<(RepoPath, &Entry), TreeError> {
        let real = self.resolve(path)?;
        match self.entries.get(&real) {
            Some(entry) => Ok((real, entry)),
            None if self.is_plain_folder(&real) => Err(TreeError::IsFolder(path.clone())),
            None => Err(TreeError::Missing(path.clone())),
        }
    }

    /// A link's target.
    fn read_link(&self, path: &RepoPath, entry: &Entry) -> Result<String, TreeError> {
        let bytes = self.reader().read_entry(path, entry)?;
        String::from_utf8(bytes).map_err(|_| TreeError::LinkEscapes {
            path: path.clone(),
            target: "a name that is not UTF-8".to_owned(),
        })
    }
}

fn reversed(path: &str) -> Vec<String> {
    path.split('/')
        .rev()
        .filter(|part| !part.is_empty() && *part != ".")
        .map(str::to_owned)
        .collect()
}
