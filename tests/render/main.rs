//! Rendering on real parts: the sandbox as the kernel enforces it, hostile content, what rendering
//! hands on, and parity with the real tools.

mod abuse;
mod argocd;
mod cache;
mod edits;
#[path = "../support/expected.rs"]
mod expected;
mod figures;
mod flux;
mod helm;
mod inflate;
mod messages;
mod outcome;
mod parity;
mod plain;
mod planning;
mod sandbox;
mod secrets;
mod sets;
mod unstable;
mod workbench;
