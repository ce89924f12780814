//! The values of a release: those of ConfigMaps and Secrets, then its own, then single ones.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fields::Fields;
use super::objects::{Object, Objects, Used};
use crate::plan::HelmParameter;
use crate::yaml::{self, Budget};

/// What stands for a value that is not known here.
const PLACEHOLDER: &str = "unknown-value";

/// Values in the order in which later ones win.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// Whole documents.
    pub(super) inline: Vec<Value>,
    /// Single values (`targetPath`), after all others.
    pub(super) single: Vec<HelmParameter>,
    /// What else they come from, and is not known: Secrets, objects that are not in the repository.
    pub(super) unknown: BTreeSet<String>,
    pub(super) used: Used,
}

/// Reads `valuesFrom` and `values`.
pub(super) fn read(objects: &Objects<'_>, from: &Object<'_>, spec: &Fields<'_>) -> Values {
    let mut values = Values::default();
    for item in spec.items("valuesFrom") {
        values.read_item(objects, from, &item);
    }
    let own = spec.inside("values");
    if own.exists() {
        let own = spec.raw("values").cloned().unwrap_or_default();
        // A key of the release itself wins over a single value of the same name.
        let is_given = |name: &str| own.get(name).is_some();
        values.single.retain(|single| !is_given(&single.name));
        values.inline.push(own);
    }
    values
}

impl Values {
    fn read_item(&mut self, objects: &Objects<'_>, from: &Object<'_>, item: &Fields<'_>) {
        let kind = item.text("kind").unwrap_or_default();
        let name = item.text("name").unwrap_or_default();
        if !matches!(kind, "ConfigMap" | "Secret") || name.is_empty() {
            return item.note("kind", "and `name` are those of no ConfigMap or Secret");
        }
        let key = item.text("valuesKey").unwrap_or("values.yaml");
        let path = item.text("targetPath");
        let is_optional = item.flag("optional");
        let place = format!("{kind} {}/{name}, key {key}", from.namespace);
        let Some(object) = objects.find_values(from, kind, name) else {
            if !is_optional || objects.may_miss(from, kind, name) {
                self.add_unknown(place, path);
            }
            return;
        };
        self.used.take(object);
        match find_data(object, key) {
            None if is_optional => {}
            None => item.note(
                "valuesKey",
                &format!("is `{key}`, which the {kind} `{name}` has not"),
            ),
            Some(_) if kind == "Secret" => self.add_unknown(place, path),
            Some(text) if text.starts_with("ENC[") => self.add_unknown(place, path),
            Some(text) => match path {
                Some(path) => self.single.push(single(path, text)),
                None => match read_map(text) {
                    Some(map) => self.inline.push(map),
                    None => item.note(
                        "valuesKey",
                        &format!(
                            "leads to `{key}` of the {kind} `{name}`, which is no map of values"
                        ),
                    ),
                },
            },
        }
    }

    fn add_unknown(&mut self, place: String, path: Option<&str>) {
        self.unknown.insert(place);
        if let Some(path) = path {
            self.single.push(HelmParameter {
                name: path.to_owned(),
                value: PLACEHOLDER.to_owned(),
                force_string: true,
            });
        }
    }
}

fn find_data<'a>(object: &Object<'a>, key: &str) -> Option<&'a str> {
    let fields = ["data", "stringData"].iter();
    let mut maps = fields.filter_map(|field| object.value().get(field));
    maps.find_map(|map| map.get(key)).and_then(Value::as_str)
}

/// A single value; quotes around it make it text.
fn single(path: &str, text: &str) -> HelmParameter {
    let quoted = ["'", "\""]
        .iter()
        .any(|quote| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote));
    let value = if quoted {
        text.trim_matches(['\'', '"'])
    } else {
        text
    };
    HelmParameter {
        name: path.to_owned(),
        value: value.to_owned(),
        force_string: quoted,
    }
}

fn read_map(text: &str) -> Option<Value> {
    let stream = yaml::read(text.as_bytes(), &Budget::file());
    if !stream.errors.is_empty() {
        return None;
    }
    let value = stream.documents.first().map(yaml::Document::to_json);
    match value {
        None | Some(Value::Null) => Some(Value::Object(Map::new())),
        Some(value) => value.is_object().then_some(value),
    }
}
