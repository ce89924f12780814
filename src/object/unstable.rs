//! What of an object differs from render to render, and is therefore not compared.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What stands in the place of a value that differs from render to render.
pub const PLACEHOLDER: &str = "(differs from render to render)";

/// What of an object two renders of the same files gave differently. The default: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unstable {
    /// JSON pointers of values that differ, in order.
    pub pointers: BTreeSet<String>,
    /// Those of them where one render has a map or a list: of another length, or in the place of
    /// something else.
    pub uneven: BTreeSet<String>,
    /// JSON pointers of maps with keys that not every render has, and the keys that every one has.
    pub maps: BTreeMap<String, BTreeSet<String>>,
    /// What its names begin with, where its name differs, too.
    pub stem: Option<String>,
    /// True: another render of the same files does not give this object.
    pub is_missing_elsewhere: bool,
}

impl Unstable {
    /// True when nothing differs.
    pub fn is_empty(&self) -> bool {
        self.pointers.is_empty() && self.maps.is_empty() && !self.is_missing_elsewhere
    }

    /// Puts the placeholder where the values are, and leaves out the keys that come and go. What is
    /// not there stays so.
    pub fn cover(&self, value: &mut Value) {
        for pointer in &self.pointers {
            if let Some(place) = value.pointer_mut(pointer) {
                *place = Value::from(PLACEHOLDER);
            }
        }
        for (pointer, lasting) in &self.maps {
            let place = value.pointer_mut(pointer);
            if let Some(fields) = place.and_then(Value::as_object_mut) {
                fields.retain(|key, _| lasting.contains(key));
            }
        }
    }

    /// What differs in both of two states of an object. A key that lasts in one of them stays.
    #[must_use]
    pub fn in_both(&self, other: &Self) -> Self {
        let maps = self.maps.iter().filter_map(|(pointer, lasting)| {
            let lasting = lasting.union(other.maps.get(pointer)?).cloned();
            Some((pointer.clone(), lasting.collect()))
        });
        let shared = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
            one.intersection(other).cloned().collect()
        };
        Self {
            pointers: shared(&self.pointers, &other.pointers),
            uneven: shared(&self.uneven, &other.uneven),
            maps: maps.collect(),
            stem: None,
            is_missing_elsewhere: self.is_missing_elsewhere && other.is_missing_elsewhere,
        }
    }
}
