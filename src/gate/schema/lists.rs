//! Lists whose elements have an identity: a repeated one is accepted by some writes and refused by
//! others.

use std::collections::HashSet;

use serde_json::Value;

use crate::finding::Severity;

use super::judgement::RawFinding;
use super::phrase::{self, Path};
use super::shape::{List, Shape};
use super::walk::{Family, Walk, place};

/// Notes elements that repeat the identity of an earlier one.
///
/// Create and update accept that for built-in kinds; server-side apply, which addresses elements by
/// their keys, refuses it. For custom resources every write refuses it.
pub(super) fn check(
    walk: &mut Walk<'_>,
    shape: &Shape,
    items: &Shape,
    elements: &[Value],
    path: Path<'_>,
) {
    let list = &shape.list;
    if elements.len() < 2 || *list == List::Atomic {
        return;
    }
    let mut seen = HashSet::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let identity = match list {
            List::Atomic => return,
            List::Set => Some(vec![element]),
            List::Keyed(keys) => keys
                .iter()
                .map(|key| find_key(element, key, items))
                .collect(),
        };
        let Some(identity) = identity else { continue };
        if !seen.insert(identity.clone()) {
            let finding = repeated(walk, shape, &identity, path, path.index(index, element));
            walk.note(finding);
        }
    }
}

/// The value of one key: what is written, else what the server fills in; `None` when there is
/// neither, which leaves the element without an identity.
fn find_key<'v>(element: &'v Value, key: &str, items: &'v Shape) -> Option<&'v Value> {
    match element.get(key) {
        Some(value) if !value.is_null() => Some(value),
        _ => items.properties.get(key)?.default.as_ref(),
    }
}

fn repeated(
    walk: &Walk<'_>,
    shape: &Shape,
    identity: &[&Value],
    list_path: Path<'_>,
    path: Path<'_>,
) -> RawFinding {
    let names: Vec<String> = match &shape.list {
        List::Keyed(keys) => keys
            .iter()
            .zip(identity)
            .map(|(key, value)| format!("{key} {}", walk.shown(value)))
            .collect(),
        _ => identity.iter().map(|value| walk.shown(value)).collect(),
    };
    let (severity, consequence) = match walk.family {
        Family::BuiltIn if !shape.unique => (
            Severity::Warning,
            "create and update accept that, server-side apply refuses it",
        ),
        _ => (Severity::Error, "the server refuses that"),
    };
    RawFinding {
        pointer: path.pointer(),
        rule: "schema.duplicate-map-key",
        message: format!(
            "{} has {} more than once: {consequence}",
            place(list_path),
            names.join(" with ")
        ),
        fix: Some("keep one of them".to_owned()),
        subject: if walk.hidden {
            String::new()
        } else {
            identity
                .iter()
                .map(|value| phrase::subject(value))
                .collect::<Vec<_>>()
                .join(",")
        },
        severity,
        at_key: false,
    }
}
