//! The file's text into [`RepoConfig`].

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Cluster, Dialect, Discovery, Engine, ListedApp, Mode, OnMerge, PolicySource, RendererKind,
    RepoConfig, Unavailable, destinations,
};
use crate::config::ConfigError;
use crate::config::argocd::ArgoDestination;
use crate::config::build_options::BuildOptions;
use crate::config::section::{Errors, Section};
use crate::finding::Gate;
use crate::ids::ClusterName;
use crate::yaml::{self, Budget, Document, Node, Span};

const MODES: [&str; 5] = ["off", "shadow", "warn", "block_new", "block"];
const ENGINES: [&str; 4] = ["apply", "argocd", "flux", "kubectl"];
const DIALECTS: [&str; 4] = ["auto", "drydock", "conftest", "gatekeeper"];
const RENDERERS: [&str; 3] = ["directory", "kustomize", "helm"];
const GATES: [&str; 4] = ["render", "schema", "policy", "preview"];

/// Reads `.drydock.yaml`. Every error of the file is given, in source order, not only the first.
/// YAML is read as Kubernetes reads it; an unquoted `off` is understood where it is a word.
pub fn parse(bytes: &[u8]) -> Result<RepoConfig, Vec<ConfigError>> {
    let mut errors = Errors::default();
    let document = read(bytes, &mut errors);
    let config = document.and_then(|document| parse_root(&document.root, &mut errors));
    let errors = errors.into_sorted();
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => Err(errors),
    }
}

fn read(bytes: &[u8], errors: &mut Errors) -> Option<Document> {
    let stream = yaml::read(bytes, &Budget::file());
    for error in stream.errors {
        let at = Span {
            start: error.position,
            end: error.position,
        };
        errors.add(at, error.message, None);
    }
    let mut documents = stream.documents.into_iter();
    let document = documents.next();
    if let Some(second) = documents.next() {
        errors.add(second.root.span, "the file must hold one document", None);
    }
    let Some(document) = document else {
        if errors.is_empty() {
            errors.add(first_place(), "`version: 1` is missing", None);
        }
        return None;
    };
    for duplicate in &document.duplicates {
        let message = format!(
            "the key `{}` is written twice, first in line {}",
            duplicate.key, duplicate.first.start.line
        );
        errors.add(duplicate.second, message, None);
    }
    Some(document)
}

fn first_place() -> Span {
    let start = yaml::Position {
        line: 1,
        column: 1,
        offset: 0,
    };
    Span { start, end: start }
}

fn parse_root(root: &Node, errors: &mut Errors) -> Option<RepoConfig> {
    const KEYS: [&str; 10] = [
        "version",
        "clusters",
        "apps",
        "discovery",
        "policies",
        "gates",
        "preview_unavailable",
        "unevaluable",
        "waivers",
        "sync",
    ];
    let section = Section::open(root, "", &KEYS, errors)?;
    check_version(&section, errors);
    let defaults = RepoConfig::default();
    let (on_merge, sync_order) = parse_sync(&section, errors);
    let clusters = parse_clusters(&section, errors);
    destinations::check(&section, &clusters, errors);
    Some(RepoConfig {
        clusters,
        apps: parse_apps(&section, errors),
        discovery: parse_discovery(&section, errors),
        policies: parse_policies(&section, errors),
        gates: parse_gates(&section, errors),
        preview_unavailable: section
            .word(
                "preview_unavailable",
                &["warn", "hold"],
                Unavailable::find,
                errors,
            )
            .unwrap_or(defaults.preview_unavailable),
        unevaluable: section
            .word("unevaluable", &MODES, Mode::find, errors)
            .unwrap_or(defaults.unevaluable),
        waivers: section.path("waivers", errors),
        on_merge: on_merge.unwrap_or(defaults.on_merge),
        sync_order,
    })
}

fn check_version(section: &Section<'_>, errors: &mut Errors) {
    let Some(pair) = section.find("version") else {
        errors.add(section.span(), "`version: 1` is missing", None);
        return;
    };
    if pair.value.to_json() != 1 {
        let message = "this version of Drydock reads `version: 1` only";
        errors.add(pair.value.span, message, None);
    }
}

fn parse_clusters(section: &Section<'_>, errors: &mut Errors) -> BTreeMap<ClusterName, Cluster> {
    let mut clusters = BTreeMap::new();
    for (entry, name) in section.entries("clusters", errors).unwrap_or_default() {
        let keys = ["kubernetes", "engine", "protected", "helm", "argocd"];
        let Some(cluster) = Section::open(&entry.value, &name, &keys, errors) else {
            continue;
        };
        clusters.insert(
            ClusterName(entry.key.text.to_string()),
            Cluster {
                kubernetes: cluster.parsed(
                    "kubernetes",
                    "a Kubernetes version such as \"1.36\"",
                    errors,
                ),
                engine: cluster
                    .word("engine", &ENGINES, Engine::find, errors)
                    .unwrap_or(Engine::Kubectl),
                protected: cluster.flag("protected", errors).unwrap_or(false),
                helm: parse_helm(&cluster, errors),
                argocd: parse_argocd(&cluster, errors),
            },
        );
    }
    clusters
}

/// Helm 3 or 4.
fn parse_helm(section: &Section<'_>, errors: &mut Errors) -> Option<u8> {
    let pair = section.find("helm")?;
    match pair.value.to_json().as_u64() {
        Some(3) => Some(3),
        Some(4) => Some(4),
        _ => {
            let path = section.path_of("helm");
            let message = format!("`{path}` must be 3 or 4");
            errors.add(pair.value.span, message, None);
            None
        }
    }
}

/// How Argo CD names the cluster.
fn parse_argocd(section: &Section<'_>, errors: &mut Errors) -> Option<ArgoDestination> {
    const KEYS: [&str; 6] = [
        "name",
        "server",
        "labels",
        "annotations",
        "project",
        "kustomize_build_options",
    ];
    let pair = section.find("argocd")?;
    let argocd = Section::open(&pair.value, &section.path_of("argocd"), &KEYS, errors)?;
    let texts = |key: &str, errors: &mut Errors| {
        let entries = argocd.entries(key, errors).unwrap_or_default();
        entries
            .into_iter()
            .filter_map(|(entry, _)| {
                let value = entry.value.as_str()?.to_owned();
                Some((entry.key.text.to_string(), value))
            })
            .collect()
    };
    Some(ArgoDestination {
        labels: texts("labels", errors),
        annotations: texts("annotations", errors),
        name: argocd.text("name", errors).map(str::to_owned),
        server: argocd.text("server", errors).map(str::to_owned),
        project: argocd.text("project", errors).map(str::to_owned),
        kustomize_build_options: parse_build_options(&argocd, errors),
    })
}

/// Empty text means: no option is set.
fn parse_build_options(section: &Section<'_>, errors: &mut Errors) -> Option<BuildOptions> {
    let key = "kustomize_build_options";
    let pair = section.find(key)?;
    let path = section.path_of(key);
    let Some(text) = pair.value.as_str() else {
        let message = format!("`{path}` must be text");
        errors.add(pair.value.span, message, None);
        return None;
    };
    let options = text.parse::<BuildOptions>();
    let report = |error| errors.add(pair.value.span, format!("`{path}`: {error}"), None);
    options.map_err(report).ok()
}

fn parse_apps(section: &Section<'_>, errors: &mut Errors) -> Vec<ListedApp> {
    const KEYS: [&str; 8] = [
        "name",
        "path",
        "renderer",
        "release",
        "namespace",
        "values",
        "helm",
        "cluster",
    ];
    let mut names = BTreeSet::new();
    let mut apps = Vec::new();
    for (item, name) in section.list("apps", errors).unwrap_or_default() {
        let Some(app) = Section::open(item, &name, &KEYS, errors) else {
            continue;
        };
        let name = app.required_text("name", errors);
        if let Some(name) = name
            && !names.insert(name)
        {
            let span = app.find("name").map_or(app.span(), |pair| pair.value.span);
            errors.add(span, format!("a second app is called `{name}`"), None);
        }
        let path = app
            .required_text("path", errors)
            .and_then(|_| app.path("path", errors));
        let renderer = app.word("renderer", &RENDERERS, RendererKind::find, errors);
        let release = app.text("release", errors).map(str::to_owned);
        let namespace = app.text("namespace", errors).map(str::to_owned);
        let values = owned(app.texts("values", errors).unwrap_or_default());
        let cluster = app
            .text("cluster", errors)
            .map(|cluster| ClusterName(cluster.to_owned()));
        if let (Some(name), Some(path)) = (name, path) {
            apps.push(ListedApp {
                name: name.to_owned(),
                path,
                renderer,
                release,
                namespace,
                values,
                helm: parse_helm(&app, errors),
                cluster,
            });
        }
    }
    apps
}

fn owned(texts: Vec<(&str, Span)>) -> Vec<String> {
    texts.into_iter().map(|(text, _)| text.to_owned()).collect()
}

fn parse_discovery(section: &Section<'_>, errors: &mut Errors) -> Discovery {
    const KEYS: [&str; 6] = [
        "argocd",
        "flux",
        "kustomize",
        "helm",
        "directories",
        "exclude",
    ];
    let defaults = Discovery::default();
    let Some(discovery) = section
        .find("discovery")
        .and_then(|pair| Section::open(&pair.value, "discovery", &KEYS, errors))
    else {
        return defaults;
    };
    let mut flag = |key: &str| discovery.flag(key, errors).unwrap_or(true);
    Discovery {
        argocd: flag("argocd"),
        flux: flag("flux"),
        kustomize: flag("kustomize"),
        helm: flag("helm"),
        directories: parse_patterns(&discovery, "directories", errors),
        exclude: parse_patterns(&discovery, "exclude", errors).unwrap_or_default(),
    }
}

fn parse_patterns(section: &Section<'_>, key: &str, errors: &mut Errors) -> Option<Vec<String>> {
    let patterns = section.texts(key, errors)?;
    for (pattern, span) in &patterns {
        if let Err(error) = globset::Glob::new(pattern) {
            let message = format!("`{pattern}` is not a path pattern: {}", error.kind());
            errors.add(*span, message, None);
        }
    }
    Some(owned(patterns))
}

fn parse_policies(section: &Section<'_>, errors: &mut Errors) -> Option<Vec<PolicySource>> {
    let items = section.list("policies", errors)?;
    let mut policies = Vec::new();
    for (item, name) in items {
        let keys = ["path", "dialect", "mode"];
        let Some(policy) = Section::open(item, &name, &keys, errors) else {
            continue;
        };
        let dialect = policy
            .word("dialect", &DIALECTS, Dialect::find, errors)
            .unwrap_or(Dialect::Auto);
        let mode = policy
            .word("mode", &MODES, Mode::find, errors)
            .unwrap_or(Mode::BlockNew);
        if policy.required_text("path", errors).is_some()
            && let Some(path) = policy.path("path", errors)
        {
            policies.push(PolicySource {
                path,
                dialect,
                mode,
            });
        }
    }
    Some(policies)
}

fn parse_gates(section: &Section<'_>, errors: &mut Errors) -> BTreeMap<Gate, Mode> {
    let Some(gates) = section
        .find("gates")
        .and_then(|pair| Section::open(&pair.value, "gates", &GATES, errors))
    else {
        return BTreeMap::new();
    };
    Gate::ALL
        .into_iter()
        .filter_map(|gate| Some((gate, gates.word(gate.word(), &MODES, Mode::find, errors)?)))
        .collect()
}

fn parse_sync(section: &Section<'_>, errors: &mut Errors) -> (Option<OnMerge>, Vec<ClusterName>) {
    let Some(sync) = section
        .find("sync")
        .and_then(|pair| Section::open(&pair.value, "sync", &["on_merge", "order"], errors))
    else {
        return (None, Vec::new());
    };
    let words = ["off", "observe", "trigger"];
    let on_merge = sync.word("on_merge", &words, OnMerge::find, errors);
    let mut order: Vec<ClusterName> = Vec::new();
    for (name, span) in sync.texts("order", errors).unwrap_or_default() {
        let name = ClusterName(name.to_owned());
        if order.contains(&name) {
            errors.add(span, format!("`{name}` is named twice"), None);
        } else {
            order.push(name);
        }
    }
    (on_merge, order)
}
