//! How a place and a value are named in a sentence.

use serde_json::Value;

use super::shape::Types;

/// Longer values are described rather than shown.
const SHOWN_CHARACTERS: usize = 60;

/// The way from an object's root to a value; lives on the stack of the walk and costs nothing until
/// something is wrong.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize, &'a Value),
}

impl<'a> Path<'a> {
    /// The object itself.
    pub(super) const ROOT: Path<'static> = Path {
        parent: None,
        step: Step::Root,
    };

    /// A field of this value.
    pub(super) fn key(&'a self, key: &'a str) -> Path<'a> {
        Path {
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    /// An element of this list.
    pub(super) fn index(&'a self, index: usize, element: &'a Value) -> Path<'a> {
        Path {
            parent: Some(self),
            step: Step::Index(index, element),
        }
    }

    fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        let mut here = Some(*self);
        while let Some(path) = here {
            steps.push(path.step);
            here = path.parent.copied();
        }
        steps.reverse();
        steps
    }

    /// As a JSON pointer.
    pub(super) fn pointer(&self) -> String {
        let mut text = String::new();
        for step in self.steps() {
            match step {
                Step::Root => {}
                Step::Key(key) => {
                    text.push('/');
                    text.push_str(&key.replace('~', "~0").replace('/', "~1"));
                }
                Step::Index(index, _) => text.extend(["/", &index.to_string()]),
            }
        }
        text
    }

    /// As people write it: `spec.containers[web].image`; elements by their name where they have one.
    pub(super) fn words(&self) -> String {
        let mut text = String::new();
        for step in self.steps() {
            match step {
                Step::Root => {}
                Step::Key(key) if is_plain(key) => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(key);
                }
                Step::Key(key) => text.extend(["[", &shorten(key), "]"]),
                Step::Index(index, element) => {
                    let name = element.get("name").and_then(Value::as_str);
                    match name.filter(|name| is_plain(name)) {
                        Some(name) => text.extend(["[", name, "]"]),
                        None => text.extend(["[", &index.to_string(), "]"]),
                    }
                }
            }
        }
        text
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= SHOWN_CHARACTERS
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'$'))
}

/// A text that is safe inside a sentence: one line, no control characters, of bounded length.
pub(super) fn shorten(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN_CHARACTERS)
        .collect();
    if text.chars().nth(SHOWN_CHARACTERS).is_some() {
        out.push('…');
    }
    out
}

/// A value in a sentence: `` `"3"` ``, or what kind of value it is when it is long.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Null => "empty (null)".to_owned(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) => format!("`\"{}\"`", shorten(text)),
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
    }
}

/// What kind of value it is, as a noun phrase that tells nothing of the value itself.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty (null)",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// What a value must be, as a noun phrase.
pub(super) fn types(types: Types) -> String {
    let names = [
        (Types::OBJECT, "a map"),
        (Types::ARRAY, "a list"),
        (Types::STRING, "a string"),
        (Types::INTEGER, "an integer"),
        (Types::NUMBER, "a number"),
        (Types::BOOLEAN, "true or false"),
    ];
    let names: Vec<&str> = names
        .into_iter()
        .filter(|(one, _)| types.has(*one))
        .map(|(_, name)| name)
        .collect();
    either(&names)
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn either(names: &[&str]) -> String {
    match names.split_last() {
        None => "anything".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// The name among `known` that `wrong` is probably a slip of; equal distances go to the first in
/// alphabetical order.
pub(super) fn find_nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = wrong.chars().count();
    let limit = match length {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    let lower = wrong.to_lowercase();
    known
        .into_iter()
        .filter(|name| *name != wrong && name.chars().count().abs_diff(length) <= limit)
        .map(|name| (strsim::osa_distance(&lower, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, name)| name)
}

/// A value as part of a finding's identity: the same for equal values, of bounded length.
pub(super) fn subject(value: &Value) -> String {
    const KEPT_CHARACTERS: usize = 200;
    match value {
        Value::Array(_) | Value::Object(_) => kind(value).to_owned(),
        scalar => scalar.to_string().chars().take(KEPT_CHARACTERS).collect(),
    }
}

/// An allowed value in a sentence: text without quotes, as YAML writes it.
pub(super) fn allowed(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{}`", shorten(text)),
        other => format!("`{}`", shorten(&other.to_string())),
    }
}
