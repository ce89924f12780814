//! What a change brings along that its other objects need.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::ids::ClusterName;
use crate::object::Role;
use crate::plan::PlannedApp;
use crate::render::RenderedApp;

/// Namespaces and kinds that the heads of a change declare, by cluster.
#[derive(Debug, Default)]
pub(super) struct Announced {
    namespaces: BTreeSet<(ClusterName, String)>,
    kinds: BTreeSet<(ClusterName, String, String)>,
}

impl Announced {
    /// Reads the heads of all applications: a namespace may come with another one.
    pub(super) fn read(planned: &[PlannedApp], rendered: &[RenderedApp]) -> Self {
        let mut announced = Self::default();
        let heads: BTreeMap<_, _> = planned
            .iter()
            .filter_map(|planned| Some((&planned.id, planned.head.as_ref()?)))
            .collect();
        for app in rendered {
            let Some(side) = heads.get(&app.id) else {
                continue;
            };
            let cluster = &side.cluster;
            if let (true, Some(namespace)) = (side.creates_namespace, &side.namespace) {
                announced
                    .namespaces
                    .insert((cluster.clone(), namespace.clone()));
            }
            for manifest in app.head.manifests().unwrap_or_default() {
                let object = manifest.object();
                if object.group.is_empty() && object.kind == "Namespace" {
                    announced
                        .namespaces
                        .insert((cluster.clone(), object.name.clone()));
                }
                let text = |pointer| manifest.value().pointer(pointer).and_then(Value::as_str);
                if manifest.role() == Role::Crd
                    && let (Some(group), Some(kind)) =
                        (text("/spec/group"), text("/spec/names/kind"))
                {
                    announced
                        .kinds
                        .insert((cluster.clone(), group.to_owned(), kind.to_owned()));
                }
            }
        }
        announced
    }

    pub(super) fn has_namespace(&self, cluster: &ClusterName, namespace: &str) -> bool {
        self.namespaces
            .contains(&(cluster.clone(), namespace.to_owned()))
    }

    pub(super) fn has_kind(&self, cluster: &ClusterName, group: &str, kind: &str) -> bool {
        self.kinds
            .contains(&(cluster.clone(), group.to_owned(), kind.to_owned()))
    }
}
