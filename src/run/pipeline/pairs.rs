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
}

/// Pairs the objects of both sides by identity; one that stands twice on a side is paired in order.
/// A side that is not known has no objects here, and its gates are not asked.
pub(super) fn pair<'a>(app: &'a RenderedApp) -> Vec<Pair<'a>> {
    let mut pairs: BTreeMap<(ObjectKey, usize), Pair<'a>> = BTreeMap::new();
    for side in [Side::Base, Side::Head] {
        let mut seen: BTreeMap<ObjectKey, usize> = BTreeMap::new();
        for manifest in app.side(side).manifests().unwrap_or_default() {
            // Chart tests are never applied, and their names are random in many charts: what is said
            // about them would be new in every change. Given files are judged as they are.
            if manifest.role() == Role::Test && app.id.kind != DeclaredBy::Files {
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
    pairs.into_values().collect()
}
