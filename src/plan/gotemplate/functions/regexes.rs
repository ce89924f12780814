//! Regular expressions in Go's dialect, in linear time.

use regex::{Regex, RegexBuilder};

use super::super::error::{Trouble, failed};
use super::super::heap::{Heap, Items, Value};
use super::{Function, Param, fixed, int, text};

/// Bytes of a compiled expression.
const SIZE: usize = 1024 * 1024;

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::{Int, Text};
    const THREE: &[Param] = &[Text, Text, Text];
    Some(match name {
        // Without `must`, an expression that is none matches nothing.
        "regexMatch" => fixed(&[Text, Text], |_, args| {
            let matches = compile(text(args, 0)?)
                .map(|regex| regex.is_match(text(args, 1).unwrap_or_default()));
            Ok(Value::Bool(matches.unwrap_or(false)))
        }),
        "regexFind" => fixed(&[Text, Text], |heap, args| {
            let regex = compile(text(args, 0)?)?;
            let found = regex.find(text(args, 1)?);
            heap.text(found.map_or("", |found| found.as_str()))
        }),
        "regexFindAll" => fixed(&[Text, Text, Int], |heap, args| {
            let regex = compile(text(args, 0)?)?;
            let limit = usize::try_from(int(args, 2)?).unwrap_or(usize::MAX);
            let found = regex.find_iter(text(args, 1)?).take(limit);
            let found: Vec<&str> = found.map(|found| found.as_str()).collect();
            if found.is_empty() {
                return heap.list(Items::NoTexts, Vec::new());
            }
            heap.texts(found)
        }),
        "regexReplaceAll" => fixed(THREE, |heap, args| replace(heap, args, false)),
        "regexReplaceAllLiteral" => fixed(THREE, |heap, args| replace(heap, args, true)),
        "regexSplit" => fixed(&[Text, Text, Int], split),
        "regexQuoteMeta" => fixed(&[Text], |heap, args| {
            let mut out = String::new();
            for c in text(args, 0)?.chars() {
                if r"\.+*?()|[]{}^$".contains(c) {
                    out.push('\\');
                }
                out.push(c);
            }
            heap.text(out)
        }),
        _ => return None,
    })
}

/// The form that fails for what is no expression.
pub(super) fn must(name: &str) -> Option<Function> {
    (name == "regexMatch").then(|| {
        fixed(&[Param::Text, Param::Text], |_, args| {
            Ok(Value::Bool(
                compile(text(args, 0)?)?.is_match(text(args, 1)?),
            ))
        })
    })
}

fn replace(heap: &mut Heap, args: &[Value], literal: bool) -> Result<Value, Trouble> {
    let regex = compile(text(args, 0)?)?;
    let (whole, with) = (text(args, 1)?, text(args, 2)?);
    let mut out = String::new();
    let mut at = 0;
    for found in regex.captures_iter(whole) {
        let Some(range) = found.get(0).map(|whole| whole.range()) else {
            continue;
        };
        out.push_str(whole.get(at..range.start).unwrap_or_default());
        if literal {
            out.push_str(with);
        } else {
            found.expand(with, &mut out);
        }
        at = range.end;
        heap.spend(1)?;
        if out.len() > heap.bytes_left() {
            heap.reserve(out.len())?;
        }
    }
    out.push_str(whole.get(at..).unwrap_or_default());
    heap.text(out)
}

/// Go's `Split`: no empty part behind an empty match at the end.
fn split(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let regex = compile(text(args, 0)?)?;
    let (whole, count) = (text(args, 1)?, int(args, 2)?);
    if count == 0 {
        return heap.list(Items::NoTexts, Vec::new());
    }
    if !text(args, 0)?.is_empty() && whole.is_empty() {
        return heap.texts([""]);
    }
    let limit = usize::try_from(count).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for found in regex.find_iter(whole) {
        if parts.len() + 1 >= limit {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(whole.get(begin..end).unwrap_or_default());
        }
        begin = found.end();
    }
    if end != whole.len() {
        parts.push(whole.get(begin..).unwrap_or_default());
    }
    heap.texts(parts)
}

fn compile(pattern: &str) -> Result<Regex, Trouble> {
    RegexBuilder::new(&translate(pattern))
        .size_limit(SIZE)
        .build()
        .or_else(|_| failed(format!("`{pattern}` is not a regular expression")))
}

/// Go's classes are of ASCII, and signs in brackets that mean something in Rust mean themselves.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut chars = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('d') => out.push_str("[0-9]"),
                Some('D') => out.push_str("[^0-9]"),
                Some('w') => out.push_str("[0-9A-Za-z_]"),
                Some('W') => out.push_str("[^0-9A-Za-z_]"),
                Some('s') => out.push_str("[\\t\\n\\f\\r ]"),
                Some('S') => out.push_str("[^\\t\\n\\f\\r ]"),
                Some('b') if !in_class => out.push_str("(?-u:\\b)"),
                Some('B') if !in_class => out.push_str("(?-u:\\B)"),
                Some('Q') => {
                    let mut literal = String::new();
                    while let Some(c) = chars.next() {
                        if c == '\\' && chars.next_if_eq(&'E').is_some() {
                            break;
                        }
                        literal.push(c);
                    }
                    out.push_str(&regex::escape(&literal));
                }
                Some(other) => {
                    out.extend(['\\', other]);
                    // `\p{Greek}` and `\x{41}` keep their braces.
                    if matches!(other, 'p' | 'P' | 'x') && chars.peek() == Some(&'{') {
                        out.extend(chars.by_ref().take_while(|c| *c != '}'));
                        out.push('}');
                    }
                }
                None => out.push('\\'),
            },
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => {
                // `[:alpha:]` ends with its own bracket.
                out.push('[');
                for c in chars.by_ref() {
                    out.push(c);
                    if c == ']' {
                        break;
                    }
                }
            }
            '[' => out.push_str("\\["),
            ']' => {
                in_class = false;
                out.push(']');
            }
            '&' | '~' if in_class => out.extend(['\\', c]),
            '{' if !in_class && !is_repetition(chars.clone()) => out.push_str("\\{"),
            c => out.push(c),
        }
    }
    out
}

/// True behind the `{` of `{2}`, `{2,}` and `{2,3}`; any other means itself.
fn is_repetition(chars: impl Iterator<Item = char>) -> bool {
    let mut closed = false;
    let inner: String = chars
        .take_while(|c| {
            closed = *c == '}';
            !closed
        })
        .collect();
    if !closed {
        return false;
    }
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    match inner.split_once(',') {
        Some((least, most)) => number(least) && (most.is_empty() || number(most)),
        None => number(&inner),
    }
}
