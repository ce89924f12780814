//! The whole bot against a stateful GitHub: one file per promise.

#[path = "../support/apiserver.rs"]
#[expect(unreachable_pub, reason = "binaries whose tests are `pub` share it")]
mod apiserver;
#[path = "../support/bot.rs"]
mod bot;
mod client;
mod database;
mod deploy;
#[path = "../support/github/mod.rs"]
mod github;
mod intake;
mod limits;
mod previews;
mod process;
mod queue;
mod restart;
mod review;
mod shared;
mod shop;
