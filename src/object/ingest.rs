//! Bytes or API values into manifests.

use std::sync::Arc;

use serde_json::Value;

use super::mask::{clean, is_affected};
use super::{Manifest, Masker, Provenance};
use crate::ids::{ObjectRef, RepoPath};
use crate::yaml::{self, Budget, Document, Duplicate, Oddity, SyntaxError, pointer};

/// Lists and maps inside one another that an object may have. The JSON of the worker and the store
/// is read with a limit of 128, in which an object stands some levels deep; no API object has half.
pub const MAX_DEPTH: usize = 112;

/// Whose text is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IngestSource {
    /// A file of the repository that is deployed as it stands: manifests keep its positions.
    PlainFile(RepoPath),
    /// What a renderer printed: its lines say nothing about the repository.
    ToolOutput,
}

/// Why a document is not an object that could be deployed. The author's to mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{}{message}", place(self))]
pub struct IngestError {
    /// One sentence, without a final period and without values of the document.
    pub message: String,
    /// The file; `None` for tool output and API answers.
    pub path: Option<RepoPath>,
    /// Line from 1, in the file or the tool's output; 0 when unknown.
    pub line: u32,
    /// Column in characters, from 1; 0 when unknown.
    pub column: u32,
}

fn place(error: &IngestError) -> String {
    match (&error.path, error.line) {
        (Some(path), 0) => format!("{path}: "),
        (Some(path), line) => format!("{path}:{line}:{}: ", error.column),
        (None, 0) => String::new(),
        (None, line) => format!("line {line}: "),
    }
}

/// Everything that one text held.
#[derive(Debug, Clone, Default)]
pub struct Ingested {
    /// The objects, in source order, lists unpacked.
    pub manifests: Vec<Manifest>,
    /// What could not become an object.
    pub errors: Vec<IngestError>,
    /// Keys written twice. Pointers lead into the document at the position.
    pub duplicates: Vec<Duplicate>,
    /// Values that readers disagree about. In documents with Secrets the messages quote nothing.
    pub oddities: Vec<Oddity>,
}

/// Reads a text and masks it. What is wrong in one document does not hide the others.
pub fn ingest(bytes: &[u8], source: &IngestSource, masker: &Masker, budget: &Budget) -> Ingested {
    let stream = yaml::read(bytes, budget);
    let mut ingestion = Ingestion {
        source,
        masker,
        budget,
        result: Ingested::default(),
    };
    for SyntaxError { message, position } in stream.errors {
        ingestion.refuse(message, position.line, position.column);
    }
    for document in stream.documents {
        ingestion.take(document);
    }
    let mut result = ingestion.result;
    result
        .errors
        .sort_by_key(|error| (error.line, error.column));
    result
}

struct Ingestion<'a> {
    source: &'a IngestSource,
    masker: &'a Masker,
    budget: &'a Budget,
    result: Ingested,
}

impl Ingestion<'_> {
    fn refuse(&mut self, message: String, line: u32, column: u32) {
        self.result.errors.push(IngestError {
            message,
            path: match self.source {
                IngestSource::PlainFile(path) => Some(path.clone()),
                IngestSource::ToolOutput => None,
            },
            line,
            column,
        });
    }

    fn refuse_flaw(&mut self, document: &Document, prefix: &str, flaw: Flaw) {
        let located = document.locate(&format!("{prefix}{}", flaw.pointer));
        let start = located.key.unwrap_or(located.value).start;
        self.refuse(flaw.message, start.line, start.column);
    }

    fn take(&mut self, mut document: Document) {
        let raw = document.to_json();
        if is_affected(&raw) {
            self.cover(&mut document, raw.clone());
        }
        self.result
            .duplicates
            .append(&mut document.duplicates.clone());
        self.result.oddities.append(&mut document.oddities.clone());
        let document = Arc::new(document);
        self.unpack(&document, raw, String::new());
    }

    /// Leaves nothing of a Secret in the document itself.
    fn cover(&self, document: &mut Document, mut value: Value) {
        clean(&mut value);
        let has_secret = self.masker.mask(&mut value);
        document.root = document.root.with_values_of(&value);
        if has_secret {
            document.comments.clear();
            for oddity in &mut document.oddities {
                "readers disagree about a key or value in a document with a Secret"
                    .clone_into(&mut oddity.message);
            }
        }
    }

    /// Turns a value into one manifest, or a list into several.
    fn unpack(&mut self, document: &Arc<Document>, mut value: Value, prefix: String) {
        if depth_exceeds(&value, MAX_DEPTH) {
            let message = format!("the object is nested more than {MAX_DEPTH} deep");
            return self.refuse_flaw(document, &prefix, Flaw::new("", message));
        }
        if let Some(items) = take_items(&mut value) {
            for (index, mut item) in items.into_iter().enumerate() {
                inherit_kind(&value, &mut item);
                let prefix = pointer::push(format!("{prefix}/items"), &index.to_string());
                self.unpack(document, item, prefix);
            }
            return;
        }
        if self.result.manifests.len() >= self.budget.max_documents {
            let message = format!("there are more than {} objects", self.budget.max_documents);
            let known = self
                .result
                .errors
                .iter()
                .any(|error| error.message == message);
            if !known {
                self.refuse_flaw(document, &prefix, Flaw::new("", message));
            }
            return;
        }
        let object = match identify(&value) {
            Ok(object) => object,
            Err(flaw) => return self.refuse_flaw(document, &prefix, flaw),
        };
        let provenance = match self.source {
            IngestSource::ToolOutput => Provenance::default(),
            IngestSource::PlainFile(path) => Provenance {
                path: Some(path.clone()),
                line: document.locate(&prefix).value.start.line,
                document: Some(Arc::clone(document)),
                prefix,
            },
        };
        let manifest = assemble(object, value, self.masker, provenance);
        self.result.manifests.push(manifest);
    }
}

/// One object, masked.
pub(super) fn build(
    value: Value,
    masker: &Masker,
    provenance: Provenance,
) -> Result<Manifest, IngestError> {
    let object = identify(&value).map_err(Flaw::without_place)?;
    if depth_exceeds(&value, MAX_DEPTH) {
        let message = format!("the object is nested more than {MAX_DEPTH} deep");
        return Err(Flaw::new("", message).without_place());
    }
    Ok(assemble(object, value, masker, provenance))
}

fn assemble(
    object: ObjectRef,
    mut value: Value,
    masker: &Masker,
    provenance: Provenance,
) -> Manifest {
    if !is_affected(&value) {
        return Manifest::assemble(object, value, provenance, None);
    }
    clean(&mut value);
    let original = value.clone();
    let sealed = masker.mask(&mut value).then_some(original);
    Manifest::assemble(object, value, provenance, sealed)
}

/// What an object lacks, and where.
#[derive(Debug)]
pub(super) struct Flaw {
    pointer: &'static str,
    message: String,
}

impl Flaw {
    fn new(pointer: &'static str, message: String) -> Self {
        Self { pointer, message }
    }

    /// The error of an object whose text is not known.
    pub(super) fn without_place(self) -> IngestError {
        IngestError {
            message: self.message,
            path: None,
            line: 0,
            column: 0,
        }
    }
}

/// Group, version, kind, namespace and name of a value.
pub(super) fn identify(value: &Value) -> Result<ObjectRef, Flaw> {
    if !value.is_object() {
        let message = format!("a Kubernetes object is a map, and this is {}", noun(value));
        return Err(Flaw::new("", message));
    }
    let required = |pointer: &'static str, name: &str| {
        text_at(value, pointer, name)?
            .ok_or_else(|| Flaw::new(pointer, format!("the object has no `{name}`")))
    };
    let api_version = required("/apiVersion", "apiVersion")?;
    let kind = required("/kind", "kind")?;
    if value
        .get("metadata")
        .is_some_and(|metadata| !metadata.is_object())
    {
        return Err(Flaw::new("/metadata", "`metadata` is not a map".to_owned()));
    }
    let namespace = text_at(value, "/metadata/namespace", "metadata.namespace")?;
    let name = match text_at(value, "/metadata/name", "metadata.name")? {
        Some(name) => name.to_owned(),
        None => text_at(value, "/metadata/generateName", "metadata.generateName")?
            .map(|prefix| format!("{prefix}*"))
            .ok_or_else(|| {
                let message = format!("the {kind} has no `metadata.name`");
                Flaw::new("/metadata/name", message)
            })?,
    };
    let (group, version) = ObjectRef::split_api_version(api_version);
    Ok(ObjectRef {
        group,
        version,
        kind: kind.to_owned(),
        namespace: namespace.map(str::to_owned),
        name,
    })
}

/// The text at a place: `None` where nothing or the empty text stands.
fn text_at<'a>(
    value: &'a Value,
    pointer: &'static str,
    name: &str,
) -> Result<Option<&'a str>, Flaw> {
    match value.pointer(pointer) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(other) => {
            let message = format!("`{name}` is {}; put it in quotes", noun(other));
            Err(Flaw::new(pointer, message))
        }
    }
}

fn noun(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// The items, when the value is a list of objects: one whose kind ends with `List`, or any whose
/// items all say what they are (kubectl unpacks those, too).
fn take_items(value: &mut Value) -> Option<Vec<Value>> {
    let named = value
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    let items = value.get_mut("items")?.as_array_mut()?;
    let is_object = |item: &Value| item.get("kind").is_some() && item.get("apiVersion").is_some();
    if named || (!items.is_empty() && items.iter().all(is_object)) {
        return Some(std::mem::take(items));
    }
    None
}

/// Items of a `SecretList` and the like may leave out both `apiVersion` and `kind`.
fn inherit_kind(list: &Value, item: &mut Value) {
    let kind = list
        .get("kind")
        .and_then(Value::as_str)
        .and_then(|kind| kind.strip_suffix("List"))
        .filter(|kind| !kind.is_empty());
    if let (Some(kind), Some(version), Some(item)) =
        (kind, list.get("apiVersion"), item.as_object_mut())
        && !item.contains_key("kind")
        && !item.contains_key("apiVersion")
    {
        item.insert("apiVersion".to_owned(), version.clone());
        item.insert("kind".to_owned(), Value::from(kind));
    }
}

fn depth_exceeds(value: &Value, limit: usize) -> bool {
    match value {
        Value::Array(items) => {
            limit == 0 || items.iter().any(|item| depth_exceeds(item, limit - 1))
        }
        Value::Object(map) => {
            limit == 0 || map.values().any(|value| depth_exceeds(value, limit - 1))
        }
        _ => false,
    }
}
