//! Generated names: a ConfigMap or Secret whose content is in its name looks like one deleted and
//! another created. The change of content is what a reviewer wants to see.

use serde_json::Value;

use super::danger::{Case, find_dangers};
use super::difference::differences;
use super::normalize::normalize;
use super::text::unified;
use super::{Action, Change};
use crate::observe::Question;

/// Kustomize's hash suffix: ten characters of an alphabet without vowels and look-alikes.
const HASH_LENGTH: usize = 10;
const HASH_ALPHABET: &str = "bcdfghjklmnpqrstvwxz2456789";

/// Shows each created object beside the deleted one that it replaces: fields and diff are those
/// between the two, and both say so. Actions stay what they are.
pub(super) fn pair_generated(changes: &mut [Change], questions: &[&Question]) {
    for created in 0..changes.len() {
        let Some(deleted) = find_replaced(changes, created) else {
            continue;
        };
        let (Some(new), Some(old)) = (changes.get(created), changes.get(deleted)) else {
            continue;
        };
        let Some((before, after)) = contents(questions, old, new) else {
            continue;
        };
        let (old_name, new_name) = (old.object.name.clone(), new.object.name.clone());
        if let Some(new) = changes.get_mut(created) {
            show_inside(new, &before, &after);
            add_note(new, format!("replaces `{old_name}`"));
        }
        if let Some(old) = changes.get_mut(deleted) {
            add_note(old, format!("replaced by `{new_name}`"));
        }
    }
}

/// The only deleted object of the same generated name; several generations cannot be told apart.
fn find_replaced(changes: &[Change], created: usize) -> Option<usize> {
    let new = changes
        .get(created)
        .filter(|change| change.action == Action::Create)?;
    let stem = generated_stem(new)?;
    let mut replaced = changes.iter().enumerate().filter(|(_, change)| {
        change.action == Action::Delete
            && change.object.kind == new.object.kind
            && change.object.namespace == new.object.namespace
            && generated_stem(change) == Some(stem)
    });
    match (replaced.next(), replaced.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

/// Puts the difference of content in place of the whole object.
fn show_inside(new: &mut Change, before: &Value, after: &Value) {
    let inside: Vec<_> = differences(before, after)
        .into_iter()
        .filter(|difference| difference.change.pointer != "/metadata/name")
        .collect();
    new.dangers.extend(find_dangers(&Case {
        object: &new.object,
        action: Action::Update,
        after: Some(after),
        changes: &inside,
        immutable: &[],
    }));
    new.dangers.sort();
    new.fields = inside
        .into_iter()
        .map(|difference| difference.change)
        .collect();
    new.diff = unified(Some(before), Some(after));
}

fn add_note(change: &mut Change, note: String) {
    change.note = Some(match change.note.take() {
        Some(known) => format!("{note}; {known}"),
        None => note,
    });
}

/// The name without its hash, for kinds that are generated.
fn generated_stem(change: &Change) -> Option<&str> {
    if !change.object.group.is_empty()
        || !matches!(change.object.kind.as_str(), "ConfigMap" | "Secret")
    {
        return None;
    }
    let (stem, hash) = change.object.name.rsplit_once('-')?;
    let fits = hash.len() == HASH_LENGTH && hash.chars().all(|c| HASH_ALPHABET.contains(c));
    fits.then_some(stem)
}

/// What both objects hold, as they were rendered.
fn contents(questions: &[&Question], old: &Change, new: &Change) -> Option<(Value, Value)> {
    let find = |change: &Change| {
        questions
            .iter()
            .find(|question| question.object == change.object)
    };
    let before = find(old)?.base.as_ref()?;
    let after = find(new)?.head.as_ref()?;
    Some((normalize(before.value()), normalize(after.value())))
}
