//! The order of the stages: judge, review, deploy, publish, recover.
//!
//! Responsible for what happens when: which work runs, with what it is judged, what is stored before
//! what is sent, and what is found again after a crash. It makes no sentences and renders nothing
//! itself.
//!
//! A delivery becomes a row and a waiting job in one transaction. A job looks at the pull request as
//! it is then, so that lost, repeated and reordered deliveries end in the same state. Results are
//! stored before they are sent, and sent through the outbox of [`publish`]. [`recover`] does the same
//! work again for whatever was missed.

mod ctx;
pub mod deploy;
pub(crate) mod evaluate;
mod failure;
pub mod judge;
pub mod observe;
pub mod outside;
pub mod pipeline;
pub mod publish;
mod queue;
mod record;
pub mod recover;
pub mod review;
mod start;

pub use ctx::{Clock, Ctx, Limits, Parts};
pub use failure::Failure;
pub use start::{Running, start};
