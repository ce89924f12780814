//! What stood for itself before a change goes on standing for itself: whoever deploys a folder, a chart
//! or a declaration as it lies there does so after the merge, too, whatever the change lays over it.

use std::collections::{BTreeMap, BTreeSet};

use super::affected::same_declaration;
use super::discover::{CHART, declare_seen, find_chart, find_kustomization};
use super::extend::{Planner, SideApps, find_wanted};
use super::kustomization::find_files;
use super::seen::Seen;
use super::{AppSide, AppSource, Declared, RendererInput};
use crate::config::repo::RendererKind;
use crate::ids::{AppId, DeclaredBy, RepoPath};
use crate::tree::Tree;

impl Planner<'_> {
    /// Adds to a side what the other one has and what is still there, but taken for a part of something
    /// else: a kustomization that another begins to refer to, a chart that becomes a dependency. It is
    /// neither introduced nor removed.
    pub(super) fn complete(&self, tree: &Tree, side: &mut Declared, other: &Declared) {
        let (config, defaults) = (self.config, self.defaults);
        for id in other.apps.keys() {
            if side.apps.contains_key(id) {
                continue;
            }
            let folder: RepoPath = id.name.parse().unwrap_or_default();
            let found = match id.kind {
                DeclaredBy::Kustomization => {
                    find_kustomization(tree, config, defaults, &folder, &self.cache)
                }
                DeclaredBy::Chart => find_chart(tree, config, defaults, id, &self.cache),
                _ => None,
            };
            if let Some(found) = found {
                side.apps.insert(id.clone(), found);
            }
        }
    }
}

/// A file that held manifests and still stands in its folder is read as before. Otherwise a misspelt
/// `apiVersion` would take the file out of its application, and the slip would read as a deletion.
pub(super) fn keep_files(tree: &Tree, before: &Declared, after: &mut Declared) {
    let is_directory = |side: &AppSide| {
        let mut kinds = side.sources.iter().map(|source| source.renderer.kind());
        kinds.all(|kind| kind == RendererKind::Directory)
    };
    for (id, side) in before.apps.iter().filter(|(_, side)| is_directory(side)) {
        let lost: Vec<RepoPath> = side
            .closure
            .iter()
            .filter(|path| tree.is_file(path) && !is_read(after, id, path))
            .filter(|path| !is_of_a_tool(tree, &path.parent()))
            .cloned()
            .collect();
        if lost.is_empty() {
            continue;
        }
        let kept = after.apps.entry(id.clone()).or_insert_with(|| AppSide {
            closure: BTreeSet::new(),
            sources: side.sources.iter().map(without_files).collect(),
            ..side.clone()
        });
        if is_directory(kept) {
            for source in &mut kept.sources {
                if let RendererInput::Directory { files } = &mut source.renderer {
                    files.extend(lost.iter().cloned());
                }
            }
            kept.closure.extend(lost);
        }
    }
}

fn without_files(source: &AppSource) -> AppSource {
    let mut source = source.clone();
    if let RendererInput::Directory { files } = &mut source.renderer {
        files.clear();
    }
    source
}

/// True where this very application reads the file.
fn is_read(side: &Declared, id: &AppId, path: &RepoPath) -> bool {
    let app = side.apps.get(id);
    app.is_some_and(|app| app.closure.contains(path))
}

/// True for a folder that a kustomization or a chart has taken over: deployers look for these first.
fn is_of_a_tool(tree: &Tree, folder: &RepoPath) -> bool {
    let chart = folder.join(CHART);
    chart.is_some_and(|path| tree.claims_file(&path)) || !find_files(tree, folder).is_empty()
}

/// True for what deploys files as they are; with which values a chart is deployed its files do not say.
fn lies(parent: &AppId) -> bool {
    matches!(
        parent.kind,
        DeclaredBy::Directory | DeclaredBy::Kustomization
    )
}

/// What tells declarations of one folder apart.
fn identify<'a>(
    id: &'a AppId,
    side: &'a AppSide,
) -> Option<(&'a AppId, DeclaredBy, &'a str, &'a str)> {
    let parent = &side.declaration.as_ref()?.parent;
    Some((parent, id.kind, &id.namespace, &id.name))
}

impl Planner<'_> {
    /// What the objects of these folders declare as they lie there, whoever else renders them, and the
    /// names of what that needs besides.
    pub fn declare_standing(
        &self,
        tree: &Tree,
        folders: &BTreeSet<AppId>,
        mut seen: Seen<'_>,
    ) -> (BTreeMap<AppId, AppSide>, BTreeSet<String>) {
        seen.objects.retain(|object| lies(object.parent));
        let mut declared = declare_seen(tree, self.config, self.defaults, &self.cache, &seen);
        declared
            .retain(|id, side| identify(id, side).is_some_and(|found| folders.contains(found.0)));
        (declared, find_wanted(&seen))
    }

    /// Folders whose objects declared applications before, and do so no longer: something new deploys them,
    /// or what they declare comes from elsewhere now.
    pub fn find_covered(&self, before: &SideApps, after: &SideApps) -> BTreeSet<AppId> {
        let now: BTreeSet<_> = after
            .declared
            .iter()
            .filter_map(|(id, side)| identify(id, side))
            .collect();
        let stood = before.declared.iter().filter_map(|(id, side)| {
            let found = identify(id, side)?;
            let stands = lies(found.0) && before.replaced.find(found.0).is_none();
            stands.then_some(found)
        });
        stood
            .filter(|found| after.found.apps.contains_key(found.0))
            .filter(|found| after.replaced.find(found.0).is_some() || !now.contains(found))
            .map(|found| found.0.clone())
            .collect()
    }
}

/// How an application is called that is judged as its file has it, beside how it is deployed from now
/// on.
const AS_FILED: &str = "as-filed";

/// Adds to both sides what was covered, as its files have it: whoever applied them goes on doing so.
pub(super) fn add_standing(before: &mut SideApps, after: &mut SideApps) {
    let standing = std::mem::take(&mut after.standing);
    if standing.is_empty() {
        return;
    }
    // A folder may declare thousands.
    let mut twins: BTreeMap<_, Vec<&AppSide>> = BTreeMap::new();
    for (id, side) in &after.declared {
        let named = (id.kind, id.namespace.as_str(), id.name.as_str());
        twins.entry(named).or_default().push(side);
    }
    let bases: BTreeMap<_, &AppSide> = before
        .declared
        .iter()
        .filter_map(|(id, side)| Some((identify(id, side)?, side)))
        .collect();
    let mut pairs = Vec::new();
    for (id, side) in standing {
        let named = (id.kind, id.namespace.as_str(), id.name.as_str());
        let same = |twin: &&AppSide| twin.closure == side.closure && same_declaration(twin, &side);
        if twins
            .get(&named)
            .is_some_and(|twins| twins.iter().any(same))
        {
            continue;
        }
        let base = identify(&id, &side).and_then(|found| bases.get(&found).copied());
        let variant = match &id.variant {
            Some(variant) => format!("{variant}/{AS_FILED}"),
            None => AS_FILED.to_owned(),
        };
        pairs.push((
            AppId {
                variant: Some(variant),
                ..id.clone()
            },
            base.cloned(),
            side,
        ));
    }
    for (id, base, head) in pairs {
        if let Some(base) = base {
            before.declared.insert(id.clone(), base);
        }
        after.declared.insert(id, head);
    }
}
