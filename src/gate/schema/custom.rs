//! Custom resources: the schemas that CustomResourceDefinitions found in the trees give them.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::bundle::Bundle;
use super::compile::Compiler;
use super::crd;
use super::shape::Shape;

/// Everything that the definitions of the trees say.
#[derive(Debug, Default)]
pub(super) struct Custom {
    /// By group and kind, then version.
    kinds: BTreeMap<(String, String), BTreeMap<String, Entry>>,
}

/// What is known of one version of one custom kind.
#[derive(Debug)]
pub(super) enum Entry {
    /// Its schema.
    Schema {
        /// The schema as a shape.
        shape: Box<Shape>,
        /// Whether writes to the object leave `status` alone.
        drops_status: bool,
    },
    /// The definition serves it without a schema that could be used.
    Unusable(String),
    /// The definition lists it and does not serve it.
    NotServed,
}

/// What the definitions say of one kind in one version.
pub(super) enum Found<'c> {
    /// Nothing.
    Unknown,
    /// The version is listed.
    Entry(&'c Entry),
    /// The kind is defined, this version is not; the versions that are served.
    OtherVersions(BTreeSet<&'c str>),
}

impl Custom {
    /// Reads definitions; of several for one kind the first counts. Documents that are no
    /// definitions are passed over.
    pub(super) fn new<'v>(
        bundle: &Bundle,
        definitions: impl IntoIterator<Item = &'v Value>,
    ) -> Self {
        let mut custom = Self::default();
        for definition in definitions {
            if definition.get("kind").and_then(Value::as_str) == Some("CustomResourceDefinition") {
                custom.add(bundle, definition);
            }
        }
        custom
    }

    fn add(&mut self, bundle: &Bundle, definition: &Value) {
        let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str);
        let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else {
            return;
        };
        let name = text("/metadata/name").unwrap_or(kind);
        let broken = !crd::check(definition).is_empty();
        let versions = definition
            .pointer("/spec/versions")
            .and_then(Value::as_array);
        let entries = versions
            .into_iter()
            .flatten()
            .filter_map(|version| {
                let label = version.get("name")?.as_str()?.to_owned();
                Some((label, entry(bundle, version, name, broken)))
            })
            .collect();
        self.kinds
            .entry((group.to_owned(), kind.to_owned()))
            .or_insert(entries);
    }

    /// Adds one schema that is known by itself, such as a file of a schema catalogue.
    pub(super) fn add_schema(&mut self, bundle: &Bundle, gvk: (&str, &str, &str), schema: &Value) {
        let (group, version, kind) = gvk;
        let shape = Compiler::custom(bundle).compile_custom_root(schema);
        let entry = Entry::Schema {
            shape: Box::new(shape),
            drops_status: true,
        };
        self.kinds
            .entry((group.to_owned(), kind.to_owned()))
            .or_default()
            .entry(version.to_owned())
            .or_insert(entry);
    }

    /// What the definitions say of a kind.
    pub(super) fn find(&self, group: &str, version: &str, kind: &str) -> Found<'_> {
        let Some(versions) = self.kinds.get(&(group.to_owned(), kind.to_owned())) else {
            return Found::Unknown;
        };
        match versions.get(version) {
            Some(entry) => Found::Entry(entry),
            None => Found::OtherVersions(served(versions)),
        }
    }

    /// The versions of a kind that are served.
    pub(super) fn served(&self, group: &str, kind: &str) -> BTreeSet<&str> {
        self.kinds
            .get(&(group.to_owned(), kind.to_owned()))
            .map(served)
            .unwrap_or_default()
    }

    /// Every kind that is defined in a group.
    pub(super) fn kinds_of<'c>(&'c self, group: &'c str) -> impl Iterator<Item = &'c str> {
        self.kinds
            .keys()
            .filter(move |(known, _)| known == group)
            .map(|(_, kind)| kind.as_str())
    }
}

fn served(versions: &BTreeMap<String, Entry>) -> BTreeSet<&str> {
    versions
        .iter()
        .filter(|(_, entry)| !matches!(entry, Entry::NotServed))
        .map(|(name, _)| name.as_str())
        .collect()
}

fn entry(bundle: &Bundle, version: &Value, name: &str, broken: bool) -> Entry {
    if version.get("served") == Some(&Value::Bool(false)) {
        return Entry::NotServed;
    }
    if broken {
        return Entry::Unusable(format!("the definition `{name}` is broken"));
    }
    let Some(schema) = version
        .pointer("/schema/openAPIV3Schema")
        .filter(|schema| schema.is_object())
    else {
        return Entry::Unusable(format!("the definition `{name}` has no schema for it"));
    };
    Entry::Schema {
        shape: Box::new(Compiler::custom(bundle).compile_custom_root(schema)),
        drops_status: version.pointer("/subresources/status").is_some(),
    }
}
