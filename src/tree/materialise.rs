//! Writing a part of a tree to disk, for a tool to read.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use crate::ids::RepoPath;
use crate::tree::{Tree, TreeError, blob_id};

impl Tree {
    /// True when every file of these paths has, now, the content that this tree was listed with: a
    /// working directory may change in between, or hold what Git converts; a commit cannot.
    pub fn holds_what_it_lists(&self, paths: &BTreeSet<RepoPath>) -> bool {
        if self.is_immutable() {
            return true;
        }
        let reader = self.reader();
        paths.iter().all(|path| match self.find_blob(path) {
            None => true,
            Some(blob) => reader
                .read(path)
                .and_then(|content| blob_id(&content))
                .is_ok_and(|found| found == blob),
        })
    }

    /// Writes these paths below `dir`, which the caller made for this alone, as regular files and
    /// folders only: a link to a file becomes a copy of the file, a link to a folder a folder (with
    /// what `paths` name below it), so that whatever reads `dir` can follow no link at all.
    pub fn materialise(&self, paths: &BTreeSet<RepoPath>, dir: &Path) -> Result<(), TreeError> {
        let reader = self.reader();
        let mut made: BTreeSet<RepoPath> = BTreeSet::new();
        for path in paths {
            let not_written = |error: std::io::Error| TreeError::NotWritten {
                path: path.clone(),
                reason: error.kind().to_string(),
            };
            let content = match reader.read(path) {
                Ok(content) => Some(content),
                Err(TreeError::IsFolder(_)) => None,
                Err(error) => return Err(error),
            };
            let folder = match &content {
                Some(_) => path.parent(),
                None => path.clone(),
            };
            if !made.contains(&folder) {
                std::fs::create_dir_all(dir.join(folder.as_str())).map_err(not_written)?;
                made.insert(folder);
            }
            if let Some(content) = content {
                // `create_new` never follows a link that something else put there.
                OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .open(dir.join(path.as_str()))
                    .and_then(|mut file| file.write_all(&content))
                    .map_err(not_written)?;
            }
        }
        Ok(())
    }
}
