//! Numbers in all the ways that verbs write them.

use super::super::error::Trouble;
use super::super::heap::{Heap, Value};
use super::super::print::{float_text, quote};
use super::{Spec, bad, pad, signed};

pub(super) fn integer(
    heap: &Heap,
    verb: char,
    spec: &Spec,
    int: i64,
    value: &Value,
) -> Result<String, Trouble> {
    let size = int.unsigned_abs();
    let (prefix, digits) = match verb {
        'v' | 'd' => ("", size.to_string()),
        'b' => ("0b", format!("{size:b}")),
        'o' => ("0", format!("{size:o}")),
        'O' => {
            return Ok(pad(
                spec,
                &signed(spec, int < 0, &format!("0o{size:o}")),
                true,
            ));
        }
        'x' => ("0x", format!("{size:x}")),
        'X' => ("0X", format!("{size:X}")),
        'c' | 'q' | 'U' => {
            let c = u32::try_from(int)
                .ok()
                .and_then(char::from_u32)
                .unwrap_or('\u{fffd}');
            let text = match verb {
                'c' => c.to_string(),
                'q' => quote_char(c),
                _ => format!("U+{:04X}", u32::from(c)),
            };
            return Ok(pad(spec, &text, false));
        }
        _ => return bad(heap, verb, spec, value),
    };
    let zeros = spec
        .precision
        .unwrap_or_default()
        .saturating_sub(digits.len());
    let digits = format!("{}{digits}", "0".repeat(zeros));
    let digits = if spec.sharp {
        format!("{prefix}{digits}")
    } else {
        digits
    };
    let spec = Spec {
        zero: spec.zero && spec.precision.is_none(),
        ..*spec
    };
    Ok(pad(&spec, &signed(&spec, int < 0, &digits), true))
}

/// A character in single quotes.
fn quote_char(c: char) -> String {
    match c {
        '\'' => "'\\''".to_owned(),
        '"' => "'\"'".to_owned(),
        c => format!("'{}'", quote(&c.to_string()).trim_matches('"')),
    }
}

pub(super) fn decimal(
    heap: &Heap,
    verb: char,
    spec: &Spec,
    float: f64,
    value: &Value,
) -> Result<String, Trouble> {
    let size = float.abs();
    let digits = match (verb, spec.precision) {
        _ if !float.is_finite() => float_text(size).trim_start_matches('+').to_owned(),
        ('v' | 'g' | 'G', None) => float_text(size),
        ('v' | 'g' | 'G', Some(precision)) => general(size, precision.max(1)),
        ('f' | 'F', precision) => format!("{size:.*}", precision.unwrap_or(6)),
        ('e' | 'E', precision) => with_exponent(&format!("{size:.*e}", precision.unwrap_or(6))),
        _ => return bad(heap, verb, spec, value),
    };
    let digits = if matches!(verb, 'E' | 'G') {
        digits.to_uppercase()
    } else {
        digits
    };
    Ok(pad(
        spec,
        &signed(spec, float.is_sign_negative(), &digits),
        true,
    ))
}

/// An exponent of at least two digits, with its sign.
fn with_exponent(text: &str) -> String {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let number: i32 = exponent.parse().unwrap_or_default();
    let sign = if number < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", number.unsigned_abs())
}

/// `%g` with a number of digits.
fn general(size: f64, precision: usize) -> String {
    let scientific = format!("{size:.*e}", precision - 1);
    let exponent: i32 = scientific
        .split_once('e')
        .and_then(|(_, exponent)| exponent.parse().ok())
        .unwrap_or_default();
    let trim = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text.to_owned()
        }
    };
    let limit = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= limit {
        let (mantissa, rest) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        return with_exponent(&format!("{}e{rest}", trim(mantissa)));
    }
    let decimals = usize::try_from(limit - 1 - exponent).unwrap_or_default();
    trim(&format!("{size:.decimals$}"))
}
