//! What of an object differs from render to render, and is therefore not compared.

use std::collections::BTreeSet;

use serde_json::Value;

/// What stands in the place of a value that differs from render to render.
pub const PLACEHOLDER: &str = "(differs from render to render)";

/// What of an object two renders of the same files gave differently. The default: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unstable {
    /// JSON pointers of the values, in order; none lies inside another.
    pub pointers: BTreeSet<String>,
    /// What its names begin with, where its name differs, too.
    pub stem: Option<String>,
}

impl Unstable {
    /// True when nothing differs.
    pub fn is_empty(&self) -> bool {
        self.pointers.is_empty()
    }

    /// Puts the placeholder where the values are. What is not there stays so.
    pub fn cover(&self, value: &mut Value) {
        for pointer in &self.pointers {
            if let Some(place) = value.pointer_mut(pointer) {
                *place = Value::from(PLACEHOLDER);
            }
        }
    }
}
