//! Arithmetic.

use super::super::error::{Trouble, failed};
use super::super::heap::{Heap, Items, Value};
use super::super::print::print;
use super::casts::{to_float, to_int};
use super::{Function, Param, any, fixed, int, open, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Int, Text};
    const TWO: &[Param] = &[Any, Any];
    Some(match name {
        "int" => fixed(&[Any], |_, args| Ok(Value::Int(to_int(any(args, 0)?)))),
        "int64" => fixed(&[Any], |_, args| Ok(Value::Int64(to_int(any(args, 0)?)))),
        "float64" => fixed(&[Any], |_, args| Ok(Value::Float(to_float(any(args, 0)?)))),
        "atoi" => fixed(&[Text], |_, args| {
            let digits = text(args, 0)?;
            Ok(Value::Int(digits.parse().unwrap_or_default()))
        }),
        "toDecimal" => fixed(&[Any], |heap, args| {
            let digits = print(heap, any(args, 0)?)?;
            Ok(Value::Int64(
                i64::from_str_radix(&digits, 8).unwrap_or_default(),
            ))
        }),
        "add1" => fixed(&[Any], |_, args| {
            Ok(Value::Int64(to_int(any(args, 0)?).wrapping_add(1)))
        }),
        "add" => open(&[], Any, |_, args| Ok(fold(0, args, i64::wrapping_add))),
        "mul" => open(&[Any], Any, |_, args| Ok(fold(1, args, i64::wrapping_mul))),
        "sub" => fixed(TWO, |_, args| {
            Ok(Value::Int64(
                to_int(any(args, 0)?).wrapping_sub(to_int(any(args, 1)?)),
            ))
        }),
        "div" => fixed(TWO, |_, args| divide(args, i64::wrapping_div)),
        "mod" => fixed(TWO, |_, args| divide(args, i64::wrapping_rem)),
        "max" | "biggest" => open(&[Any], Any, |_, args| {
            Ok(fold(to_int(any(args, 0)?), args, std::cmp::max))
        }),
        "min" => open(&[Any], Any, |_, args| {
            Ok(fold(to_int(any(args, 0)?), args, std::cmp::min))
        }),
        "until" => fixed(&[Int], |heap, args| {
            let count = int(args, 0)?;
            let numbers = steps(heap, 0, count, if count < 0 { -1 } else { 1 })?;
            heap.list(Items::Ints, numbers)
        }),
        "untilStep" => fixed(&[Int, Int, Int], |heap, args| {
            let numbers = steps(heap, int(args, 0)?, int(args, 1)?, int(args, 2)?)?;
            heap.list(Items::Ints, numbers)
        }),
        "seq" => open(&[], Int, sequence),
        "duration" => fixed(&[Any], |heap, args| {
            let seconds = match any(args, 0)? {
                Value::Text(text) => text.parse().unwrap_or_default(),
                Value::Int64(int) => *int,
                _ => 0,
            };
            heap.text(duration(seconds))
        }),
        _ => return None,
    })
}

fn fold(start: i64, args: &[Value], with: fn(i64, i64) -> i64) -> Value {
    Value::Int64(args.iter().map(to_int).fold(start, with))
}

fn divide(args: &[Value], with: fn(i64, i64) -> i64) -> Result<Value, Trouble> {
    let (left, right) = (to_int(any(args, 0)?), to_int(any(args, 1)?));
    if right == 0 {
        return failed("integer divide by zero");
    }
    Ok(Value::Int64(with(left, right)))
}

/// Numbers from `start` up to and without `stop`.
fn steps(heap: &Heap, start: i64, stop: i64, by: i64) -> Result<Vec<Value>, Trouble> {
    let rises = stop >= start;
    if rises && by <= 0 || !rises && by >= 0 {
        return Ok(Vec::new());
    }
    let turns = start.abs_diff(stop).div_ceil(by.unsigned_abs());
    let count = usize::try_from(turns).unwrap_or(usize::MAX);
    // Counted before anything is made: a list of a billion numbers is never begun.
    heap.spend(count)?;
    heap.reserve(count.saturating_mul(size_of::<Value>()))?;
    let mut numbers = Vec::with_capacity(count);
    let mut number = start;
    for _ in 0..count {
        numbers.push(Value::Int(number));
        number = number.saturating_add(by);
    }
    Ok(numbers)
}

fn sequence(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let numbers: Vec<i64> = args.iter().map(to_int).collect();
    let (start, step, end) = match numbers.as_slice() {
        [end] => (1, if *end < 1 { -1 } else { 1 }, *end),
        [start, end] => (*start, if end < start { -1 } else { 1 }, *end),
        [start, step, end] if end < start && *step > 0 => return heap.text(""),
        [start, step, end] => (*start, *step, *end),
        _ => return heap.text(""),
    };
    let beyond = if end < start { -1 } else { 1 };
    let texts: Vec<String> = steps(heap, start, end.saturating_add(beyond), step)?
        .iter()
        .map(|number| to_int(number).to_string())
        .collect();
    heap.text(texts.join(" "))
}

/// Seconds as Go prints a duration.
fn duration(seconds: i64) -> String {
    let sign = if seconds < 0 { "-" } else { "" };
    let size = seconds.unsigned_abs();
    let (hours, minutes, rest) = (size / 3600, size / 60 % 60, size % 60);
    if hours > 0 {
        format!("{sign}{hours}h{minutes}m{rest}s")
    } else if minutes > 0 {
        format!("{sign}{minutes}m{rest}s")
    } else {
        format!("{sign}{rest}s")
    }
}
