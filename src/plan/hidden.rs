//! Texts whose bytes do not show what a reader finds in them.

use crate::yaml::{self, Budget, Node, NodeKind};

/// How a text may hide letters: escapes, a word over two lines, tags that decode, names for tags.
const SIGNS: [&[u8]; 9] = [
    b"\\x", b"\\u", b"\\U", b"\\/", b"\\\n", b"\\\r", b"!!", b"!<", b"%TAG",
];

/// Texts inside texts that are looked into.
const DEPTH_LIMIT: u32 = 4;

/// UTF-16 with its mark, which kubectl reads: whatever stands in it must not be overlooked.
pub(super) fn is_wide(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF])
}

/// True where a reader may find words that the bytes do not show.
pub(super) fn may_hide_letters(bytes: &[u8]) -> bool {
    SIGNS.iter().any(|sign| has(bytes, sign))
}

pub(super) fn has(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// True where the words stand in a text, whichever way they are written. What cannot be read may hold
/// anything.
pub(super) fn may_hold(bytes: &[u8], holds: &dyn Fn(&[u8]) -> bool) -> bool {
    holds(bytes) || is_wide(bytes) || may_hide_letters(bytes) && any_text(bytes, holds, 0)
}

fn any_text(bytes: &[u8], holds: &dyn Fn(&[u8]) -> bool, depth: u32) -> bool {
    let test = |text: &str| {
        let bytes = text.as_bytes();
        let is_hidden = depth < DEPTH_LIMIT && may_hide_letters(bytes);
        holds(bytes) || is_hidden && any_text(bytes, holds, depth + 1)
    };
    let stream = yaml::read(bytes, &Budget::file());
    // A text in a text need not be YAML.
    depth == 0 && !stream.errors.is_empty()
        || stream
            .documents
            .iter()
            .any(|document| any_of(&document.root, &test))
}

/// True where a test holds for a text or a key of a value.
pub(super) fn any_of(node: &Node, holds: &dyn Fn(&str) -> bool) -> bool {
    match &node.kind {
        NodeKind::String(text) => holds(text),
        NodeKind::Sequence(items) => items.iter().any(|item| any_of(item, holds)),
        NodeKind::Mapping(pairs) => pairs
            .iter()
            .any(|pair| holds(&pair.key.text) || any_of(&pair.value, holds)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => false,
    }
}

/// The same for JSON.
pub(super) fn any_in(value: &serde_json::Value, holds: &dyn Fn(&str) -> bool) -> bool {
    match value {
        serde_json::Value::String(text) => holds(text),
        serde_json::Value::Array(items) => items.iter().any(|item| any_in(item, holds)),
        serde_json::Value::Object(map) => map
            .iter()
            .any(|(key, value)| holds(key) || any_in(value, holds)),
        _ => false,
    }
}

/// True where a text of the file has a line break in it. What cannot be read may have one.
pub(super) fn has_broken_texts(bytes: &[u8]) -> bool {
    // A text of several lines is written with one of these, or with an empty line.
    let is_blank = |line: &[u8]| line.trim_ascii().is_empty();
    let may = bytes
        .iter()
        .any(|byte| matches!(byte, b'|' | b'>' | b'\\' | b'\r' | 0x80..))
        || bytes.split(|byte| *byte == b'\n').any(is_blank);
    if !may {
        return false;
    }
    let stream = yaml::read(bytes, &Budget::file());
    let breaks = |text: &str| breaks(text);
    !stream.errors.is_empty()
        || stream
            .documents
            .iter()
            .any(|document| any_of(&document.root, &breaks))
}

/// True for a text of more than one line, as YAML counts lines.
pub(super) fn breaks(text: &str) -> bool {
    text.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_however_it_is_written() {
        let holds = |bytes: &[u8]| has(bytes, b"argoproj.io/");
        for text in [
            "apiVersion: argoproj.io/v1alpha1\n",
            "apiVersion: \"argoproj\\x2eio/v1alpha1\"\n",
            "{\"apiVersion\":\"argoproj.io\\/v1alpha1\"}",
            "apiVersion: !!binary YXJnb3Byb2ouaW8vdjFhbHBoYTE=\n",
            "patch: |\n  - {op: replace, path: /apiVersion, value: \"argoproj\\x2eio/v1alpha1\"}\n",
            "a: \"\\x\"\n",
        ] {
            assert!(may_hold(text.as_bytes(), &holds), "{text}");
        }
        let wide: Vec<u8> = "\u{feff}a: b"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert!(may_hold(&wide, &holds));
        for text in [
            "apiVersion: v1\n",
            "a: \"b\\x2ec\"\n",
            "pattern: \"a\\\\xb\"\n",
        ] {
            assert!(!may_hold(text.as_bytes(), &holds), "{text}");
        }
    }

    #[test]
    fn a_text_of_several_lines_is_told_from_one() {
        for text in ["a: |\n  b\n", "a: \"b\\nc\"\n", "a: b\n\n  c\n", "a: [\n"] {
            assert!(has_broken_texts(text.as_bytes()), "{text}");
        }
        for text in ["a: b\n\nc: 'd > e'\n", "a:\n  - b\n"] {
            assert!(!has_broken_texts(text.as_bytes()), "{text}");
        }
    }
}
