//! `sprintf` as OPA has it, which is Go's: a wrong verb or a missing argument shows in the text and
//! never makes the rule vanish.
//!
//! OPA hands Go an `int64`, a big integer or a `float64` for numbers, the text for strings, and the
//! Rego notation of everything else as a string; the exact answers here were taken from it.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use regorus::Value;

/// An argument as Go sees it.
enum Argument {
    Text(String),
    Int(i128),
    Big(String),
    Float(f64),
}

impl Argument {
    fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::Text(text.to_string()),
            // To the engine `1.0` and `1e21` are integers; so they print.
            Value::Number(number) => match (number.as_i64(), number.as_big()) {
                (Some(whole), _) => Self::Int(i128::from(whole)),
                (None, Some(big)) => Self::Big(big.to_string()),
                (None, None) => Self::Float(number.as_f64().unwrap_or(f64::NAN)),
            },
            other => Self::Text(notation(other)),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "string",
            Self::Int(_) => "int64",
            Self::Big(_) => "*big.Int",
            Self::Float(_) => "float64",
        }
    }
}

/// Rego's own notation of a value.
pub(super) fn notation(value: &Value) -> String {
    let join = |items: Vec<String>| items.join(", ");
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => format!("[{}]", join(items.iter().map(notation).collect())),
        Value::Set(items) if items.is_empty() => "set()".to_owned(),
        Value::Set(items) => format!("{{{}}}", join(items.iter().map(notation).collect())),
        Value::Object(fields) => format!(
            "{{{}}}",
            join(
                fields
                    .iter_sorted()
                    .map(|(key, value)| format!("{}: {}", notation(key), notation(value)))
                    .collect()
            )
        ),
        Value::Number(_) => match Argument::of(value) {
            Argument::Int(whole) => whole.to_string(),
            Argument::Float(_) => value.to_string(),
            Argument::Big(text) | Argument::Text(text) => text,
        },
        Value::Undefined => "undefined".to_owned(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "Go's five flags are independent of each other"
)]
struct Flags {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The widest field or longest fraction that is written: a format is a policy's text, and a policy
/// must not make gigabytes with it.
const WIDEST: usize = 4096;

/// `sprintf(format, arguments)`.
pub(super) fn sprintf(format: &Value, arguments: &Value) -> Result<Value> {
    let (Value::String(format), Value::Array(arguments)) = (format, arguments) else {
        bail!("`sprintf` takes a string and an array");
    };
    let arguments: Vec<Argument> = arguments.iter().map(Argument::of).collect();
    let mut printer = Printer {
        format: format.chars().collect(),
        at: 0,
        arguments: &arguments,
        next: 0,
        reordered: false,
        out: String::new(),
    };
    printer.run();
    Ok(Value::from(printer.out))
}

struct Printer<'a> {
    format: Vec<char>,
    at: usize,
    arguments: &'a [Argument],
    next: usize,
    reordered: bool,
    out: String,
}

impl Printer<'_> {
    fn peek(&self) -> Option<char> {
        self.format.get(self.at).copied()
    }

    fn run(&mut self) {
        while let Some(character) = self.peek() {
            self.at += 1;
            if character == '%' {
                self.verb();
            } else {
                self.out.push(character);
            }
        }
        if !self.reordered && self.next < self.arguments.len() {
            let extra: Vec<String> = self
                .arguments
                .iter()
                .skip(self.next)
                .map(|argument| format!("{}={}", argument.type_name(), plain(argument)))
                .collect();
            let _ = write!(self.out, "%!(EXTRA {})", extra.join(", "));
        }
    }

    fn verb(&mut self) {
        let mut flags = Flags::default();
        while let Some(flag) = self.peek() {
            match flag {
                '-' => {
                    flags.minus = true;
                    flags.zero = false;
                }
                '+' => flags.plus = true,
                '#' => flags.sharp = true,
                ' ' => flags.space = true,
                '0' => flags.zero = !flags.minus,
                _ => break,
            }
            self.at += 1;
        }
        let mut bad_index = !self.index();
        flags.width = self.count();
        if self.peek() == Some('.') {
            self.at += 1;
            bad_index |= !self.index();
            flags.precision = Some(self.count().unwrap_or(0));
        }
        bad_index |= !self.index();
        let Some(verb) = self.peek() else {
            self.out.push_str("%!(NOVERB)");
            return;
        };
        self.at += 1;
        if verb == '%' {
            self.out.push('%');
        } else if bad_index {
            let _ = write!(self.out, "%!{verb}(BADINDEX)");
        } else if let Some(argument) = self.arguments.get(self.next) {
            self.next += 1;
            self.out.push_str(&write(verb, argument, &flags));
        } else {
            let _ = write!(self.out, "%!{verb}(MISSING)");
        }
    }

    /// `[n]`: false when it leads nowhere.
    fn index(&mut self) -> bool {
        if self.peek() != Some('[') {
            return true;
        }
        self.reordered = true;
        let rest = self.format.get(self.at + 1..).unwrap_or_default();
        let Some(end) = rest.iter().position(|character| *character == ']') else {
            return false;
        };
        let digits: String = rest.iter().take(end).collect();
        self.at += end + 2;
        match digits.parse::<usize>() {
            Ok(index) if index >= 1 && index <= self.arguments.len() => {
                self.next = index - 1;
                true
            }
            _ => false,
        }
    }

    /// A width or precision: digits, or `*` with an integer argument.
    fn count(&mut self) -> Option<usize> {
        if self.peek() == Some('*') {
            self.at += 1;
            let argument = self.arguments.get(self.next);
            self.next += 1;
            if let Some(Argument::Int(count)) = argument {
                return usize::try_from(*count).ok().map(|n| n.min(WIDEST));
            }
            self.out.push_str("%!(BADWIDTH)");
            return None;
        }
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.at += 1;
        }
        digits.parse::<usize>().ok().map(|count| count.min(WIDEST))
    }
}

/// An argument as `%v` writes it.
fn plain(argument: &Argument) -> String {
    write('v', argument, &Flags::default())
}

fn write(verb: char, argument: &Argument, flags: &Flags) -> String {
    match (verb, argument) {
        ('T', _) => pad(argument.type_name(), flags, false),
        (_, Argument::Text(text)) => write_text(verb, text, flags),
        ('v' | 'd', Argument::Int(value)) => integer(*value, 10, flags),
        ('b', Argument::Int(value)) => integer(*value, 2, flags),
        ('o' | 'O', Argument::Int(value)) => integer(*value, 8, flags),
        ('x', Argument::Int(value)) => integer(*value, 16, flags),
        ('X', Argument::Int(value)) => integer(*value, 16, flags).to_uppercase(),
        ('c', Argument::Int(value)) => pad(&rune(*value).to_string(), flags, false),
        ('q', Argument::Int(value)) => pad(
            &format!("'{}'", rune(*value).escape_default()),
            flags,
            false,
        ),
        ('U', Argument::Int(value)) => pad(&format!("U+{value:04X}"), flags, false),
        ('v' | 'd' | 's', Argument::Big(text)) => pad(text, flags, true),
        ('v', Argument::Float(value)) => float(*value, 'g', flags),
        ('e' | 'E' | 'f' | 'F' | 'g' | 'G', Argument::Float(value)) => float(*value, verb, flags),
        ('x', Argument::Float(value)) => pad(&hexadecimal(*value), flags, true),
        _ => bad(verb, argument, flags),
    }
}

/// `%!verb(type=value)`: Go keeps width and flags for the value within.
fn bad(verb: char, argument: &Argument, flags: &Flags) -> String {
    format!(
        "%!{verb}({}={})",
        argument.type_name(),
        write('v', argument, flags)
    )
}

fn write_text(verb: char, text: &str, flags: &Flags) -> String {
    let cut: String = match flags.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    match verb {
        'v' if flags.sharp => pad(&quoted(&cut), flags, false),
        'v' | 's' => pad(&cut, flags, false),
        'q' if flags.sharp && !cut.contains('`') => pad(&format!("`{cut}`"), flags, false),
        'q' if flags.plus => pad(&ascii_quoted(&cut), flags, false),
        'q' => pad(&quoted(&cut), flags, false),
        'x' => pad(&hex::encode(cut), flags, false),
        'X' => pad(&hex::encode_upper(cut), flags, false),
        _ => bad(verb, &Argument::Text(text.to_owned()), flags),
    }
}

fn ascii_quoted(text: &str) -> String {
    let mut out = String::new();
    for character in quoted(text).chars() {
        match u32::from(character) {
            code if code < 0x80 => out.push(character),
            code if code < 0x10000 => drop(write!(out, "\\u{code:04x}")),
            code => drop(write!(out, "\\U{code:08x}")),
        }
    }
    out
}

fn rune(value: i128) -> char {
    u32::try_from(value)
        .ok()
        .and_then(char::from_u32)
        .unwrap_or('\u{fffd}')
}

fn integer(value: i128, base: u32, flags: &Flags) -> String {
    let magnitude = value.unsigned_abs();
    let mut digits = match base {
        2 => format!("{magnitude:b}"),
        8 => format!("{magnitude:o}"),
        16 => format!("{magnitude:x}"),
        _ => magnitude.to_string(),
    };
    if let Some(precision) = flags.precision {
        digits = format!(
            "{}{digits}",
            "0".repeat(precision.saturating_sub(digits.len()))
        );
    }
    if flags.sharp {
        digits = match base {
            2 => format!("0b{digits}"),
            8 => format!("0{digits}"),
            16 => format!("0x{digits}"),
            _ => digits,
        };
    }
    signed(value < 0, &digits, flags)
}

fn signed(negative: bool, digits: &str, flags: &Flags) -> String {
    let sign = match (negative, flags.plus, flags.space) {
        (true, _, _) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    if let Some(width) = flags.width
        && flags.zero
        && flags.precision.is_none()
    {
        let zeros = width.saturating_sub(digits.chars().count() + sign.len());
        return format!("{sign}{}{digits}", "0".repeat(zeros));
    }
    pad(&format!("{sign}{digits}"), flags, false)
}

fn float(value: f64, verb: char, flags: &Flags) -> String {
    let magnitude = value.abs();
    let digits = match verb {
        'f' | 'F' => format!("{magnitude:.*}", flags.precision.unwrap_or(6)),
        'e' => exponent(&format!("{magnitude:.*e}", flags.precision.unwrap_or(6))),
        'E' => exponent(&format!("{magnitude:.*e}", flags.precision.unwrap_or(6))).to_uppercase(),
        'G' => general(magnitude, flags.precision).to_uppercase(),
        _ => general(magnitude, flags.precision),
    };
    let zero_padded = Flags {
        precision: None,
        ..*flags
    };
    signed(value.is_sign_negative(), &digits, &zero_padded)
}

/// `%g`: the exponent form below 1e-4 and from 1e6 on (or the given precision).
fn general(magnitude: f64, precision: Option<usize>) -> String {
    let written = match precision {
        Some(precision) => format!("{magnitude:.*e}", precision.max(1) - 1),
        None => format!("{magnitude:e}"),
    };
    let Some((mantissa, power)) = written.split_once('e') else {
        return written;
    };
    let power: i32 = power.parse().unwrap_or(0);
    let significant = mantissa.trim_end_matches('0').trim_end_matches('.');
    let significant = if mantissa.contains('.') {
        significant
    } else {
        mantissa
    };
    let limit = match precision {
        Some(precision) => i32::try_from(precision.max(1)).unwrap_or(i32::MAX),
        None => 6,
    };
    if magnitude != 0.0 && (power < -4 || power >= limit) {
        return exponent(&format!("{significant}e{power}"));
    }
    let digits = significant.chars().filter(char::is_ascii_digit).count();
    let decimals = i32::try_from(digits).unwrap_or(i32::MAX) - 1 - power;
    format!("{magnitude:.*}", usize::try_from(decimals).unwrap_or(0))
}

/// Rust writes `1.5e4`, Go `1.5e+04`.
fn exponent(written: &str) -> String {
    let Some((mantissa, power)) = written.split_once('e') else {
        return written.to_owned();
    };
    let power: i32 = power.parse().unwrap_or(0);
    let sign = if power < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", power.unsigned_abs())
}

/// `%x` of a float: `0x1.8p+00`.
fn hexadecimal(value: f64) -> String {
    let bits = value.to_bits();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let raw = (bits >> 52) & 0x7ff;
    let mantissa = bits & 0x000f_ffff_ffff_ffff;
    let (lead, power) = if raw == 0 && mantissa == 0 {
        (0, 0)
    } else {
        (1, i64::try_from(raw).unwrap_or(0) - 1023)
    };
    let digits = format!("{mantissa:013x}");
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    let direction = if power < 0 { '-' } else { '+' };
    format!(
        "{sign}0x{lead}{point}{digits}p{direction}{:02}",
        power.abs()
    )
}

fn pad(text: &str, flags: &Flags, numeric: bool) -> String {
    let missing = flags
        .width
        .unwrap_or(0)
        .saturating_sub(text.chars().count());
    if flags.minus {
        format!("{text}{}", " ".repeat(missing))
    } else if flags.zero && (numeric || !text.is_empty()) && missing > 0 {
        format!("{}{text}", "0".repeat(missing))
    } else {
        format!("{}{text}", " ".repeat(missing))
    }
}
