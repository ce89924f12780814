//! Generators that Kustomize may not run here: charts, and secrets that need a key, for which
//! placeholders stand.
//!
//! KSOPS and SopsSecretGenerator decrypt files of the tree. Here their Secrets keep names, types and
//! key names, made by Kustomize's own generator, so that names get the same treatment.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::values;
use crate::ids::{Digest, RepoPath};
use crate::plan::InflatedChart;
use crate::render::workspace::Workspace;
use crate::render::{Problem, encrypted};
use crate::yaml::{self, Budget};

/// What the known generators of a list of documents give.
#[derive(Default)]
pub(super) struct Replaced {
    /// Configurations, the known ones replaced.
    pub(super) configurations: Vec<Value>,
    /// Objects that no built-in generator makes.
    pub(super) objects: Vec<Value>,
    /// Charts that they inflate.
    pub(super) charts: Vec<InflatedChart>,
    /// True when any was known.
    pub(super) is_changed: bool,
}

/// Replaces the known generators; their files are relative to `folder`.
pub(super) fn replace(
    documents: Vec<Value>,
    file: &RepoPath,
    folder: &RepoPath,
    workspace: &Workspace,
) -> Result<Replaced, Vec<Problem>> {
    let mut replaced = Replaced::default();
    for document in documents {
        let text = |key: &str| {
            document
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let generator = Generator {
            file,
            folder,
            workspace,
        };
        match (text("apiVersion"), text("kind")) {
            (version, "ksops") if version.starts_with("viaduct.ai/") => {
                generator.ksops(&document, &mut replaced)?;
            }
            (version, "SopsSecretGenerator") if version.starts_with("goabout.com/") => {
                let made = generator.sops_secret(&document)?;
                replaced.configurations.push(made);
            }
            ("builtin", "HelmChartInflationGenerator") => {
                let chart = InflatedChart::of_generator(&document);
                let refuse = |message| vec![Problem::about(file, message)];
                replaced.charts.push(chart.map_err(refuse)?);
            }
            _ => {
                replaced.configurations.push(document);
                continue;
            }
        }
        replaced.is_changed = true;
    }
    Ok(replaced)
}

/// The configurations of a text; `None` for one that is no YAML of maps.
pub(super) fn read_configurations(text: &str) -> Option<Vec<Value>> {
    let documents = values::read_all(text).ok()?;
    let is_whole = !documents.is_empty() && documents.iter().all(Value::is_object);
    is_whole.then_some(documents)
}

/// The objects of a text; `None` for one that is no YAML of maps.
pub(super) fn read_documents(text: &str) -> Option<Vec<Value>> {
    let stream = yaml::read(text.as_bytes(), &Budget::file());
    let values: Vec<Value> = stream
        .documents
        .iter()
        .map(|document| document.root.to_json())
        .collect();
    let is_whole = stream.errors.is_empty() && values.iter().all(Value::is_object);
    (is_whole && !values.is_empty()).then_some(values)
}

struct Generator<'a> {
    file: &'a RepoPath,
    folder: &'a RepoPath,
    workspace: &'a Workspace,
}

impl Generator<'_> {
    fn read(&self, name: &str) -> Result<(RepoPath, String), Vec<Problem>> {
        let path = self.folder.join(name);
        let found = path.and_then(|path| {
            let text = self.workspace.read(&path)?;
            Some((path, text))
        });
        found.ok_or_else(|| {
            let message = format!("`{name}` cannot be read");
            vec![Problem::about(self.file, message)]
        })
    }

    fn ksops(&self, document: &Value, replaced: &mut Replaced) -> Result<(), Vec<Problem>> {
        for name in texts(document, "files") {
            let (path, text) = self.read(name)?;
            let documents = read_documents(&text).unwrap_or_default();
            if documents.is_empty() || !documents.iter().all(encrypted::is_encrypted) {
                let message = "it is no manifest that SOPS encrypted, so KSOPS cannot decrypt it";
                return Err(vec![Problem::about(&path, message.to_owned())]);
            }
            for mut object in documents {
                encrypted::cover(&mut object);
                match secret_of(&object) {
                    Some(secret) => replaced.configurations.push(secret),
                    None => replaced.objects.push(object),
                }
            }
        }
        let sources = document.get("secretFrom").and_then(Value::as_array);
        for source in sources.into_iter().flatten() {
            let metadata = source.get("metadata").cloned().unwrap_or_default();
            let mut pairs = Vec::new();
            for field in ["files", "binaryFiles"] {
                self.whole_files(source, field, &mut pairs)?;
            }
            self.pairs(source, &mut pairs)?;
            let kind = source.get("type").and_then(Value::as_str);
            let secret = compose(&metadata, kind, pairs, &Options::of_annotations(&metadata));
            replaced.configurations.push(secret);
        }
        Ok(())
    }

    fn sops_secret(&self, document: &Value) -> Result<Value, Vec<Problem>> {
        let mut pairs = Vec::new();
        self.pairs(document, &mut pairs)?;
        self.whole_files(document, "files", &mut pairs)?;
        let metadata = document.get("metadata").cloned().unwrap_or_default();
        let text = |key: &str| document.get(key).and_then(Value::as_str);
        let without_hash = document
            .get("disableNameSuffixHash")
            .and_then(Value::as_bool)
            == Some(true);
        let options = Options {
            with_hash: !without_hash,
            behavior: text("behavior").map(str::to_owned),
        };
        Ok(compose(&metadata, text("type"), pairs, &options))
    }

    /// `path` or `key=path`: the whole content is one value.
    fn whole_files(
        &self,
        source: &Value,
        field: &str,
        pairs: &mut Vec<(String, String)>,
    ) -> Result<(), Vec<Problem>> {
        for text in texts(source, field) {
            let (key, name) = split_source(text);
            let (_, content) = self.read(name)?;
            pairs.push((key.to_owned(), encrypted::placeholder(content.as_bytes())));
        }
        Ok(())
    }

    /// Files of keys and values.
    fn pairs(&self, source: &Value, pairs: &mut Vec<(String, String)>) -> Result<(), Vec<Problem>> {
        for name in texts(source, "envs") {
            let (path, content) = self.read(name)?;
            let found = match encrypted::cover_dotenv(&content) {
                Some(text) => read_dotenv(&text),
                None => match read_documents(&content).as_deref() {
                    Some([value]) if encrypted::is_encrypted(value) => {
                        encrypted::cover_pairs(value)
                    }
                    _ => {
                        let message = "it is no file of variables that SOPS encrypted";
                        return Err(vec![Problem::about(&path, message.to_owned())]);
                    }
                },
            };
            pairs.extend(found);
        }
        Ok(())
    }
}

/// `key=path`, or a path whose last part is the key.
pub(super) fn split_source(text: &str) -> (&str, &str) {
    text.split_once('=')
        .unwrap_or_else(|| (text.rsplit('/').next().unwrap_or(text), text))
}

fn read_dotenv(text: &str) -> Vec<(String, String)> {
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn texts<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let items = value.get(field).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str)
}

/// What a generated Secret asks of Kustomize.
struct Options {
    with_hash: bool,
    behavior: Option<String>,
}

const NEEDS_HASH: &str = "kustomize.config.k8s.io/needs-hash";
const BEHAVIOR: &str = "kustomize.config.k8s.io/behavior";

impl Options {
    /// As generators' output says it, in annotations.
    fn of_annotations(metadata: &Value) -> Self {
        let annotation = |key: &str| {
            let annotations = metadata.get("annotations");
            annotations.and_then(|found| found.get(key)?.as_str())
        };
        Self {
            with_hash: annotation(NEEDS_HASH) == Some("true"),
            behavior: annotation(BEHAVIOR).map(str::to_owned),
        }
    }
}

/// The configuration that makes a Secret of the same keys; `None` for anything but a Secret.
fn secret_of(object: &Value) -> Option<Value> {
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    if text("kind") != Some("Secret") || text("apiVersion") != Some("v1") {
        return None;
    }
    let metadata = object.get("metadata")?;
    let mut pairs = Vec::new();
    for field in ["data", "stringData"] {
        let fields = object.get(field).and_then(Value::as_object);
        for (key, value) in fields.into_iter().flatten() {
            let plain = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let decoded = (field == "data")
                .then(|| STANDARD.decode(&plain).ok())
                .flatten();
            let text = match decoded.map(String::from_utf8) {
                None => plain,
                Some(Ok(text)) => text,
                // No text: it is not encrypted, and its digest tells changes.
                Some(Err(_)) => Digest::of(plain.as_bytes()).to_string(),
            };
            pairs.push((key.clone(), text));
        }
    }
    let options = Options::of_annotations(metadata);
    let mut secret = compose(metadata, text("type"), pairs, &options);
    if object.get("immutable").and_then(Value::as_bool) == Some(true) {
        *secret.pointer_mut("/options/immutable")? = Value::Bool(true);
    }
    Some(secret)
}

fn compose(
    metadata: &Value,
    kind: Option<&str>,
    pairs: Vec<(String, String)>,
    options: &Options,
) -> Value {
    let map = |field: &str| {
        let found = metadata.get(field).and_then(Value::as_object);
        let mut found = found.cloned().unwrap_or_default();
        found.retain(|key, _| key != NEEDS_HASH && key != BEHAVIOR);
        found
    };
    let mut named = Map::new();
    for field in ["name", "namespace"] {
        if let Some(text) = metadata.get(field) {
            named.insert(field.to_owned(), text.clone());
        }
    }
    let literals: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let mut secret = json!({
        "apiVersion": "builtin",
        "kind": "SecretGenerator",
        "metadata": named,
        "literals": literals,
        "options": {
            "disableNameSuffixHash": !options.with_hash,
            "labels": map("labels"),
            "annotations": map("annotations"),
            "immutable": false,
        },
    });
    for (field, text) in [("type", kind), ("behavior", options.behavior.as_deref())] {
        if let (Some(text), Some(secret)) = (text, secret.as_object_mut()) {
            secret.insert(field.to_owned(), text.into());
        }
    }
    secret
}
