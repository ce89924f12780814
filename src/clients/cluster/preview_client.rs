//! The client of previews: reads and dry runs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::connect::Credentials;
use super::fence::{self, Fence};
use super::guard::Guard;
use super::reader::Reader;
use super::request::{compose_body, patch};
use super::status::classify;
use super::{Answer, Apply, ClusterError, Rejection};
use crate::cluster_facts::{ClusterFacts, ServedKind};
use crate::ids::{ClusterName, ObjectRef};
use crate::object::{Manifest, Masker};

/// Reads and dry-runs; cannot write. Cheap to clone.
#[derive(Clone)]
pub struct PreviewClient {
    reader: Reader,
    guard: Option<Arc<Guard>>,
}

impl PreviewClient {
    /// Builds a client; the first request is sent by the first question.
    pub async fn connect(
        credentials: &Credentials,
        cluster: &ClusterName,
        masker: Arc<Masker>,
    ) -> Result<Self, ClusterError> {
        let reader = Reader::connect(credentials, cluster, masker).await?;
        Ok(Self {
            reader,
            guard: None,
        })
    }

    /// The same client behind a fence: from now on facts are told and dry runs are sent only while a
    /// proof no older than `max_age` says that this identity cannot write. `namespace` is Drydock's
    /// own.
    #[must_use]
    pub fn behind_fence(mut self, namespace: String, max_age: Duration) -> Self {
        self.guard = Some(Arc::new(Guard::new(namespace, max_age)));
        self
    }

    /// Proves the fence unless that was done a short time ago; a client without one has nothing to
    /// prove.
    pub async fn check_fence(&self) -> Result<(), ClusterError> {
        match &self.guard {
            Some(guard) => guard.check(&self.reader.connection).await,
            None => Ok(()),
        }
    }

    /// Why nothing may be asked, by the newest proof; asks nothing.
    pub fn find_fence_trouble(&self) -> Option<ClusterError> {
        self.guard.as_ref().and_then(|guard| guard.trouble())
    }

    /// Version and served kinds, and the OpenAPI documents of `groups` (group, version), as far as
    /// the server publishes them. Read once and kept; [`Self::refresh_facts`] forgets them.
    pub async fn facts(
        &self,
        groups: &BTreeSet<(String, String)>,
    ) -> Result<Arc<ClusterFacts>, ClusterError> {
        self.check_fence().await?;
        self.reader.facts(groups).await
    }

    /// Forgets what was read, so that the next question sees new kinds.
    pub async fn refresh_facts(&self) {
        self.reader.forget_facts().await;
    }

    /// The live object, masked; `None` when it does not exist.
    pub async fn read(
        &self,
        served: &ServedKind,
        object: &ObjectRef,
    ) -> Result<Option<Manifest>, ClusterError> {
        if holds_secrets(object) {
            return Err(ClusterError::SecretWithheld(object.clone()));
        }
        self.reader.read(served, object).await
    }

    /// Asks what an apply would do. The query always carries `dryRun=All`; there is no other path
    /// from here to a write.
    pub async fn dry_run(&self, apply: &Apply<'_>) -> Result<Answer, ClusterError> {
        if holds_secrets(apply.object) || apply.manifest.is_masked() {
            return Err(ClusterError::SecretWithheld(apply.object.clone()));
        }
        // Asked here and not only before a preview: a long one outlives its proof.
        self.check_fence().await?;
        let body = compose_body(apply, apply.manifest.value());
        let call = patch(apply, &body, "&dryRun=All");
        let reply = self.reader.connection.send(&call).await?;
        let answer = classify(&self.reader.connection, &call, reply, &self.reader.masker)?;
        // A server that answers with another kind than asked (a custom resource that imitates one)
        // is not believed.
        if let Answer::Accepted { object, .. } = &answer
            && object.object().key().kind != apply.object.kind
        {
            return Ok(Answer::Rejected(Rejection::KindMissing));
        }
        Ok(answer)
    }

    /// Tries the one write that must be refused; see [`Fence`]. `namespace` is Drydock's own.
    pub async fn prove_fence(&self, namespace: &str) -> Result<Fence, ClusterError> {
        fence::prove(&self.reader.connection, namespace).await
    }
}

/// True for kinds whose reads and dry runs return secret values: the core kind, and every kind that
/// calls itself one.
fn holds_secrets(object: &ObjectRef) -> bool {
    object.kind == "Secret"
}
