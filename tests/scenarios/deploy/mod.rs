//! From a pull request to a cluster: the real program, a stateful GitHub, a real API server.

mod app;
mod controller;
mod corpus;
mod crash;
mod ends;
mod environments;
mod held;
mod merges;
mod met;
pub(crate) mod scene;
mod secret;
mod story;
mod stuck;
mod superseded;
mod version;
