//! What the ApplicationSet controller adds.

use std::collections::BTreeMap;

use super::super::data::Data;
use super::super::error::{Trouble, failed};
use super::super::heap::{Heap, Value};
use super::yaml::to_yaml;
use super::{Function, Param, any, fixed, open, text};
use crate::yaml;

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Text};
    Some(match name {
        "normalize" => fixed(&[Text], |heap, args| heap.text(normalize(text(args, 0)?))),
        "slugify" => open(&[], Any, slugify),
        "toYaml" => fixed(&[Any], |heap, args| {
            let text = to_yaml(heap, any(args, 0)?)?;
            heap.text(text)
        }),
        "fromYaml" => fixed(&[Text], |heap, args| match read(text(args, 0)?)? {
            data @ Data::Map(_) => heap.import(&data),
            Data::Null => heap.import(&Data::Map(BTreeMap::new())),
            _ => failed("the YAML is not a map"),
        }),
        "fromYamlArray" => fixed(&[Text], |heap, args| match read(text(args, 0)?)? {
            data @ Data::List(_) => heap.import(&data),
            Data::Null => heap.import(&Data::List(Vec::new())),
            _ => failed("the YAML is not a list"),
        }),
        _ => return None,
    })
}

/// The first document, read as Kubernetes does.
fn read(text: &str) -> Result<Data, Trouble> {
    let stream = yaml::read(text.as_bytes(), &yaml::Budget::file());
    if let Some(error) = stream.errors.first() {
        return failed(format!("the text is not YAML: {}", error.message));
    }
    Ok(stream
        .documents
        .first()
        .map_or(Data::Null, |document| Data::of_json(&document.to_json())))
}

/// Bytes of a DNS name.
const NAME: usize = 253;

/// A name of lower-case letters, digits, `-` and `.`, which begins and ends with none of these two.
pub(in crate::plan) fn normalize(name: &str) -> String {
    let lower: String = name
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '-' | '.' => c,
            _ => '-',
        })
        .take(NAME)
        .collect();
    lower.trim_matches(['-', '.']).to_owned()
}

/// `slugify [size [whole words]] name`.
fn slugify(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let Some((name, options)) = args.split_last() else {
        return heap.text("");
    };
    let Value::Text(name) = name else {
        return failed("the name must be text");
    };
    let size = match options.first() {
        None => 50,
        Some(Value::Int(size)) => usize::try_from(*size).unwrap_or_default(),
        Some(_) => return failed("the size must be an int"),
    };
    let whole_words = match options.get(1) {
        None => true,
        Some(Value::Bool(bool)) => *bool,
        Some(_) => return failed("the choice of whole words must be a bool"),
    };
    let mut slug = normalize(name);
    if !whole_words && slug.len() >= size {
        slug.truncate(size);
    }
    let mut cleaned = String::new();
    for c in slug.chars() {
        let c = if c == '.' { '-' } else { c };
        if c != '-' || !cleaned.ends_with('-') {
            cleaned.push(c);
        }
    }
    let cleaned = cleaned.trim_matches(['-', '_']);
    if !whole_words || size == 0 || cleaned.len() <= size {
        return heap.text(cleaned);
    }
    // The last dash that leaves at most this many bytes, or a cut through the only word.
    let window = cleaned.get(..=size).unwrap_or(cleaned);
    let end = window.rfind('-').unwrap_or(size);
    heap.text(cleaned.get(..end).unwrap_or(cleaned))
}
