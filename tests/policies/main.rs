//! What the gates say of third-party corpora and of the project's own policy cases, and whether
//! reports keep their published schema.

#[path = "../support/expected.rs"]
mod expected;
#[path = "../support/report_schema.rs"]
mod report_schema;
mod reports;
mod schema;
