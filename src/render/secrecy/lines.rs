//! Secrets in text that is no YAML: templates, and files that are broken.

use super::names;
use super::texts::Texts;

/// Keys whose values say what an object is.
const SHOWN: [&str; 18] = [
    "apiVersion",
    "behavior",
    "group",
    "immutable",
    "kind",
    "labels",
    "metadata",
    "name",
    "namespace",
    "op",
    "patch",
    "path",
    "target",
    "type",
    "version",
    "literals",
    "envs",
    "files",
];

/// Adds what may be secret in a text that cannot be read: every value of a part that is about a
/// Secret, and values whose names say it.
pub(super) fn scan(text: &str, texts: &mut Texts) {
    let mut part = String::new();
    for line in text.lines().chain(["---"]) {
        if line.starts_with("---") {
            scan_part(&part, names_secret(&part), texts);
            part.clear();
        } else {
            part.push_str(line);
            part.push('\n');
        }
    }
}

/// Adds every value of a text that is about a Secret, and its lines: tools repeat whole ones.
pub(super) fn scan_whole(text: &str, texts: &mut Texts) {
    for line in text.lines().filter(|line| !line.contains("{{")) {
        texts.add(line.trim());
    }
    scan_part(text, true, texts);
}

/// True for text that holds a Secret or makes one, as far as words tell.
pub(super) fn names_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if lower.contains("stringdata") || lower.contains("secretgenerator") {
        return true;
    }
    let mut kinds = lower
        .match_indices("kind")
        .map(|(at, word)| at + word.len());
    kinds.any(|end| {
        let rest = lower.get(end..).unwrap_or_default();
        rest.trim_start_matches([' ', '\t', ':', '"', '\'', '\\'])
            .starts_with("secret")
    })
}

fn scan_part(part: &str, is_secret: bool, texts: &mut Texts) {
    // The indentation of a key whose lines below are its value.
    let mut below: Option<usize> = None;
    for line in part.lines() {
        let body = line.trim_start();
        let indent = line.len() - body.len();
        if below.is_some_and(|outer| indent > outer || body.is_empty()) {
            add(body, texts);
        } else {
            below = None;
        }
        let body = body.trim_start_matches("- ").trim();
        let (key, value) = split(body);
        let names_one = key.is_some_and(|key| names::is_secret(key) && !names::is_vague(key));
        if names_one && (value.is_empty() || value.starts_with(['|', '>'])) {
            below = Some(indent);
        }
        let is_shown = key.is_some_and(|key| SHOWN.contains(&key));
        if names_one || is_secret && !is_shown {
            add(value, texts);
        }
        for piece in value.split(['{', '}', '[', ']', ',']) {
            let (key, value) = split(piece.trim());
            let is_shown = key.is_some_and(|key| SHOWN.contains(&key));
            let names_one = key.is_some_and(|key| names::is_secret(key) && !names::is_vague(key));
            let is_inner = key.is_some() || value != body;
            if names_one || is_secret && is_inner && !is_shown {
                add(value, texts);
            }
        }
    }
}

/// `key: value`, or a value alone.
fn split(text: &str) -> (Option<&str>, &str) {
    let unquoted = |key: &'_ str| key.trim().trim_matches(['"', '\'']).len();
    match text.split_once(": ").or_else(|| {
        let key = text.strip_suffix(':')?;
        Some((key, ""))
    }) {
        Some((key, value)) if unquoted(key) > 0 => {
            (Some(key.trim().trim_matches(['"', '\''])), value.trim())
        }
        _ => (None, text),
    }
}

fn add(value: &str, texts: &mut Texts) {
    let value = value.trim();
    if value.contains("{{") {
        return;
    }
    texts.add(value);
    texts.add(value.trim_matches(['"', '\'']));
    if let Some((_, value)) = value.split_once('=') {
        texts.add(value.trim_matches(['"', '\'']));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hide(text: &str, message: &str) -> String {
        let mut texts = Texts::default();
        scan(text, &mut texts);
        texts.hide(message)
    }

    #[test]
    fn values_of_what_is_about_a_secret_are_found_in_broken_text() {
        let broken = "a: [\n---\nkind: Secret\nmetadata: {name: shown}\nstringData: {p: hunter2, q: \"hunter3\"}\ndata:\n  - hunter4\n  x: hunter5\n";
        for number in 2..=5 {
            let message = format!("<hunter{number}>");
            assert_eq!(hide(broken, &message), "<[masked]>");
        }
        assert_eq!(hide(broken, "shown"), "shown");
    }

    #[test]
    fn values_are_found_by_name_in_other_broken_text() {
        let broken = "replicas: many\nauth:\n  password: hunter2\n  x: [\ntls: {key: short}\nprivateKey: |\n  line-1\n";
        assert_eq!(hide(broken, "hunter2 line-1 many"), "[masked] many");
    }
}
