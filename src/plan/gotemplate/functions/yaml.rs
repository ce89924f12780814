//! YAML as the deployer's library writes it: keys in natural order, lists not indented below their
//! key, quotes only where they are needed, long lines folded.

mod plain;

use serde_json::Value as Json;

use super::super::error::Trouble;
use super::super::heap::{Heap, Value};
use super::json::to_json;
use plain::{is_plain, resolves};

/// Columns after which a text breaks at a space.
const WIDTH: usize = 80;

/// The YAML of a value, without a final line break.
pub(super) fn to_yaml(heap: &Heap, value: &Value) -> Result<String, Trouble> {
    let json = to_json(heap, value)?;
    heap.reserve(json.len())?;
    let json: Json = serde_json::from_str(&json)
        .map_err(|_| Trouble::Failed("the value cannot be written".to_owned()))?;
    let mut out = String::new();
    node(&json, 0, Place::Top, &mut out);
    Ok(out.strip_suffix('\n').unwrap_or(&out).to_owned())
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    /// Behind `key:`.
    Entry,
    /// Behind `- `.
    Item,
}

fn node(value: &Json, indent: usize, place: Place, out: &mut String) {
    match value {
        Json::Object(map) if !map.is_empty() => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(left, _), (right, _)| natural(left, right));
            if place == Place::Entry {
                out.push('\n');
            }
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 || place != Place::Item {
                    spaces(indent, out);
                }
                scalar(key, indent, true, out);
                out.push(':');
                match value {
                    Json::Object(map) if !map.is_empty() => {}
                    // A list stands at the column of its key.
                    Json::Array(items) if !items.is_empty() => {
                        node(value, indent, Place::Entry, out);
                        continue;
                    }
                    _ => out.push(' '),
                }
                node(value, indent + 2, Place::Entry, out);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            if place == Place::Entry {
                out.push('\n');
            }
            for (index, item) in items.iter().enumerate() {
                if index > 0 || place != Place::Item {
                    spaces(indent, out);
                }
                out.push_str("- ");
                node(item, indent + 2, Place::Item, out);
            }
        }
        other => {
            match other {
                Json::Object(_) => out.push_str("{}"),
                Json::Array(_) => out.push_str("[]"),
                Json::String(text) => scalar(text, indent, false, out),
                Json::Number(number) => out.push_str(&number_text(number)),
                other => out.push_str(&other.to_string()),
            }
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
    }
}

/// Exponents have two digits at least.
fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        // The reader of the JSON takes `-0` for an integer.
        Some(0.0) => "0".to_owned(),
        Some(float) => super::super::print::float_text(float),
        None => number.to_string(),
    }
}

fn spaces(count: usize, out: &mut String) {
    out.push_str(&" ".repeat(count));
}

/// A text in the plainest style that reads back the same.
fn scalar(text: &str, indent: usize, is_key: bool, out: &mut String) {
    let writable = text.chars().all(is_writable);
    let edge_space = text.starts_with(' ') || text.ends_with(' ');
    let breaks = text.contains('\n');
    let space_at_break = text.contains(" \n");
    if breaks && !is_key && writable && !space_at_break && !text.ends_with(' ') {
        literal(text, indent, out);
        return;
    }
    if breaks || !writable || resolves(text) {
        double(text, indent, is_key, out);
    } else if edge_space || !is_plain(text) {
        out.push('\'');
        folded(&text.replace('\'', "''"), indent, is_key, out);
        out.push('\'');
    } else {
        folded(text, indent, is_key, out);
    }
}

fn is_writable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
        && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
        || u32::from(c) >= 0x1_0000
}

/// `|` with the mark that keeps the breaks at the end, and an indentation mark where it is needed.
fn literal(text: &str, indent: usize, out: &mut String) {
    let indent = indent.max(2);
    out.push('|');
    if text.starts_with([' ', '\n']) {
        out.push('2');
    }
    let body = text.trim_end_matches('\n');
    match text.len() - body.len() {
        0 => out.push('-'),
        1 if !body.is_empty() => {}
        _ => out.push('+'),
    }
    out.push('\n');
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            spaces(indent, out);
            out.push_str(line);
        }
        out.push('\n');
    }
}

/// The column at which the next character stands.
fn column(out: &str) -> usize {
    out.rsplit('\n').next().unwrap_or(out).chars().count()
}

/// Breaks at single spaces beyond the width.
fn folded(text: &str, indent: usize, in_one_line: bool, out: &mut String) {
    let mut at = column(out);
    let mut chars = text.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let single = before != ' ' && chars.peek().is_some_and(|next| *next != ' ');
        if c == ' ' && single && at > WIDTH && !in_one_line {
            out.push('\n');
            let indent = indent.max(2);
            spaces(indent, out);
            at = indent;
        } else {
            out.push(c);
            at += 1;
        }
        before = c;
    }
}

fn double(text: &str, indent: usize, is_key: bool, out: &mut String) {
    out.push('"');
    let mut at = column(out);
    let last = text.chars().count().saturating_sub(1);
    for (index, c) in text.chars().enumerate() {
        let start = out.len();
        match c {
            '\0' => out.push_str("\\0"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\u{1b}' => out.push_str("\\e"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            ' ' if !is_key && at > WIDTH && index > 0 && index < last => {
                let next_is_space = text.chars().nth(index + 1) == Some(' ');
                out.push('\n');
                spaces(indent.max(2), out);
                if next_is_space {
                    out.push('\\');
                }
                at = indent.max(2);
                continue;
            }
            c if is_writable(c) => out.push(c),
            c if u32::from(c) < 0x100 => out.push_str(&format!("\\x{:02X}", u32::from(c))),
            c if u32::from(c) < 0x1_0000 => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
        at += out.get(start..).map_or(0, |made| made.chars().count());
    }
    out.push('"');
}

/// Digits inside names by their number, letters behind signs.
fn natural(left: &str, right: &str) -> std::cmp::Ordering {
    let (left_chars, right_chars): (Vec<char>, Vec<char>) =
        (left.chars().collect(), right.chars().collect());
    let mut digits = false;
    for (index, (a, b)) in left_chars.iter().zip(&right_chars).enumerate() {
        if a == b {
            digits = a.is_numeric();
            continue;
        }
        let (a_letter, b_letter) = (a.is_alphabetic(), b.is_alphabetic());
        if a_letter && b_letter {
            return a.cmp(b);
        }
        if a_letter || b_letter {
            // Behind a digit, a letter comes first; else a sign does.
            return if digits {
                b_letter.cmp(&a_letter)
            } else {
                a_letter.cmp(&b_letter)
            };
        }
        let number = |chars: &[char]| {
            let all: String = chars
                .iter()
                .skip(index)
                .take_while(|c| c.is_ascii_digit())
                .collect();
            (all.parse::<u64>().unwrap_or_default(), all.len())
        };
        let zeros = |chars: &[char]| {
            let before = chars
                .iter()
                .take(index)
                .rev()
                .take_while(|c| c.is_ascii_digit());
            before.clone().any(|c| *c != '0')
        };
        let plain = !(*a == '0' || *b == '0') || zeros(&left_chars);
        let ((an, alen), (bn, blen)) = (number(&left_chars), number(&right_chars));
        if plain && an != bn {
            return an.cmp(&bn);
        }
        if plain && alen != blen {
            return alen.cmp(&blen);
        }
        return a.cmp(b);
    }
    left_chars.len().cmp(&right_chars.len())
}
