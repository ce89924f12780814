//! The `clusters` generator.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::is_true;
use super::params::{Params, add_values};
use super::problem::{Fault, Stop};
use super::selector::Selector;
use super::template::Language;
use crate::plan::ArgoCluster;
use crate::plan::gotemplate::{Data, normalize};

/// The label that every cluster's Secret has.
const TYPE: (&str, &str) = ("argocd.argoproj.io/secret-type", "cluster");

/// The cluster that Argo CD runs in.
const HOME: &str = "in-cluster";
const HOME_SERVER: &str = "https://kubernetes.default.svc";

/// Annotations that are Argo CD's or kubectl's own state and no parameters.
const HIDDEN: [&str; 7] = [
    "argocd.argoproj.io/refresh",
    "argocd.argoproj.io/refresh-timestamp",
    "argocd.argoproj.io/hydrate",
    "argocd.argoproj.io/hydrate-timestamp",
    "argocd.argoproj.io/tracking-id",
    "argocd.argoproj.io/installation-id",
    "kubectl.kubernetes.io/last-applied-configuration",
];

/// Parameters of each cluster that the selector takes, by name; without a selector, the one that Argo
/// CD runs in comes last unless it has a Secret.
pub(super) fn generate(
    language: &Language,
    clusters: &[ArgoCluster],
    generator: &Value,
    at: &str,
) -> Result<Vec<Params>, Stop> {
    let selector = generator.get("selector").unwrap_or(&Value::Null);
    let selector = Selector::parse(selector)
        .map_err(|reason| Stop::fault(&format!("{at}/selector"), Fault::Selector(reason)))?;
    let mut selected = BTreeMap::new();
    for cluster in clusters {
        let mut labels = cluster.labels.clone();
        labels.insert(TYPE.0.to_owned(), TYPE.1.to_owned());
        if selector.matches(&labels) {
            selected.insert(cluster.name.as_str(), (cluster, labels));
        }
    }
    let has_home = selected
        .values()
        .any(|(cluster, _)| cluster.server == HOME_SERVER);
    let mut found = Vec::new();
    for (cluster, labels) in selected.into_values() {
        found.push(describe(language.is_go, cluster, labels));
    }
    if selector.is_empty() && !has_home {
        found.push(text_params([
            ("name", HOME),
            ("nameNormalized", HOME),
            ("server", HOME_SERVER),
            ("project", ""),
        ]));
    }
    for params in &mut found {
        add_values(language, generator, params, at)?;
    }
    if is_true(generator, "/flatList") {
        let all = found.into_iter().map(Data::Map).collect();
        found = vec![Params::from([("clusters".to_owned(), Data::List(all))])];
    }
    Ok(found)
}

fn text_params<const N: usize>(pairs: [(&str, &str); N]) -> Params {
    pairs
        .map(|(key, text)| (key.to_owned(), Data::Text(text.to_owned())))
        .into()
}

fn describe(is_go: bool, cluster: &ArgoCluster, labels: BTreeMap<String, String>) -> Params {
    let mut params = text_params([
        ("name", &cluster.name),
        ("nameNormalized", &normalize(&cluster.name)),
        ("server", &cluster.server),
        ("project", cluster.project.as_deref().unwrap_or_default()),
    ]);
    let shown = cluster
        .annotations
        .iter()
        .filter(|(key, _)| !HIDDEN.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()));
    let annotations: BTreeMap<String, String> = shown.collect();
    if is_go {
        let mut metadata = Params::from([("labels".to_owned(), Data::TextMap(labels))]);
        if !cluster.annotations.is_empty() {
            metadata.insert("annotations".to_owned(), Data::TextMap(annotations));
        }
        params.insert("metadata".to_owned(), Data::Map(metadata));
    } else {
        for (kind, map) in [("labels", labels), ("annotations", annotations)] {
            for (key, value) in map {
                params.insert(format!("metadata.{kind}.{key}"), Data::Text(value));
            }
        }
    }
    params
}
