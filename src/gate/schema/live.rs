//! Schemas as a cluster publishes them: one OpenAPI v3 document per group and version.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::bundle::Bundle;
use super::compile::Compiler;
use super::shape::Shape;
use super::walk::Family;

/// The documents of one cluster.
#[derive(Debug, Default)]
pub(super) struct Live {
    documents: BTreeMap<String, Document>,
}

#[derive(Debug)]
struct Document {
    value: Arc<Value>,
    read: OnceLock<Book>,
}

/// One document, ready for objects.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Every schema of the document.
    pub(super) shapes: Vec<Shape>,
    /// Schema and family by kind.
    kinds: HashMap<String, (usize, Family)>,
}

impl Book {
    /// The schema of a kind, and whose rules it follows.
    pub(super) fn find(&self, kind: &str) -> Option<(&Shape, Family)> {
        let (number, family) = self.kinds.get(kind)?;
        Some((self.shapes.get(*number)?, *family))
    }
}

impl Live {
    /// The documents by path, such as `apis/apps/v1`; read when an object needs them.
    pub(super) fn new(documents: &BTreeMap<String, Arc<Value>>) -> Self {
        let documents = documents
            .iter()
            .map(|(path, value)| {
                let document = Document {
                    value: Arc::clone(value),
                    read: OnceLock::new(),
                };
                (path.clone(), document)
            })
            .collect();
        Self { documents }
    }

    /// The document of a group and version, when the cluster serves one.
    pub(super) fn find(&self, bundle: &Bundle, group: &str, version: &str) -> Option<&Book> {
        let path = if group.is_empty() {
            format!("api/{version}")
        } else {
            format!("apis/{group}/{version}")
        };
        let document = self.documents.get(&path)?;
        Some(
            document
                .read
                .get_or_init(|| read(bundle, &document.value, group, version)),
        )
    }
}

fn read(bundle: &Bundle, document: &Value, group: &str, version: &str) -> Book {
    let Some(Value::Object(schemas)) = document.pointer("/components/schemas") else {
        return Book::default();
    };
    let numbers: HashMap<String, usize> = schemas.keys().cloned().zip(0..).collect();
    let own = bundle.kinds().iter().any(|kind| kind.group == group);
    let compiler = Compiler::live(bundle, &numbers);
    let mut book = Book::default();
    for (number, (name, schema)) in schemas.iter().enumerate() {
        let kind = find_kind(schema, group, version);
        let family = if own { Family::BuiltIn } else { Family::Custom };
        let shape = match (&kind, family) {
            (Some(_), Family::Custom) => compiler.for_custom().compile_custom_root(schema),
            _ => compiler.compile_named(name, schema),
        };
        if let Some(kind) = kind {
            book.kinds.insert(kind, (number, family));
        }
        book.shapes.push(shape);
    }
    book
}

/// The kind that a schema describes in this group and version.
fn find_kind(schema: &Value, group: &str, version: &str) -> Option<String> {
    let listed = schema.get("x-kubernetes-group-version-kind")?.as_array()?;
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    listed
        .iter()
        .filter(|entry| entry.get("group").is_none_or(|value| value == group))
        .filter(|entry| entry.get("version").is_none_or(|value| value == version))
        .find_map(|entry| text(entry, "kind"))
        .filter(|kind| !matches!(kind.as_str(), "DeleteOptions" | "WatchEvent"))
}
