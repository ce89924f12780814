//! # Drydock
//!
//! Drydock inspects a GitOps pull request in dry dock before it ships.

pub mod cli;
pub mod clients;
pub mod cluster_facts;
pub mod config;
pub mod event;
pub mod finding;
pub mod gate;
pub mod ids;
pub mod intent;
pub mod object;
pub mod observe;
pub mod plan;
pub mod preview;
pub mod render;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod server;
pub mod sync;
pub mod tree;
pub mod verdict;
pub mod yaml;
