//! Keeps the proof of a fence fresh: what was true at start can be taken away while Drydock runs.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::ClusterError;
use super::fence::{self, Fence};
use super::wire::Connection;

/// The fence of one connection. Every use asks for a proof that is young enough; one that is too old
/// is made again, and a failed one never counts.
pub(super) struct Guard {
    /// Drydock's own namespace, where the proof is tried.
    namespace: String,
    /// How old a proof may be when it is relied on.
    max_age: Duration,
    /// Held while a proof is made, so that a crowd makes one.
    newest: tokio::sync::Mutex<Option<Proof>>,
    /// Why nothing may be asked, by the newest proof; `None`: the fence held.
    trouble: Mutex<Option<ClusterError>>,
}

struct Proof {
    began: Instant,
    ended: Instant,
    result: Result<(), ClusterError>,
}

impl Proof {
    /// Whether it answers a question that was asked at this moment: it was made since, or it held and
    /// is young enough.
    fn answers(&self, asked: Instant, max_age: Duration) -> bool {
        match self.result {
            Ok(()) => self.began >= asked || self.began.elapsed() < max_age,
            Err(_) => self.ended >= asked,
        }
    }
}

impl Guard {
    pub(super) fn new(namespace: String, max_age: Duration) -> Self {
        Self {
            namespace,
            max_age,
            newest: tokio::sync::Mutex::default(),
            trouble: Mutex::default(),
        }
    }

    /// Proves the fence unless that was done a short time ago.
    pub(super) async fn check(&self, connection: &Connection) -> Result<(), ClusterError> {
        let asked = Instant::now();
        let mut newest = self.newest.lock().await;
        if let Some(proof) = newest.as_ref()
            && proof.answers(asked, self.max_age)
        {
            return proof.result.clone();
        }
        // A proof that is dropped half way leaves none behind.
        let before = newest.take();
        let began = Instant::now();
        let result = match fence::prove(connection, &self.namespace).await {
            Ok(Fence::Holds) => Ok(()),
            Ok(Fence::Missing(reason)) => Err(ClusterError::FenceMissing {
                cluster: connection.cluster.clone(),
                reason,
            }),
            Err(error) => Err(error),
        };
        self.tell(connection, before.map(|proof| proof.result), &result);
        *newest = Some(Proof {
            began,
            ended: Instant::now(),
            result: result.clone(),
        });
        result
    }

    /// Why nothing may be asked, by the newest proof.
    pub(super) fn trouble(&self) -> Option<ClusterError> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone()
    }

    /// Logs what changed, once, and remembers it.
    fn tell(
        &self,
        connection: &Connection,
        before: Option<Result<(), ClusterError>>,
        now: &Result<(), ClusterError>,
    ) {
        let cluster = &connection.cluster;
        match (before, now) {
            (Some(Err(_)), Ok(())) => {
                tracing::info!(%cluster, "the fence holds again: previews go on");
            }
            (Some(Err(before)), Err(now)) if before == *now => {}
            (_, Err(error)) => tracing::error!(%cluster, %error, "previews stop"),
            (_, Ok(())) => {}
        }
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        *trouble = now.clone().err();
    }
}
