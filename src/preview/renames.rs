//! Generated names: a ConfigMap or Secret whose content is in its name looks like one deleted and
//! another created. The change of content is what a reviewer wants to see.

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
    for index in 0..changes.len() {
        let Some(created) = changes.get(index) else {
            continue;
        };
        if created.action != Action::Create {
            continue;
        }
        let Some(stem) = generated_stem(created) else {
            continue;
        };
        // Several generations of one name cannot be told apart, so only a single one is paired.
        let mut replaced = changes.iter().filter(|change| {
            change.action == Action::Delete
                && change.object.kind == created.object.kind
                && change.object.group == created.object.group
                && change.object.namespace == created.object.namespace
                && generated_stem(change) == Some(stem)
        });
        let (Some(old), None) = (replaced.next(), replaced.next()) else {
            continue;
        };
        let old_object = old.object.clone();
        let Some((before, after)) = contents(questions, old, created) else {
            continue;
        };
        let new_name = created.object.name.clone();
        let changed: Vec<_> = differences(&before, &after)
            .into_iter()
            .filter(|difference| difference.change.pointer != "/metadata/name")
            .collect();
        let dangers = find_dangers(&Case {
            object: &created.object,
            action: Action::Update,
            after: Some(&after),
            changes: &changed,
            immutable: &[],
        });
        let diff = unified(Some(&before), Some(&after));
        if let Some(created) = changes.get_mut(index) {
            created.fields = changed
                .into_iter()
                .map(|difference| difference.change)
                .collect();
            created.diff = diff;
            created.dangers.extend(dangers);
            add_note(created, format!("replaces `{}`", old_object.name));
        }
        if let Some(old) = changes
            .iter_mut()
            .find(|change| change.object == old_object && change.action == Action::Delete)
        {
            add_note(old, format!("replaced by `{new_name}`"));
        }
    }
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
fn contents(
    questions: &[&Question],
    old: &Change,
    new: &Change,
) -> Option<(serde_json::Value, serde_json::Value)> {
    let find = |change: &Change| {
        questions
            .iter()
            .find(|question| question.object == change.object)
    };
    let before = find(old)?.base.as_ref()?;
    let after = find(new)?.head.as_ref()?;
    Some((normalize(before.value()), normalize(after.value())))
}
