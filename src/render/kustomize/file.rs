//! A kustomization as a value that can be changed and written again.

use serde_json::{Map, Value};

use crate::plan::InflatedChart;
use crate::yaml::{self, Budget};

/// Fields of a kustomization. What Flux does not know it leaves out without a word.
const FIELDS: [&str; 33] = [
    "apiVersion",
    "kind",
    "metadata",
    "openapi",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "images",
    "imageTags",
    "replacements",
    "replicas",
    "vars",
    "sortOptions",
    "resources",
    "components",
    "crds",
    "bases",
    "configMapGenerator",
    "secretGenerator",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "generatorOptions",
    "configurations",
    "generators",
    "transformers",
    "validators",
];

/// A field whose value is not what it has to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` is not {wanted}")]
pub(super) struct Mistyped {
    field: &'static str,
    wanted: &'static str,
}

/// The fields of a kustomization, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Kustomization {
    fields: Map<String, Value>,
}

impl Kustomization {
    /// Reads the first document, as Kustomize does. `Err` says why there is none to read.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let stream = yaml::read(bytes, &Budget::file());
        if let Some(error) = stream.errors.first() {
            return Err(error.message.clone());
        }
        match stream.documents.first().map(|first| first.root.to_json()) {
            None | Some(Value::Null) => Ok(Self::default()),
            Some(Value::Object(fields)) => Ok(Self { fields }),
            Some(_) => Err("a kustomization is a map".to_owned()),
        }
    }

    /// The charts that it inflates itself, in order.
    pub(super) fn charts(&self) -> Vec<Result<InflatedChart, String>> {
        InflatedChart::of_kustomization(&Value::Object(self.fields.clone()))
    }

    /// The text of a file.
    pub(super) fn write(&self) -> String {
        yaml::write(&Value::Object(self.fields.clone()))
    }

    /// A field, whatever the case of its key.
    pub(super) fn find(&self, field: &str) -> Option<&Value> {
        // Go reads keys in byte order, and the last one counts.
        let mut named: Vec<_> = self
            .fields
            .iter()
            .filter(|(key, _)| fold(key) == fold(field))
            .collect();
        named.sort_by_key(|(key, _)| *key);
        named.pop().map(|(_, value)| value)
    }

    /// A field that is text; empty without one.
    pub(super) fn text(&self, field: &str) -> &str {
        self.find(field).and_then(Value::as_str).unwrap_or_default()
    }

    /// The items of a field that is a list; empty without one.
    pub(super) fn items(&self, field: &str) -> &[Value] {
        let items = self.find(field).and_then(Value::as_array);
        items.map(Vec::as_slice).unwrap_or_default()
    }

    /// Takes a field out.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        let value = self.find(field).cloned();
        self.fields.retain(|key, _| fold(key) != fold(field));
        value.filter(|value| !value.is_null())
    }

    /// Writes a field.
    pub(super) fn set(&mut self, field: &'static str, value: impl Into<Value>) {
        self.take(field);
        self.fields.insert(field.to_owned(), value.into());
    }

    /// A list to change, made where there is none.
    pub(super) fn list(&mut self, field: &'static str) -> Result<&mut Vec<Value>, Mistyped> {
        let value = self.take(field).unwrap_or_else(|| Value::Array(Vec::new()));
        let entry = self.fields.entry(field);
        let wanted = "a list";
        entry
            .or_insert(value)
            .as_array_mut()
            .ok_or(Mistyped { field, wanted })
    }

    /// A map to change, made where there is none.
    pub(super) fn map(&mut self, field: &'static str) -> Result<&mut Map<String, Value>, Mistyped> {
        let value = self.take(field).unwrap_or_else(|| Map::new().into());
        let entry = self.fields.entry(field);
        let wanted = "a map";
        entry
            .or_insert(value)
            .as_object_mut()
            .ok_or(Mistyped { field, wanted })
    }

    /// True when only version and kind are left, which Kustomize calls empty.
    pub(super) fn is_empty(&self) -> bool {
        let is_type = |key: &String| ["apiversion", "kind"].contains(&fold(key).as_str());
        self.fields.keys().all(is_type)
    }

    /// Leaves out what is no field of a kustomization.
    pub(super) fn drop_unknown(&mut self) {
        self.fields.retain(|key, _| {
            fold(key) == "buildmetadata" || FIELDS.iter().any(|field| fold(field) == fold(key))
        });
    }
}

/// Keys as Go's JSON reader compares them.
pub(super) fn fold(key: &str) -> String {
    key.chars()
        .map(|letter| match letter {
            '\u{17f}' => 's',
            '\u{212a}' => 'k',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}
