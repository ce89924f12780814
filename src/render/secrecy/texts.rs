//! A set of texts, and a message without them.

use std::collections::BTreeSet;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Fewest bytes of a text that is hidden: shorter ones are parts of ordinary words.
pub(super) const SHORTEST: usize = 4;
/// Most texts that are kept.
const MOST: usize = 50_000;
/// Most ends of quotations (`…`) of a message that are looked at.
const MOST_ENDS: usize = 100;

/// What stands for a hidden text.
const HIDDEN: &str = "[masked]";
/// Stands for a whole message.
const WITHHELD: &str = "the tool failed, and what it said is left out: there is more text here that may be secret than can be looked for in it";

/// Words that are no secret wherever they stand.
const WORDS: [&str; 12] = [
    "false",
    "none",
    "null",
    "opaque",
    "true",
    "data",
    "kind",
    "secret",
    "string",
    "default",
    "kind: secret",
    "apiversion: v1",
];

/// Texts to hide, in lower case.
#[derive(Default)]
pub(super) struct Texts {
    texts: BTreeSet<String>,
    is_incomplete: bool,
}

impl Texts {
    /// Says that not everything was added: every message is withheld.
    pub(super) fn give_up(&mut self) {
        self.is_incomplete = true;
    }

    /// Adds a text, each of its lines, and both as base64 has them and as base64 of them.
    pub(super) fn add(&mut self, text: &str) {
        self.add_lines(text);
        if text.len() >= SHORTEST {
            self.add_one(STANDARD.encode(text).trim_end_matches('='));
        }
        let unbroken: String = text.split_whitespace().collect();
        let decoded = STANDARD_NO_PAD.decode(unbroken.trim_end_matches('='));
        if let Ok(Ok(decoded)) = decoded.map(String::from_utf8) {
            self.add_lines(&decoded);
        }
    }

    fn add_lines(&mut self, text: &str) {
        for line in text.lines() {
            // Ends of sentences and joints of lines belong to the message.
            let line = line.trim_matches(|letter: char| {
                letter.is_whitespace() || letter.is_control() || ".,:;".contains(letter)
            });
            self.add_one(line);
            if line.contains(['"', '\\', '\'', '<', '>', '&', '\t']) {
                let quoted = serde_json::to_string(line).unwrap_or_default();
                let quoted = quoted.trim_start_matches('"');
                let quoted = quoted.strip_suffix('"').unwrap_or(quoted);
                self.add_one(quoted);
                // As Go writes JSON.
                let mut escaped = quoted.replace('<', "\\u003c");
                escaped = escaped.replace('>', "\\u003e").replace('&', "\\u0026");
                self.add_one(&escaped);
                self.add_one(&line.replace('\'', "''"));
                self.add_one(&line.replace('\'', "\\'"));
            }
            if line.contains(char::is_control) {
                self.add_one(&line.replace(char::is_control, "\u{FFFD}"));
            }
        }
    }

    fn add_one(&mut self, text: &str) {
        let text = text.to_ascii_lowercase();
        if text.len() < SHORTEST || WORDS.contains(&text.as_str()) {
            return;
        }
        if self.texts.len() >= MOST {
            self.is_incomplete = true;
            return;
        }
        self.texts.insert(text);
    }

    /// The message without any of the texts, whatever the case of their letters, and without the
    /// beginnings of them that a tool shortened.
    pub(super) fn hide(&self, message: &str) -> String {
        if self.is_incomplete {
            return WITHHELD.to_owned();
        }
        let lower = message.to_ascii_lowercase();
        let mut found: Vec<Range<usize>> = Vec::new();
        for text in &self.texts {
            let hits = lower.match_indices(text.as_str());
            found.extend(hits.map(|(at, hit)| at..at + hit.len()));
        }
        for mark in ["...", "…"] {
            let ends = lower.match_indices(mark).map(|(end, _)| end);
            found.extend(ends.take(MOST_ENDS).filter_map(|end| {
                let before = lower.get(..end)?;
                let lengths = self.texts.iter().map(|text| count_shared(before, text));
                let length = lengths.max().filter(|length| *length >= SHORTEST)?;
                Some(end - length..end)
            }));
        }
        found.sort_by_key(|range| (range.start, range.end));
        replace(message, found)
    }
}

/// How many bytes at the end of `before` are the beginning of `text`.
fn count_shared(before: &str, text: &str) -> usize {
    let ends = text.char_indices().map(|(at, _)| at);
    ends.filter(|end| text.get(..*end).is_some_and(|part| before.ends_with(part)))
        .max()
        .unwrap_or(0)
}

/// Replaces the ranges, which are in order; neighbours become one.
fn replace(message: &str, found: Vec<Range<usize>>) -> String {
    let is_joint = |text: &str| {
        let text = text.replace("\\n", " ");
        text.chars()
            .all(|letter| letter.is_whitespace() || letter.is_control() || letter == '\u{FFFD}')
    };
    let mut text = String::new();
    let mut end = 0;
    let mut is_first = true;
    for range in found {
        if range.end <= end {
            continue;
        }
        let between = message.get(end..range.start.max(end)).unwrap_or_default();
        if is_first || !is_joint(between) {
            text.push_str(between);
            text.push_str(HIDDEN);
        }
        end = range.end;
        is_first = false;
    }
    text.push_str(message.get(end..).unwrap_or_default());
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hide(secrets: &[&str], message: &str) -> String {
        let mut texts = Texts::default();
        for secret in secrets {
            texts.add(secret);
        }
        texts.hide(message)
    }

    #[test]
    fn a_text_is_hidden_in_every_form_that_tools_write() {
        for message in [
            "bad hunter2!",
            "bad HUNTER2!",
            "bad aHVudGVyMg==!",
            "bad hunt...!",
            "bad h\u{fc}nter hunter2!",
        ] {
            let hidden = hide(&["hunter2"], message);
            assert!(hidden.contains("[masked]"), "{hidden}");
            assert!(!hidden.to_lowercase().contains("hunt"), "{hidden}");
        }
        assert_eq!(hide(&["aHVudGVyMg=="], "x hunter2 y"), "x [masked] y");
        assert_eq!(
            hide(&["a\"b\\c<d"], r#"x "a\"b\\c\u003cd" y"#),
            "x \"[masked]\" y"
        );
        assert_eq!(hide(&["one1\ntwo2\n"], r"x one1\ntwo2 y"), "x [masked] y");
        assert_eq!(hide(&["ends here."], "it ends here"), "it [masked]");
    }

    #[test]
    fn what_overlaps_is_hidden_once_and_the_rest_stays() {
        assert_eq!(hide(&["abcdef", "defghi"], "-abcdefghi-"), "-[masked]-");
        assert_eq!(
            hide(&["true", "abc", "Secret"], "true abc Secret"),
            "true abc Secret"
        );
        assert_eq!(hide(&[], "a...b…"), "a...b…");
    }

    #[test]
    fn what_cannot_be_looked_for_withholds_the_message() {
        let mut texts = Texts::default();
        for number in 0..MOST {
            texts.add(&format!("secret-{number}"));
        }
        assert_eq!(texts.hide("anything"), WITHHELD);
    }
}
