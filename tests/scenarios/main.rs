//! The whole bot against a stateful GitHub: one file per promise.

mod client;
#[path = "../support/github/mod.rs"]
mod github;
mod intake;
