//! Previews against a real API server: what it answers, what Drydock makes of it.

#[path = "../support/apiserver.rs"]
mod apiserver;
mod changes;
mod client;
mod demo;
mod deploy;
mod refusals;
#[path = "../support/repo.rs"]
mod repo;
mod scene;
mod support;
