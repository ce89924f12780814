//! Functions on maps. `set`, `unset` and the merges change their first argument, as in Go. Where Go
//! gives keys in no order, these give them sorted.

use std::rc::Rc;

use super::super::error::{Trouble, failed};
use super::super::heap::{DEPTH, Dict, Entries, Heap, Items, MapId, Value};
use super::super::print::print;
use super::{Function, Param, any, fixed, map, open, shared, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Map, Text};
    Some(match name {
        "dict" => open(&[], Any, |heap, args| {
            let mut entries = Dict::new();
            for pair in args.chunks(2) {
                let key: Rc<str> = print(heap, any(pair, 0)?)?.into();
                let value = match pair.get(1) {
                    Some(value) => value.clone(),
                    None => Value::Text(Rc::from("")),
                };
                entries.insert(key, value);
            }
            heap.map(Entries::Any, entries)
        }),
        "get" => fixed(&[Map, Text], |heap, args| {
            let found = heap.entry(map(args, 0)?, text(args, 1)?);
            Ok(found.cloned().unwrap_or_else(|| Value::Text(Rc::from(""))))
        }),
        "set" => fixed(&[Map, Text, Any], |heap, args| {
            heap.insert(map(args, 0)?, shared(args, 1)?, any(args, 2)?.clone())?;
            any(args, 0).cloned()
        }),
        "unset" => fixed(&[Map, Text], |heap, args| {
            heap.remove(map(args, 0)?, text(args, 1)?);
            any(args, 0).cloned()
        }),
        "hasKey" => fixed(&[Map, Text], |heap, args| {
            Ok(Value::Bool(
                heap.entry(map(args, 0)?, text(args, 1)?).is_some(),
            ))
        }),
        "pluck" => open(&[Text], Map, |heap, args| {
            let mut found = Vec::new();
            for index in 1..args.len() {
                found.extend(heap.entry(map(args, index)?, text(args, 0)?).cloned());
            }
            heap.list(Items::Any, found)
        }),
        "keys" => open(&[], Map, |heap, args| {
            let mut keys: Vec<Rc<str>> = Vec::new();
            for index in 0..args.len() {
                keys.extend(heap.dict(map(args, index)?).map(|(key, _)| Rc::clone(key)));
            }
            heap.texts(keys)
        }),
        "values" => fixed(&[Map], |heap, args| {
            let values = heap
                .dict(map(args, 0)?)
                .map(|(_, value)| value.clone())
                .collect();
            heap.list(Items::Any, values)
        }),
        "pick" => open(&[Map], Text, |heap, args| choose(heap, args, true)),
        "omit" => open(&[Map], Text, |heap, args| choose(heap, args, false)),
        "merge" => open(&[Map], Map, |heap, args| merge_all(heap, args, false)),
        "mergeOverwrite" => open(&[Map], Map, |heap, args| merge_all(heap, args, true)),
        "deepCopy" => fixed(&[Any], |heap, args| match any(args, 0)? {
            Value::Null => failed("a copy of nothing"),
            value => copy(heap, value, 0),
        }),
        "dig" => open(&[], Any, dig),
        _ => return None,
    })
}

fn choose(heap: &mut Heap, args: &[Value], wanted: bool) -> Result<Value, Trouble> {
    let named = |key: &str| {
        args.iter()
            .skip(1)
            .any(|arg| matches!(arg, Value::Text(text) if **text == *key))
    };
    let entries = heap
        .dict(map(args, 0)?)
        .filter(|(key, _)| named(key) == wanted)
        .map(|(key, value)| (Rc::clone(key), value.clone()))
        .collect();
    heap.spend(args.len().saturating_mul(heap.size(map(args, 0)?)))?;
    heap.map(Entries::Any, entries)
}

fn merge_all(heap: &mut Heap, args: &[Value], overwrites: bool) -> Result<Value, Trouble> {
    for index in 1..args.len() {
        merge(heap, map(args, 0)?, map(args, index)?, overwrites, 0)?;
    }
    any(args, 0).cloned()
}

/// Merges one map into another: maps by key, everything else as a whole; nothing replaces nothing.
fn merge(
    heap: &mut Heap,
    into: MapId,
    from: MapId,
    overwrites: bool,
    depth: usize,
) -> Result<(), Trouble> {
    if depth > DEPTH {
        return Err(Trouble::Limit("200 values inside one another"));
    }
    let entries: Vec<(Rc<str>, Value)> = heap
        .dict(from)
        .map(|(key, value)| (Rc::clone(key), value.clone()))
        .collect();
    heap.spend(entries.len() + 1)?;
    for (key, value) in entries {
        let held = heap.entry(into, &key).cloned();
        if matches!(value, Value::Null) {
            if overwrites {
                heap.insert(into, key, value)?;
            }
            continue;
        }
        if let (Some(Value::Map(held)), Value::Map(more)) = (&held, &value) {
            merge(heap, *held, *more, overwrites, depth + 1)?;
            if heap.size(*held) > 0 {
                continue;
            }
        }
        let is_free = held.is_none_or(|held| !heap.truth(&held));
        if overwrites || is_free {
            heap.insert(into, key, value)?;
        }
    }
    Ok(())
}

fn copy(heap: &mut Heap, value: &Value, depth: usize) -> Result<Value, Trouble> {
    heap.spend(1)?;
    if depth > DEPTH {
        return Err(Trouble::Limit("200 values inside one another"));
    }
    match value {
        Value::List(id) => {
            let items = heap.items(*id).to_vec();
            let of = heap.items_of(*id);
            let copies = items
                .iter()
                .map(|item| copy(heap, item, depth + 1))
                .collect::<Result<Vec<_>, _>>()?;
            heap.list(of, copies)
        }
        Value::Map(id) => {
            let entries: Vec<(Rc<str>, Value)> = heap
                .dict(*id)
                .map(|(key, value)| (Rc::clone(key), value.clone()))
                .collect();
            let of = heap.entries_of(*id);
            let mut copies = Dict::new();
            for (key, value) in entries {
                copies.insert(key, copy(heap, &value, depth + 1)?);
            }
            heap.map(of, copies)
        }
        other => Ok(other.clone()),
    }
}

/// `dig "a" "b" default map`.
fn dig(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let [keys @ .., default, value] = args else {
        return failed("dig needs at least three arguments");
    };
    if keys.is_empty() {
        return failed("dig needs at least three arguments");
    }
    if keys.iter().any(|key| !matches!(key, Value::Text(_))) {
        return failed("a key is a text");
    }
    let mut found = value.clone();
    for key in keys {
        let Value::Text(key) = key else {
            return failed("a key is a text");
        };
        let Value::Map(id) = &found else {
            return failed(format!("a map is needed, not {}", heap.type_name(&found)));
        };
        if heap.entries_of(*id) == Entries::Texts {
            return failed("a map of anything is needed, not map[string]string");
        }
        match heap.entry(*id, key) {
            Some(next) => found = next.clone(),
            None => return Ok(default.clone()),
        }
    }
    Ok(found)
}
