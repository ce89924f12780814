//! From a pull request to a cluster: the real program, a stateful GitHub, a real API server.

mod app;
mod controller;
mod crash;
mod ends;
mod held;
mod met;
pub(crate) mod scene;
mod story;
mod version;
