//! What deployers change in a kustomization before they build it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::file::{Kustomization, Mistyped};
use crate::plan::KustomizeEdits;

/// Whose way of changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `kustomize edit`, as Argo CD calls it.
    Edit,
    /// Flux's generator.
    Flux,
}

/// Why a kustomization cannot be changed as asked: its deployer refuses it as well.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum EditError {
    /// A field of another type.
    #[error("{0}")]
    Mistyped(#[from] Mistyped),
    /// A label or annotation that is there already.
    #[error("the {what} `{key}` is already in it, and the declaration does not force its own")]
    Taken {
        /// Which of the two.
        what: &'static str,
        /// Its key.
        key: String,
    },
    /// Options that exclude each other.
    #[error("labels in templates need labels without selectors")]
    TemplatesWithSelectors,
}

/// Changes the kustomization, in the order in which the deployer does it.
pub(super) fn apply(
    kustomization: &mut Kustomization,
    edits: &KustomizeEdits,
    dialect: Dialect,
) -> Result<(), EditError> {
    let texts = [
        ("namePrefix", &edits.name_prefix),
        ("nameSuffix", &edits.name_suffix),
        ("namespace", &edits.namespace),
    ];
    for (field, text) in texts {
        match text {
            // Argo CD takes an empty text for none, Flux's is set and empty.
            Some(text) if dialect == Dialect::Flux || !text.is_empty() => {
                kustomization.set(field, text.clone());
            }
            _ => {}
        }
    }
    if !edits.images.is_empty() {
        match dialect {
            Dialect::Edit => set_images(kustomization, &edits.images)?,
            Dialect::Flux => merge_images(kustomization, &edits.images)?,
        }
    }
    if !edits.replicas.is_empty() {
        let own = kustomization.take("replicas").unwrap_or_default();
        let replicas = own.as_array().into_iter().flatten().chain(&edits.replicas);
        let by_name: BTreeMap<&str, &Value> = replicas.map(|one| (name_of(one), one)).collect();
        let replicas: Vec<Value> = by_name.into_values().cloned().collect();
        kustomization.set("replicas", replicas);
    }
    add_labels(kustomization, edits)?;
    if !edits.annotations.is_empty() {
        let own = kustomization.map("commonAnnotations")?;
        add_pairs(
            own,
            &edits.annotations,
            edits.force_annotations,
            "annotation",
        )?;
    }
    if !edits.patches.is_empty() {
        kustomization
            .list("patches")?
            .extend(edits.patches.iter().cloned());
    }
    for component in &edits.components {
        let own = kustomization.list("components")?;
        let component = Value::from(component.clone());
        if dialect == Dialect::Flux || !own.contains(&component) {
            own.push(component);
        }
    }
    Ok(())
}

fn name_of(entry: &Value) -> &str {
    entry
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// `kustomize edit set image`: one entry for each name, in the order of names; `*` keeps what the
/// kustomization says.
fn set_images(kustomization: &mut Kustomization, images: &[Value]) -> Result<(), Mistyped> {
    let old = kustomization.take("imageTags");
    let mut own = std::mem::take(kustomization.list("images")?);
    own.extend(old.iter().filter_map(Value::as_array).flatten().cloned());
    let mut by_name: BTreeMap<String, Value> = BTreeMap::new();
    for image in images {
        by_name.insert(name_of(image).to_owned(), image.clone());
    }
    let is_given = |name: &str| images.iter().any(|image| name_of(image) == name);
    for image in own {
        let name = name_of(&image).to_owned();
        if !is_given(&name) {
            by_name.insert(name, image);
            continue;
        }
        if let Some(given) = by_name.get_mut(&name) {
            keep_starred(given, |field| image.get(field).cloned());
        }
    }
    let images = by_name.into_values().map(|mut image| {
        keep_starred(&mut image, |_| None);
        image
    });
    kustomization.set("images", images.collect::<Vec<_>>());
    Ok(())
}

fn keep_starred(image: &mut Value, own: impl Fn(&str) -> Option<Value>) {
    let Some(fields) = image.as_object_mut() else {
        return;
    };
    for field in ["newName", "newTag", "digest"] {
        if fields.get(field).and_then(Value::as_str) != Some("*") {
            continue;
        }
        match own(field) {
            Some(value) => fields.insert(field.to_owned(), value),
            None => fields.shift_remove(field),
        };
    }
}

/// Flux: fields of an entry of the same name are replaced one by one; tag and digest go together.
fn merge_images(kustomization: &mut Kustomization, images: &[Value]) -> Result<(), Mistyped> {
    let own = kustomization.list("images")?;
    for image in images {
        let same = own.iter_mut().find(|own| name_of(own) == name_of(image));
        let Some(fields) = same.and_then(Value::as_object_mut) else {
            own.push(image.clone());
            continue;
        };
        let given = |field: &str| {
            let text = image.get(field).and_then(Value::as_str);
            text.filter(|text| !text.is_empty())
        };
        if let Some(name) = given("newName") {
            fields.insert("newName".to_owned(), name.into());
        }
        if given("newTag").is_some() || given("digest").is_some() {
            for field in ["newTag", "digest"] {
                match given(field) {
                    Some(text) => fields.insert(field.to_owned(), text.into()),
                    None => fields.shift_remove(field),
                };
            }
        }
    }
    Ok(())
}

fn add_labels(kustomization: &mut Kustomization, edits: &KustomizeEdits) -> Result<(), EditError> {
    if edits.labels.is_empty() {
        return Ok(());
    }
    if edits.labels_in_selectors {
        if edits.labels_in_templates {
            return Err(EditError::TemplatesWithSelectors);
        }
        let own = kustomization.map("commonLabels")?;
        return add_pairs(own, &edits.labels, edits.force_labels, "label");
    }
    let flag = |entry: &Value, field: &str| entry.get(field).and_then(Value::as_bool) == Some(true);
    let own = kustomization.list("labels")?;
    let like = |entry: &Value| {
        !flag(entry, "includeSelectors")
            && flag(entry, "includeTemplates") == edits.labels_in_templates
    };
    let place = own.iter().position(like).unwrap_or(own.len());
    if place == own.len() {
        own.push(if edits.labels_in_templates {
            json!({"pairs": {}, "includeTemplates": true})
        } else {
            json!({"pairs": {}})
        });
    }
    let pairs = own
        .get_mut(place)
        .and_then(Value::as_object_mut)
        .map(|entry| entry.entry("pairs").or_insert_with(|| Map::new().into()))
        .and_then(Value::as_object_mut);
    match pairs {
        Some(pairs) => add_pairs(pairs, &edits.labels, edits.force_labels, "label"),
        None => Ok(()),
    }
}

fn add_pairs(
    own: &mut Map<String, Value>,
    pairs: &BTreeMap<String, String>,
    force: bool,
    what: &'static str,
) -> Result<(), EditError> {
    for (key, text) in pairs {
        if own.contains_key(key) && !force {
            let key = key.clone();
            return Err(EditError::Taken { what, key });
        }
        own.insert(key.clone(), Value::from(text.clone()));
    }
    Ok(())
}
