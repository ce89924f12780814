//! Files laid over a tree: what was fetched for it, where its own files expect it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Entry, EntryKind, Tree, TreeError, blob_id};
use crate::ids::RepoPath;

/// What lies over a tree's own files.
pub(super) struct Overlay {
    /// The tree's own entries.
    own: Arc<BTreeMap<RepoPath, Entry>>,
    /// The files laid over them.
    files: BTreeMap<RepoPath, Arc<[u8]>>,
}

impl Overlay {
    pub(super) fn find(&self, path: &RepoPath) -> Option<&Arc<[u8]>> {
        self.files.get(path)
    }
}

impl Tree {
    /// The same tree with these files in it, in place of its own at the same paths. What was laid
    /// over it before is gone.
    pub fn with_files(&self, files: BTreeMap<RepoPath, Arc<[u8]>>) -> Result<Self, TreeError> {
        let own = match &self.overlay {
            Some(overlay) => Arc::clone(&overlay.own),
            None => Arc::clone(&self.entries),
        };
        let mut entries = BTreeMap::clone(&own);
        for (path, content) in &files {
            let (kind, blob) = (EntryKind::File, blob_id(content)?);
            entries.insert(path.clone(), Entry { kind, blob });
        }
        Ok(Self {
            is_plain: super::is_plain(&entries),
            entries: Arc::new(entries),
            overlay: Some(Arc::new(Overlay { own, files })),
            ..self.clone()
        })
    }

    /// The entries of the repository itself, without what was laid over them.
    pub fn own_entries(&self) -> &BTreeMap<RepoPath, Entry> {
        match &self.overlay {
            Some(overlay) => &overlay.own,
            None => &self.entries,
        }
    }

    /// True for a file that was laid over the tree, or is one of its own in another form.
    pub fn is_supplied(&self, path: &RepoPath) -> bool {
        let overlay = self.overlay.as_ref();
        overlay.is_some_and(|overlay| overlay.files.contains_key(path))
    }
}
