//! `dependsOn`: what waits for what. A circle waits for ever, and is refused.

use std::collections::BTreeMap;

use super::fields::{Fields, Wrong};
use super::kustomization::refuse;
use super::objects::{HELM, KUSTOMIZE, Objects};
use super::source::spec_of;
use crate::ids::{AppId, DeclaredBy};
use crate::plan::{AppSide, RefusalKind};

/// Refuses every application that waits for itself.
pub(super) fn refuse_circles(objects: &Objects<'_>, sides: &mut BTreeMap<AppId, AppSide>) {
    let mut edges: BTreeMap<AppId, (usize, Vec<AppId>)> = BTreeMap::new();
    for (place, object) in objects.all().iter().enumerate() {
        let kind = match (object.group(), object.kind()) {
            (KUSTOMIZE, "Kustomization") => DeclaredBy::FluxKustomization,
            (HELM, "HelmRelease") => DeclaredBy::FluxHelmRelease,
            _ => continue,
        };
        if object.is_superseded {
            continue;
        }
        let wrong = Wrong::default();
        let spec = Fields::of(spec_of(object), "spec", &wrong);
        let waits_for = spec.items("dependsOn").into_iter().map(|item| AppId {
            namespace: item
                .text("namespace")
                .unwrap_or(object.namespace)
                .to_owned(),
            name: item.text("name").unwrap_or_default().to_owned(),
            ..object.id(kind)
        });
        let waits_for: Vec<AppId> = waits_for.collect();
        if !waits_for.is_empty() {
            edges.insert(object.id(kind), (place, waits_for));
        }
    }
    // What waits for nothing that waits is in no circle; what is left when nothing of the kind is left
    // is in one, or waits for one.
    loop {
        let free: Vec<AppId> = edges
            .iter()
            .filter(|(_, (_, waits_for))| waits_for.iter().all(|id| !edges.contains_key(id)))
            .map(|(id, _)| id.clone())
            .collect();
        if free.is_empty() {
            break;
        }
        edges.retain(|id, _| !free.contains(id));
    }
    for (id, (place, _)) in edges {
        let object = objects.all().get(place);
        if let (Some(side), Some(object)) = (sides.get_mut(&id), object) {
            let text = format!(
                "`{}/{}` waits for itself, or for what does, by `spec.dependsOn`",
                object.namespace,
                object.name()
            );
            side.refusals
                .push(refuse(object, RefusalKind::Declaration, text));
        }
    }
}
