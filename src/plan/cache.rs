//! What was learnt of a file's content, kept by blob id: both sides of a change share most files.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ids::{AppId, Digest, RepoPath};
use crate::plan::AppSide;
use crate::plan::discover::Chart;
use crate::plan::gotemplate::Outline;
use crate::plan::kustomization::{Parsed, Replaces};
use crate::tree::{Reader, Tree, TreeError};

/// Shared between threads and sides.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) kustomizations: Known<Parsed>,
    pub(super) plugins: Known<Parsed>,
    pub(super) charts: Known<Chart>,
    pub(super) manifests: Known<bool>,
    pub(super) declarations: Known<bool>,
    /// Files that their deployer leaves out because they say so.
    pub(super) skipped: Known<bool>,
    pub(super) words: Known<bool>,
    pub(super) outlines: Known<Outline>,
    pub(super) broken: Known<bool>,
    pub(super) replaced: Known<Replaces>,
    pub(super) variables: Known<bool>,
    pub(super) composed: Composed,
    /// Where a file is not Kubernetes objects throughout, and why.
    pub(super) flaws: Known<Option<(u32, String)>>,
}

/// Applications by everything that decides them: the tree, and the object that declares them.
#[derive(Debug, Default)]
pub(super) struct Composed(Mutex<HashMap<Digest, Arc<(AppId, AppSide)>>>);

impl Composed {
    /// What `compose` makes; it is called once for each key.
    pub(super) fn read(
        &self,
        key: Digest,
        compose: impl FnOnce() -> (AppId, AppSide),
    ) -> Arc<(AppId, AppSide)> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key) {
            return Arc::clone(known);
        }
        let composed = Arc::new(compose());
        lock().insert(key, Arc::clone(&composed));
        composed
    }
}

/// What one way of reading made of each content.
#[derive(Debug)]
pub(super) struct Known<T>(Mutex<HashMap<String, Arc<T>>>);

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Known<T> {
    /// What `parse` makes of the file at this path; it is called once for each content.
    pub(super) fn read(
        &self,
        tree: &Tree,
        reader: &Reader<'_>,
        path: &RepoPath,
        parse: impl FnOnce(&[u8]) -> T,
    ) -> Result<Arc<T>, TreeError> {
        let blob = tree.find_blob(path).map(str::to_owned);
        if let Some(known) = blob.as_deref().and_then(|blob| find(&self.0, blob)) {
            return Ok(known);
        }
        let parsed = Arc::new(parse(&reader.read(path)?));
        if let Some(blob) = blob {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(blob, Arc::clone(&parsed));
        }
        Ok(parsed)
    }
}

fn find<K, T>(known: &Mutex<HashMap<K, Arc<T>>>, key: &str) -> Option<Arc<T>>
where
    K: Hash + Eq + std::borrow::Borrow<str>,
{
    known
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(key)
        .cloned()
}
