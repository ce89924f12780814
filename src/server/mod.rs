//! HTTP: webhook intake and operator pages.
//!
//! Responsible for what crosses the network towards Drydock: limits, signatures, decoding into the
//! closed `Event`, health and metrics. It must never act on what a delivery says: a delivery is
//! stored, then answered, and the work looks at GitHub again. Everything it needs from the inside is
//! handed in as `Doors`.

mod decode;
mod listen;
pub mod logs;
pub mod metrics;
mod ops;
mod signature;
#[cfg(test)]
mod tests;
mod webhook;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tower_http::timeout::TimeoutLayer;

use crate::event::Delivery;

pub use listen::{HEAD_TIME, serve};
pub use signature::{NoSecret, Secrets};

/// The path that GitHub delivers to.
pub const WEBHOOK_PATH: &str = "/webhook";

/// GitHub sends no event above 25 MB; one byte more is not from it.
pub const BODY_LIMIT: usize = 25 * 1024 * 1024;

/// Bodies up to this size are read at once; almost every event is far below it.
const SMALL_BODY: usize = 1024 * 1024;

/// Larger bodies that are read at the same time. Each may hold `BODY_LIMIT` bytes, so this bounds
/// the memory that strangers can take.
const LARGE_BODIES_AT_ONCE: usize = 8;

/// A request that is not complete by then is dropped: GitHub gives up after ten seconds.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// What became of a delivery that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intake {
    /// Stored; its work is queued or was done before.
    Stored,
    /// It could not be stored: it must be delivered again.
    NotStored,
}

/// Whether the process can do its work, and why not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// What is missing, one phrase each; empty: ready.
    pub missing: Vec<String>,
}

/// A future of a door.
pub type Answer<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the server needs from the inside, as functions.
#[derive(Clone)]
pub struct Doors {
    /// Stores a delivery durably.
    pub accept: Arc<dyn Fn(Delivery) -> Answer<Intake> + Send + Sync>,
    /// Says whether the process is ready.
    pub readiness: Arc<dyn Fn() -> Answer<Readiness> + Send + Sync>,
    /// The metrics in Prometheus' text format.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl std::fmt::Debug for Doors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Doors").finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Inside {
    doors: Doors,
    secrets: Secrets,
    bodies: Arc<tokio::sync::Semaphore>,
}

/// Every route of the process.
pub fn router(secrets: Secrets, doors: Doors) -> Router {
    let inside = Inside {
        doors,
        secrets,
        bodies: Arc::new(tokio::sync::Semaphore::new(LARGE_BODIES_AT_ONCE)),
    };
    Router::new()
        .route(WEBHOOK_PATH, post(webhook::receive))
        .route("/healthz", get(ops::healthz))
        .route("/readyz", get(ops::readyz))
        .route("/metrics", get(ops::metrics))
        .layer(DefaultBodyLimit::disable())
        .layer(TimeoutLayer::with_status_code(
            http::StatusCode::REQUEST_TIMEOUT,
            REQUEST_TIME,
        ))
        .with_state(inside)
}
