//! What differs between two renders of the same chart.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ids::{ObjectKey, RepoPath};
use crate::object::{Manifest, Unstable};
use crate::render::Other;
use crate::yaml::pointer;

/// What is known to differ, for each manifest of the first render.
pub(super) struct Marks {
    found: Vec<Unstable>,
    /// For each of them, how another render has it.
    variants: Vec<Option<Manifest>>,
    /// What only other renders have.
    further: Vec<Manifest>,
}

impl Marks {
    pub(super) fn new(manifests: &[Manifest]) -> Self {
        Self {
            found: vec![Unstable::default(); manifests.len()],
            variants: vec![None; manifests.len()],
            further: Vec::new(),
        }
    }

    /// Marks what the other render has differently.
    pub(super) fn add(&mut self, first: &[Manifest], other: Vec<Manifest>) {
        let (likes, free) = pair(first, other);
        let places = self.found.iter_mut().zip(&mut self.variants);
        for (((mark, variant), manifest), like) in places.zip(first).zip(likes) {
            let Some(like) = like else {
                mark.is_missing_elsewhere = true;
                continue;
            };
            if manifest.value() == like.value() {
                continue;
            }
            find_differences(manifest.value(), like.value(), String::new(), mark);
            variant.get_or_insert_with(|| like.clone());
            let (name, again) = (&manifest.object().name, &like.object().name);
            if name != again {
                // The shortest stem that two renders leave is the one that the next will have.
                let stem = mark.stem.take().unwrap_or_else(|| name.clone());
                mark.stem = Some(find_stem(&stem, again).to_owned());
            }
        }
        let (_, free) = pair(&self.further, free);
        self.further.extend(free);
    }

    /// What only other renders have, so far.
    pub(super) fn further(&self) -> &[Manifest] {
        &self.further
    }

    /// The manifests of the first render with their marks, and what other renders have instead of
    /// them or besides; `further` marks what they have besides.
    pub(super) fn apply(
        self,
        manifests: Vec<Manifest>,
        further: Self,
    ) -> (Vec<Manifest>, Vec<Other>) {
        let mut others = Vec::new();
        let mut marked = Vec::new();
        let marks = self.found.into_iter().zip(self.variants);
        for (manifest, (mark, variant)) in manifests.into_iter().zip(marks) {
            if let Some(variant) = variant {
                others.push(Other {
                    manifest: variant.with_unstable(mark.clone()),
                    is_further: false,
                });
            }
            marked.push(manifest.with_unstable(mark));
        }
        for (manifest, mark) in self.further.into_iter().zip(further.found) {
            others.push(Other {
                manifest: manifest.with_unstable(mark),
                is_further: true,
            });
        }
        (marked, others)
    }
}

/// For each manifest of the first render its like in the other: of the same name, else the next of
/// the same kind from the same template that nothing else is the like of. Then what is left of the
/// other.
fn pair(first: &[Manifest], other: Vec<Manifest>) -> (Vec<Option<Manifest>>, Vec<Manifest>) {
    let mut other: Vec<Option<Manifest>> = other.into_iter().map(Some).collect();
    let mut by_key: BTreeMap<ObjectKey, Vec<usize>> = BTreeMap::new();
    for (index, manifest) in other.iter().enumerate().rev() {
        if let Some(manifest) = manifest {
            let key = manifest.object().key();
            by_key.entry(key).or_default().push(index);
        }
    }
    let same: Vec<Option<usize>> = first
        .iter()
        .map(|manifest| by_key.get_mut(&manifest.object().key())?.pop())
        .collect();
    let mut free: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let mut left: Vec<usize> = by_key.into_values().flatten().collect();
    left.sort_unstable_by(|one, other| other.cmp(one));
    for index in left {
        if let Some(Some(manifest)) = other.get(index) {
            free.entry(origin(manifest)).or_default().push(index);
        }
    }
    let mut find = |(manifest, same): (&Manifest, Option<usize>)| {
        let index = match same {
            Some(index) => index,
            None => free.get_mut(&origin(manifest))?.pop()?,
        };
        other.get_mut(index)?.take()
    };
    let likes = first.iter().zip(same).map(&mut find).collect();
    (likes, other.into_iter().flatten().collect())
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

/// Marks the smallest values that are there in both and differ; a list of another length counts as
/// one, and of a map the keys that only one has are apart.
fn find_differences(one: &Value, other: &Value, at: String, mark: &mut Unstable) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let lasting: BTreeSet<String> = one
                .keys()
                .filter(|key| other.contains_key(*key))
                .cloned()
                .collect();
            if one.len() != lasting.len() || other.len() != lasting.len() {
                let known = mark.maps.entry(at.clone());
                known
                    .and_modify(|known| known.retain(|key| lasting.contains(key)))
                    .or_insert(lasting);
            }
            for (key, value) in one {
                if let Some(other) = other.get(key) {
                    find_differences(value, other, pointer::push(at.clone(), key), mark);
                }
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (value, other)) in one.iter().zip(other).enumerate() {
                let at = pointer::push(at.clone(), &index.to_string());
                find_differences(value, other, at, mark);
            }
        }
        _ if one == other => {}
        _ => {
            if [one, other]
                .iter()
                .any(|side| side.is_object() || side.is_array())
            {
                mark.uneven.insert(at.clone());
            }
            mark.pointers.insert(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_smallest_values_and_the_keys_that_differ_are_found() {
        let one = json!({"a": {"b/c": 1, "d": 2}, "l": [1, {"x": 1}], "m": {"k1": 1, "s": 1}, "n": [1, 2], "same": [{}], "u": 1});
        let other = json!({"a": {"b/c": 9, "d": 2}, "l": [1, {"x": 3}], "m": {"k2": 1, "s": 2}, "n": [1], "same": [{}], "u": {}});
        let mut mark = Unstable::default();
        find_differences(&one, &other, String::new(), &mut mark);
        let names = |found: &BTreeSet<String>| found.iter().cloned().collect::<Vec<_>>().join(" ");
        assert_eq!(names(&mark.pointers), "/a/b~1c /l/1/x /m/s /n /u");
        assert_eq!(names(&mark.uneven), "/n /u");
        let maps: Vec<_> = mark
            .maps
            .iter()
            .map(|(at, keys)| (at.as_str(), names(keys)))
            .collect();
        assert_eq!(maps, [("/m", "s".to_owned())]);
        let mut covered = one.clone();
        mark.cover(&mut covered);
        assert_eq!(covered["m"].as_object().unwrap().len(), 1);
        // A third render takes another key away.
        find_differences(&one, &json!({"u": 1}), String::new(), &mut mark);
        assert_eq!(names(&mark.maps[""]), "u");
    }

    #[test]
    fn the_stem_of_a_name_ends_between_words() {
        assert_eq!(find_stem("migrate-a1b", "migrate-a2c"), "migrate-");
        assert_eq!(find_stem("abc", "abd"), "");
        assert_eq!(find_stem("a.b-x", "a.b-"), "a.b-");
    }
}
