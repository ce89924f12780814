//! Reading the fields of a declaration: what the API server would refuse is noted, never guessed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::Value;

/// What is wrong with a declaration, in the order it was read.
#[derive(Debug, Default)]
pub(super) struct Wrong(RefCell<Vec<String>>);

impl Wrong {
    pub(super) fn note(&self, text: String) {
        self.0.borrow_mut().push(text);
    }

    pub(super) fn into_texts(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// One map of a declaration, and its path.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    value: Option<&'a Value>,
    at: String,
    wrong: &'a Wrong,
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: Option<&'a Value>, at: &str, wrong: &'a Wrong) -> Self {
        let fields = Self {
            value: None,
            at: at.to_owned(),
            wrong,
        };
        Self {
            value: fields.checked(at, value, "a map", |value| {
                value.is_object().then_some(value)
            }),
            ..fields
        }
    }

    /// True when the map is there.
    pub(super) fn exists(&self) -> bool {
        self.value.is_some()
    }

    /// The map below this key.
    pub(super) fn inside(&self, key: &str) -> Self {
        Self::of(self.raw(key), &self.path(key), self.wrong)
    }

    pub(super) fn raw(&self, key: &str) -> Option<&'a Value> {
        let value = self.value?.get(key)?;
        (!value.is_null()).then_some(value)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        let found = self.checked(&self.path(key), self.raw(key), "text", Value::as_str);
        found.filter(|text| !text.is_empty())
    }

    /// A boolean; false where it is not given.
    pub(super) fn flag(&self, key: &str) -> bool {
        self.checked(
            &self.path(key),
            self.raw(key),
            "true or false",
            Value::as_bool,
        )
        .unwrap_or_default()
    }

    /// The maps of a list.
    pub(super) fn items(&self, key: &str) -> Vec<Self> {
        let path = self.path(key);
        let items = self.list(key).iter().enumerate();
        items
            .map(|(place, item)| Self::of(Some(item), &format!("{path}[{place}]"), self.wrong))
            .collect()
    }

    /// The items of a list, whatever they are.
    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        let found = self.checked(&self.path(key), self.raw(key), "a list", Value::as_array);
        found.map(Vec::as_slice).unwrap_or_default()
    }

    /// The texts of a list.
    pub(super) fn texts(&self, key: &str) -> Vec<&'a str> {
        let path = self.path(key);
        let items = self.list(key).iter().enumerate();
        items
            .filter_map(|(place, item)| {
                self.checked(
                    &format!("{path}[{place}]"),
                    Some(item),
                    "text",
                    Value::as_str,
                )
            })
            .collect()
    }

    /// A map of texts.
    pub(super) fn map(&self, key: &str) -> BTreeMap<String, String> {
        let path = self.path(key);
        let found = self.checked(&path, self.raw(key), "a map", Value::as_object);
        let pairs = found.into_iter().flatten();
        pairs
            .filter_map(|(key, value)| {
                let at = format!("{path}.{key}");
                let text = self.checked(&at, Some(value), "text", Value::as_str)?;
                Some((key.clone(), text.to_owned()))
            })
            .collect()
    }

    pub(super) fn note(&self, key: &str, what: &str) {
        self.wrong.note(format!("`{}` {what}", self.path(key)));
    }

    pub(super) fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.at)
    }

    fn checked<T>(
        &self,
        at: &str,
        value: Option<&'a Value>,
        wanted: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        let value = value?;
        let found = read(value);
        if found.is_none() {
            self.wrong.note(format!("`{at}` is not {wanted}"));
        }
        found
    }
}
