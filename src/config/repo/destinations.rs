//! Names of clusters that the file refers to.

use std::collections::BTreeMap;

use super::Cluster;
use crate::config::nearest::find_nearest;
use crate::config::section::{Errors, Section};
use crate::ids::ClusterName;
use crate::yaml::Span;

/// Where the file describes its clusters, every other mention must be one of them: a misspelt name
/// would send an application to a cluster without protection.
pub(super) fn check(
    section: &Section<'_>,
    clusters: &BTreeMap<ClusterName, Cluster>,
    errors: &mut Errors,
) {
    if clusters.is_empty() {
        return;
    }
    let known: Vec<&str> = clusters.keys().map(|name| name.0.as_str()).collect();
    for (name, span) in mentions(section) {
        if !known.contains(&name) {
            let message = format!("`{name}` is not one of `clusters`");
            errors.add(span, message, find_nearest(name, &known));
        }
    }
}

/// `apps[].cluster` and `sync.order[]`; wrong types are reported where they are read.
fn mentions<'a>(section: &Section<'a>) -> Vec<(&'a str, Span)> {
    let apps = section
        .find("apps")
        .and_then(|pair| pair.value.as_sequence());
    let of_apps = apps
        .into_iter()
        .flatten()
        .filter_map(|app| app.find("cluster"));
    let order = section
        .find("sync")
        .and_then(|pair| pair.value.find("order"));
    let ordered = order.and_then(|pair| pair.value.as_sequence());
    of_apps
        .map(|pair| &pair.value)
        .chain(ordered.into_iter().flatten())
        .filter_map(|node| Some((node.as_str()?, node.span)))
        .collect()
}
