//! Go's verbs: how one argument is written.

use std::fmt::Write as _;

use super::{Argument, Flags, quoted};

/// An argument as `%v` writes it.
pub(super) fn plain(argument: &Argument) -> String {
    write('v', argument, &Flags::default())
}

/// An argument as a verb with these flags writes it, Go's complaint about a wrong verb included.
pub(super) fn write(verb: char, argument: &Argument, flags: &Flags) -> String {
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
