//! Finding the applications of one tree: what the configuration lists, and what the files show.

mod argocd;
mod at;
mod chart;
mod checkout;
mod directory;
mod flux;
mod helm;
mod kustomize;
mod listed;

pub use argocd::set::{self, expand_set};
pub use at::declare_at;
pub(super) use at::{declare_at_with, find_chart, find_kustomization, read_manifests};
pub(super) use chart::{Chart, FILE_NAME as CHART, collect as collect_chart_files};
pub(super) use flux::{build_fetched, clean};
pub(super) use helm::{collect_chart, local_archive};

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::config::repo::{Discovery, Engine, RepoConfig};
use crate::ids::{AppId, ClusterName, DeclaredBy, RepoPath};
use crate::plan::cache::Cache;
use crate::plan::kustomization::Closure;
use crate::plan::outside::names_mount;
use crate::plan::seen::Seen;
use crate::plan::{
    AppSide, AppSource, ArgoCd, Declared, Defaults, HelmInput, KustomizeInput, Refusal,
    RefusalKind, RendererInput,
};
use crate::tree::Tree;

/// The applications of `tree` as this configuration (of the base) sees them.
pub fn declare(tree: &Tree, config: &RepoConfig, defaults: &Defaults) -> Declared {
    declare_with(tree, config, defaults, &Cache::default())
}

/// The same, sharing what was read with the other side.
pub(super) fn declare_with(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    cache: &Cache,
) -> Declared {
    let scope = Scope::new(tree, cache, config, defaults);
    let mut declared = Declared::default();
    let mut taken = kustomize::discover(&scope, &config.discovery, &mut declared);
    taken.extend(helm::discover(&scope, &config.discovery, &mut declared));
    listed::declare(&scope, config, &mut declared, &mut taken);
    directory::discover(&scope, &config.discovery, &taken, &mut declared);
    declared.left_out.sort();
    declared.left_out.dedup();
    declared
}

/// The applications that objects of the applications rendered so far declare.
pub(super) fn declare_seen(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    cache: &Cache,
    seen: &Seen<'_>,
) -> BTreeMap<AppId, AppSide> {
    let scope = Scope::new(tree, cache, config, defaults);
    let mut found = BTreeMap::new();
    if config.discovery.argocd {
        argocd::declare(&scope, seen, &mut found);
    }
    if config.discovery.flux {
        flux::declare(&scope, seen, &mut found);
    }
    found.values_mut().for_each(refuse_mounts);
    checkout::refuse_rewritten(tree, found.values_mut());
    found
}

/// Nobody may name the place where fetched files are laid: it would be taken for one of them.
fn refuse_mounts(side: &mut AppSide) {
    let named = side.sources.iter().map(|source| &source.path);
    let named: Vec<RepoPath> = named.filter(|path| names_mount(path)).cloned().collect();
    for path in named {
        side.refusals.push(Refusal {
            kind: RefusalKind::Declaration,
            text: path.to_string(),
            path,
            line: 0,
        });
    }
}

/// What discovery in one tree has at hand.
struct Scope<'a> {
    tree: &'a Tree,
    cache: &'a Cache,
    destination: Destination,
    defaults: &'a Defaults,
    exclude: Patterns,
    argocd: ArgoCd,
    config: &'a RepoConfig,
}

impl<'a> Scope<'a> {
    fn new(
        tree: &'a Tree,
        cache: &'a Cache,
        config: &'a RepoConfig,
        defaults: &'a Defaults,
    ) -> Self {
        Self {
            tree,
            cache,
            destination: Destination::of(config, defaults),
            defaults,
            exclude: Patterns::new(&config.discovery.exclude),
            argocd: defaults.argocd.with(config),
            config,
        }
    }

    /// An application found by its files.
    fn found(&self, kind: DeclaredBy, path: &RepoPath, variant: Option<String>) -> AppId {
        AppId {
            kind,
            cluster: self.destination.cluster.clone(),
            namespace: String::new(),
            name: path.as_str().to_owned(),
            variant,
        }
    }

    /// One side of an application that goes where discovered ones go.
    fn side(
        &self,
        path: &RepoPath,
        renderer: RendererInput,
        namespace: Option<String>,
        mut closure: Closure,
    ) -> AppSide {
        if let RendererInput::Kustomize(input) = &renderer {
            closure.refuse_disabled(input);
        }
        AppSide {
            sources: vec![AppSource::here(path.clone(), renderer)],
            cluster: self.destination.cluster.clone(),
            namespace,
            engine: self.destination.engine,
            closure: closure.files,
            data: closure.data,
            refusals: closure.refusals.into_iter().collect(),
            ..AppSide::default()
        }
    }

    /// The Helm of what goes to this cluster.
    fn helm_major(&self, cluster: &ClusterName) -> u8 {
        let named = self.config.clusters.get(cluster);
        named
            .and_then(|cluster| cluster.helm)
            .unwrap_or(self.defaults.helm_major)
    }

    /// A bare build, with the Helm that holds where nothing else is said.
    fn kustomize_input(&self) -> KustomizeInput {
        let Destination { cluster, engine } = &self.destination;
        let mut input = KustomizeInput {
            helm_major: self.helm_major(cluster),
            ..KustomizeInput::default()
        };
        if *engine == Engine::ArgoCd {
            self.argocd.apply_options(cluster, &mut input);
        }
        input
    }

    /// A release by the Helm, and with the capabilities, that hold where nothing else is said.
    fn helm_input(&self, release: &str, namespace: &str) -> HelmInput {
        HelmInput {
            major: self.helm_major(&self.destination.cluster),
            include_crds: self.defaults.include_crds,
            api_versions: self.defaults.api_versions.clone(),
            ..HelmInput::new(release, namespace)
        }
    }
}

/// Where an application goes, and who applies it there.
#[derive(Debug, Clone)]
struct Destination {
    cluster: ClusterName,
    engine: Engine,
}

impl Destination {
    /// Of applications for which nothing else is said.
    fn of(config: &RepoConfig, defaults: &Defaults) -> Self {
        let mut names = config.clusters.keys();
        let cluster = match (names.next(), names.next()) {
            (Some(only), None) if defaults.cluster.0.is_empty() => only.clone(),
            _ => defaults.cluster.clone(),
        };
        Self::at(cluster, config, defaults)
    }

    /// In this cluster.
    fn at(cluster: ClusterName, config: &RepoConfig, defaults: &Defaults) -> Self {
        let engine = config
            .clusters
            .get(&cluster)
            .map_or(defaults.engine, |cluster| cluster.engine);
        Self { cluster, engine }
    }
}

/// Path patterns of the configuration. `**` crosses folders, `*` does not; a pattern also matches
/// everything below what it names. One that cannot be read matches nothing: the configuration's
/// reader reports it.
#[derive(Debug, Clone)]
pub(super) struct Patterns(GlobSet);

impl Patterns {
    pub(super) fn new(patterns: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            // A folder's content is meant with the folder: `archive/**` excludes a root in `archive`.
            let pattern = pattern.trim_end_matches("/**").trim_end_matches('/');
            for form in [pattern.to_owned(), format!("{pattern}/**")] {
                if let Ok(glob) = GlobBuilder::new(&form).literal_separator(true).build() {
                    set.add(glob);
                }
            }
        }
        Self(set.build().unwrap_or_default())
    }

    pub(super) fn matches(&self, path: &RepoPath) -> bool {
        !self.0.is_empty() && self.0.is_match(path.as_str())
    }
}

/// Folders whose plain manifests are applications.
fn directory_patterns(discovery: &Discovery) -> Option<Patterns> {
    discovery
        .directories
        .as_ref()
        .map(|patterns| Patterns::new(patterns))
}
