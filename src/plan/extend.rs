//! Applications that objects declare: what was found by its files is rendered, what it declares is
//! rendered in turn, until nothing new comes. Rendering is the caller's; here is what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::cache::Cache;
use super::discover::{declare_at_with, declare_seen, declare_with};
use super::replaced::{Replaced, find_replaced};
use super::seen::Seen;
use super::standing::{find_covering, note_covering};
use super::{AppSide, Declared, Defaults, Refusal, RefusalKind, Selection, parallel};
use crate::config::repo::RepoConfig;
use crate::ids::{AppId, DeclaredBy, RepoPath};
use crate::tree::{Reader, Tree};

/// Words that every declaration holds. What is rendered from files without any of them declares
/// nothing.
const WORDS: [&[u8]; 4] = [
    b"argoproj.io/",
    b"toolkit.fluxcd.io/",
    b"extensions.fluxcd.io/",
    b"fluxcd.controlplane.io/",
];

/// Declarations inside one another: the tenth level is the last that is followed.
pub const MAX_DEPTH: usize = 10;

/// Plans changes of one repository by one configuration. What was learnt of a file is kept: both
/// sides, and every round of rendering, share most files.
#[derive(Debug)]
pub struct Planner<'a> {
    pub(super) config: &'a RepoConfig,
    pub(super) defaults: &'a Defaults,
    pub(super) cache: Cache,
}

/// The applications of one tree.
#[derive(Debug, Clone, Default)]
pub struct SideApps {
    /// What files and configuration show.
    pub found: Declared,
    /// What objects declare.
    pub declared: BTreeMap<AppId, AppSide>,
    /// Applications that may declare others and could not be rendered.
    pub failed: BTreeSet<AppId>,
    /// What of the first is deployed through the second.
    pub(super) replaced: Replaced,
}

impl SideApps {
    /// A side of which only the files were looked at.
    pub fn of(found: Declared) -> Self {
        Self {
            found,
            ..Self::default()
        }
    }

    /// Every application, also those that are deployed through another.
    pub fn all(&self) -> impl Iterator<Item = (&AppId, &AppSide)> {
        self.found.apps.iter().chain(&self.declared)
    }

    /// The applications as they are deployed: one that another deploys is left out.
    pub fn settle(self) -> Declared {
        let mut all = self.found;
        all.apps.retain(|id, _| self.replaced.find(id).is_none());
        all.apps.extend(self.declared);
        all
    }

    /// Leaves out what only `other` declares, where the application that declares it there could not be
    /// rendered here: whether it is gone is not known. Gives what was left out.
    pub(super) fn withhold(&self, other: &mut Self) -> Vec<AppId> {
        let unknown = |id: &AppId, side: &AppSide| {
            let parent = side.declaration.as_ref().map(|found| &found.parent);
            !self.declared.contains_key(id)
                && parent.is_some_and(|parent| self.failed.contains(parent))
        };
        let withheld: Vec<AppId> = other
            .declared
            .iter()
            .filter(|(id, side)| unknown(id, side))
            .map(|(id, _)| id.clone())
            .collect();
        other.declared.retain(|id, _| !withheld.contains(id));
        withheld
    }
}

/// What a round of rendering adds.
#[derive(Debug, Default)]
pub struct Round {
    /// The applications that objects declare now.
    pub declared: BTreeMap<AppId, AppSide>,
    /// Names of ConfigMaps and Secrets that these need and that no rendering holds so far.
    pub wanted: BTreeSet<String>,
    replaced: Replaced,
}

impl<'a> Planner<'a> {
    /// A planner; `config` is the base's.
    pub fn new(config: &'a RepoConfig, defaults: &'a Defaults) -> Self {
        Self {
            config,
            defaults,
            cache: Cache::default(),
        }
    }

    /// What the files of a tree show.
    pub fn find(&self, tree: &Tree, selection: &Selection) -> Declared {
        let (config, defaults, cache) = (self.config, self.defaults, &self.cache);
        match selection {
            Selection::Path(folder) => declare_at_with(tree, config, defaults, folder, cache),
            Selection::Changed | Selection::All => declare_with(tree, config, defaults, cache),
        }
    }

    /// The applications whose rendering may declare others, or that hold one of the wanted names.
    pub fn find_declaring(
        &self,
        tree: &Tree,
        apps: &[(&AppId, &AppSide)],
        wanted: &BTreeSet<String>,
    ) -> BTreeSet<AppId> {
        if !self.config.discovery.argocd && !self.config.discovery.flux {
            return BTreeSet::new();
        }
        let may = parallel::map(tree, apps, |reader, (_, side)| {
            // What a chart from elsewhere holds is known when it is rendered, what a refused
            // application would declare is not known at all.
            !side.refusals.is_empty()
                || side
                    .sources
                    .iter()
                    .any(|source| source.repository.is_some())
                || side.closure.iter().any(|path| {
                    // An archive is not searched for words.
                    path.as_str().ends_with(".tgz") || self.mentions(tree, reader, path, wanted)
                })
        });
        let declaring = apps.iter().zip(may).filter(|(_, may)| *may);
        declaring.map(|((id, _), _)| (*id).clone()).collect()
    }

    fn mentions(
        &self,
        tree: &Tree,
        reader: &Reader<'_>,
        path: &RepoPath,
        wanted: &BTreeSet<String>,
    ) -> bool {
        let holds = |bytes: &[u8]| WORDS.iter().any(|word| has(bytes, word));
        let known = self.cache.declarations.read(tree, reader, path, holds);
        // What cannot be read fails where it is rendered.
        known.is_ok_and(|known| *known)
            || !wanted.is_empty()
                && reader
                    .read(path)
                    .is_ok_and(|bytes| wanted.iter().any(|name| has(&bytes, name.as_bytes())))
    }

    /// What the objects seen so far declare. Those of an application that is deployed through another
    /// count only where they declare that other one: whoever deploys it decides about the rest.
    pub fn extend(&self, tree: &Tree, found: &Declared, mut seen: Seen<'_>) -> Round {
        // A deployer's own rendering of an object comes before the one of a folder found by its files.
        seen.objects.sort_by_key(|object| is_found(object.parent));
        let covering = find_covering(&seen.objects);
        let mut first = declare_seen(tree, self.config, self.defaults, &self.cache, &seen);
        note_covering(&mut first, &covering);
        let replaced = find_replaced(found, &first);
        let before = seen.objects.len();
        seen.objects.retain(|object| {
            replaced
                .find(object.parent)
                .is_none_or(|by| by.iter().any(|id| declares(object.manifest, id)))
        });
        let wanted = find_wanted(&seen);
        if seen.objects.len() == before {
            return Round {
                wanted,
                replaced,
                declared: first,
            };
        }
        let mut declared = declare_seen(tree, self.config, self.defaults, &self.cache, &seen);
        note_covering(&mut declared, &covering);
        Round {
            wanted,
            replaced: find_replaced(found, &declared),
            declared,
        }
    }

    /// Takes a round's result.
    pub fn accept(&self, side: &mut SideApps, round: Round) {
        side.declared = round.declared;
        side.replaced = round.replaced;
    }

    /// Takes the result of the last round that is allowed; what only this one brought is refused.
    pub fn give_up(&self, side: &mut SideApps, mut round: Round) {
        for (id, app) in &mut round.declared {
            if !side.declared.contains_key(id) {
                let path = app
                    .declaration
                    .as_ref()
                    .and_then(|found| found.path.clone());
                app.refusals.push(Refusal {
                    kind: RefusalKind::TooDeep,
                    path: path.unwrap_or_default(),
                    line: 0,
                    text: id.name.clone(),
                });
            }
        }
        self.accept(side, round);
    }
}

/// True for what files or the configuration show.
pub(super) fn is_found(id: &AppId) -> bool {
    matches!(
        id.kind,
        DeclaredBy::Kustomization
            | DeclaredBy::Chart
            | DeclaredBy::Directory
            | DeclaredBy::Config
            | DeclaredBy::Files
    )
}

/// True when this object is the declaration of that application.
fn declares(manifest: &crate::object::Manifest, id: &AppId) -> bool {
    let object = manifest.object();
    let kind = match object.kind.as_str() {
        "Application" => DeclaredBy::ArgoApplication,
        "Kustomization" => DeclaredBy::FluxKustomization,
        "HelmRelease" => DeclaredBy::FluxHelmRelease,
        // Sets and sources serve whatever they generate or feed.
        _ => return true,
    };
    kind == id.kind && object.name == id.name
}

fn has(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// ConfigMaps and Secrets that Flux objects take values from and that were not seen.
fn find_wanted(seen: &Seen<'_>) -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    for object in &seen.objects {
        let value = object.manifest.value();
        let lists = ["/spec/postBuild/substituteFrom", "/spec/valuesFrom"];
        let references = lists
            .into_iter()
            .filter_map(|pointer| value.pointer(pointer)?.as_array())
            .flatten();
        for reference in references {
            let text = |key: &str| reference.get(key).and_then(serde_json::Value::as_str);
            if let (Some("ConfigMap" | "Secret"), Some(name)) = (text("kind"), text("name")) {
                wanted.insert(name.to_owned());
            }
        }
    }
    for object in &seen.objects {
        let named = object.manifest.object();
        if matches!(named.kind.as_str(), "ConfigMap" | "Secret") {
            wanted.remove(&named.name);
        }
    }
    wanted
}
