//! What is secret in files and declarations, found generously: a name too many in a message that is
//! hidden costs less than a value that is shown.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::texts::Texts;
use super::{lines, names};
use crate::ids::RepoPath;
use crate::object::Masker;
use crate::plan::{HelmInput, KustomizeEdits, KustomizeInput, RendererInput};
use crate::tree::{Reader, Tree};
use crate::yaml::{self, Budget};

/// Most bytes of all files of one application that are looked through.
const MOST_BYTES: usize = 64 << 20;
/// How deep documents stand inside each other's strings.
const MOST_NESTED: u8 = 4;
/// Fewest characters of the value of a bare `key` that is no name.
const LONG: usize = 16;

/// Gathers secret texts.
pub(super) struct Collector<'a> {
    reader: Reader<'a>,
    masker: &'a Masker,
    texts: Texts,
    bytes: usize,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The folder where paths start.
    folder: &'a RepoPath,
    /// True where names of fields tell what is secret: not in schemas.
    by_name: bool,
    nested: u8,
}

impl<'a> Collector<'a> {
    pub(super) fn new(tree: &'a Tree, masker: &'a Masker) -> Self {
        Self {
            reader: tree.reader(),
            masker,
            texts: Texts::default(),
            bytes: 0,
        }
    }

    pub(super) fn finish(self) -> Texts {
        self.texts
    }

    /// Looks through these files.
    pub(super) fn add_files<'p>(&mut self, files: impl IntoIterator<Item = &'p RepoPath>) {
        for path in files {
            // What cannot be read was not read by the tool either.
            let Some(bytes) = self.read(path) else {
                continue;
            };
            let name = path.file_name();
            if names::is_secret(name) || name.ends_with(".env") || name.ends_with(".pem") {
                self.texts.add(&String::from_utf8_lossy(&bytes));
                self.add_variables(&bytes);
            }
            let place = Place {
                folder: &path.parent(),
                by_name: !name.ends_with("schema.json"),
                nested: 0,
            };
            self.add_text(&bytes, place);
        }
    }

    fn read(&mut self, path: &RepoPath) -> Option<Vec<u8>> {
        let bytes = self.reader.read(path).ok()?;
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > MOST_BYTES {
            self.texts.give_up();
            return None;
        }
        Some(bytes)
    }

    /// Looks through what the declaration adds.
    pub(super) fn add_input(&mut self, input: &RendererInput) {
        match input {
            RendererInput::Directory { .. } => {}
            RendererInput::Kustomize(KustomizeInput {
                edits,
                substitution,
                ..
            }) => {
                self.add_edits(edits);
                let variables = substitution.iter().flat_map(|found| &found.variables);
                for (_, value) in variables.filter(|(name, _)| names::is_secret(name)) {
                    self.texts.add(value);
                }
            }
            RendererInput::Helm(input) => self.add_helm(input),
        }
    }

    fn add_helm(&mut self, input: &HelmInput) {
        let names_one = |name: &str| name.split('.').any(names::is_secret);
        for value in &input.inline {
            self.add_declared(value);
        }
        for parameter in input.parameters.iter().filter(|one| names_one(&one.name)) {
            self.texts.add(&parameter.value);
            // Argo CD's escapes, as Helm resolves them.
            self.texts.add(&parameter.value.replace('\\', ""));
        }
        for (name, path) in &input.file_parameters {
            if names_one(name)
                && let Some(bytes) = self.read(path)
            {
                self.texts.add(&String::from_utf8_lossy(&bytes));
            }
        }
        for edits in &input.post {
            self.add_edits(edits);
        }
    }

    fn add_edits(&mut self, edits: &KustomizeEdits) {
        for patch in &edits.patches {
            self.add_declared(patch);
        }
    }

    fn add_declared(&mut self, value: &Value) {
        let place = Place {
            folder: &RepoPath::root(),
            by_name: true,
            nested: 0,
        };
        self.add_document(value, place);
    }

    /// A file, or a document inside a string.
    fn add_text(&mut self, bytes: &[u8], place: Place<'_>) {
        let stream = yaml::read(bytes, &Budget::file());
        for document in &stream.documents {
            self.add_document(&document.root.to_json(), place);
        }
        let is_read = stream.errors.is_empty();
        let text = String::from_utf8_lossy(bytes);
        if place.nested > 0 && lines::names_secret(&text) {
            lines::scan_whole(&text, &mut self.texts);
        } else if !is_read {
            lines::scan(&text, &mut self.texts);
        }
    }

    fn add_document(&mut self, value: &Value, place: Place<'_>) {
        for text in self.masker.find_hidden(value) {
            self.texts.add(&text);
        }
        let kind = value.get("kind").and_then(Value::as_str);
        let place = Place {
            by_name: place.by_name && kind != Some("CustomResourceDefinition"),
            ..place
        };
        if kind.is_none()
            && let Some(data) = value.get("data")
        {
            // A patch may leave out what it changes.
            self.add_all(data);
        }
        if kind.is_some_and(|kind| kind.ends_with("SecretGenerator") || kind == "ksops") {
            self.add_generator(value, place);
        }
        self.walk(value, place);
    }

    fn walk(&mut self, value: &Value, place: Place<'_>) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.walk(item, place);
                }
            }
            Value::Object(map) => self.walk_map(map, place),
            Value::String(text) => self.walk_text(text, place),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn walk_text(&mut self, text: &str, place: Place<'_>) {
        let is_document = text.contains('\n') || text.trim_start().starts_with(['{', '[']);
        if is_document && place.nested < MOST_NESTED {
            let nested = place.nested.saturating_add(1);
            self.add_text(text.as_bytes(), Place { nested, ..place });
        } else if lines::names_secret(text) {
            lines::scan_whole(text, &mut self.texts);
        }
    }

    fn walk_map(&mut self, map: &Map<String, Value>, place: Place<'_>) {
        let text = |key: &str| map.get(key).and_then(Value::as_str);
        if let Some(value) = map.get("value")
            && (text("name").is_some_and(names::is_secret)
                || text("path").is_some_and(points_to_secret))
        {
            self.add_all(value);
        }
        let target = map.get("target").and_then(|target| target.get("kind"));
        let target = target.and_then(Value::as_str).unwrap_or_default();
        if target.to_ascii_lowercase().contains("secret")
            && let Some(patch) = text("patch").or_else(|| text("jsonOp"))
        {
            lines::scan_whole(patch, &mut self.texts);
        }
        for (key, value) in map {
            if key.eq_ignore_ascii_case("stringData") {
                self.add_all(value);
            } else if key == "secretGenerator" {
                for entry in value.as_array().into_iter().flatten() {
                    self.add_generator(entry, place);
                }
            } else if place.by_name && names::is_secret(key) {
                self.add_named(key, value);
            }
            self.walk(value, place);
        }
    }

    /// The value of a field whose name says that it is secret.
    fn add_named(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map.iter().filter(|(key, _)| !names::is_about(key)) {
                    self.add_named(key, value);
                }
            }
            Value::String(text) if names::is_vague(name) && text.len() < LONG => {}
            other => self.add_all(other),
        }
    }

    /// Every scalar below.
    fn add_all(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.texts.add(&number.to_string()),
            Value::String(text) => self.texts.add(text),
            Value::Array(items) => items.iter().for_each(|item| self.add_all(item)),
            Value::Object(map) => map.values().for_each(|value| self.add_all(value)),
        }
    }

    /// What a generator of Secrets takes.
    fn add_generator(&mut self, entry: &Value, place: Place<'_>) {
        let list = |field: &str| {
            let value = entry.get(field);
            let items = value.and_then(Value::as_array).into_iter().flatten();
            let one = value.filter(|value| value.is_string());
            items.chain(one).filter_map(Value::as_str)
        };
        for literal in list("literals") {
            let (_, value) = literal.split_once('=').unwrap_or(("", literal));
            self.texts.add(literal);
            self.texts.add(value);
            self.texts.add(value.trim_matches(['"', '\'']));
        }
        let mut files = BTreeSet::new();
        for field in ["envs", "env", "files", "binaryFiles"] {
            for source in list(field) {
                let name = source.split_once('=').map_or(source, |(_, name)| name);
                files.extend(place.folder.join(name));
            }
        }
        for path in files {
            if let Some(bytes) = self.read(&path) {
                self.texts.add(&String::from_utf8_lossy(&bytes));
                self.add_variables(&bytes);
            }
        }
    }

    /// Lines of `NAME=value`.
    fn add_variables(&mut self, bytes: &[u8]) {
        for line in String::from_utf8_lossy(bytes).lines() {
            let (_, value) = line.split_once('=').unwrap_or(("", line));
            self.texts.add(value);
            self.texts.add(value.trim().trim_matches(['"', '\'']));
        }
    }
}

/// True where a JSON patch changes what is secret.
fn points_to_secret(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    let is_content = |part: &str| ["data", "stringData"].contains(&part);
    parts.clone().next().is_some_and(is_content) || parts.any(names::is_secret)
}
