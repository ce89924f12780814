//! What the gates say of third-party corpora and of the project's own policy cases, and whether
//! reports keep their published schema.

mod conftest;
#[path = "../support/expected.rs"]
mod expected;
mod hostile;
mod input;
mod library;
mod opa;
#[path = "../support/report_schema.rs"]
mod report_schema;
mod reports;
mod schema;

use drydock::sandbox::Sandbox;

/// Starts workers from the program under test.
fn sandbox() -> Sandbox {
    Sandbox::default().with_executable(env!("CARGO_BIN_EXE_drydock").into())
}
