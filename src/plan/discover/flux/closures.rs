//! What building a folder of an artifact reads, found once for each folder.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::artifact::Artifact;
use super::generated;
use crate::ids::RepoPath;
use crate::plan::cache::Cache;
use crate::plan::kustomization::{Closure, Walk, find_files};

/// One folder to build.
#[derive(Debug)]
pub(super) struct Build {
    /// The resources of the kustomization that Flux writes where there is none.
    pub(super) generated: Option<Vec<String>>,
    pub(super) closure: Closure,
}

/// The folders looked at so far.
#[derive(Debug, Default)]
pub(super) struct Closures(RefCell<HashMap<(String, RepoPath), Rc<Build>>>);

impl Closures {
    /// What building this folder reads, the kustomization that it needs included.
    pub(super) fn find(&self, artifact: &Artifact, cache: &Cache, folder: &RepoPath) -> Rc<Build> {
        let key = (artifact.key.clone(), folder.clone());
        if let Some(known) = self.0.borrow().get(&key) {
            return Rc::clone(known);
        }
        let tree = &artifact.tree;
        let build = if find_files(tree, folder).is_empty() {
            generated::generate(tree, cache, folder, &|_| false)
        } else {
            Build {
                generated: None,
                closure: Walk::run(tree, &tree.reader(), cache, folder),
            }
        };
        let build = Rc::new(build);
        self.0.borrow_mut().insert(key, Rc::clone(&build));
        build
    }
}
