//! Versions that tools gave, kept beside the cache, so that a run that renders nothing starts nothing.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use semver::Version;

use super::ToolKind;
use crate::ids::Digest;

/// A folder with one file for each state of a tool's file.
#[derive(Debug)]
pub(super) struct Memory {
    folder: PathBuf,
}

impl Memory {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The version that this file gave, if it has not been touched since.
    pub(super) fn find(&self, kind: ToolKind, path: &Path) -> Option<Version> {
        let file = self.locate(kind, path)?;
        let text = std::fs::read_to_string(file).ok()?;
        // A text that was cut is no version: the end is marked.
        Version::parse(text.strip_suffix('\n')?).ok()
    }

    /// Keeps it; without that the tool is asked again.
    pub(super) fn keep(&self, kind: ToolKind, path: &Path, version: &Version) {
        let Some(file) = self.locate(kind, path) else {
            return;
        };
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(&self.folder)?;
            let temporary = tempfile::NamedTempFile::new_in(&self.folder)?;
            std::fs::write(temporary.path(), format!("{version}\n"))?;
            temporary.persist(file)?;
            Ok(())
        };
        if let Err(error) = write() {
            tracing::debug!(%error, "the version of a tool could not be kept");
        }
    }

    /// Any write to a file changes its time of change, which no program can set.
    fn locate(&self, kind: ToolKind, path: &Path) -> Option<PathBuf> {
        let state = std::fs::metadata(path).ok()?;
        let state = format!(
            "{kind:?} {} {} {} {} {}.{} {}.{}",
            path.display(),
            state.dev(),
            state.ino(),
            state.size(),
            state.mtime(),
            state.mtime_nsec(),
            state.ctime(),
            state.ctime_nsec()
        );
        let name = Digest::of(state.as_bytes()).to_string();
        Some(self.folder.join(name))
    }
}
