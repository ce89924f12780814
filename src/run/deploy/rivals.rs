//! Whether a newer merge waits to deploy something else of an application that is being watched.

use std::collections::BTreeSet;

use tokio::sync::Mutex;

use super::Merge;
use super::prepare::PreparedApp;
use super::turn::Turn;
use crate::ids::{AppId, CommitSha, Digest};
use crate::run::Ctx;

/// The others that wait for the environment, as one application's deployment sees them.
pub(super) struct Rivals<'a> {
    pub(super) ctx: &'a Ctx,
    merge: &'a Merge<'a>,
    turn: &'a Turn,
    app: &'a AppId,
    rendering: Option<Digest>,
    /// Those that are known to be no newer: GitHub is asked once about each.
    older: Mutex<BTreeSet<CommitSha>>,
}

impl<'a> Rivals<'a> {
    pub(super) fn new(
        ctx: &'a Ctx,
        merge: &'a Merge<'a>,
        turn: &'a Turn,
        app: &'a PreparedApp,
    ) -> Self {
        Self {
            ctx,
            merge,
            turn,
            app: &app.planned.id,
            rendering: app.rendering(),
            older: Mutex::default(),
        }
    }

    /// True when one of them holds this merge's commit in its history. A question that GitHub does not
    /// answer is asked again at the next look.
    pub(super) async fn any_newer(&self) -> bool {
        let repository = self.merge.repository;
        let ours = self.merge.revision;
        for revision in self.turn.rivals(repository.id, self.app, self.rendering) {
            if self.older.lock().await.contains(&revision) {
                continue;
            }
            let compared = self
                .ctx
                .github
                .fetch_comparison(repository, ours.as_str(), &revision)
                .await;
            match compared {
                Ok(comparison) if comparison.merge_base == *ours && revision != *ours => {
                    return true;
                }
                Ok(_) => {
                    self.older.lock().await.insert(revision);
                }
                Err(error) => {
                    tracing::warn!(%error, "whether a waiting merge is newer is not known");
                }
            }
        }
        false
    }
}
