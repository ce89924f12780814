//! Parameter sets: what generators give and templates take.

use std::collections::BTreeMap;

use serde_json::Value;

use super::problem::{Fault, Stop};
use super::template::Language;
use crate::plan::gotemplate::{Data, display};

/// One parameter set.
pub(super) type Params = BTreeMap<String, Data>;

/// Adds a generator's `values`, each filled in with the parameters that are there already.
pub(super) fn add_values(
    language: &Language,
    generator: &Value,
    params: &mut Params,
    at: &str,
) -> Result<(), Stop> {
    let Some(values) = generator.get("values").filter(|values| !values.is_null()) else {
        return Ok(());
    };
    let wrong = || Stop::field(at, "values", "a map of texts");
    let mut filled = BTreeMap::new();
    for (key, value) in values.as_object().ok_or_else(wrong)? {
        let text = value.as_str().ok_or_else(wrong)?;
        filled.insert(key.clone(), language.fill(text, params, at)?);
    }
    if filled.is_empty() {
        return Ok(());
    }
    if language.is_go {
        params.insert("values".to_owned(), Data::TextMap(filled));
    } else {
        for (key, value) in filled {
            params.insert(format!("values.{key}"), Data::Text(value));
        }
    }
    Ok(())
}

/// The text of any parameter.
pub(super) fn text_of(data: &Data) -> Result<String, Fault> {
    display(data).ok_or(Fault::Limit("16 MiB of parameters"))
}

/// Merges one set into another, maps by key. With `overwrites`, what is there gives way.
pub(super) fn merge(into: &mut Params, from: &Params, overwrites: bool) -> Result<(), Fault> {
    for (key, value) in from {
        if *value == Data::Null {
            if overwrites {
                into.insert(key.clone(), Data::Null);
            }
            continue;
        }
        let held = into.get_mut(key);
        let kept = match (held, value) {
            (Some(Data::Map(held)), Data::Map(more)) => {
                merge(held, more, overwrites)?;
                !held.is_empty()
            }
            (Some(Data::Map(held)), Data::TextMap(more)) => {
                let more = more
                    .iter()
                    .map(|(key, text)| (key.clone(), Data::Text(text.clone())))
                    .collect();
                merge(held, &more, overwrites)?;
                !held.is_empty()
            }
            (Some(Data::TextMap(held)), Data::TextMap(more)) => {
                for (key, text) in more {
                    let free = held.get(key).is_none_or(String::is_empty);
                    if overwrites || free {
                        held.insert(key.clone(), text.clone());
                    }
                }
                !held.is_empty()
            }
            (Some(Data::TextMap(_)), Data::Map(more)) if !more.is_empty() => {
                return Err(Fault::Mixed(key.clone()));
            }
            (held, _) => !overwrites && held.is_some_and(|held| !is_empty(held)),
        };
        if !kept {
            into.insert(key.clone(), value.clone());
        }
    }
    Ok(())
}

fn is_empty(data: &Data) -> bool {
    match data {
        Data::Null | Data::Bool(false) => true,
        Data::Bool(true) => false,
        Data::Number(number) => *number == 0.0,
        Data::Text(text) => text.is_empty(),
        Data::List(items) => items.is_empty(),
        Data::Texts(texts) => texts.is_empty(),
        Data::Map(map) => map.is_empty(),
        Data::TextMap(map) => map.is_empty(),
    }
}

/// Two sets of texts as one; a key of both must have one value.
pub(super) fn unite(first: &Params, second: &Params) -> Result<Params, Fault> {
    let mut united = Params::new();
    for (key, value) in first {
        united.insert(key.clone(), Data::Text(text_of(value)?));
    }
    for (key, value) in second {
        let text = text_of(value)?;
        match united.get(key).and_then(Data::as_text) {
            Some(held) if held != text => {
                return Err(Fault::Conflict {
                    key: key.clone(),
                    first: held.to_owned(),
                    second: text,
                });
            }
            _ => {
                united.insert(key.clone(), Data::Text(text));
            }
        }
    }
    Ok(united)
}

/// Every leaf by its path with dots, as text; items of lists by their number.
pub(super) fn flatten(params: &Params) -> Result<BTreeMap<String, String>, Fault> {
    let mut flat = BTreeMap::new();
    for (key, value) in params {
        flatten_into(key.clone(), value, &mut flat)?;
    }
    Ok(flat)
}

fn flatten_into(
    key: String,
    value: &Data,
    flat: &mut BTreeMap<String, String>,
) -> Result<(), Fault> {
    match value {
        Data::Map(map) => {
            for (inner, value) in map {
                flatten_into(format!("{key}.{inner}"), value, flat)?;
            }
        }
        Data::TextMap(map) => {
            for (inner, text) in map {
                flat.insert(format!("{key}.{inner}"), text.clone());
            }
        }
        Data::List(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten_into(format!("{key}.{index}"), value, flat)?;
            }
        }
        leaf => {
            flat.insert(key, text_of(leaf)?);
        }
    }
    Ok(())
}
