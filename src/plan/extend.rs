//! Applications that objects declare: what was found by its files is rendered, what it declares is
//! rendered in turn, until nothing new comes. Rendering is the caller's; here is what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::cache::Cache;
use super::discover::{declare_at_with, declare_seen, declare_with};
use super::replaced::{Replaced, find_replaced};
use super::seen::{Seen, SeenObject, is_declaration};
use super::{AppSide, Declared, Defaults, Refusal, RefusalKind, Selection};
use crate::config::repo::RepoConfig;
use crate::ids::{AppId, DeclaredBy};
use crate::tree::Tree;

/// Declarations inside one another: the tenth level is the last that is followed.
pub const MAX_DEPTH: usize = 10;

/// Objects of one tree that may declare applications: twice as many as the largest installations have.
pub const MAX_DECLARATIONS: usize = 20_000;

/// Declared applications of one tree that may declare further ones.
pub const MAX_PARENTS: usize = 1_000;

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
    /// What the objects of folders declare as they lie there, where something new deploys them.
    pub standing: BTreeMap<AppId, AppSide>,
    /// What of the first is deployed through the second.
    pub(super) replaced: Replaced,
    /// Applications that declare more than is followed.
    excessive: BTreeSet<AppId>,
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
    pub(super) fn withhold(&self, other: &mut Self) -> BTreeSet<AppId> {
        let unknown = |id: &AppId, side: &AppSide| {
            let parent = side.declaration.as_ref().map(|found| &found.parent);
            !self.declared.contains_key(id)
                && parent.is_some_and(|parent| self.failed.contains(parent))
        };
        let withheld: BTreeSet<AppId> = other
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
    excessive: BTreeSet<AppId>,
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

    /// What the objects seen so far declare. Those of an application that is deployed through another
    /// count only where they declare that other one: whoever deploys it decides about the rest.
    pub fn extend(&self, tree: &Tree, side: &SideApps, mut seen: Seen<'_>) -> Round {
        let found = &side.found;
        let mut excessive = side.excessive.clone();
        excessive.extend(find_excessive(side, &seen));
        seen.objects
            .retain(|object| !excessive.contains(object.parent));
        // A deployer's own rendering of an object comes before the one of a folder found by its files.
        seen.objects.sort_by_key(|object| is_found(object.parent));
        let first = declare_seen(tree, self.config, self.defaults, &self.cache, &seen);
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
                excessive,
                declared: first,
            };
        }
        let declared = declare_seen(tree, self.config, self.defaults, &self.cache, &seen);
        Round {
            wanted,
            replaced: find_replaced(found, &declared),
            declared,
            excessive,
        }
    }

    /// Takes a round's result.
    pub fn accept(&self, side: &mut SideApps, round: Round) {
        side.declared = round.declared;
        side.replaced = round.replaced;
        side.excessive = round.excessive;
        for id in &side.excessive {
            let app = side.found.apps.get_mut(id).or(side.declared.get_mut(id));
            if let Some(app) = app {
                refuse(app, id, RefusalKind::TooMany);
            }
        }
    }

    /// Takes the result of the last round that is allowed; what only this one brought is refused.
    pub fn give_up(&self, side: &mut SideApps, mut round: Round) {
        for (id, app) in &mut round.declared {
            if !side.declared.contains_key(id) {
                refuse(app, id, RefusalKind::TooDeep);
            }
        }
        self.accept(side, round);
    }
}

impl AppSide {
    /// Refuses the application `id` because its declaration stands deeper than is followed.
    pub fn refuse_too_deep(&mut self, id: &AppId) {
        refuse(self, id, RefusalKind::TooDeep);
    }
}

/// Refuses an application where it is declared.
pub(super) fn refuse(app: &mut AppSide, id: &AppId, kind: RefusalKind) {
    let declaration = app.declaration.as_ref();
    let path = declaration.and_then(|found| found.path.clone());
    let folder = app.sources.first().map(|source| source.path.clone());
    let refusal = Refusal {
        kind,
        path: path.or(folder).unwrap_or_default(),
        line: declaration.map_or(0, |found| found.line),
        text: id.name.clone(),
    };
    if !app.refusals.contains(&refusal) {
        app.refusals.push(refusal);
    }
}

/// The applications whose declarations are more than is followed: those that declare most, and where
/// applications go on declaring each other, all that begin to.
fn find_excessive(side: &SideApps, seen: &Seen<'_>) -> BTreeSet<AppId> {
    let mut counts: BTreeMap<&AppId, usize> = BTreeMap::new();
    // What is deployed through another counts there.
    let counted = |object: &&SeenObject<'_>| {
        is_declaration(object.manifest) && side.replaced.find(object.parent).is_none()
    };
    for object in seen.objects.iter().filter(counted) {
        *counts.entry(object.parent).or_default() += 1;
    }
    let mut excessive = BTreeSet::new();
    if counts.keys().filter(|id| !is_found(id)).count() > MAX_PARENTS {
        let of_parents = side
            .declared
            .values()
            .filter_map(|app| app.declaration.as_ref());
        let followed: BTreeSet<&AppId> = of_parents.map(|found| &found.parent).collect();
        let new = counts
            .keys()
            .filter(|id| !is_found(id) && !followed.contains(*id));
        excessive.extend(new.map(|id| (*id).clone()));
    }
    let mut by_count: Vec<(usize, &AppId)> =
        counts.into_iter().map(|(id, count)| (count, id)).collect();
    by_count.sort();
    let mut total: usize = 0;
    for (count, id) in by_count {
        total = total.saturating_add(count);
        if total > MAX_DECLARATIONS {
            excessive.insert(id.clone());
        }
    }
    excessive
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

/// ConfigMaps and Secrets that Flux objects take values from and that were not seen.
pub(super) fn find_wanted(seen: &Seen<'_>) -> BTreeSet<String> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ClusterName, RepoPath};
    use crate::object::{IngestSource, Masker, ingest};
    use crate::yaml::Budget;

    #[test]
    fn of_declarations_that_are_too_many_those_are_refused_that_bring_most() {
        let text = b"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: x}\n";
        let source = IngestSource::PlainFile(RepoPath::root());
        let read = ingest(text, &source, &Masker::new([7; 32]), &Budget::file());
        let id = |name: &str| AppId {
            kind: DeclaredBy::Directory,
            cluster: ClusterName::default(),
            namespace: String::new(),
            name: name.to_owned(),
            variant: None,
        };
        let (small, large) = (id("small"), id("large"));
        let cluster = ClusterName::default();
        let object = |parent| SeenObject {
            parent,
            parent_cluster: &cluster,
            namespace: None,
            manifest: read.manifests.first().unwrap(),
        };
        let mut seen = Seen {
            objects: vec![object(&large); MAX_DECLARATIONS],
            ..Seen::default()
        };
        assert_eq!(find_excessive(&SideApps::default(), &seen), BTreeSet::new());
        seen.objects.push(object(&small));
        assert_eq!(
            find_excessive(&SideApps::default(), &seen),
            BTreeSet::from([large.clone()])
        );
    }
}
