//! Go's `Sprintf` for the values of templates.

mod numbers;

use numbers::{decimal, integer};

use super::error::Trouble;
use super::heap::{Heap, Items, Value};
use super::print::{print, quote};

/// Widths above this are none: Go's own bound.
const WIDTH: usize = 1_000_000;

/// Flags, width and precision of one verb.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "one for each flag of a verb")]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

/// The text that a format and its arguments give.
pub(super) fn printf(heap: &Heap, format: &str, args: &[Value]) -> Result<String, Trouble> {
    let mut out = String::new();
    let mut used = 0;
    let mut reordered = false;
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        heap.spend(1)?;
        if out.len() > heap.bytes_left() {
            heap.reserve(out.len())?;
        }
        let spec = read_spec(&mut chars, args, &mut used);
        reordered |= read_position(&mut chars, &mut used);
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match args.get(used) {
                None => out.push_str(&format!("%!{verb}(MISSING)")),
                Some(value) => {
                    used += 1;
                    out.push_str(&verb_text(heap, verb, &spec, value, 0)?);
                }
            },
        }
    }
    let extra = args.get(used..).filter(|extra| !extra.is_empty());
    if let Some(extra) = extra.filter(|_| !reordered) {
        let mut texts = Vec::new();
        for value in extra {
            texts.push(match value {
                Value::Null | Value::Invalid => "<nil>".to_owned(),
                _ => format!("{}={}", heap.type_name(value), print(heap, value)?),
            });
        }
        out.push_str(&format!("%!(EXTRA {})", texts.join(", ")));
    }
    Ok(out)
}

fn read_spec(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    args: &[Value],
    used: &mut usize,
) -> Spec {
    let mut spec = Spec::default();
    while let Some(c) = chars.peek() {
        match c {
            '-' => spec.minus = true,
            '+' => spec.plus = true,
            '#' => spec.sharp = true,
            ' ' => spec.space = true,
            '0' => spec.zero = true,
            _ => break,
        }
        chars.next();
    }
    spec.width = read_number(chars, args, used);
    if chars.next_if_eq(&'.').is_some() {
        spec.precision = Some(read_number(chars, args, used).unwrap_or_default());
    }
    if spec.minus {
        spec.zero = false;
    }
    spec
}

/// `[2]`: the argument of that number comes next.
fn read_position(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, used: &mut usize) -> bool {
    let mut ahead = chars.clone();
    if ahead.next() != Some('[') {
        return false;
    }
    let digits: String = ahead.by_ref().take_while(|c| *c != ']').collect();
    match digits.parse::<usize>() {
        Ok(number) if number > 0 => {
            *used = number - 1;
            *chars = ahead;
            true
        }
        _ => false,
    }
}

fn read_number(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    args: &[Value],
    used: &mut usize,
) -> Option<usize> {
    if chars.next_if_eq(&'*').is_some() {
        let number = match args.get(*used) {
            Some(Value::Int(int)) => usize::try_from(*int).ok().filter(|n| *n <= WIDTH),
            _ => None,
        };
        *used += 1;
        return number;
    }
    let mut number: Option<usize> = None;
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        let digit = usize::try_from(digit.to_digit(10)?).ok()?;
        number = Some((number.unwrap_or_default() * 10 + digit).min(WIDTH));
    }
    number
}

fn verb_text(
    heap: &Heap,
    verb: char,
    spec: &Spec,
    value: &Value,
    depth: usize,
) -> Result<String, Trouble> {
    if depth > super::heap::DEPTH {
        return Err(Trouble::Limit("200 values inside one another"));
    }
    // `%+v` would name fields, of which there are none.
    let plain;
    let spec = if verb == 'v' && spec.plus {
        plain = Spec {
            plus: false,
            ..*spec
        };
        &plain
    } else {
        spec
    };
    match verb {
        'T' => return Ok(pad(spec, heap.type_name(value), false)),
        'v' if spec.sharp => return Ok(pad(spec, &go_syntax(heap, value, 0)?, false)),
        _ => {}
    }
    Ok(match value {
        Value::Null | Value::Invalid if depth > 0 => "<nil>".to_owned(),
        Value::Null | Value::Invalid if verb == 'v' => pad(spec, "<nil>", false),
        Value::Null | Value::Invalid => format!("%!{verb}(<nil>)"),
        Value::List(id) => {
            let mut parts = Vec::new();
            for item in heap.items(*id) {
                heap.spend(1)?;
                parts.push(verb_text(heap, verb, spec, item, depth + 1)?);
            }
            format!("[{}]", parts.join(" "))
        }
        Value::Map(id) => {
            let mut parts = Vec::new();
            for (key, item) in heap.dict(*id) {
                heap.spend(1)?;
                let key = verb_text(heap, verb, spec, &Value::Text(key.clone()), depth)?;
                parts.push(format!(
                    "{key}:{}",
                    verb_text(heap, verb, spec, item, depth + 1)?
                ));
            }
            format!("map[{}]", parts.join(" "))
        }
        Value::Bool(_) if matches!(verb, 'v' | 't') => pad(spec, &print(heap, value)?, false),
        Value::Int(int) | Value::Int64(int) => integer(heap, verb, spec, *int, value)?,
        Value::Byte(byte) => integer(heap, verb, spec, i64::from(*byte), value)?,
        Value::Float(float) => decimal(heap, verb, spec, *float, value)?,
        Value::Text(text) => texts(heap, verb, spec, text, value)?,
        Value::Version(version) => texts(heap, verb, spec, &version.to_string(), value)?,
        Value::Bool(_) => bad(heap, verb, spec, value)?,
    })
}

fn bad(heap: &Heap, verb: char, spec: &Spec, value: &Value) -> Result<String, Trouble> {
    let spec = Spec {
        sharp: false,
        ..*spec
    };
    let text = match value {
        // Not through the verb again: a boolean has no other form.
        Value::Bool(_) => pad(&spec, &print(heap, value)?, false),
        _ => verb_text(heap, 'v', &spec, value, 0)?,
    };
    Ok(format!("%!{verb}({}={text})", heap.type_name(value)))
}

/// Fills up to the width; zeros go behind the sign.
fn pad(spec: &Spec, text: &str, is_number: bool) -> String {
    let length = text.chars().count();
    let missing = spec.width.unwrap_or_default().saturating_sub(length);
    if missing == 0 {
        return text.to_owned();
    }
    if spec.minus {
        return format!("{text}{}", " ".repeat(missing));
    }
    if spec.zero {
        let (sign, rest) = match text.strip_prefix(['-', '+']) {
            Some(rest) if is_number => text.split_at(text.len() - rest.len()),
            _ => ("", text),
        };
        return format!("{sign}{}{rest}", "0".repeat(missing));
    }
    format!("{}{text}", " ".repeat(missing))
}

fn signed(spec: &Spec, negative: bool, digits: &str) -> String {
    let sign = match (negative, spec.plus, spec.space) {
        (true, ..) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        _ => "",
    };
    format!("{sign}{digits}")
}

fn texts(
    heap: &Heap,
    verb: char,
    spec: &Spec,
    text: &str,
    value: &Value,
) -> Result<String, Trouble> {
    let cut: String = match spec.precision {
        Some(precision) => text.chars().take(precision).collect(),
        None => text.to_owned(),
    };
    let made = match verb {
        'v' | 's' => cut,
        'q' if spec.sharp && !cut.contains('`') => format!("`{cut}`"),
        'q' => quote(&cut),
        'x' => hex::encode(cut),
        'X' => hex::encode_upper(cut),
        _ => return bad(heap, verb, spec, value),
    };
    Ok(pad(spec, &made, false))
}

/// `%#v`: the value as a Go program would write it.
fn go_syntax(heap: &Heap, value: &Value, depth: usize) -> Result<String, Trouble> {
    heap.spend(1)?;
    if depth > super::heap::DEPTH {
        return Err(Trouble::Limit("200 values inside one another"));
    }
    Ok(match value {
        Value::Text(text) => quote(text),
        Value::Byte(byte) => format!("0x{byte:x}"),
        Value::Null | Value::Invalid if depth > 0 => "interface {}(nil)".to_owned(),
        Value::List(id) => {
            let mut parts = Vec::new();
            for item in heap.items(*id) {
                let text = go_syntax(heap, item, depth + 1)?;
                parts.push(match heap.items_of(*id) {
                    Items::Lists => text.trim_start_matches("[]interface {}").to_owned(),
                    _ => text,
                });
            }
            format!("{}{{{}}}", heap.type_name(value), parts.join(", "))
        }
        Value::Map(id) => {
            let mut parts = Vec::new();
            for (key, item) in heap.dict(*id) {
                parts.push(format!(
                    "{}:{}",
                    quote(key),
                    go_syntax(heap, item, depth + 1)?
                ));
            }
            format!("{}{{{}}}", heap.type_name(value), parts.join(", "))
        }
        other => print(heap, other)?,
    })
}
