//! Loose conversions to numbers: what is no number is zero.

use super::super::heap::Value;
use super::super::number::{parse_float, parse_int};

/// As `int` and `int64` convert.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(int) | Value::Int64(int) => *int,
        Value::Byte(byte) => i64::from(*byte),
        Value::Bool(bool) => i64::from(*bool),
        Value::Float(float) => truncate(*float),
        Value::Text(text) => parse_int(without_zero_decimals(text)).unwrap_or_default(),
        _ => 0,
    }
}

/// As `float64` converts.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "the conversion that Go makes")]
        Value::Int(int) | Value::Int64(int) => *int as f64,
        Value::Byte(byte) => f64::from(*byte),
        Value::Bool(bool) => f64::from(u8::from(*bool)),
        Value::Float(float) => *float,
        Value::Text(text) => parse_float(text).unwrap_or_default(),
        _ => 0.0,
    }
}

/// What does not fit becomes the smallest integer, as on the deployer's machine.
fn truncate(float: f64) -> i64 {
    // 2^63 as binary64: everything below it fits.
    let fits = float.abs() < 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
    if fits { float as i64 } else { i64::MIN }
}

/// `3.00` is `3`.
fn without_zero_decimals(text: &str) -> &str {
    match text.rsplit_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        _ => text,
    }
}
