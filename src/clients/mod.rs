//! Clients of the outside world: concrete, without decisions, without stage types.

pub mod charts;
pub mod cluster;
pub mod git;
pub mod github;
pub mod store;
pub mod supply;
mod web;
