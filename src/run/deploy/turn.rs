//! Whose turn it is to write to an environment, and what the others want who wait for theirs.

use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

use tokio::sync::Mutex;

use crate::ids::{AppId, CommitSha, Digest, RepositoryId};

/// One writer per environment in this process; who waits says what it would deploy.
#[derive(Debug, Default)]
pub(super) struct Turn {
    lock: Mutex<()>,
    waiting: std::sync::Mutex<Vec<Claim>>,
}

/// What a merge would deploy once it is its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) repository: RepositoryId,
    pub(super) revision: CommitSha,
    /// The rendering of each application; `None`: everything of it is removed.
    pub(super) apps: BTreeMap<AppId, Option<Digest>>,
}

/// A claim that is listed for as long as this lives.
struct Listed<'a> {
    turn: &'a Turn,
    claim: Claim,
}

impl Turn {
    /// Waits for the turn; it ends when the guard is dropped.
    pub(super) async fn take(&self, claim: Claim) -> tokio::sync::MutexGuard<'_, ()> {
        self.list().push(claim.clone());
        let _listed = Listed { turn: self, claim };
        self.lock.lock().await
    }

    /// The merges that wait to deploy something else of an application.
    pub(super) fn rivals(
        &self,
        repository: RepositoryId,
        app: &AppId,
        rendering: Option<Digest>,
    ) -> Vec<CommitSha> {
        let list = self.list();
        let rivals = list.iter().filter(|claim| {
            let wants = claim.apps.get(app);
            claim.repository == repository && wants.is_some_and(|wants| *wants != rendering)
        });
        rivals.map(|claim| claim.revision.clone()).collect()
    }

    fn list(&self) -> MutexGuard<'_, Vec<Claim>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        let mut list = self.turn.list();
        if let Some(at) = list.iter().position(|claim| *claim == self.claim) {
            list.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::ids::{ClusterName, DeclaredBy};

    fn app() -> AppId {
        AppId {
            kind: DeclaredBy::Config,
            cluster: ClusterName("staging".into()),
            namespace: String::new(),
            name: "shop".into(),
            variant: None,
        }
    }

    fn claim(digit: char, rendering: &str) -> Claim {
        Claim {
            repository: RepositoryId(1),
            revision: digit.to_string().repeat(40).parse().unwrap(),
            apps: BTreeMap::from([(app(), Some(Digest::of(rendering.as_bytes())))]),
        }
    }

    #[test]
    fn who_waits_for_something_else_is_a_rival_until_its_turn_or_its_end() {
        let turn = Turn::default();
        let mut context = Context::from_waker(Waker::noop());
        let rivals = |rendering: &str| {
            let digest = Some(Digest::of(rendering.as_bytes()));
            turn.rivals(RepositoryId(1), &app(), digest)
        };
        let Poll::Ready(held) = pin!(turn.take(claim('a', "old"))).poll(&mut context) else {
            panic!("nobody else has it");
        };
        assert!(rivals("old").is_empty(), "who has it does not wait");
        {
            let mut second = pin!(turn.take(claim('b', "new")));
            assert!(second.as_mut().poll(&mut context).is_pending());
            assert_eq!(rivals("old"), [claim('b', "new").revision]);
            assert!(rivals("new").is_empty(), "it wants the same");
            assert!(turn.rivals(RepositoryId(2), &app(), None).is_empty());
        }
        assert!(rivals("old").is_empty(), "it gave up waiting");
        drop(held);
    }
}
