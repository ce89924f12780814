//! Which fields differ between two states of an object.
//!
//! Lists of maps are paired by what names their items (`name`, ports, mount paths), so that an item
//! that moved is no change and one that was inserted does not shift the others.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{FieldChange, Step};

/// One field that differs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) change: FieldChange,
}

impl Difference {
    /// True when both are about the same field or one is inside the other.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let (one, other) = (&self.change.path, &other.change.path);
        let shorter = one.len().min(other.len());
        one.get(..shorter) == other.get(..shorter)
    }
}

/// What names the items of a list, tried in this order: the first that every item has and that
/// repeats in neither list.
const ITEM_KEYS: &[&[&str]] = &[
    &["name"],
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["mountPath"],
    &["devicePath"],
    &["topologyKey"],
    &["key", "operator", "effect"],
    &["kind", "name", "namespace"],
    &["type"],
    &["ip"],
    &["host"],
];

/// Every difference, in order of the fields (those of `before` first, then what is new).
pub(super) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    Walk {
        path: Vec::new(),
        pointer: String::new(),
        found: &mut found,
    }
    .compare(before, after);
    found
}

/// How items of two lists pair, or `None` when they have no names. Gives the name of each item.
pub(super) fn item_names(before: &[Value], after: &[Value]) -> Option<(Vec<String>, Vec<String>)> {
    ITEM_KEYS.iter().find_map(|keys| {
        let names = |items: &[Value]| -> Option<Vec<String>> {
            let names: Vec<String> = items
                .iter()
                .map(|item| item_name(item, keys))
                .collect::<Option<_>>()?;
            let mut sorted: Vec<&String> = names.iter().collect();
            sorted.sort();
            sorted.dedup();
            (sorted.len() == names.len()).then_some(names)
        };
        Some((names(before)?, names(after)?))
    })
}

/// The values of these keys; the first one must be there, the others say "default" when absent.
fn item_name(item: &Value, keys: &[&str]) -> Option<String> {
    let item = item.as_object()?;
    let mut parts = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        match item.get(*key) {
            Some(Value::String(text)) => parts.push(text.clone()),
            Some(Value::Number(number)) => parts.push(number.to_string()),
            Some(_) => return None,
            None if index == 0 => return None,
            // The one default that lists are keyed by: a port without protocol is TCP.
            None if *key == "protocol" => parts.push("TCP".to_owned()),
            None => parts.push(String::new()),
        }
    }
    Some(parts.join("/"))
}

struct Walk<'a> {
    path: Vec<Step>,
    pointer: String,
    found: &'a mut Vec<Difference>,
}

impl Walk<'_> {
    fn compare(&mut self, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before_map), Value::Object(after_map)) => {
                for (key, value) in before_map {
                    let step = Step::Field(key.clone());
                    self.enter(step, key, |walk| match after_map.get(key) {
                        Some(new) => walk.compare(value, new),
                        None => walk.note(Some(value), None),
                    });
                }
                for (key, value) in after_map {
                    if !before_map.contains_key(key) {
                        let step = Step::Field(key.clone());
                        self.enter(step, key, |walk| walk.note(None, Some(value)));
                    }
                }
            }
            (Value::Array(before_items), Value::Array(after_items)) => {
                self.compare_lists(before, after, before_items, after_items);
            }
            _ if before == after => {}
            _ => self.note(Some(before), Some(after)),
        }
    }

    fn compare_lists(
        &mut self,
        before: &Value,
        after: &Value,
        before_items: &[Value],
        after_items: &[Value],
    ) {
        if before == after {
            return;
        }
        if let Some((old_names, new_names)) = item_names(before_items, after_items)
            && !(old_names.is_empty() && new_names.is_empty())
        {
            self.compare_named(before_items, &old_names, after_items, &new_names);
            return;
        }
        let maps = before_items.iter().chain(after_items).all(Value::is_object);
        if maps && before_items.len() == after_items.len() {
            for (index, (old, new)) in before_items.iter().zip(after_items).enumerate() {
                self.enter(Step::Index(index), &index.to_string(), |walk| {
                    walk.compare(old, new);
                });
            }
            return;
        }
        // Commands, arguments, rules of another number: only the whole list has a meaning.
        self.note(Some(before), Some(after));
    }

    fn compare_named(
        &mut self,
        before: &[Value],
        old_names: &[String],
        after: &[Value],
        new_names: &[String],
    ) {
        let by_name: BTreeMap<&String, (usize, &Value)> =
            new_names.iter().zip(after.iter().enumerate()).collect();
        for (index, (name, old)) in old_names.iter().zip(before).enumerate() {
            let step = Step::Item(name.clone());
            match by_name.get(name) {
                Some((position, new)) => {
                    self.enter(step, &position.to_string(), |walk| walk.compare(old, new));
                }
                None => self.enter(step, &index.to_string(), |walk| walk.note(Some(old), None)),
            }
        }
        for (index, (name, new)) in new_names.iter().zip(after).enumerate() {
            if !old_names.contains(name) {
                self.enter(Step::Item(name.clone()), &index.to_string(), |walk| {
                    walk.note(None, Some(new));
                });
            }
        }
    }

    fn enter(&mut self, step: Step, segment: &str, inside: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push('/');
        self.pointer
            .push_str(&segment.replace('~', "~0").replace('/', "~1"));
        self.path.push(step);
        inside(self);
        self.path.pop();
        self.pointer.truncate(length);
    }

    fn note(&mut self, before: Option<&Value>, after: Option<&Value>) {
        self.found.push(Difference {
            change: FieldChange {
                pointer: self.pointer.clone(),
                path: self.path.clone(),
                before: before.cloned(),
                after: after.cloned(),
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn pointers(before: &Value, after: &Value) -> Vec<String> {
        differences(before, after)
            .into_iter()
            .map(|difference| difference.change.pointer)
            .collect()
    }

    #[test]
    fn an_inserted_container_is_one_change() {
        let before = json!({"containers": [{"name": "a", "image": "1"}]});
        let after = json!({"containers": [{"name": "b"}, {"name": "a", "image": "2"}]});
        assert_eq!(
            pointers(&before, &after),
            ["/containers/1/image", "/containers/0"]
        );
    }

    #[test]
    fn a_moved_item_is_no_change() {
        let before = json!([{"port": 80}, {"port": 81}]);
        let after = json!([{"port": 81}, {"port": 80, "protocol": "TCP"}]);
        assert_eq!(pointers(&before, &after), ["/1/protocol"]);
    }

    #[test]
    fn arguments_are_compared_as_one_list() {
        let before = json!({"args": ["--a", "--b"]});
        assert_eq!(pointers(&before, &json!({"args": ["--b"]})), ["/args"]);
    }

    #[test]
    fn a_field_inside_another_overlaps_it() {
        let one = differences(&json!({"a": {"b": 1}}), &json!({"a": {"b": 2}}));
        let two = differences(&json!({"a": {"b": 1}}), &json!({}));
        let other = differences(&json!({"ab": 1}), &json!({}));
        assert!(one[0].overlaps(&two[0]));
        assert!(!one[0].overlaps(&other[0]));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i8>().prop_map(Value::from),
            "[a-c~/]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("(name|a|b|~/)", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_state_does_not_differ_from_itself(value in values()) {
            prop_assert_eq!(differences(&value, &value), Vec::new());
        }

        #[test]
        fn every_pointer_leads_to_the_value_it_names(before in values(), after in values()) {
            for difference in differences(&before, &after) {
                let FieldChange { pointer, before: old, after: new, .. } = difference.change;
                if let Some(new) = new {
                    prop_assert_eq!(after.pointer(&pointer), Some(&new));
                } else {
                    prop_assert!(old.is_some());
                }
            }
        }
    }
}
