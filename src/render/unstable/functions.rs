//! Functions of templates whose result is another one in every run, and where templates name them.

use std::collections::BTreeSet;
use std::io::Read as _;

use crate::ids::RepoPath;
use crate::tree::Tree;

/// Functions of Sprig, as Helm has them, with so many results that two runs never give the same; and
/// the time, which is shifted.
const RANDOM: [&str; 18] = [
    "ago",
    "bcrypt",
    "encryptAES",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "htpasswd",
    "now",
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randNumeric",
    "uuidv4",
];

/// Functions that often give the same twice: a small number, an order of few things.
const COARSE: [&str; 4] = ["keys", "randInt", "shuffle", "values"];

/// How often a chart is rendered again. Of ten equally likely results, one in a thousand renders
/// gives the same each time.
const ROUNDS: usize = 1;
const COARSE_ROUNDS: usize = 3;

/// Bytes of an archive that are looked at. One that has more counts as if it named a function.
const ARCHIVE_LIMIT: u64 = 32 << 20;

/// `now`, as other renders see it: another year, month, day, hour, minute and second.
const LATER: &str = "(dateModify \"+9503h7m11s\" now)";

/// How many more renders show what differs; none where no template names such a function.
pub(super) fn count_rounds(tree: &Tree, closure: &BTreeSet<RepoPath>) -> usize {
    let reader = tree.reader();
    let rounds = |path: &RepoPath| {
        let name = path.file_name();
        let is_archive = name.ends_with(".tgz") || name.ends_with(".tar.gz");
        if !is_archive && !is_template(path.as_str()) && !is_values(name) {
            return 0;
        }
        let Ok(bytes) = reader.read(path) else {
            return 0;
        };
        if !is_archive {
            return count_in(&String::from_utf8_lossy(&bytes));
        }
        let mut content = Vec::new();
        let mut unpacked = flate2::read::MultiGzDecoder::new(bytes.as_slice()).take(ARCHIVE_LIMIT);
        match unpacked.read_to_end(&mut content) {
            Ok(_) if unpacked.limit() > 0 => count_in(&String::from_utf8_lossy(&content)),
            _ => ROUNDS,
        }
    };
    closure.iter().map(rounds).max().unwrap_or(0)
}

fn count_in(text: &str) -> usize {
    let rounds = |(_, name): (usize, &str)| {
        if COARSE.contains(&name) {
            COARSE_ROUNDS
        } else if RANDOM.contains(&name) {
            ROUNDS
        } else {
            0
        }
    };
    find_names(text).map(rounds).max().unwrap_or(0)
}

/// True for what Helm reads as templates, of a chart or one inside it.
fn is_template(path: &str) -> bool {
    path.starts_with("templates/") || path.contains("/templates/")
}

/// True for files of values, whose texts charts may take for templates.
fn is_values(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

/// A template in which `now` is another time; `None` where it names none.
pub(in crate::render) fn shift_time(path: &str, text: &str) -> Option<String> {
    if !is_template(path) {
        return None;
    }
    let mut shifted = String::new();
    let mut rest = 0;
    for (at, name) in find_names(text).filter(|(_, name)| *name == "now") {
        shifted.push_str(text.get(rest..at)?);
        shifted.push_str(LATER);
        rest = at + name.len();
    }
    if rest == 0 {
        return None;
    }
    shifted.push_str(text.get(rest..)?);
    Some(shifted)
}

/// Names in the actions of a template, outside of texts and comments, that are no fields and no
/// variables, with their places.
fn find_names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    Names {
        text,
        at: 0,
        inside: false,
    }
}

struct Names<'a> {
    text: &'a str,
    at: usize,
    inside: bool,
}

impl<'a> Names<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Behind the next `end`, which nothing escapes.
    fn skip_past(&mut self, from: usize, end: &str) {
        let start = self.at + from;
        let found = self.text.get(start..).and_then(|rest| rest.find(end));
        self.at = found.map_or(self.text.len(), |found| start + found + end.len());
    }

    /// Behind a quoted text, in which `\` escapes.
    fn skip_quoted(&mut self, quote: u8) {
        let mut escaped = true;
        let end = self.rest().bytes().position(|byte| {
            let ends = byte == quote && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        self.at = end.map_or(self.text.len(), |end| self.at + end + 1);
    }
}

impl<'a> Iterator for Names<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest();
            if !self.inside {
                self.at += rest.find("{{")? + 2;
                self.inside = true;
                continue;
            }
            match rest.bytes().next()? {
                _ if rest.starts_with("}}") => {
                    self.at += 2;
                    self.inside = false;
                }
                _ if rest.starts_with("/*") => self.skip_past(2, "*/"),
                b'`' => self.skip_past(1, "`"),
                quote @ (b'"' | b'\'') => self.skip_quoted(quote),
                byte if byte.is_ascii_alphabetic() || byte == b'_' || b"$.".contains(&byte) => {
                    let is_name = !b"$.".contains(&byte);
                    let more = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                    let end = rest.bytes().skip(1).position(|byte| !more(byte));
                    let name = rest.get(..end.map_or(rest.len(), |end| end + 1))?;
                    let at = self.at;
                    self.at += name.len();
                    if is_name {
                        return Some((at, name));
                    }
                }
                // Digits begin no name, and what follows them is none.
                byte if byte.is_ascii_digit() => {
                    let more = |byte: u8| byte.is_ascii_alphanumeric();
                    let end = rest.bytes().position(|byte| !more(byte));
                    self.at += end.unwrap_or(rest.len());
                }
                _ => self.at += rest.chars().next().map_or(1, char::len_utf8),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_told_from_texts_fields_variables_and_comments() {
        let names = |text: &str| {
            find_names(text)
                .map(|(_, name)| name.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("now {{ now }} now"), ["now"]);
        assert_eq!(
            names("{{- $now := .Values.now | default (now|date `now`) -}}"),
            ["default", "now", "date"]
        );
        assert_eq!(
            names("{{/* now */}}{{ include \"a \\\" now\" $.now }}"),
            ["include"]
        );
        assert_eq!(names("{{ now.Unix }}{{ 1now }}{{ 'n' }}"), ["now"]);
        assert_eq!(names("{{ \"unfinished"), Vec::<String>::new());
        assert_eq!(names("é{{ é now"), ["now"]);
    }

    #[test]
    fn only_templates_are_shifted_and_only_where_they_ask_the_time() {
        let shifted = shift_time("c/templates/a.yaml", "a: {{ now | date \"now\" }} now");
        assert_eq!(
            shifted.as_deref(),
            Some("a: {{ (dateModify \"+9503h7m11s\" now) | date \"now\" }} now")
        );
        assert_eq!(shift_time("c/values.yaml", "{{ now }}"), None);
        assert_eq!(shift_time("c/templates/a.yaml", "{{ .now }} now"), None);
    }

    #[test]
    fn what_often_gives_the_same_twice_is_tried_more_often() {
        for (text, rounds) in [
            ("{{ randAlphaNum 5 }}", 1),
            ("{{ uuidv4 }}{{ randInt 1 9 }}", 3),
            ("{{ keys .Values.a | sortAlpha }}", 3),
            ("{{ .Values.values }} genCA", 0),
        ] {
            assert_eq!(count_in(text), rounds, "{text}");
        }
    }
}
