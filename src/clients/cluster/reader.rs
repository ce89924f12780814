//! What both clients of a cluster do: enter it, keep what it serves, read objects masked.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::connect::{Credentials, connect};
use super::facts::FactsCache;
use super::request::read;
use super::wire::Connection;
use super::{ClusterError, shown};
use crate::cluster_facts::{ClusterFacts, ServedKind};
use crate::ids::{ClusterName, ObjectRef};
use crate::object::{Manifest, Masker};

/// A connection that is only read from here. Clones share it, and what was learned of the cluster.
#[derive(Clone)]
pub(super) struct Reader {
    pub(super) connection: Connection,
    pub(super) masker: Arc<Masker>,
    facts: Arc<FactsCache>,
}

impl Reader {
    /// Sends nothing yet.
    pub(super) async fn connect(
        credentials: &Credentials,
        cluster: &ClusterName,
        masker: Arc<Masker>,
    ) -> Result<Self, ClusterError> {
        let cluster = shown(cluster);
        let client = connect(credentials, &cluster).await?;
        Ok(Self {
            connection: Connection::new(client, cluster),
            masker,
            facts: Arc::default(),
        })
    }

    /// Version, served kinds and the OpenAPI documents of `groups`, read once.
    pub(super) async fn facts(
        &self,
        groups: &BTreeSet<(String, String)>,
    ) -> Result<Arc<ClusterFacts>, ClusterError> {
        self.facts.fetch(&self.connection, groups).await
    }

    /// The next question about facts reads them again.
    pub(super) async fn forget_facts(&self) {
        self.facts.forget().await;
    }

    /// The live object, masked; `None` when it does not exist.
    pub(super) async fn read(
        &self,
        served: &ServedKind,
        object: &ObjectRef,
    ) -> Result<Option<Manifest>, ClusterError> {
        read(&self.connection, served, object, &self.masker).await
    }
}
