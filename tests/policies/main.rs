//! What the gates say of third-party corpora and of the project's own policy cases.

#[path = "../support/expected.rs"]
mod expected;

mod schema;
