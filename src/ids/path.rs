//! Paths that cannot leave their repository.

use std::fmt;
use std::str::FromStr;

use super::{InvalidId, invalid};

/// A path inside a repository: relative, `/` between segments, without `.`, `..`, empty segments
/// or NUL. The empty path is the root.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(String);

impl RepoPath {
    /// The repository's root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path as text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Follows `reference` from this folder, resolving `.` and `..`; `None` when it is absolute or
    /// leaves the repository.
    pub fn join(&self, reference: &str) -> Option<Self> {
        if reference.starts_with('/') || reference.contains('\0') {
            return None;
        }
        let mut segments: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in reference.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    segments.pop()?;
                }
                name => segments.push(name),
            }
        }
        Some(Self(segments.join("/")))
    }

    /// The folder that holds this path; the root's parent is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(parent, _)| parent.to_owned()),
        )
    }

    /// The last segment; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// True when this path is `folder` or lies below it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.is_root()
            || self.0 == folder.0
            || self
                .0
                .strip_prefix(&folder.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

// Equal, ordered and hashed like its text: lets a map of paths be searched by text.
impl std::borrow::Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepoPath {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::root()
            .join(text)
            .ok_or_else(|| invalid(text, "a path inside the repository"))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joined_path_never_leaves_the_repository() {
        let folder: RepoPath = "a/b".parse().unwrap();
        assert_eq!(folder.join("../c/./d").unwrap().as_str(), "a/c/d");
        assert_eq!(folder.join("../../../etc"), None);
        assert_eq!(folder.join("/etc"), None);
    }
}
