//! Comparisons, truth, indexing, choice and types.

use std::cmp::Ordering;
use std::rc::Rc;

use super::super::error::{Trouble, failed};
use super::super::heap::{DEPTH, Entries, Heap, Value};
use super::{Function, Param, any, fixed, open, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Bool, Reflect, Text};
    Some(match name {
        // Evaluated where their words are.
        "and" | "or" => open(&[Reflect], Reflect, |_, _| failed("not evaluated here")),
        "tpl" => fixed(&[Text, Any], |_, _| failed("not evaluated here")),
        "call" => open(&[Reflect], Reflect, |_, _| {
            failed("there are no functions in values")
        }),
        "not" => fixed(&[Reflect], |heap, args| {
            Ok(Value::Bool(!heap.truth(any(args, 0)?)))
        }),
        "eq" => open(&[Reflect], Reflect, |heap, args| {
            equal(heap, args).map(Value::Bool)
        }),
        "ne" => fixed(&[Reflect, Reflect], |heap, args| {
            equal(heap, args).map(|equal| Value::Bool(!equal))
        }),
        "lt" => fixed(&[Reflect, Reflect], |_, args| {
            compare(args, |order| order == Some(Ordering::Less))
        }),
        "le" => fixed(&[Reflect, Reflect], |_, args| {
            compare(args, |order| order.is_some_and(Ordering::is_le))
        }),
        // Go negates the opposite, which also decides what has no order.
        "gt" => fixed(&[Reflect, Reflect], |_, args| {
            compare(args, |order| !order.is_some_and(Ordering::is_le))
        }),
        "ge" => fixed(&[Reflect, Reflect], |_, args| {
            compare(args, |order| order != Some(Ordering::Less))
        }),
        "len" => fixed(&[Reflect], |heap, args| length(heap, any(args, 0)?)),
        "index" => open(&[Reflect], Reflect, index),
        "default" => open(&[Any], Any, |heap, args| {
            let given = args.get(1).filter(|given| heap.truth(given));
            Ok(given.or(args.first()).cloned().unwrap_or(Value::Null))
        }),
        "empty" => fixed(&[Any], |heap, args| {
            Ok(Value::Bool(!heap.truth(any(args, 0)?)))
        }),
        "coalesce" => open(&[], Any, |heap, args| {
            let found = args.iter().find(|value| heap.truth(value));
            Ok(found.cloned().unwrap_or(Value::Null))
        }),
        "all" => open(&[], Any, |heap, args| {
            Ok(Value::Bool(args.iter().all(|value| heap.truth(value))))
        }),
        "any" => open(&[], Any, |heap, args| {
            Ok(Value::Bool(args.iter().any(|value| heap.truth(value))))
        }),
        "ternary" => fixed(&[Any, Any, Bool], |_, args| {
            let yes = matches!(args.get(2), Some(Value::Bool(true)));
            any(args, usize::from(!yes)).cloned()
        }),
        "typeOf" => fixed(&[Any], |heap, args| {
            heap.text(heap.type_name(any(args, 0)?))
        }),
        "typeIs" => fixed(&[Text, Any], |heap, args| {
            Ok(Value::Bool(text(args, 0)? == heap.type_name(any(args, 1)?)))
        }),
        "typeIsLike" => fixed(&[Text, Any], |heap, args| {
            let name = heap.type_name(any(args, 1)?).trim_start_matches('*');
            Ok(Value::Bool(text(args, 0)?.trim_start_matches('*') == name))
        }),
        "kindOf" => fixed(&[Any], |heap, args| heap.text(kind(any(args, 0)?))),
        "kindIs" => fixed(&[Text, Any], |_, args| {
            Ok(Value::Bool(text(args, 0)? == kind(any(args, 1)?)))
        }),
        "deepEqual" => fixed(&[Any, Any], |heap, args| {
            same(heap, any(args, 0)?, any(args, 1)?, 0).map(Value::Bool)
        }),
        "fail" => fixed(&[Text], |_, args| failed(text(args, 0)?)),
        _ => return None,
    })
}

/// Types that compare with each other.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    None,
    Bool,
    Int,
    Uint,
    Float,
    Text,
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Bool(_) => Kind::Bool,
        Value::Int(_) | Value::Int64(_) => Kind::Int,
        Value::Byte(_) => Kind::Uint,
        Value::Float(_) => Kind::Float,
        Value::Text(_) => Kind::Text,
        _ => Kind::None,
    }
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Invalid | Value::Null)
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(int) | Value::Int64(int) => Some(*int),
        Value::Byte(byte) => Some(i64::from(*byte)),
        _ => None,
    }
}

/// `eq`: true when the first argument equals one of the others.
fn equal(heap: &mut Heap, args: &[Value]) -> Result<bool, Trouble> {
    let Some((first, others)) = args.split_first().filter(|(_, others)| !others.is_empty()) else {
        return failed("missing argument for comparison");
    };
    for other in others {
        if equal_two(heap, first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal_two(heap: &Heap, left: &Value, right: &Value) -> Result<bool, Trouble> {
    if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        return Ok(left == right);
    }
    let (left_kind, right_kind) = (kind_of(left), kind_of(right));
    let nothing = is_nothing(left) || is_nothing(right);
    if left_kind != right_kind {
        if nothing {
            return Ok(false);
        }
        return failed(format!(
            "incompatible types for comparison: {} and {}",
            heap.type_name(left),
            heap.type_name(right)
        ));
    }
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok(left == right),
        #[expect(clippy::float_cmp, reason = "the comparison that Go makes")]
        (Value::Float(left), Value::Float(right)) => Ok(left == right),
        (Value::Text(left), Value::Text(right)) => Ok(left == right),
        _ if nothing || heap.is_no_list(left) || heap.is_no_list(right) => {
            let none = |value| is_nothing(value) || heap.is_no_list(value);
            Ok(none(left) == none(right))
        }
        (Value::Version(left), Value::Version(right)) => Ok(Rc::ptr_eq(left, right)),
        _ => failed(format!("{} cannot be compared", heap.type_name(left))),
    }
}

fn compare(args: &[Value], holds: fn(Option<Ordering>) -> bool) -> Result<Value, Trouble> {
    let (left, right) = (any(args, 0)?, any(args, 1)?);
    let ordering = if let (Some(left), Some(right)) = (whole(left), whole(right)) {
        Some(left.cmp(&right))
    } else {
        match (left, right) {
            (Value::Float(left), Value::Float(right)) => left.partial_cmp(right),
            (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
            _ if kind_of(left) == kind_of(right) || Kind::None == kind_of(left) => {
                return failed("values of this type have no order");
            }
            _ => return failed("incompatible types for comparison"),
        }
    };
    Ok(Value::Bool(holds(ordering)))
}

fn length(heap: &Heap, value: &Value) -> Result<Value, Trouble> {
    let length = match value {
        Value::Text(text) => text.len(),
        Value::List(id) => heap.items(*id).len(),
        Value::Map(id) => heap.size(*id),
        other => return failed(format!("len of type {}", heap.type_name(other))),
    };
    Ok(Value::Int(i64::try_from(length).unwrap_or(i64::MAX)))
}

fn index(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let mut item = any(args, 0)?.clone();
    if is_nothing(&item) {
        return failed("index of nothing");
    }
    for key in args.iter().skip(1) {
        item = match (&item, key) {
            (Value::Null | Value::Invalid, _) => return failed("index of nothing"),
            (Value::Map(id), Value::Text(key)) => {
                heap.entry(*id, key)
                    .cloned()
                    .unwrap_or_else(|| match heap.entries_of(*id) {
                        Entries::Any => Value::Null,
                        Entries::Texts => Value::Text(Rc::from("")),
                    })
            }
            (Value::Map(_), other) => {
                return failed(format!("a key of type {}", heap.type_name(other)));
            }
            (Value::List(id), key) => {
                let at = position(heap, key)?;
                let found = heap.items(*id).get(at).cloned();
                found.ok_or_else(|| Trouble::Failed(format!("index out of range: {at}")))?
            }
            (Value::Text(text), key) => {
                let at = position(heap, key)?;
                let byte = text.as_bytes().get(at).copied();
                Value::Byte(
                    byte.ok_or_else(|| Trouble::Failed(format!("index out of range: {at}")))?,
                )
            }
            (other, _) => return failed(format!("index of type {}", heap.type_name(other))),
        };
    }
    Ok(item)
}

fn position(heap: &Heap, key: &Value) -> Result<usize, Trouble> {
    let Some(number) = whole(key) else {
        return failed(format!("an index of type {}", heap.type_name(key)));
    };
    usize::try_from(number).or_else(|_| failed(format!("index out of range: {number}")))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Invalid | Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Int64(_) => "int64",
        Value::Byte(_) => "uint8",
        Value::Float(_) => "float64",
        Value::Text(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Version(_) => "ptr",
    }
}

/// Equal type and content, as `reflect.DeepEqual`.
pub(super) fn same(
    heap: &Heap,
    left: &Value,
    right: &Value,
    depth: usize,
) -> Result<bool, Trouble> {
    heap.spend(1)?;
    if depth > DEPTH {
        return Err(Trouble::Limit("200 values inside one another"));
    }
    Ok(match (left, right) {
        (Value::Invalid | Value::Null, Value::Invalid | Value::Null) => true,
        (Value::Bool(left), Value::Bool(right)) => left == right,
        (Value::Int(left), Value::Int(right)) | (Value::Int64(left), Value::Int64(right)) => {
            left == right
        }
        (Value::Byte(left), Value::Byte(right)) => left == right,
        #[expect(clippy::float_cmp, reason = "the comparison that Go makes")]
        (Value::Float(left), Value::Float(right)) => left == right,
        (Value::Text(left), Value::Text(right)) => left == right,
        (Value::Version(left), Value::Version(right)) => left == right,
        (Value::List(left), Value::List(right)) => {
            let (left_items, right_items) = (heap.items(*left), heap.items(*right));
            if heap.items_of(*left) != heap.items_of(*right)
                || left_items.len() != right_items.len()
            {
                return Ok(false);
            }
            for (left, right) in left_items.iter().zip(right_items) {
                if !same(heap, left, right, depth + 1)? {
                    return Ok(false);
                }
            }
            true
        }
        (Value::Map(left), Value::Map(right)) => {
            if heap.entries_of(*left) != heap.entries_of(*right)
                || heap.size(*left) != heap.size(*right)
            {
                return Ok(false);
            }
            for (key, left) in heap.dict(*left) {
                match heap.entry(*right, key) {
                    Some(right) if same(heap, left, right, depth + 1)? => {}
                    _ => return Ok(false),
                }
            }
            true
        }
        _ => false,
    })
}
