//! Bytes to text, and what may not stand in it.

use std::borrow::Cow;

use super::{Position, SyntaxError};

/// Gives the text of a file: without byte order mark, and with U+FFFD for every byte that is not
/// UTF-8, as kubectl does. The second value is the number of bytes left out at the start.
///
/// kubectl also reads UTF-16 with a byte order mark. Drydock refuses it: Kustomize, Helm and every
/// reviewer's diff show something else there.
pub(super) fn decode(bytes: &[u8]) -> Result<(Cow<'_, str>, usize), SyntaxError> {
    if matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) {
        return Err(SyntaxError {
            message: "the text is UTF-16, which not every reader understands; save it as UTF-8"
                .to_owned(),
            position: Position {
                line: 1,
                column: 1,
                offset: 0,
            },
        });
    }
    let (bytes, skipped) = bytes
        .strip_prefix(b"\xEF\xBB\xBF")
        .map_or((bytes, 0), |rest| (rest, 3));
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok((Cow::Borrowed(text), skipped));
    }
    Ok((Cow::Owned(replace_invalid(bytes)), skipped))
}

/// UTF-8 with one U+FFFD for each byte that does not belong, as Go replaces them.
pub(super) fn replace_invalid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{FFFD}'));
    }
    text
}

/// Finds the first character that may not stand in a YAML text: its byte offset, and why.
///
/// go-yaml refuses control characters. It also ends a line at U+0085, U+2028 and U+2029, which
/// YAML 1.2 readers take for text: a comment could hide a key behind one of them, so they are
/// refused as well (JSON text has no comments, so they stay allowed there).
pub(super) fn find_forbidden(text: &str, is_json: bool) -> Option<(usize, &'static str)> {
    const CONTROL: &str =
        "control characters are not allowed; write them as an escape inside double quotes";
    const BREAK: &str = "a Unicode line separator is not allowed here, because readers disagree on \
                         whether a line ends at it; write it as an escape inside double quotes";
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            b'\t'
            | b'\n'
            | b'\r'
            | 0x20..=0x7E
            | 0x80..=0xC1
            | 0xC3..=0xE1
            | 0xE3..=0xEE
            | 0xF0.. => {}
            0x00..=0x1F | 0x7F => return Some((offset, CONTROL)),
            0xC2 | 0xE2 | 0xEF => {
                let rest = text.get(offset..).and_then(|rest| rest.chars().next());
                match rest {
                    Some('\u{85}' | '\u{2028}' | '\u{2029}') if is_json => {}
                    Some('\u{85}' | '\u{2028}' | '\u{2029}') => return Some((offset, BREAK)),
                    Some('\u{80}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}') => {
                        return Some((offset, CONTROL));
                    }
                    _ => {}
                }
            }
        }
    }
    None
}

/// Byte offsets of the first tab in the white space and list dashes that start a line.
pub(super) fn find_indenting_tabs(text: &str) -> Vec<usize> {
    if !text.contains('\t') {
        return Vec::new();
    }
    let mut tabs = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let mut rest = line.trim_start_matches(' ');
        while let Some(item) = rest
            .strip_prefix('-')
            .filter(|item| item.starts_with([' ', '\t']))
        {
            rest = item.trim_start_matches(' ');
        }
        if rest.starts_with('\t') {
            tabs.push(start + line.len() - rest.len());
        }
        start += line.len();
    }
    tabs
}
