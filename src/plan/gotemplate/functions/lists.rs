//! Functions on lists. None changes its argument; all but `slice` give lists of anything.

use super::super::error::{Trouble, failed};
use super::super::heap::{Heap, Items, Value};
use super::casts::to_int;
use super::logic::same;
use super::{Function, Param, any, fixed, int, open};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Int};
    const ONE: &[Param] = &[Any];
    const TWO: &[Param] = &[Any, Any];
    Some(match name {
        "list" | "tuple" => open(&[], Any, |heap, args| heap.list(Items::Any, args.to_vec())),
        "first" => fixed(ONE, |heap, args| {
            Ok(items(heap, args, 0)?
                .first()
                .cloned()
                .unwrap_or(Value::Null))
        }),
        "last" => fixed(ONE, |heap, args| {
            Ok(items(heap, args, 0)?.last().cloned().unwrap_or(Value::Null))
        }),
        "rest" => fixed(ONE, |heap, args| {
            let kept = items(heap, args, 0)?.get(1..).map(<[Value]>::to_vec);
            part(heap, kept)
        }),
        "initial" => fixed(ONE, |heap, args| {
            let all = items(heap, args, 0)?;
            let kept = all.split_last().map(|(_, kept)| kept.to_vec());
            part(heap, kept)
        }),
        "append" | "push" => fixed(TWO, |heap, args| {
            let mut all = items(heap, args, 0)?.to_vec();
            all.push(any(args, 1)?.clone());
            heap.list(Items::Any, all)
        }),
        "prepend" => fixed(TWO, |heap, args| {
            let mut all = vec![any(args, 1)?.clone()];
            all.extend_from_slice(items(heap, args, 0)?);
            heap.list(Items::Any, all)
        }),
        "reverse" => fixed(ONE, |heap, args| {
            let all = items(heap, args, 0)?.iter().rev().cloned().collect();
            heap.list(Items::Any, all)
        }),
        "compact" => fixed(ONE, |heap, args| {
            let all = items(heap, args, 0)?;
            let kept = all
                .iter()
                .filter(|item| heap.truth(item))
                .cloned()
                .collect();
            heap.list(Items::Any, kept)
        }),
        "uniq" => fixed(ONE, |heap, args| {
            let mut kept: Vec<Value> = Vec::new();
            for item in items(heap, args, 0)? {
                if !holds(heap, &kept, item)? {
                    kept.push(item.clone());
                }
            }
            heap.list(Items::Any, kept)
        }),
        "without" => open(ONE, Any, |heap, args| {
            let mut kept = Vec::new();
            for item in items(heap, args, 0)? {
                if !holds(heap, args.get(1..).unwrap_or_default(), item)? {
                    kept.push(item.clone());
                }
            }
            heap.list(Items::Any, kept)
        }),
        "has" => fixed(TWO, |heap, args| {
            if matches!(any(args, 1)?, Value::Null) {
                return Ok(Value::Bool(false));
            }
            let all = items(heap, args, 1)?;
            holds(heap, all, any(args, 0)?).map(Value::Bool)
        }),
        "concat" => open(&[], Any, |heap, args| {
            let mut all = Vec::new();
            for index in 0..args.len() {
                let more = items(heap, args, index)?;
                heap.reserve(more.len().saturating_mul(size_of::<Value>()))?;
                all.extend_from_slice(more);
            }
            part(heap, Some(all).filter(|all| !all.is_empty()))
        }),
        "slice" => open(ONE, Any, slice),
        "chunk" => fixed(&[Int, Any], chunk),
        _ => return None,
    })
}

fn items<'a>(heap: &'a Heap, args: &[Value], index: usize) -> Result<&'a [Value], Trouble> {
    match any(args, index)? {
        Value::List(id) => Ok(heap.items(*id)),
        other => failed(format!("a list is needed, not {}", heap.type_name(other))),
    }
}

/// What is left of a list, or none.
fn part(heap: &mut Heap, kept: Option<Vec<Value>>) -> Result<Value, Trouble> {
    match kept {
        Some(kept) => heap.list(Items::Any, kept),
        None => heap.list(Items::NoAny, Vec::new()),
    }
}

fn holds(heap: &Heap, haystack: &[Value], needle: &Value) -> Result<bool, Trouble> {
    for item in haystack {
        if same(heap, item, needle, 0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A part of a list, which keeps its type.
fn slice(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let all = items(heap, args, 0)?;
    if all.is_empty() {
        return Ok(Value::Null);
    }
    let start = args
        .get(1)
        .map_or(Ok(0), |start| usize::try_from(to_int(start)));
    let end = args
        .get(2)
        .map_or(Ok(all.len()), |end| usize::try_from(to_int(end)));
    let range = start.ok().zip(end.ok());
    let Some(part) = range.and_then(|(start, end)| all.get(start..end)) else {
        return failed("slice bounds out of range");
    };
    let part = part.to_vec();
    let of = match any(args, 0)? {
        Value::List(id) => heap.items_of(*id),
        _ => Items::Any,
    };
    heap.list(of, part)
}

fn chunk(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let size = usize::try_from(int(args, 0)?).unwrap_or_default();
    if size == 0 {
        return failed("a chunk needs at least one item");
    }
    let all = items(heap, args, 1)?.to_vec();
    let mut parts = Vec::new();
    for part in all.chunks(size) {
        parts.push(heap.list(Items::Any, part.to_vec())?);
    }
    heap.list(Items::Lists, parts)
}
