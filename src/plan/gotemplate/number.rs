//! Constants as Go reads them.

use super::syntax::Number;

/// A number as written in a template.
pub(super) fn parse_number(text: &str) -> Result<Number, String> {
    let looks_fractional = !is_hexadecimal(text) && text.contains(['.', 'e', 'E', 'p', 'P']);
    if let Some(int) = parse_int(text) {
        return Ok(Number {
            int: Some(int),
            #[expect(clippy::cast_precision_loss, reason = "as Go promotes it")]
            float: int as f64,
            looks_fractional,
        });
    }
    let illegal = || format!("illegal number syntax: `{text}`");
    let float = parse_float(text).ok_or_else(illegal)?;
    if !text.contains(['.', 'e', 'E', 'p', 'P']) {
        return Err(format!("integer overflow: `{text}`"));
    }
    Ok(Number {
        int: to_int(float),
        float,
        looks_fractional,
    })
}

/// The integer that a float is, if it is one.
fn to_int(float: f64) -> Option<i64> {
    // 2^63 as binary64: everything below it fits.
    let fits = float.fract() == 0.0 && float.abs() < 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
    fits.then_some(float as i64)
}

fn is_hexadecimal(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    digits.starts_with("0x") || digits.starts_with("0X")
}

/// An integer with Go's prefixes: `0x`, `0o`, `0b`, and `0` for octal; `_` between digits of any.
pub(super) fn parse_int(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(rest) = lower.strip_prefix("0x") {
        (16, rest)
    } else if let Some(rest) = lower.strip_prefix("0o") {
        (8, rest)
    } else if let Some(rest) = lower.strip_prefix("0b") {
        (2, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, lower.get(1..)?)
    } else {
        (10, lower.as_str())
    };
    let leading = radix == 10 && digits.starts_with('_');
    if leading || digits.ends_with('_') || digits.contains("__") || digits.is_empty() {
        return None;
    }
    let digits: String = digits.chars().filter(|c| *c != '_').collect();
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// A float as Go's `ParseFloat` reads decimal ones; hexadecimal floats are not read.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let float: f64 = text.parse().ok()?;
    // Go refuses what does not fit; Rust gives infinity.
    let named = text.to_ascii_lowercase().contains("inf");
    (float.is_finite() || named || float.is_nan()).then_some(float)
}

/// The character of a constant such as `'a'` or `'\n'`.
pub(super) fn parse_char(text: &str) -> Result<Number, String> {
    let malformed = || format!("malformed character constant: {text}");
    let inner = text
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
        .ok_or_else(malformed)?;
    let read = unescape(inner, '\'').ok_or_else(malformed)?;
    let mut chars = read.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        return Err(malformed());
    };
    Ok(Number {
        int: Some(i64::from(u32::from(c))),
        float: f64::from(u32::from(c)),
        looks_fractional: false,
    })
}

/// The text of a quoted constant, quotes included in `text`.
pub(super) fn parse_text(text: &str) -> Result<String, String> {
    let malformed = || format!("malformed text {text}");
    if let Some(raw) = text
        .strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'))
    {
        return Ok(raw.replace('\r', ""));
    }
    text.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|inner| unescape(inner, '"'))
        .ok_or_else(malformed)
}

/// Go's escapes resolved; `None` where one is wrong.
fn unescape(inner: &str, quote: char) -> Option<String> {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c == quote {
            return None;
        }
        if c != '\\' {
            push(&mut bytes, c);
            continue;
        }
        match chars.next()? {
            'a' => bytes.push(0x07),
            'b' => bytes.push(0x08),
            'f' => bytes.push(0x0C),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(0x0B),
            '\\' => bytes.push(b'\\'),
            c if c == quote => push(&mut bytes, c),
            'x' => bytes.push(u8::try_from(digits(&mut chars, 2, 16)?).ok()?),
            'u' => push(&mut bytes, char::from_u32(digits(&mut chars, 4, 16)?)?),
            'U' => push(&mut bytes, char::from_u32(digits(&mut chars, 8, 16)?)?),
            first @ '0'..='7' => {
                let rest = digits(&mut chars, 2, 8)?;
                let value = first.to_digit(8)? * 64 + rest;
                bytes.push(u8::try_from(value).ok()?);
            }
            _ => return None,
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn digits(chars: &mut std::str::Chars<'_>, count: usize, radix: u32) -> Option<u32> {
    let mut value = 0_u32;
    for _ in 0..count {
        value = value.checked_mul(radix)? + chars.next()?.to_digit(radix)?;
    }
    Some(value)
}
