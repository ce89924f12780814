//! The binary on repositories and files: exit codes, output, and what it says about bad input.

#[path = "../support/binary.rs"]
mod binary;
#[path = "../support/repo.rs"]
mod repo;

mod bad_input;
mod cache;
mod check;
mod declared;
mod demo;
mod deploy;
mod messages;
mod policy;
mod render_and_apps;
mod unstable;
