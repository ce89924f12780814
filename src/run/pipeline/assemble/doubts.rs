//! What a deployer may see otherwise than it is shown: one line for each.

use crate::finding::{Gate, NotVerified};
use crate::plan::{Plan, find_doubts};

/// The lines, in order of application.
pub(super) fn note_doubts(plan: &Plan) -> impl Iterator<Item = NotVerified> {
    find_doubts(plan)
        .into_iter()
        .map(|(app, text)| NotVerified {
            app: Some(app.clone()),
            object: None,
            gate: Gate::Render,
            reason: text.to_owned(),
        })
}
