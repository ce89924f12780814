//! The schema sets that the worker loads: one for each destination and side, equal ones once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::gate::wire::SchemaSet;
use crate::ids::{AppId, ClusterName, Side};
use crate::object::Manifest;
use crate::plan::Plan;
use crate::render::RenderedApp;
use crate::tree::Revision;

use super::preview::Facts;
use super::{Rules, Subject, crds};

/// Schema sets, each made once.
#[derive(Debug, Default)]
pub(super) struct Sets {
    /// The sets, in the order that the worker numbers them.
    pub(super) sets: Vec<SchemaSet>,
    /// The number of the set that judges one side of an application.
    pub(super) by_app: BTreeMap<(AppId, Side), usize>,
}

impl Sets {
    /// The set of every destination and side: definitions of the tree, of what is rendered and of
    /// the operator, and what the cluster serves.
    pub(super) fn build(
        subject: &Subject,
        plan: &Plan,
        rendered: &[RenderedApp],
        rules: &Rules,
        facts: &Facts,
    ) -> Self {
        let mut cache = crds::Cache::new();
        let mut definitions = BTreeMap::new();
        for side in [Side::Base, Side::Head] {
            let mut found = rules.crds.clone();
            // Of several definitions of a kind the first counts. What the judged side deploys comes
            // before what merely stands in a file, and files are the base's: a definition that the
            // change puts somewhere without deploying it must not soften its own judgement.
            found.extend(rendered_definitions(rendered, side));
            let without_base = *subject.base.revision() == Revision::Empty;
            let tree = if without_base {
                &subject.head
            } else {
                &subject.base
            };
            found.extend(crds::find(tree, &mut cache));
            let mut known = BTreeSet::new();
            found.retain(|definition| known.insert(definition.to_string()));
            definitions.insert(side, found);
        }
        let mut sets = Self::default();
        let mut made: BTreeMap<(ClusterName, Side), usize> = BTreeMap::new();
        for planned in &plan.apps {
            for side in [Side::Base, Side::Head] {
                let Some(app) = planned.side(side).or(planned.latest()) else {
                    continue;
                };
                let index = *made.entry((app.cluster.clone(), side)).or_insert_with(|| {
                    let set = schema_set(&app.cluster, definitions.get(&side), rules, facts);
                    let same = sets.sets.iter().position(|known| *known == set);
                    same.unwrap_or_else(|| {
                        sets.sets.push(set);
                        sets.sets.len() - 1
                    })
                });
                sets.by_app.insert((planned.id.clone(), side), index);
            }
        }
        sets
    }
}

fn schema_set(
    cluster: &ClusterName,
    crds: Option<&Vec<Arc<Value>>>,
    rules: &Rules,
    facts: &Facts,
) -> SchemaSet {
    let version = rules.version(cluster, &facts.known);
    let openapi = facts
        .known
        .get(cluster)
        .map(|facts| facts.openapi.clone())
        .filter(|documents| !documents.is_empty());
    SchemaSet {
        kubernetes: (version.major, version.minor),
        crds: crds.cloned().unwrap_or_default(),
        openapi,
    }
}

fn rendered_definitions(rendered: &[RenderedApp], side: Side) -> impl Iterator<Item = Arc<Value>> {
    rendered
        .iter()
        .flat_map(move |app| app.side(side).manifests().unwrap_or_default())
        .filter(|manifest| crds::is_definition(manifest.value()))
        .map(Manifest::shared_value)
}
