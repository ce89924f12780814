//! Names, label and annotation keys: syntax that no schema says.

use serde_json::{Map, Value};

use crate::finding::Severity;

use super::judgement::RawFinding;
use super::phrase::{self, Path};

/// Longest name of most kinds: a DNS subdomain.
const SUBDOMAIN_CHARACTERS: usize = 253;
/// Longest DNS label, label value, and name part of a qualified key.
const LABEL_CHARACTERS: usize = 63;
/// Most bytes that all annotations of an object may have together.
const ANNOTATIONS_BYTES: usize = 256 * 1024;

/// What a kind's names look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameRule {
    /// No name is needed: the server answers and stores nothing.
    Unnamed,
    /// Anything that can be a segment of a URL.
    PathSegment,
    /// A DNS label.
    Label,
    /// A DNS label that begins with a letter.
    LetterLabel,
    /// A DNS subdomain: what most kinds have.
    Subdomain,
}

impl NameRule {
    /// The rule of a built-in kind; custom resources follow [`NameRule::Subdomain`].
    pub(super) fn of(group: &str, kind: &str) -> Self {
        match (group, kind) {
            (
                "authentication.k8s.io"
                | "authorization.k8s.io"
                | "admission.k8s.io"
                | "imagepolicy.k8s.io",
                _,
            ) => Self::Unnamed,
            // Lists have no name; their items have.
            (_, kind) if kind.ends_with("List") => Self::Unnamed,
            ("rbac.authorization.k8s.io" | "certificates.k8s.io", _)
            | ("networking.k8s.io", "IPAddress") => Self::PathSegment,
            ("", "Namespace") => Self::Label,
            ("", "Service") => Self::LetterLabel,
            _ => Self::Subdomain,
        }
    }

    fn accepts(self, name: &str) -> bool {
        match self {
            Self::Unnamed => true,
            Self::PathSegment => !matches!(name, "" | "." | "..") && !name.contains(['/', '%']),
            Self::Label => is_label(name),
            Self::LetterLabel => {
                is_label(name) && name.starts_with(|c: char| c.is_ascii_lowercase())
            }
            Self::Subdomain => is_subdomain(name),
        }
    }

    fn phrase(self) -> &'static str {
        match self {
            Self::Unnamed | Self::PathSegment => "must be no `.` or `..` and contain no `/` or `%`",
            Self::Label => {
                "must be at most 63 lower-case letters, digits and `-`, and begin and end with a letter or digit"
            }
            Self::LetterLabel => {
                "must be at most 63 lower-case letters, digits and `-`, begin with a letter and end with a letter or digit"
            }
            Self::Subdomain => {
                "must be at most 253 lower-case letters, digits, `-` and `.`, and each part between dots must begin and end with a letter or digit"
            }
        }
    }
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// Begins and ends as `edge` says, and has nothing but that and `marks` between.
fn is_made_of(text: &str, edge: fn(u8) -> bool, marks: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| edge(*byte))
        && bytes.last().is_some_and(|byte| edge(*byte))
        && bytes.iter().all(|byte| edge(*byte) || marks.contains(byte))
}

/// Whether a text is a DNS label.
pub(super) fn is_label(text: &str) -> bool {
    text.len() <= LABEL_CHARACTERS && is_made_of(text, is_lower_or_digit, b"-")
}

/// Whether a text is a DNS subdomain. Unlike a label alone, a part may be as long as the whole.
pub(super) fn is_subdomain(text: &str) -> bool {
    text.len() <= SUBDOMAIN_CHARACTERS
        && text
            .split('.')
            .all(|part| is_made_of(part, is_lower_or_digit, b"-"))
}

/// Letters, digits, `-`, `_`, `.`, beginning and ending with a letter or digit.
pub(super) fn is_qualified_part(text: &str) -> bool {
    let edge = |byte: u8| byte.is_ascii_alphanumeric();
    text.len() <= LABEL_CHARACTERS && is_made_of(text, edge, b"-_.")
}

fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => is_subdomain(prefix) && is_qualified_part(name),
        None => is_qualified_part(key),
    }
}

/// Judges `metadata.name`, `generateName` and `namespace` of an object. Values of a wrong type are
/// left to the schema.
pub(super) fn check_name(object: &Map<String, Value>, rule: NameRule) -> Vec<RawFinding> {
    let mut findings = Vec::new();
    let root = Path::ROOT;
    let metadata_path = root.key("metadata");
    let metadata = match object.get("metadata") {
        Some(Value::Object(metadata)) => Some(metadata),
        Some(Value::Null) | None => None,
        Some(_) => return findings,
    };
    let find = |key: &str| {
        metadata
            .and_then(|metadata| metadata.get(key))
            .filter(|value| !value.is_null())
    };
    let written = |key: &str| find(key).is_some_and(|value| value != "");
    if rule != NameRule::Unnamed && !written("name") && !written("generateName") {
        let path = if metadata.is_some() {
            metadata_path
        } else {
            root
        };
        findings.push(finding(
            path,
            "`metadata.name` is required".to_owned(),
            None,
            String::new(),
            true,
        ));
    }
    if let Some(Value::String(name)) = find("name").filter(|_| written("name"))
        && !rule.accepts(name)
    {
        let path = metadata_path.key("name");
        findings.push(wrong_name(path, name, rule, find_name(name, rule)));
    }
    if let Some(Value::String(prefix)) =
        find("generateName").filter(|_| !written("name") && written("generateName"))
    {
        // The server appends five letters and digits.
        if !rule.accepts(&format!("{prefix}x")) {
            let path = metadata_path.key("generateName");
            findings.push(wrong_name(path, prefix, rule, None));
        }
    }
    if let Some(Value::String(namespace)) = find("namespace").filter(|_| written("namespace"))
        && !is_label(namespace)
    {
        let (path, rule) = (metadata_path.key("namespace"), NameRule::Label);
        findings.push(wrong_name(
            path,
            namespace,
            rule,
            find_name(namespace, rule),
        ));
    }
    findings
}

/// Judges label and annotation keys and label values of one `metadata`.
pub(super) fn check_keys(metadata: &Value, path: Path<'_>, hidden: bool) -> Vec<RawFinding> {
    let mut findings = Vec::new();
    for (field, noun) in [("labels", "label"), ("annotations", "annotation")] {
        let Some(Value::Object(entries)) = metadata.get(field) else {
            continue;
        };
        let field_path = path.key(field);
        for (key, value) in entries {
            let here = field_path.key(key);
            // Annotation keys may have upper-case prefixes: the server lowers them before it checks.
            let fits =
                is_qualified(key) || field == "annotations" && is_qualified(&key.to_lowercase());
            if !fits {
                let message = format!(
                    "`{}` is no {noun} key: it must be a name of at most 63 letters, digits, `-`, `_` and `.`, with an optional domain and `/` before it",
                    phrase::shorten(key)
                );
                findings.push(finding(here, message, None, key.clone(), true));
            }
            let Value::String(text) = value else { continue };
            if field == "labels" && !text.is_empty() && !is_qualified_part(text) {
                let shown = if hidden {
                    "not".to_owned()
                } else {
                    phrase::value(value)
                };
                let message = format!(
                    "the value of label `{}` must be at most 63 letters, digits, `-`, `_` and `.`, and begin and end with a letter or digit, is {shown}",
                    phrase::shorten(key)
                );
                let subject = if hidden {
                    String::new()
                } else {
                    phrase::subject(value)
                };
                findings.push(finding(here, message, None, subject, false));
            }
        }
        let size: usize = entries
            .iter()
            .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
            .sum();
        if field == "annotations" && size > ANNOTATIONS_BYTES {
            let message = format!(
                "annotations must have at most {ANNOTATIONS_BYTES} bytes together, have {size}"
            );
            findings.push(finding(field_path, message, None, String::new(), true));
        }
    }
    findings
}

fn wrong_name(path: Path<'_>, name: &str, rule: NameRule, fix: Option<String>) -> RawFinding {
    let message = format!(
        "`{}` {}, is `\"{}\"`",
        path.words(),
        rule.phrase(),
        phrase::shorten(name)
    );
    let fix = fix.map(|name| format!("write `{name}`"));
    finding(
        path,
        message,
        fix,
        name.chars().take(SUBDOMAIN_CHARACTERS).collect(),
        false,
    )
}

/// The name with lower-case letters and `-` for what is not allowed, when that makes it fit.
fn find_name(name: &str, rule: NameRule) -> Option<String> {
    let candidate: String = name
        .to_lowercase()
        .chars()
        .map(|c| match c {
            '.' if rule == NameRule::Subdomain => '.',
            c if c.is_ascii_alphanumeric() => c,
            _ => '-',
        })
        .collect();
    let candidate = candidate.trim_matches('-').to_owned();
    (candidate != name && rule.accepts(&candidate)).then_some(candidate)
}

fn finding(
    path: Path<'_>,
    message: String,
    fix: Option<String>,
    subject: String,
    at_key: bool,
) -> RawFinding {
    RawFinding {
        pointer: path.pointer(),
        rule: "schema.name",
        message,
        fix,
        subject,
        severity: Severity::Error,
        at_key,
    }
}
