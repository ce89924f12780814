//! What a declared application may be to its deployer that is not what is shown of it: named, not judged.

use super::Plan;
use crate::ids::AppId;

/// Something about a side that its deployer may see otherwise.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Doubt {
    /// What it is, as a phrase.
    pub text: String,
    /// The content that it is about, by its id. `None`: it concerns everything that is shown.
    pub of: Option<String>,
}

impl Doubt {
    /// One about the content with this id: told when it is new, or its content is.
    pub(super) fn of(text: String, content: &str) -> Self {
        Self {
            text,
            of: Some(content.to_owned()),
        }
    }

    /// One about everything that is shown.
    pub(super) fn of_all(text: String) -> Self {
        Self { text, of: None }
    }
}

/// What is to be told of the states after, in order of application: everything that concerns what is
/// shown, and of contents what the state before did not have.
pub fn find_doubts(plan: &Plan) -> Vec<(&AppId, &str)> {
    let mut found = Vec::new();
    for app in &plan.apps {
        let before = app.base.as_ref().map(|side| &side.doubts);
        let is_told = |doubt: &&Doubt| {
            doubt.of.is_none() || before.is_none_or(|known| !known.contains(*doubt))
        };
        let doubts = app.head.iter().flat_map(|side| &side.doubts);
        found.extend(
            doubts
                .filter(is_told)
                .map(|doubt| (&app.id, doubt.text.as_str())),
        );
    }
    found
}
