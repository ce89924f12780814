//! What a scalar means to Kubernetes: the rules of go-yaml v2, and of the step to JSON behind it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Number;

use super::decode::replace_invalid;

/// A scalar's meaning before it becomes a value or a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Null,
    Bool(bool),
    Int(i64),
    /// Only what does not fit [`Meaning::Int`].
    Uint(u64),
    Float(f64),
    /// The text as it stands.
    Text,
    /// A text decoded from `!!binary`.
    Decoded(String),
}

/// The tags that decide how a scalar is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// No tag on a plain scalar, or the tag `!` on any.
    Plain,
    /// No tag on a quoted or block scalar.
    Quoted,
    Str,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// Any other tag: the text as it stands.
    Other,
}

/// Go's base64 reader: padding needed, unused bits ignored.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// Resolves a scalar. An error is a phrase that never repeats the text, which may be secret.
pub(super) fn resolve(text: &str, tag: Tag) -> Result<Meaning, &'static str> {
    let meaning = match tag {
        Tag::Quoted | Tag::Str | Tag::Other | Tag::Merge => return Ok(Meaning::Text),
        Tag::Binary => return decode_binary(text),
        Tag::Plain => return Ok(resolve_plain(text)),
        Tag::Timestamp => {
            return if is_date(text) {
                Ok(Meaning::Text)
            } else {
                Err("the value is not a timestamp, as its tag says")
            };
        }
        Tag::Bool | Tag::Int | Tag::Float | Tag::Null => resolve_plain(text),
    };
    match (tag, meaning) {
        (Tag::Bool, meaning @ Meaning::Bool(_))
        | (Tag::Int, meaning @ (Meaning::Int(_) | Meaning::Uint(_)))
        | (Tag::Float, meaning @ Meaning::Float(_))
        | (Tag::Null, meaning @ Meaning::Null) => Ok(meaning),
        #[expect(
            clippy::cast_precision_loss,
            reason = "what go-yaml does with `!!float 3`"
        )]
        (Tag::Float, Meaning::Int(int)) => Ok(Meaning::Float(int as f64)),
        (Tag::Bool, _) => Err("the value is not a boolean, as its tag says"),
        (Tag::Int, _) => Err("the value is not an integer, as its tag says"),
        (Tag::Float, _) => Err("the value is not a number, as its tag says"),
        _ => Err("the value is not null, as its tag says"),
    }
}

fn decode_binary(text: &str) -> Result<Meaning, &'static str> {
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    BASE64
        .decode(text)
        .map(|bytes| Meaning::Decoded(replace_invalid(&bytes)))
        .map_err(|_| "the value is not base64, as its tag says")
}

fn resolve_plain(text: &str) -> Meaning {
    match text.as_bytes().first() {
        None => Meaning::Null,
        Some(b'0'..=b'9' | b'+' | b'-') => {
            find_infinity(text).unwrap_or_else(|| resolve_number(text))
        }
        Some(b'.') => find_infinity(text)
            .or_else(|| parse_float(text).map(Meaning::Float))
            .unwrap_or(Meaning::Text),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
            resolve_word(text)
        }
        Some(_) => Meaning::Text,
    }
}

fn resolve_word(text: &str) -> Meaning {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Meaning::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Meaning::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Meaning::Null,
        _ => Meaning::Text,
    }
}

fn find_infinity(text: &str) -> Option<Meaning> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(Meaning::Float(f64::NAN)),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            Some(Meaning::Float(f64::INFINITY))
        }
        "-.inf" | "-.Inf" | "-.INF" => Some(Meaning::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}

/// A scalar that starts with a digit or a sign.
fn resolve_number(text: &str) -> Meaning {
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    if let Some(meaning) = parse_integer(plain) {
        return meaning;
    }
    if is_decimal(plain)
        && let Some(float) = parse_float(plain)
    {
        return Meaning::Float(float);
    }
    // Go's second try at binary numbers also takes a sign behind the prefix.
    let signed = plain.strip_prefix("0b").map_or_else(
        || plain.strip_prefix("-0b").map(|digits| format!("-{digits}")),
        |digits| Some(digits.to_owned()),
    );
    signed
        .and_then(|digits| i64::from_str_radix(&digits, 2).ok())
        .map_or(Meaning::Text, Meaning::Int)
}

/// Go's `ParseInt` and `ParseUint` with base 0: a prefix decides the base, a leading zero is octal.
fn parse_integer(text: &str) -> Option<Meaning> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_alphanumeric()) {
        return None;
    }
    let amount = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(amount).map(Meaning::Int);
    }
    match i64::try_from(amount) {
        Ok(int) => Some(Meaning::Int(int)),
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Meaning::Uint(amount)),
    }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(mantissa, exponent)| {
            (mantissa, Some(exponent))
        });
    let exponent_fits = exponent
        .is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)));
    let mantissa_fits = match mantissa.split_once('.') {
        None => digits(mantissa),
        Some(("", fraction)) => digits(fraction),
        Some((whole, "")) => digits(whole),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
    };
    exponent_fits && mantissa_fits
}

/// A finite number; Go takes one that is too large for text.
fn parse_float(text: &str) -> Option<f64> {
    if !is_decimal(text) {
        return None;
    }
    text.parse::<f64>().ok().filter(|float| float.is_finite())
}

/// `YYYY-` and one to two digits: enough to tell a date from what go-yaml refuses as one.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count()
        == 4
        && bytes.get(4) == Some(&b'-')
        && bytes.get(5).is_some_and(u8::is_ascii_digit)
}

/// A number as kubectl holds it behind the step to JSON: 64-bit integers stay exact, everything else
/// is binary64, and a float that JSON writes as an integer is one. `None`: not finite.
pub(super) fn number_of(meaning: &Meaning) -> Option<Number> {
    match meaning {
        Meaning::Int(int) => Some(Number::from(*int)),
        #[expect(clippy::cast_precision_loss, reason = "what kubectl does above 2^63")]
        Meaning::Uint(uint) => Number::from_f64(*uint as f64),
        Meaning::Float(float) => {
            if float.fract() == 0.0
                && float.abs() < 1e21
                && let Ok(int) = format!("{float}").parse::<i64>()
            {
                return Some(Number::from(int));
            }
            Number::from_f64(*float)
        }
        _ => None,
    }
}

/// A key's text; `Err` where Kubernetes refuses the key.
pub(super) fn key_of(meaning: &Meaning, text: &str) -> Result<Option<String>, &'static str> {
    match meaning {
        Meaning::Text => Ok(None),
        Meaning::Decoded(decoded) => Ok(Some(decoded.clone())),
        Meaning::Bool(bool) => Ok(Some(bool.to_string())),
        Meaning::Int(int) => Ok(Some(int.to_string())),
        Meaning::Float(float) => Ok(Some(format_key(*float))),
        Meaning::Null if text.is_empty() => Err("a key is missing before `:`"),
        Meaning::Null => Err("null cannot be a key; put it in quotes"),
        Meaning::Uint(_) => Err("the number is too large to be a key; put it in quotes"),
    }
}

/// Go's `FormatFloat(f, 'g', -1, 32)`, which names the keys that are numbers with a fraction.
fn format_key(float: f64) -> String {
    if float.is_nan() {
        return ".nan".to_owned();
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the keys are written with 32 bits"
    )]
    let short = float as f32;
    if short.is_infinite() {
        return if short > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{short:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if short == 0.0 || (-4..6).contains(&exponent) {
        return format!("{short}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
