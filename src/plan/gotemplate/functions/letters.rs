//! Upper and lower case, and the spellings of names.

use super::super::heap::Value;
use super::{Function, Param, fixed, text};

pub(super) fn find(name: &str) -> Option<Function> {
    const ONE: &[Param] = &[Param::Text];
    Some(match name {
        "upper" => fixed(ONE, |heap, args| {
            heap.text(text(args, 0)?.chars().map(upper).collect::<String>())
        }),
        "lower" => fixed(ONE, |heap, args| {
            heap.text(text(args, 0)?.chars().map(lower).collect::<String>())
        }),
        "title" => fixed(ONE, |heap, args| heap.text(title(text(args, 0)?))),
        "untitle" => fixed(ONE, |heap, args| {
            let mut begins = true;
            let change = |c: char| {
                let changed = if begins && !c.is_whitespace() {
                    lower(c)
                } else {
                    c
                };
                begins = c.is_whitespace();
                changed
            };
            heap.text(text(args, 0)?.chars().map(change).collect::<String>())
        }),
        "swapcase" => fixed(ONE, |heap, args| {
            let swap = |c: char| {
                if c.is_uppercase() {
                    lower(c)
                } else if c.is_lowercase() {
                    upper(c)
                } else {
                    c
                }
            };
            heap.text(text(args, 0)?.chars().map(swap).collect::<String>())
        }),
        // These two take each byte for a character, as their originals do.
        "nospace" => fixed(ONE, |heap, args| {
            let whole = text(args, 0)?;
            let kept: Vec<u8> = whole.bytes().filter(|b| !is_space(*b)).collect();
            if kept.len() == whole.len() {
                return Ok(Value::Text(whole.into()));
            }
            heap.text(kept.into_iter().map(char::from).collect::<String>())
        }),
        "initials" => fixed(ONE, |heap, args| {
            let mut gap = true;
            let mut initials = String::new();
            for byte in text(args, 0)?.bytes() {
                if !is_space(byte) && gap {
                    initials.push(char::from(byte));
                }
                gap = is_space(byte);
            }
            heap.text(initials)
        }),
        "camelcase" => fixed(ONE, |heap, args| heap.text(pascal(text(args, 0)?))),
        "snakecase" => fixed(ONE, |heap, args| heap.text(connected(text(args, 0)?, '_'))),
        "kebabcase" => fixed(ONE, |heap, args| heap.text(connected(text(args, 0)?, '-'))),
        _ => return None,
    })
}

/// Go changes case character by character; what would become two stays.
fn upper(c: char) -> char {
    let mut all = c.to_uppercase();
    all.next().filter(|_| all.next().is_none()).unwrap_or(c)
}

fn lower(c: char) -> char {
    let mut all = c.to_lowercase();
    all.next().filter(|_| all.next().is_none()).unwrap_or(c)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xA0)
}

fn title(whole: &str) -> String {
    let mut before = ' ';
    whole
        .chars()
        .map(|c| {
            let separates = if before.is_ascii() {
                !before.is_ascii_alphanumeric() && before != '_'
            } else {
                !before.is_alphanumeric() && before.is_whitespace()
            };
            before = c;
            if separates { upper(c) } else { c }
        })
        .collect()
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

/// `some_words` to `SomeWords`; leading connectors stay.
fn pascal(whole: &str) -> String {
    let mut out = String::new();
    let mut chars = whole.chars();
    let mut held = None;
    let mut first_upper = false;
    for c in chars.by_ref() {
        if is_connector(c) {
            out.push(c);
        } else {
            first_upper = c.is_uppercase();
            held = Some(upper(c));
            break;
        }
    }
    let Some(mut now) = held else {
        // Of nothing but connectors, the last one is written twice.
        out.extend(whole.chars().last());
        return out;
    };
    for c in chars {
        let before = now;
        now = c;
        if is_connector(now) && is_connector(before) {
            out.push(before);
            continue;
        }
        if is_connector(before) {
            first_upper = now.is_uppercase();
            now = upper(now);
        } else {
            if first_upper {
                if now.is_uppercase() {
                    now = lower(now);
                } else {
                    first_upper = false;
                }
            }
            out.push(before);
        }
    }
    out.push(now);
    out
}

/// What a run of characters is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    None,
    Number,
    Upper,
    Letters,
    Connector,
    Signs,
    Other,
}

fn is_sign(c: char) -> bool {
    // Signs of Unicode's category P among ASCII; connectors are taken out before.
    matches!(c, '!'..='#' | '%'..='*' | ','..='/' | ':' | ';' | '?' | '@' | '['..=']' | '_' | '{' | '}')
}

fn run_of(c: char) -> Run {
    if is_connector(c) {
        Run::Connector
    } else if is_sign(c) {
        Run::Signs
    } else if c.is_uppercase() {
        Run::Upper
    } else if c.is_alphabetic() {
        Run::Letters
    } else if c.is_numeric() {
        Run::Number
    } else {
        Run::Other
    }
}

/// The next word of a name and what follows it.
fn next_word(whole: &str) -> (Run, &str, &str) {
    let Some(first) = whole.chars().next() else {
        return (Run::None, "", "");
    };
    let kind = run_of(first);
    let mut end = first.len_utf8();
    let rest = whole.get(end..).unwrap_or_default();
    let second = rest.chars().next().map_or(Run::None, run_of);
    let wanted: fn(Run) -> bool = match (kind, second) {
        (Run::Upper, Run::Upper) => |run| run == Run::Upper,
        (Run::Upper | Run::Letters, _) => |run| run == Run::Letters,
        (Run::Number, _) => |run| run == Run::Number,
        (Run::Connector, _) => |run| run == Run::Connector,
        (Run::Signs, _) => |run| run == Run::Signs,
        _ => |run| run == Run::Other,
    };
    let mut last = first.len_utf8();
    let mut chars = rest.chars();
    let mut behind = Run::None;
    for c in chars.by_ref() {
        behind = run_of(c);
        if !wanted(behind) {
            break;
        }
        last = c.len_utf8();
        end += last;
        behind = Run::None;
    }
    // `HTTPStatus` is `HTTP` and `Status`.
    if kind == Run::Upper && second == Run::Upper && behind == Run::Letters {
        end -= last;
    }
    let (word, rest) = whole.split_at_checked(end).unwrap_or((whole, ""));
    (kind, word, rest)
}

/// `SomeWords2` to words in lower case with a connector between them.
fn connected(whole: &str, connector: char) -> String {
    let mut out = String::new();
    let write = |out: &mut String, kind: Run, word: &str| match kind {
        Run::Connector => out.extend(word.chars().map(|_| connector)),
        Run::Upper | Run::Letters => out.extend(word.chars().map(lower)),
        _ => out.push_str(word),
    };
    let separate = |out: &mut String, kind: Run| {
        if !matches!(kind, Run::Connector | Run::Signs) {
            out.push(connector);
        }
    };
    let (mut kind, mut word, mut rest) = next_word(whole);
    while !rest.is_empty() {
        if kind != Run::Connector {
            write(&mut out, kind, word);
        }
        let (previous, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous {
            Run::Number => {
                while matches!(kind, Run::Letters | Run::Number) {
                    write(&mut out, kind, word);
                    (kind, word, rest) = next_word(rest);
                }
                if kind != Run::None {
                    separate(&mut out, kind);
                }
            }
            Run::Connector => write(&mut out, previous, last),
            Run::Signs => {}
            _ if kind != Run::Number => separate(&mut out, kind),
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind == Run::Letters {
                    // Letters in lower case behind a number belong to it.
                    out.push(connector);
                    write(&mut out, Run::Number, number);
                    while matches!(kind, Run::Letters | Run::Number) {
                        write(&mut out, kind, word);
                        (kind, word, rest) = next_word(rest);
                    }
                    if kind != Run::None {
                        separate(&mut out, kind);
                    }
                } else {
                    write(&mut out, Run::Number, number);
                    separate(&mut out, kind);
                }
            }
        }
    }
    write(&mut out, kind, word);
    out
}
