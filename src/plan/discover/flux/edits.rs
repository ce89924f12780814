//! What a declaration changes in a kustomization before it is built, and a `postRenderer` in a chart's
//! output.

use serde_json::{Map, Value, json};

use super::fields::Fields;
use crate::plan::{CommonMetadata, KustomizeEdits};

/// The fields of an image that count.
const IMAGE: [&str; 4] = ["name", "newName", "newTag", "digest"];

/// Images and patches; those of older versions (`patchesStrategicMerge`, `patchesJson6902`) become
/// patches as Kustomize orders them.
pub(super) fn read_edits(fields: &Fields<'_>) -> KustomizeEdits {
    let mut patches: Vec<Value> = fields
        .list("patchesStrategicMerge")
        .iter()
        .map(|patch| json!({ "patch": patch.to_string() }))
        .collect();
    for item in fields.items("patches") {
        let Some(patch) = item.text("patch") else {
            item.note("patch", "is not given");
            continue;
        };
        patches.push(compose_patch(Value::from(patch), &item));
    }
    for item in fields.items("patchesJson6902") {
        let steps = Value::from(item.list("patch").to_vec());
        patches.push(compose_patch(Value::from(steps.to_string()), &item));
    }
    KustomizeEdits {
        images: fields.items("images").iter().map(read_image).collect(),
        patches,
        ..KustomizeEdits::default()
    }
}

fn compose_patch(patch: Value, item: &Fields<'_>) -> Value {
    let mut entry = Map::new();
    entry.insert("patch".to_owned(), patch);
    if item.inside("target").exists() {
        let target = item.raw("target").cloned().unwrap_or_default();
        entry.insert("target".to_owned(), target);
    }
    Value::Object(entry)
}

fn read_image(item: &Fields<'_>) -> Value {
    let fields = IMAGE.iter().filter_map(|key| {
        let text = item.text(key)?;
        Some(((*key).to_owned(), Value::from(text)))
    });
    Value::Object(fields.collect())
}

/// Labels and annotations for every object.
pub(super) fn read_common_metadata(spec: &Fields<'_>) -> CommonMetadata {
    let common = spec.inside("commonMetadata");
    CommonMetadata {
        labels: common.map("labels"),
        annotations: common.map("annotations"),
    }
}
