//! Reports for the tests of every output, made once.

mod deployments;
mod extreme;
mod files;
mod pieces;
mod quiet;
mod refused;
mod undecided;

use super::model::Report;

pub(super) use deployments::{deployments, failed_deployment};
pub(super) use extreme::{hostile, large};
pub(super) use files::files;
pub(super) use pieces::{app, object, occasion, path};
pub(super) use quiet::{nothing, passing};
pub(super) use refused::refused;
pub(super) use undecided::{broken, undecided};

/// The name of every fixed sample, with the sample.
pub(super) fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("refused", refused()),
        ("passing", passing()),
        ("broken", broken()),
        ("undecided", undecided()),
        ("files", files()),
        ("nothing", nothing()),
    ]
}
