//! YAML as Kustomize itself reads it, and the values of an inflated chart, which it puts together from
//! a file and inline ones.

use serde_json::{Map, Value};

use crate::yaml::{self, Budget, Node, NodeKind};

/// Reads a values file. `Err` says why it cannot be read.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let mut documents = read_all(text)?.into_iter();
    Ok(documents.next().unwrap_or_else(|| Map::new().into()))
}

/// Every document of a text: `on`, `off`, `yes`, `no`, `y` and `n` are text, and a key without any
/// value is none. `Err` says why it cannot be read.
pub(super) fn read_all(text: &str) -> Result<Vec<Value>, String> {
    let stream = yaml::read(text.as_bytes(), &Budget::file());
    if let Some(error) = stream.errors.first() {
        return Err(format!("line {}: {}", error.position.line, error.message));
    }
    let documents = stream.documents.iter();
    Ok(documents
        .map(|document| value_of(&document.root, text))
        .collect())
}

fn value_of(node: &Node, text: &str) -> Value {
    match &node.kind {
        NodeKind::Bool(_) => {
            find_word(&node.span, text).map_or_else(|| node.to_json(), Value::from)
        }
        NodeKind::Sequence(items) => items.iter().map(|item| value_of(item, text)).collect(),
        NodeKind::Mapping(pairs) => {
            let is_nothing =
                |node: &Node| node.is_null() && node.span.start.offset == node.span.end.offset;
            let kept = pairs.iter().filter(|pair| !is_nothing(&pair.value));
            let pair = |pair: &yaml::Pair| {
                let key = find_word(&pair.key.span, text).unwrap_or(&pair.key.text);
                (key.to_owned(), value_of(&pair.value, text))
            };
            Value::Object(kept.map(pair).collect())
        }
        _ => node.to_json(),
    }
}

/// A word that stands here and is a boolean to Kubernetes, but not to Kustomize.
fn find_word<'a>(span: &yaml::Span, text: &'a str) -> Option<&'a str> {
    const WORDS: [&str; 6] = ["on", "off", "yes", "no", "y", "n"];
    let written = text.get(span.start.offset..span.end.offset)?;
    WORDS
        .iter()
        .any(|word| word.eq_ignore_ascii_case(written))
        .then_some(written)
}

/// `over` wins: maps are merged, everything else replaced, and `null` removes. `Err` is the key whose
/// two values are not of one kind, which Kustomize refuses.
pub(super) fn merge(under: Value, over: Value) -> Result<Value, String> {
    let (Value::Object(mut merged), Value::Object(over)) = (under, over) else {
        return Err("values".to_owned());
    };
    for (key, value) in over {
        let own = merged.get(&key).filter(|own| !own.is_null()).cloned();
        let value = match (own, value) {
            (_, Value::Null) => {
                merged.shift_remove(&key);
                continue;
            }
            (None, value) => without_nulls(value),
            (Some(own @ Value::Object(_)), value @ Value::Object(_)) => merge(own, value)?,
            (Some(own), value) if kind(&own) == kind(&value) => value,
            _ => return Err(key),
        };
        merged.insert(key, value);
    }
    Ok(Value::Object(merged))
}

/// 0 for a scalar, 1 for a list, 2 for a map.
fn kind(value: &Value) -> u8 {
    match value {
        Value::Array(_) => 1,
        Value::Object(_) => 2,
        _ => 0,
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                kept.map(|(key, value)| (key, without_nulls(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_over_wins_and_null_removes() {
        let under = json!({"a": 1, "b": {"c": 1, "d": [1]}, "e": null, "f": "x"});
        let over = json!({"b": {"c": null, "d": [2, null]}, "f": "y", "g": {"h": null, "i": 1}, "z": null});
        assert_eq!(
            merge(under, over),
            Ok(json!({"a": 1, "b": {"d": [2, null]}, "e": null, "f": "y", "g": {"i": 1}}))
        );
        assert_eq!(
            merge(json!({"a": 1}), json!({"a": []})),
            Err("a".to_owned())
        );
    }

    #[test]
    fn words_are_text_and_a_key_without_a_value_is_none() {
        let read = read("a: on\nb: true\nc:\nd: null\ne: {f: No, y: n}\n'on': 1\n");
        assert_eq!(
            read,
            Ok(json!({"a": "on", "b": true, "d": null, "e": {"f": "No", "y": "n"}, "on": 1}))
        );
    }
}
