//! The engine of applications that Drydock does not deploy: says so, and writes nothing.

use futures::future::BoxFuture;

use super::outcome::{NotDeployed, Outcome};
use super::{Journal, Order, SyncEngine, SyncError};

/// Another engine, a person, or the settings keep Drydock from deploying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere(pub NotDeployed);

impl SyncEngine for Elsewhere {
    fn deploy<'a>(
        &'a self,
        _order: &'a Order,
        _journal: &'a dyn Journal,
    ) -> BoxFuture<'a, Result<Outcome, SyncError>> {
        Box::pin(std::future::ready(Ok(Outcome::NotDeployed(self.0))))
    }
}
