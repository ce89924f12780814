//! Previews against a real API server: what it answers, what Drydock makes of it.

#[path = "../support/apiserver.rs"]
mod apiserver;
mod changes;
mod client;
mod deploy;
mod refusals;
mod scene;
mod support;
