//! Arithmetic with fractions.

use super::super::error::{Trouble, failed};
use super::super::heap::{Heap, Value};
use super::casts::to_float;
use super::decimal::Decimal;
use super::{Function, Param, any, fixed, int, open};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Any, Float, Int};
    Some(match name {
        "maxf" => open(&[Any], Any, |_, args| Ok(extreme(args, f64::max))),
        "minf" => open(&[Any], Any, |_, args| Ok(extreme(args, f64::min))),
        "ceil" => fixed(&[Any], |_, args| {
            Ok(Value::Float(to_float(any(args, 0)?).ceil()))
        }),
        "floor" => fixed(&[Any], |_, args| {
            Ok(Value::Float(to_float(any(args, 0)?).floor()))
        }),
        "round" => open(&[Any, Int], Float, round),
        "add1f" => fixed(&[Any], |_, args| {
            Ok(exact(
                any(args, 0)?,
                &[Value::Int(1)],
                Decimal::add,
                |a, b| a + b,
            ))
        }),
        "addf" => open(&[], Any, |_, args| {
            Ok(exact(&Value::Int(0), args, Decimal::add, |a, b| a + b))
        }),
        "subf" => open(&[Any], Any, |_, args| {
            Ok(exact(
                any(args, 0)?,
                behind(args),
                Decimal::subtract,
                |a, b| a - b,
            ))
        }),
        "mulf" => open(&[Any], Any, |_, args| {
            Ok(exact(
                any(args, 0)?,
                behind(args),
                Decimal::multiply,
                |a, b| a * b,
            ))
        }),
        "divf" => open(&[Any], Any, |_, args| {
            if behind(args).iter().any(|value| to_float(value) == 0.0) {
                return failed("division by zero");
            }
            Ok(exact(
                any(args, 0)?,
                behind(args),
                Decimal::divide,
                |a, b| a / b,
            ))
        }),
        _ => return None,
    })
}

fn behind(args: &[Value]) -> &[Value] {
    args.get(1..).unwrap_or_default()
}

fn extreme(args: &[Value], with: fn(f64, f64) -> f64) -> Value {
    let mut numbers = args.iter().map(to_float);
    let first = numbers.next().unwrap_or_default();
    // Go's hands a NaN on, Rust's does not.
    Value::Float(numbers.fold(first, |held, next| {
        if held.is_nan() || next.is_nan() {
            f64::NAN
        } else {
            with(held, next)
        }
    }))
}

fn round(_: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let number = to_float(any(args, 0)?);
    let places = i32::try_from(int(args, 1)?).unwrap_or_default();
    let half = args.get(2).map_or(0.5, to_float);
    let power = 10_f64.powi(places);
    let shifted = power * number;
    let rounded = if shifted.fract() >= half {
        shifted.ceil()
    } else {
        shifted.floor()
    };
    Ok(Value::Float(rounded / power))
}

/// In decimals, or as floats where the numbers are too long for them.
fn exact(
    first: &Value,
    others: &[Value],
    with: fn(Decimal, Decimal) -> Option<Decimal>,
    as_float: fn(f64, f64) -> f64,
) -> Value {
    let decimals = others
        .iter()
        .try_fold(Decimal::of(to_float(first)), |held, next| {
            Some(held.and_then(|held| with(held, Decimal::of(to_float(next))?)))
        })
        .flatten();
    let result = match decimals {
        Some(decimal) => decimal.to_float(),
        None => others.iter().map(to_float).fold(to_float(first), as_float),
    };
    Value::Float(result)
}
