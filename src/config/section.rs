//! A map of a configuration file: typed access that collects every error.

use std::str::FromStr;

use super::ConfigError;
use super::nearest::find_nearest;
use crate::ids::RepoPath;
use crate::yaml::{Node, NodeKind, Pair, Span};

/// The errors of one file.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<ConfigError>);

impl Errors {
    pub(super) fn add(&mut self, at: Span, message: impl Into<String>, hint: Option<&str>) {
        self.0.push(ConfigError {
            line: at.start.line,
            column: at.start.column,
            message: message.into(),
            hint: hint.map(str::to_owned),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In source order; empty when nothing was wrong.
    pub(super) fn into_sorted(mut self) -> Vec<ConfigError> {
        self.0.sort();
        self.0
    }
}

/// A map whose keys are known.
pub(super) struct Section<'a> {
    node: &'a Node,
    /// What messages call it, such as `apps[0]`; empty for the whole file.
    name: String,
}

impl<'a> Section<'a> {
    /// Takes a map and reports every key that is not `known`.
    pub(super) fn open(
        node: &'a Node,
        name: &str,
        known: &[&str],
        errors: &mut Errors,
    ) -> Option<Self> {
        let Some(pairs) = node.as_mapping() else {
            let what = if name.is_empty() {
                "the file".to_owned()
            } else {
                format!("`{name}`")
            };
            let message = format!("{what} must be a map, and is {}", node.noun());
            errors.add(node.span, message, None);
            return None;
        };
        let section = Self {
            node,
            name: name.to_owned(),
        };
        for pair in pairs {
            if !known.contains(&&*pair.key.text) {
                errors.add(
                    pair.key.span,
                    format!("unknown key `{}`", section.path_of(&pair.key.text)),
                    find_nearest(&pair.key.text, known),
                );
            }
        }
        Some(section)
    }

    pub(super) fn span(&self) -> Span {
        self.node.span
    }

    /// A key's full name in messages.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// The pair of a key; a key without a value counts as absent.
    pub(super) fn find(&self, key: &str) -> Option<&'a Pair> {
        self.node.find(key).filter(|pair| !pair.value.is_null())
    }

    fn wrong_type(&self, key: &str, wanted: &str, node: &Node, errors: &mut Errors) {
        let quotes = match node.kind {
            NodeKind::Bool(_) | NodeKind::Number(_) if wanted.starts_with("text") => {
                "; put it in quotes"
            }
            _ => "",
        };
        errors.add(
            node.span,
            format!(
                "`{}` must be {wanted}, and is {}{quotes}",
                self.path_of(key),
                node.noun()
            ),
            None,
        );
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &str, errors: &mut Errors) -> Option<&'a str> {
        let pair = self.find(key)?;
        match pair.value.as_str() {
            Some("") => {
                errors.add(
                    pair.value.span,
                    format!("`{}` is empty", self.path_of(key)),
                    None,
                );
                None
            }
            Some(text) => Some(text),
            None => {
                self.wrong_type(key, "text", &pair.value, errors);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, key: &str, errors: &mut Errors) -> Option<&'a str> {
        if self.find(key).is_none() {
            let message = format!("`{}` is missing", self.path_of(key));
            errors.add(self.span(), message, None);
        }
        self.text(key, errors)
    }

    /// A text with a meaning of its own, such as a path or version.
    pub(super) fn parsed<T: FromStr>(
        &self,
        key: &str,
        wanted: &str,
        errors: &mut Errors,
    ) -> Option<T> {
        let text = self.text(key, errors)?;
        let span = self.find(key)?.value.span;
        if let Ok(value) = text.parse() {
            return Some(value);
        }
        let message = format!("`{}` must be {wanted}, and is `{text}`", self.path_of(key));
        errors.add(span, message, None);
        None
    }

    /// A path inside the repository.
    pub(super) fn path(&self, key: &str, errors: &mut Errors) -> Option<RepoPath> {
        self.parsed(key, "a path inside the repository", errors)
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, key: &str, errors: &mut Errors) -> Option<bool> {
        let pair = self.find(key)?;
        let flag = pair.value.as_bool();
        if flag.is_none() {
            self.wrong_type(key, "`true` or `false`", &pair.value, errors);
        }
        flag
    }

    /// One of a few words. Kubernetes' YAML reads a bare `off` as false, which means the word here.
    pub(super) fn word<T>(
        &self,
        key: &str,
        words: &[&str],
        find: impl Fn(&str) -> Option<T>,
        errors: &mut Errors,
    ) -> Option<T> {
        let pair = self.find(key)?;
        let text = match &pair.value.kind {
            NodeKind::String(text) => text,
            NodeKind::Bool(false) if words.contains(&"off") => "off",
            _ => {
                self.wrong_type(key, &one_of(words), &pair.value, errors);
                return None;
            }
        };
        let found = find(text);
        if found.is_none() {
            let message = format!(
                "`{}` must be {}, and is `{text}`",
                self.path_of(key),
                one_of(words)
            );
            errors.add(pair.value.span, message, find_nearest(text, words));
        }
        found
    }

    /// A list's items with their names.
    pub(super) fn list(&self, key: &str, errors: &mut Errors) -> Option<Vec<(&'a Node, String)>> {
        let pair = self.find(key)?;
        let Some(items) = pair.value.as_sequence() else {
            self.wrong_type(key, "a list", &pair.value, errors);
            return None;
        };
        let name = self.path_of(key);
        Some(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| (item, format!("{name}[{index}]")))
                .collect(),
        )
    }

    /// A list of texts; items that are none are reported and left out.
    pub(super) fn texts(&self, key: &str, errors: &mut Errors) -> Option<Vec<(&'a str, Span)>> {
        let items = self.list(key, errors)?;
        let mut texts = Vec::new();
        for (item, name) in items {
            match item.as_str() {
                Some(text) if !text.is_empty() => texts.push((text, item.span)),
                _ => errors.add(
                    item.span,
                    format!("`{name}` must be text, and is {}", item.noun()),
                    None,
                ),
            }
        }
        Some(texts)
    }

    /// A map of the author's own keys, with their names.
    pub(super) fn entries(
        &self,
        key: &str,
        errors: &mut Errors,
    ) -> Option<Vec<(&'a Pair, String)>> {
        let pair = self.find(key)?;
        let Some(pairs) = pair.value.as_mapping() else {
            self.wrong_type(key, "a map", &pair.value, errors);
            return None;
        };
        Some(
            pairs
                .iter()
                .map(|entry| (entry, format!("{}.{}", self.path_of(key), entry.key.text)))
                .collect(),
        )
    }
}

/// The words as a phrase: "`a`, `b` or `c`".
fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
