//! What differs between two renders of the same chart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ids::{ObjectKey, RepoPath};
use crate::object::{Manifest, Unstable};
use crate::yaml::pointer;

/// What is known to differ, for each manifest of the first render.
pub(super) struct Marks(Vec<Unstable>);

impl Marks {
    pub(super) fn new(manifests: &[Manifest]) -> Self {
        Self(vec![Unstable::default(); manifests.len()])
    }

    /// Marks what the other render has differently. An object that only one of them has is left as
    /// it is.
    pub(super) fn add(&mut self, first: &[Manifest], other: &[Manifest]) {
        for (index, other) in pair(first, other).into_iter().enumerate() {
            let (Some(mark), Some(manifest), Some(other)) =
                (self.0.get_mut(index), first.get(index), other)
            else {
                continue;
            };
            find_differences(
                manifest.value(),
                other.value(),
                String::new(),
                &mut mark.pointers,
            );
            let (name, again) = (&manifest.object().name, &other.object().name);
            if name != again {
                // The shortest stem that two renders leave is the one that the next will have.
                let stem = mark.stem.take().unwrap_or_else(|| name.clone());
                mark.stem = Some(find_stem(&stem, again).to_owned());
            }
        }
    }

    pub(super) fn apply(self, manifests: Vec<Manifest>) -> Vec<Manifest> {
        let mark = |(manifest, mark): (Manifest, Unstable)| manifest.with_unstable(mark);
        manifests.into_iter().zip(self.0).map(mark).collect()
    }
}

/// For each manifest of the first render its like in the other: of the same name, else the next of
/// the same kind from the same template that nothing else is the like of.
fn pair<'a>(first: &[Manifest], other: &'a [Manifest]) -> Vec<Option<&'a Manifest>> {
    let mut by_key: BTreeMap<ObjectKey, Vec<usize>> = BTreeMap::new();
    for (index, manifest) in other.iter().enumerate().rev() {
        by_key
            .entry(manifest.object().key())
            .or_default()
            .push(index);
    }
    let same: Vec<Option<usize>> = first
        .iter()
        .map(|manifest| by_key.get_mut(&manifest.object().key())?.pop())
        .collect();
    let mut free: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let mut left: Vec<usize> = by_key.into_values().flatten().collect();
    left.sort_unstable_by(|one, other| other.cmp(one));
    for index in left {
        if let Some(manifest) = other.get(index) {
            free.entry(origin(manifest)).or_default().push(index);
        }
    }
    let find = |(manifest, same): (&Manifest, Option<usize>)| {
        let index = match same {
            Some(index) => index,
            None => free.get_mut(&origin(manifest))?.pop()?,
        };
        other.get(index)
    };
    first.iter().zip(same).map(find).collect()
}

fn origin(manifest: &Manifest) -> (String, String, Option<RepoPath>) {
    let object = manifest.object();
    let path = manifest.provenance().path.clone();
    (object.group.clone(), object.kind.clone(), path)
}

/// What two names begin with, up to the last mark between words: the first characters of what is
/// random may be the same by chance.
fn find_stem<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one
        .bytes()
        .zip(other.bytes())
        .take_while(|(one, other)| one == other)
        .count();
    let common = one.get(..same).unwrap_or_default();
    let end = common.rfind(['-', '.']).map_or(0, |at| at + 1);
    common.get(..end).unwrap_or_default()
}

/// Pointers of the smallest values that are there in both and differ; a map or list whose keys or
/// length differ counts as one.
fn find_differences(one: &Value, other: &Value, at: String, found: &mut BTreeSet<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other))
            if one.len() == other.len() && one.keys().all(|key| other.contains_key(key)) =>
        {
            for (key, value) in one {
                if let Some(other) = other.get(key) {
                    find_differences(value, other, pointer::push(at.clone(), key), found);
                }
            }
            return;
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (value, other)) in one.iter().zip(other).enumerate() {
                let at = pointer::push(at.clone(), &index.to_string());
                find_differences(value, other, at, found);
            }
            return;
        }
        _ if one == other => return,
        _ => {}
    }
    if !at.is_empty() {
        found.insert(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_smallest_values_that_differ_are_found() {
        let one = json!({"a": {"b/c": 1, "d": 2}, "l": [1, {"x": 1}], "m": {"k1": 1}, "n": [1, 2], "same": [{}]});
        let other = json!({"a": {"b/c": 9, "d": 2}, "l": [1, {"x": 3}], "m": {"k2": 1}, "n": [1], "same": [{}]});
        let mut found = BTreeSet::new();
        find_differences(&one, &other, String::new(), &mut found);
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["/a/b~1c", "/l/1/x", "/m", "/n"]);
    }

    #[test]
    fn the_stem_of_a_name_ends_between_words() {
        assert_eq!(find_stem("migrate-a1b", "migrate-a2c"), "migrate-");
        assert_eq!(find_stem("abc", "abd"), "");
        assert_eq!(find_stem("a.b-x", "a.b-"), "a.b-");
    }
}
