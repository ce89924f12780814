//! The steps of a deployment in the store.

use std::collections::BTreeSet;

use futures::future::BoxFuture;

use super::rivals::Rivals;
use crate::clients::store::{DeployStep, StepState};
use crate::ids::RunId;
use crate::sync::{Journal, Order, Step, SyncError};

/// The part of a deployment's steps that belongs to one application.
pub(super) struct StoredJournal<'a> {
    rivals: Rivals<'a>,
    deployment: RunId,
    /// Where the application's steps begin.
    first: u32,
    done: BTreeSet<usize>,
}

/// The steps of an application, to be stored before the first write.
pub(super) fn plan(order: &Order, first: u32) -> Vec<DeployStep> {
    let steps = order.steps();
    (first..)
        .zip(steps)
        .map(|(seq, step)| {
            let (action, object) = match step {
                Step::Apply(object) => ("apply", object),
                Step::Delete(object) => ("delete", object),
            };
            DeployStep {
                seq,
                app: order.app.to_string(),
                action: action.to_owned(),
                object: format!("{} {object}", object.api_version()),
                detail: "{}".to_owned(),
                state: StepState::Planned,
                note: None,
            }
        })
        .collect()
}

impl<'a> StoredJournal<'a> {
    /// Goes on where the stored steps end. Steps that were stored for another order (the live cluster
    /// or the branch changed between two processes) are not trusted: everything is done again.
    pub(super) fn new(
        rivals: Rivals<'a>,
        deployment: RunId,
        first: u32,
        planned: &[DeployStep],
        stored: &[DeployStep],
    ) -> Self {
        let same = |step: &DeployStep| {
            stored
                .iter()
                .find(|known| known.seq == step.seq)
                .filter(|known| {
                    known.app == step.app
                        && known.action == step.action
                        && known.object == step.object
                })
        };
        let done = planned
            .iter()
            .enumerate()
            .filter(|(_, step)| same(step).is_some_and(|known| known.state == StepState::Done))
            .map(|(index, _)| index)
            .collect();
        Self {
            rivals,
            deployment,
            first,
            done,
        }
    }
}

impl Journal for StoredJournal<'_> {
    fn done(&self) -> &BTreeSet<usize> {
        &self.done
    }

    fn mark(&self, step: usize, refused: Option<String>) -> BoxFuture<'_, Result<(), SyncError>> {
        Box::pin(async move {
            let seq = self
                .first
                .saturating_add(u32::try_from(step).unwrap_or(u32::MAX));
            let state = if refused.is_some() {
                StepState::Failed
            } else {
                StepState::Done
            };
            let ctx = self.rivals.ctx;
            let now = ctx.now();
            Ok(ctx
                .store
                .mark_step(&self.deployment, seq, state, refused.as_deref(), now)
                .await?)
        })
    }

    fn waiting(&self, for_what: String) -> BoxFuture<'_, Result<(), SyncError>> {
        tracing::debug!(deployment = %self.deployment, "{for_what}");
        Box::pin(std::future::ready(Ok(())))
    }

    fn is_superseded(&self) -> BoxFuture<'_, bool> {
        Box::pin(self.rivals.any_newer())
    }
}
