//! Objects of both sides, paired by identity.

use std::collections::BTreeMap;

use crate::ids::{DeclaredBy, ObjectKey, Side};
use crate::object::{Manifest, Role};
use crate::render::RenderedApp;

/// One object of an application, both sides.
#[derive(Debug, Clone, Default)]
pub(super) struct Pair<'a> {
    pub(super) base: Option<&'a Manifest>,
    pub(super) head: Option<&'a Manifest>,
    /// True: the head's is what another render of the same files gave.
    pub(super) is_other: bool,
}

/// Pairs the objects of both sides by identity; one that stands twice on a side is paired in order.
/// What only other renders gave comes last.
/// A side that is not known has no objects here, and its gates are not asked.
pub(super) fn pair<'a>(app: &'a RenderedApp) -> Vec<Pair<'a>> {
    let mut pairs: BTreeMap<(ObjectKey, usize), Pair<'a>> = BTreeMap::new();
    for side in [Side::Base, Side::Head] {
        let mut seen: BTreeMap<ObjectKey, usize> = BTreeMap::new();
        for manifest in app.side(side).manifests().unwrap_or_default() {
            if is_passed_over(app, manifest) {
                continue;
            }
            let count = seen.entry(manifest.object().key()).or_default();
            let pair = pairs.entry((manifest.object().key(), *count)).or_default();
            *count += 1;
            match side {
                Side::Base => pair.base = Some(manifest),
                Side::Head => pair.head = Some(manifest),
            }
        }
    }
    let mut pairs: Vec<_> = pairs.into_values().flat_map(part_hook).collect();
    pairs.extend(pair_others(app));
    pairs
}

/// An object that becomes a hook goes, and the hook comes; the other way round, too.
fn part_hook(pair: Pair<'_>) -> Vec<Pair<'_>> {
    let is_parted = match (pair.base, pair.head) {
        (Some(base), Some(head)) => base.becomes_hook(head) || head.becomes_hook(base),
        _ => false,
    };
    if !is_parted {
        return vec![pair];
    }
    let (base, head) = (pair.base, pair.head);
    let alone = |base, head| Pair {
        base,
        head,
        is_other: false,
    };
    vec![alone(base, None), alone(None, head)]
}

/// What other renders of the head gave, each with what the base had in its place.
fn pair_others(app: &RenderedApp) -> impl Iterator<Item = Pair<'_>> {
    let others_of = |side: Side| {
        let rendering = app.side(side).rendering();
        let others = rendering.into_iter().flat_map(|found| &found.others);
        others.map(|other| &other.manifest)
    };
    let known = app.base.manifests().unwrap_or_default();
    let before: BTreeMap<ObjectKey, &Manifest> = known
        .iter()
        .chain(others_of(Side::Base))
        .map(|manifest| (manifest.object().key(), manifest))
        .collect();
    others_of(Side::Head)
        .filter(|manifest| !is_passed_over(app, manifest))
        .map(move |manifest| Pair {
            base: before.get(&manifest.object().key()).copied(),
            head: Some(manifest),
            is_other: true,
        })
}

/// Chart tests are never applied, and their names are random in many charts: what is said about them
/// would be new in every change. Given files are judged as they are.
pub(super) fn is_passed_over(app: &RenderedApp, manifest: &Manifest) -> bool {
    manifest.role() == Role::Test && app.id.kind != DeclaredBy::Files
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_that_becomes_a_hook_goes_for_the_rules_about_deletions() {
        let claim = |annotations: serde_json::Value, role| {
            let value = json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "metadata": {"name": "data", "annotations": annotations},
            });
            Manifest::from_masked(value, role).unwrap()
        };
        let plain = claim(json!({}), Role::Object);
        let hook = claim(json!({"argocd.argoproj.io/hook": "PreSync"}), Role::Hook);
        let skipped = claim(json!({"argocd.argoproj.io/hook": "Skip"}), Role::Hook);
        let sides = |base, head| {
            let pair = Pair {
                base: Some(base),
                head: Some(head),
                is_other: false,
            };
            let parted = part_hook(pair).into_iter();
            parted
                .map(|pair| (pair.base.is_some(), pair.head.is_some()))
                .collect::<Vec<_>>()
        };
        assert_eq!(sides(&plain, &hook), [(true, false), (false, true)]);
        assert_eq!(sides(&hook, &plain), [(true, false), (false, true)]);
        assert_eq!(sides(&plain, &skipped), [(true, true)]);
        assert_eq!(sides(&hook, &hook), [(true, true)]);
    }
}
