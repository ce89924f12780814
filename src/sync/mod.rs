//! Deployment: engines that bring a merged change to its cluster and watch it to the end.
//!
//! Three modules are pure and shared by all engines: [`health`] says how far one object has come,
//! [`watch`] turns observations and time into the next step, [`outcome`] names every end. An engine
//! never decides whether a change may be deployed: `run::deploy` does, before it starts one.

mod apply;
mod elsewhere;
pub mod health;
pub mod outcome;
pub mod watch;

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use crate::clients::cluster::ClusterError;
use crate::clients::store::StoreError;
use crate::ids::{AppId, ObjectRef};
use crate::intent::Intent;
use outcome::Outcome;

pub use apply::ApplyEngine;
pub use elsewhere::Elsewhere;

/// What is to be deployed: fixed before the first write.
#[derive(Debug, Clone)]
pub struct Order {
    /// The application.
    pub app: AppId,
    /// What is applied.
    pub intent: Intent,
    /// What is deleted: only what the approved preview listed.
    pub deletions: Vec<Deletion>,
}

/// A deletion that an approved preview listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deletion {
    /// The object.
    pub object: ObjectRef,
    /// The uid that it had when the preview was made; another object of the same name is left alone.
    pub uid: String,
}

/// One write of an order, by its place in [`Order::steps`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Apply this object.
    Apply(&'a ObjectRef),
    /// Delete this object.
    Delete(&'a ObjectRef),
}

impl Order {
    /// Every write in its order: the plan that is stored before the first one.
    pub fn steps(&self) -> Vec<Step<'_>> {
        let applies = self.intent.stages.iter().flat_map(|stage| &stage.requests);
        let applies = applies.map(|request| Step::Apply(&request.object));
        applies
            .chain(
                self.deletions
                    .iter()
                    .map(|deletion| Step::Delete(&deletion.object)),
            )
            .collect()
    }
}

/// Where an engine tells what it did, right after each write, so that a later process can go on.
pub trait Journal: Send + Sync {
    /// Steps that an earlier process finished.
    fn done(&self) -> &BTreeSet<usize>;
    /// A step was done, or refused with a reason.
    fn mark(&self, step: usize, refused: Option<String>) -> BoxFuture<'_, Result<(), SyncError>>;
    /// What is waited for.
    fn waiting(&self, for_what: String) -> BoxFuture<'_, Result<(), SyncError>>;
    /// Whether a newer commit waits to be deployed instead. Asked while objects become healthy: one
    /// that never does must not keep its own repair waiting.
    fn is_superseded(&self) -> BoxFuture<'_, bool>;
}

/// Brings an application to its cluster, and watches it to the end.
pub trait SyncEngine: Send + Sync {
    /// Deploys, or goes on where an earlier process stopped. What the cluster refuses is an
    /// [`Outcome`]; an error means that it is not known how the deployment stands.
    fn deploy<'a>(
        &'a self,
        order: &'a Order,
        journal: &'a dyn Journal,
    ) -> BoxFuture<'a, Result<Outcome, SyncError>>;
}

/// Why it is not known how a deployment stands; it is taken up again.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The cluster could not be asked or written to.
    #[error("the cluster did not take part in the deployment")]
    Cluster(#[from] ClusterError),
    /// The journal could not be written.
    #[error("the deployment's journal could not be written")]
    Store(#[from] StoreError),
}
