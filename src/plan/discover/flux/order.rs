//! `dependsOn`: what waits for what. A circle waits for ever, and is refused.

use std::collections::{BTreeMap, BTreeSet};

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
    release(&mut edges);
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

/// Takes away everything that comes to its turn; what stays waits for itself, or for what does.
fn release(edges: &mut BTreeMap<AppId, (usize, Vec<AppId>)>) {
    let mut waiting: BTreeMap<AppId, Vec<AppId>> = BTreeMap::new();
    let mut open: BTreeMap<AppId, usize> = BTreeMap::new();
    for (id, (_, waits_for)) in &*edges {
        let those: BTreeSet<&AppId> = waits_for
            .iter()
            .filter(|id| edges.contains_key(*id))
            .collect();
        open.insert(id.clone(), those.len());
        for other in those {
            waiting.entry(other.clone()).or_default().push(id.clone());
        }
    }
    let is_free = |(_, count): &(&AppId, &usize)| **count == 0;
    let mut free: Vec<AppId> = open
        .iter()
        .filter(is_free)
        .map(|(id, _)| id.clone())
        .collect();
    while let Some(id) = free.pop() {
        edges.remove(&id);
        for next in waiting.remove(&id).unwrap_or_default() {
            if let Some(count) = open.get_mut(&next) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    free.push(next);
                }
            }
        }
    }
}
