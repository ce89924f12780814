//! Texts into lists and maps, and back.

use super::super::error::Trouble;
use super::super::heap::{Dict, Entries, Heap, Value};
use super::super::print::print;
use super::{Function, Param, any, fixed, int, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Int, Text};
    const TWO: &[Param] = &[Text, Text];
    Some(match name {
        "join" => fixed(&[Text, Any], |heap, args| {
            let texts = strings(heap, any(args, 1)?)?;
            let separator = text(args, 0)?;
            heap.reserve(separator.len().saturating_mul(texts.len()))?;
            let joined = texts.join(separator);
            heap.text(joined)
        }),
        "toStrings" => fixed(&[Any], |heap, args| {
            let texts = strings(heap, any(args, 0)?)?;
            heap.texts(texts)
        }),
        "sortAlpha" => fixed(&[Any], |heap, args| {
            let mut texts = match any(args, 0)? {
                list @ Value::List(_) => strings(heap, list)?,
                other => vec![print(heap, other)?],
            };
            texts.sort();
            heap.texts(texts)
        }),
        "splitList" => fixed(TWO, |heap, args| {
            let parts = split(text(args, 1)?, text(args, 0)?, None);
            heap.texts(parts)
        }),
        "split" => fixed(TWO, |heap, args| {
            let parts = split(text(args, 1)?, text(args, 0)?, None);
            numbered(heap, &parts)
        }),
        "splitn" => fixed(&[Text, Int, Text], |heap, args| {
            let parts = split(text(args, 2)?, text(args, 0)?, Some(int(args, 1)?));
            numbered(heap, &parts)
        }),
        _ => return None,
    })
}

/// The texts of a value: of each item of a list (nothing left out), of anything else its own.
fn strings(heap: &Heap, value: &Value) -> Result<Vec<String>, Trouble> {
    match value {
        Value::List(id) => heap
            .items(*id)
            .iter()
            .filter(|item| !matches!(item, Value::Null | Value::Invalid))
            .map(|item| print(heap, item))
            .collect(),
        Value::Null | Value::Invalid => Ok(Vec::new()),
        other => Ok(vec![print(heap, other)?]),
    }
}

/// Go's `Split`: an empty separator gives the characters; `count` bounds the parts.
fn split(whole: &str, separator: &str, count: Option<i64>) -> Vec<String> {
    let limit = match count {
        Some(0) => return Vec::new(),
        Some(count) => usize::try_from(count).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    if separator.is_empty() {
        let mut rest = whole;
        let mut parts = Vec::new();
        while let Some(c) = rest.chars().next() {
            if parts.len() + 1 >= limit {
                parts.push(rest.to_owned());
                break;
            }
            parts.push(c.to_string());
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        return parts;
    }
    whole.splitn(limit, separator).map(str::to_owned).collect()
}

fn numbered(heap: &mut Heap, parts: &[String]) -> Result<Value, Trouble> {
    let mut entries = Dict::new();
    for (index, part) in parts.iter().enumerate() {
        entries.insert(format!("_{index}").into(), heap.text(part)?);
    }
    heap.map(Entries::Texts, entries)
}
