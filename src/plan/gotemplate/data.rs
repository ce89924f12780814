//! What templates are given: values with the Go types that decide how they print and compare.

use std::collections::BTreeMap;

use serde_json::Value;

/// A parameter. Text-only lists and maps are types of their own in Go: functions that take a map of
/// anything refuse a map of texts.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::plan) enum Data {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; decoded JSON knows binary64 only.
    Number(f64),
    /// Text.
    Text(String),
    /// A list of anything.
    List(Vec<Data>),
    /// A list of texts.
    Texts(Vec<String>),
    /// A map of anything.
    Map(BTreeMap<String, Data>),
    /// A map of texts.
    TextMap(BTreeMap<String, String>),
}

impl Data {
    /// What decoding this JSON gives in Go.
    pub(in crate::plan) fn of_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(*bool),
            Value::Number(number) => Self::Number(number.as_f64().unwrap_or_default()),
            Value::String(text) => Self::Text(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::of_json).collect()),
            Value::Object(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| (key.clone(), Self::of_json(value)))
                    .collect(),
            ),
        }
    }

    /// The text, if it is text.
    pub(in crate::plan) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
