//! Values as Go's `%v` prints them.

use super::error::Trouble;
use super::heap::{DEPTH, Heap, Value};

/// The text of a value; nothing prints as `<nil>`.
pub(super) fn print(heap: &Heap, value: &Value) -> Result<String, Trouble> {
    let mut text = String::new();
    write(heap, value, &mut text, 0)?;
    Ok(text)
}

fn write(heap: &Heap, value: &Value, out: &mut String, depth: usize) -> Result<(), Trouble> {
    heap.spend(1)?;
    if depth > DEPTH {
        return Err(Trouble::Limit("200 values inside one another"));
    }
    if out.len() > heap.bytes_left() {
        return heap.reserve(out.len());
    }
    match value {
        Value::Invalid | Value::Null => out.push_str("<nil>"),
        Value::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        Value::Int(int) | Value::Int64(int) => out.push_str(&int.to_string()),
        Value::Byte(byte) => out.push_str(&byte.to_string()),
        Value::Float(float) => out.push_str(&float_text(*float)),
        Value::Text(text) => out.push_str(text),
        Value::Version(version) => out.push_str(&version.to_string()),
        Value::List(id) => {
            out.push('[');
            for (index, item) in heap.items(*id).iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write(heap, item, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(id) => {
            out.push_str("map[");
            for (index, (key, item)) in heap.dict(*id).enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write(heap, item, out, depth + 1)?;
            }
            out.push(']');
        }
    }
    Ok(())
}

/// The shortest digits of a float and its decimal exponent: `0.d₁d₂… × 10ⁿ`.
fn shortest(float: f64) -> (String, i32) {
    let text = format!("{:e}", float.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    (digits, exponent.parse::<i32>().unwrap_or_default() + 1)
}

/// `%v` of a float: six digits before the point at most, then an exponent.
pub(super) fn float_text(float: f64) -> String {
    if float.is_nan() {
        return "NaN".to_owned();
    }
    if float.is_infinite() {
        return if float > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (digits, point) = shortest(float);
    let exponent = point - 1;
    if float != 0.0 && !(-4..6).contains(&exponent) {
        return exponential(float, &digits, exponent);
    }
    format!("{float}")
}

fn exponential(float: f64, digits: &str, exponent: i32) -> String {
    let sign = if float.is_sign_negative() { "-" } else { "" };
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    let direction = if exponent < 0 { '-' } else { '+' };
    let exponent = exponent.unsigned_abs();
    format!("{sign}{first}{point}{rest}e{direction}{exponent:02}")
}

/// A float as Go's JSON writes it; NaN and infinities cannot be written.
pub(super) fn float_json(float: f64) -> Option<String> {
    if !float.is_finite() {
        return None;
    }
    let size = float.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return Some(format!("{float}"));
    }
    let (digits, point) = shortest(float);
    let text = exponential(float, &digits, point - 1);
    // One digit is enough for small exponents.
    Some(match text.split_once("e-0") {
        Some((mantissa, digit)) => format!("{mantissa}e-{digit}"),
        None => text,
    })
}

/// A text in double quotes with Go's escapes.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) < 0x80 => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) < 0x1_0000 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// True for what Go prints as it is: letters, marks, numbers, signs, and the one space.
pub(super) fn is_printable(c: char) -> bool {
    c == ' '
        || !c.is_whitespace()
            && !c.is_control()
            && !c.escape_debug().to_string().starts_with("\\u{")
}
