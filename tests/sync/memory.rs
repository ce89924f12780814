//! A journal in memory, and orders made of manifests.

use std::collections::BTreeSet;
use std::sync::Mutex;

use drydock::config::repo::Engine;
use drydock::ids::{AppId, ClusterName, DeclaredBy, ObjectRef};
use drydock::object::{IngestSource, Manifest, Masker, ingest};
use drydock::sync::{Deletion, Journal, Order, SyncError};
use drydock::yaml::Budget;
use futures::future::BoxFuture;

/// What an engine told.
#[derive(Default)]
pub struct Memory {
    pub done: BTreeSet<usize>,
    pub marked: Mutex<Vec<(usize, Option<String>)>>,
    pub waited: Mutex<Vec<String>>,
}

impl Journal for Memory {
    fn done(&self) -> &BTreeSet<usize> {
        &self.done
    }

    fn mark(&self, step: usize, refused: Option<String>) -> BoxFuture<'_, Result<(), SyncError>> {
        self.marked.lock().unwrap().push((step, refused));
        Box::pin(std::future::ready(Ok(())))
    }

    fn is_superseded(&self) -> BoxFuture<'_, bool> {
        Box::pin(std::future::ready(false))
    }

    fn waiting(&self, for_what: String) -> BoxFuture<'_, Result<(), SyncError>> {
        self.waited.lock().unwrap().push(for_what);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// The objects of a YAML text, in the namespace that they go to.
pub fn objects(namespace: &str, text: &str) -> Vec<(ObjectRef, Manifest)> {
    let ingested = ingest(
        text.as_bytes(),
        &IngestSource::ToolOutput,
        &Masker::random(),
        &Budget::file(),
    );
    assert!(ingested.errors.is_empty(), "{:?}", ingested.errors);
    let settle = |manifest: Manifest| {
        let clustered =
            ["CustomResourceDefinition", "Namespace"].contains(&manifest.object().kind.as_str());
        let manifest = if clustered {
            manifest
        } else {
            manifest.with_namespace(namespace)
        };
        (manifest.object().clone(), manifest)
    };
    ingested.manifests.into_iter().map(settle).collect()
}

/// An order that applies these objects and deletes those.
pub fn order(objects: &[(ObjectRef, Manifest)], deletions: Vec<Deletion>) -> Order {
    let app = AppId {
        kind: DeclaredBy::Directory,
        cluster: ClusterName::default(),
        namespace: String::new(),
        name: "app".into(),
        variant: None,
    };
    Order {
        app,
        intent: drydock::intent::compose(Engine::Apply, objects),
        deletions,
    }
}
