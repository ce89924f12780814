//! Patterns of files.

use super::glob::Glob;
use super::problem::{Fault, Stop, Unknown};
use crate::ids::RepoPath;

/// A pattern as `git ls-files` takes it: a file, a folder with everything in it, or a glob whose `*`
/// crosses folders.
pub(super) struct Pathspec {
    pub(super) text: String,
    glob: Glob,
}

impl Pathspec {
    pub(super) fn parse(pattern: &str, at: &str) -> Result<Self, Stop> {
        if pattern.starts_with(':') {
            return Err(Stop::unknown(at, Unknown::Pathspec(pattern.to_owned())));
        }
        let wrong = || Stop::fault(at, Fault::Pattern(pattern.to_owned()));
        let text = RepoPath::root().join(pattern).ok_or_else(wrong)?;
        let glob = Glob::parse(text.as_str(), &['^', '!']).ok_or_else(wrong)?;
        Ok(Self {
            text: text.as_str().to_owned(),
            glob,
        })
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        let below = path
            .strip_prefix(self.text.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        self.text.is_empty() || below || self.glob.matches(path)
    }
}
