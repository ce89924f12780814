//! The whole bot against a stateful GitHub: one file per promise.

#[path = "../support/bot.rs"]
mod bot;
mod client;
#[path = "../support/github/mod.rs"]
mod github;
mod intake;
mod queue;
mod restart;
mod review;
mod shared;
