//! What a tool printed, on its way to objects: what the deployer does to the built text, before it is
//! read and masked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::ids::ObjectRef;
use crate::object::Manifest;
use crate::plan::{CommonMetadata, Substitution, unknown_value};
use crate::yaml::{self, Budget};

use super::{Placeholder, encrypted, substitute};

/// What makes Flux leave an object's variables alone.
const SUBSTITUTE: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// What is done to each object.
#[derive(Default)]
pub(super) struct Revision<'a> {
    /// Variables that are replaced.
    pub(super) substitution: Option<&'a Substitution>,
    /// Labels and annotations that are set.
    pub(super) metadata: Option<&'a CommonMetadata>,
    /// Variables for whose values a placeholder stands in what was built.
    pub(super) unknown: Option<&'a BTreeSet<String>>,
}

/// A revised text.
#[derive(Default)]
pub(super) struct Revised {
    /// The text, in the order of the tool.
    pub(super) text: String,
    notes: Vec<Note>,
}

/// Values of one object that are not shown.
struct Note {
    key: Key,
    reason: String,
}

/// Version, kind, namespace and name, as an object writes them.
#[derive(PartialEq, Eq)]
struct Key([String; 4]);

impl Revision<'_> {
    /// Revises a whole output. `Err` says why one object cannot be, in a sentence about it.
    pub(super) fn revise(&self, text: String) -> Result<Revised, String> {
        let mut revised = Revised::default();
        if !self.is_needed(&text) {
            revised.text = text;
            return Ok(revised);
        }
        for document in split(&text) {
            let document = self.revise_document(document, &mut revised.notes)?;
            revised.text.push_str("---\n");
            revised.text.push_str(&document);
            if !document.ends_with('\n') {
                revised.text.push('\n');
            }
        }
        Ok(revised)
    }

    fn is_needed(&self, text: &str) -> bool {
        self.substitution().is_some()
            || self.metadata().is_some()
            || self.find_unknown(text).next().is_some()
            || encrypted::has_placeholder(text)
            || has_block(text)
    }

    fn find_unknown<'t>(&'t self, text: &'t str) -> impl Iterator<Item = &'t String> {
        let names = self.unknown.into_iter().flatten();
        names.filter(|name| text.contains(&unknown_value(name)))
    }

    fn substitution(&self) -> Option<&Substitution> {
        self.substitution
            .filter(|substitution| substitute::has_variables(substitution))
    }

    fn metadata(&self) -> Option<&CommonMetadata> {
        self.metadata
            .filter(|metadata| !metadata.labels.is_empty() || !metadata.annotations.is_empty())
    }

    fn revise_document(&self, document: &str, notes: &mut Vec<Note>) -> Result<String, String> {
        let mut text = document.to_owned();
        let mut reasons = BTreeSet::new();
        if has_block(document) {
            let values = rewrite(&text, |value| {
                if encrypted::is_encrypted(value) {
                    encrypted::cover(value);
                }
            });
            text = values.unwrap_or(text);
        }
        if encrypted::has_placeholder(&text) {
            reasons.insert(ENCRYPTED.to_owned());
        }
        let unknown = self.find_unknown(document);
        reasons.extend(unknown.map(|name| format!("the value of `{name}` is not known here")));
        if let Some(substitution) = self.substitution()
            && text.contains('$')
            && !is_disabled(&text)
        {
            let about = || find_names(&text).join(", ");
            let found = substitute::substitute(&text, substitution)
                .map_err(|error| format!("variables in {} are not replaced: {error}", about()))?;
            if !found.unknown.is_empty() {
                let names: Vec<String> = found
                    .unknown
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect();
                reasons.insert(format!(
                    "the value of {} is not known here",
                    names.join(", ")
                ));
            }
            text = found.text;
        }
        if let Some(metadata) = self.metadata() {
            let set = rewrite(&text, |value| set_metadata(value, metadata));
            text = set.unwrap_or(text);
        }
        for reason in reasons {
            for key in find_keys(&text) {
                let reason = reason.clone();
                notes.push(Note { key, reason });
            }
        }
        Ok(text)
    }
}

/// Why an object with encrypted values is not judged as a whole.
pub(super) const ENCRYPTED: &str = "encrypted, not shown: only its key names were judged";

impl Revised {
    /// The objects whose values are not shown, by what they became.
    pub(super) fn find_placeholders(&self, manifests: &[Manifest]) -> Vec<Placeholder> {
        let mut found = Vec::new();
        for note in &self.notes {
            let objects = manifests.iter().map(Manifest::object);
            for object in objects.filter(|object| Key::of_object(object) == note.key) {
                found.push(Placeholder {
                    object: object.clone(),
                    reason: note.reason.clone(),
                });
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

impl Key {
    fn of_object(object: &ObjectRef) -> Self {
        let version = match object.group.as_str() {
            "" => object.version.clone(),
            group => format!("{group}/{}", object.version),
        };
        Self([
            version,
            object.kind.clone(),
            object.namespace.clone().unwrap_or_default(),
            object.name.clone(),
        ])
    }

    fn of_value(value: &Value) -> Self {
        let text = |pointer: &str| {
            let text = value.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let name = match text("/metadata/name") {
            name if name.is_empty() => text("/metadata/generateName") + "*",
            name => name,
        };
        Self([
            text("/apiVersion"),
            text("/kind"),
            text("/metadata/namespace"),
            name,
        ])
    }
}

/// The documents of a tool's output, which separates them by lines of `---`.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut documents = Vec::new();
    let (mut start, mut at) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        if line.trim_end() == "---" {
            documents.extend(text.get(start..at));
            start = end;
        }
        at = end;
    }
    documents.extend(text.get(start..));
    documents.retain(|document| !document.trim().is_empty());
    documents
}

fn has_block(text: &str) -> bool {
    text.starts_with("sops:") || text.contains("\nsops:")
}

fn read(text: &str) -> Option<Vec<Value>> {
    let stream = yaml::read(text.as_bytes(), &Budget::tool_output());
    let values = stream.documents.iter();
    stream
        .errors
        .is_empty()
        .then(|| values.map(|document| document.root.to_json()).collect())
}

/// The text with each of its values changed; `None` for one that cannot be read, which whoever reads it
/// next reports.
fn rewrite(text: &str, change: impl Fn(&mut Value)) -> Option<String> {
    let mut values = read(text)?;
    for value in &mut values {
        for_each_object(value, &change);
    }
    match values.as_slice() {
        [only] => Some(yaml::write(only)),
        several => Some(yaml::write_all(several)),
    }
}

/// A list stands for its items.
fn for_each_object(value: &mut Value, change: &impl Fn(&mut Value)) {
    let is_list = value
        .get("kind")
        .and_then(Value::as_str)
        .is_some_and(|kind| kind.ends_with("List"));
    match value.get_mut("items").and_then(Value::as_array_mut) {
        Some(items) if is_list => items.iter_mut().for_each(change),
        _ => change(value),
    }
}

fn find_keys(text: &str) -> Vec<Key> {
    let mut keys = Vec::new();
    for mut value in read(text).unwrap_or_default() {
        let found = std::cell::RefCell::new(&mut keys);
        for_each_object(&mut value, &|value| {
            found.borrow_mut().push(Key::of_value(value));
        });
    }
    keys
}

/// What people call the objects of a text.
fn find_names(text: &str) -> Vec<String> {
    let names = find_keys(text)
        .into_iter()
        .map(|Key([_, kind, _, name])| format!("{kind} `{name}`"));
    names.collect()
}

fn is_disabled(text: &str) -> bool {
    text.contains(SUBSTITUTE)
        && read(text).unwrap_or_default().iter().any(|value| {
            ["labels", "annotations"].iter().any(|place| {
                let metadata = value.get("metadata").and_then(|found| found.get(place));
                let found = metadata.and_then(|found| found.get(SUBSTITUTE));
                found.and_then(Value::as_str) == Some("disabled")
            })
        })
}

fn set_metadata(value: &mut Value, metadata: &CommonMetadata) {
    let Some(own) = value
        .as_object_mut()
        .map(|fields| {
            fields
                .entry("metadata")
                .or_insert_with(|| Map::new().into())
        })
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    for (place, pairs) in [
        ("labels", &metadata.labels),
        ("annotations", &metadata.annotations),
    ] {
        if pairs.is_empty() {
            continue;
        }
        let entry = own.entry(place).or_insert_with(|| Map::new().into());
        if !entry.is_object() {
            *entry = Map::new().into();
        }
        if let Some(entry) = entry.as_object_mut() {
            for (key, text) in pairs {
                entry.insert(key.clone(), Value::from(text.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str =
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\nspec:\n  ports: ${ports}\n";

    fn variables(pairs: &[(&str, &str)]) -> Substitution {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Substitution {
            variables: pairs.iter().map(owned).collect(),
            ..Substitution::default()
        }
    }

    fn revise(text: &str, substitution: &Substitution) -> Result<String, String> {
        let revision = Revision {
            unknown: None,
            substitution: Some(substitution),
            metadata: None,
        };
        revision.revise(text.to_owned()).map(|revised| revised.text)
    }

    #[test]
    fn a_line_inside_a_block_separates_nothing() {
        let documents = split("a: |\n  ---\n  x\n---\nb: 1\n---\n---\n");
        assert_eq!(documents, ["a: |\n  ---\n  x\n", "b: 1\n"]);
    }

    #[test]
    fn text_becomes_what_its_value_says() {
        let given = variables(&[("name", "web"), ("ports", "[{port: 80}]")]);
        let text = revise(SERVICE, &given).unwrap();
        assert!(text.contains("name: web\n"), "{text}");
        assert!(text.contains("ports: [{port: 80}]"), "{text}");
    }

    #[test]
    fn nothing_is_replaced_where_there_are_no_variables_or_the_object_says_so() {
        assert_eq!(revise(SERVICE, &variables(&[])).unwrap(), SERVICE);
        let given = variables(&[("name", "web")]);
        for place in ["labels", "annotations"] {
            let text = format!(
                "kind: A\nmetadata:\n  {place}:\n    {SUBSTITUTE}: disabled\nx: ${{name}}\n"
            );
            assert_eq!(revise(&text, &given).unwrap(), format!("---\n{text}"));
        }
    }

    #[test]
    fn a_wrong_expression_names_the_object_and_quotes_nothing() {
        let text = SERVICE.replace("${ports}", "${a-b}");
        let error = revise(&text, &variables(&[("name", "web")])).unwrap_err();
        assert!(error.contains("Service `${name}`"), "{error}");
        assert!(!error.contains("a-b"), "{error}");
    }

    #[test]
    fn common_metadata_wins_and_reaches_the_items_of_lists() {
        let metadata = CommonMetadata {
            labels: [("a".to_owned(), "new".to_owned())].into(),
            annotations: [("b".to_owned(), "yes".to_owned())].into(),
        };
        let revision = Revision {
            unknown: None,
            substitution: None,
            metadata: Some(&metadata),
        };
        let text = "apiVersion: v1\nkind: List\nitems:\n- kind: A\n  metadata:\n    labels:\n      a: old\n      c: d\n- kind: B\n";
        let revised = revision.revise(text.to_owned()).unwrap();
        let value = read(&revised.text).unwrap().remove(0);
        assert_eq!(
            value["items"][0]["metadata"]["labels"],
            serde_json::json!({"a": "new", "c": "d"})
        );
        assert_eq!(
            value["items"][1]["metadata"]["annotations"],
            serde_json::json!({"b": "yes"})
        );
    }
}
