//! What stood for itself before a change goes on standing for itself: whoever deploys a folder, a chart
//! or a declaration as it lies there does so after the merge, too, whatever the change lays over it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::discover::{CHART, find_chart, find_kustomization};
use super::extend::{Planner, SideApps, is_found};
use super::kustomization::find_files;
use super::seen::SeenObject;
use super::{AppSide, AppSource, Declared, Refusal, RefusalKind, RendererInput};
use crate::config::repo::{Engine, RendererKind};
use crate::ids::{AppId, DeclaredBy, Digest, RepoPath};
use crate::tree::Tree;

/// What declares one application, by group and kind.
const DECLARING: [(&str, &str); 3] = [
    ("argoproj.io", "Application"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
];

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
        let kinds = side.sources.iter().map(|source| source.renderer.kind());
        kinds
            .into_iter()
            .all(|kind| kind == RendererKind::Directory)
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

/// Kind and name of declarations.
type Named = (String, String);

/// Declarations that their deployer renders differently from how they lie in a folder. They are told
/// apart by name: in which file a rendered object began is not always known.
pub(super) fn find_covering(objects: &[SeenObject<'_>]) -> HashSet<Named> {
    let named = |object: &SeenObject<'_>| {
        let named = object.manifest.object();
        let is_declaring = DECLARING.contains(&(named.group.as_str(), named.kind.as_str()));
        is_declaring.then(|| (named.kind.clone(), named.name.clone()))
    };
    let mut lying: HashMap<Named, HashSet<Digest>> = HashMap::new();
    for object in objects.iter().filter(|object| lies(object.parent)) {
        if let Some(named) = named(object) {
            let digests = lying.entry(named).or_default();
            digests.insert(object.manifest.digest());
        }
    }
    objects
        .iter()
        .filter(|object| !is_found(object.parent))
        .filter_map(|object| {
            let named = named(object)?;
            let same = lying.get(&named)?.contains(&object.manifest.digest());
            (!same).then_some(named)
        })
        .collect()
}

/// True for what deploys files as they are; with which values a chart is deployed its files do not say.
fn lies(parent: &AppId) -> bool {
    matches!(
        parent.kind,
        DeclaredBy::Directory | DeclaredBy::Kustomization
    )
}

/// Notes on these applications which of them are covered so.
pub(super) fn note_covering(declared: &mut BTreeMap<AppId, AppSide>, covering: &HashSet<Named>) {
    for (id, side) in declared {
        if let (Some(kind), Some(declaration)) = (kind_of(id), &mut side.declaration) {
            declaration.covers = covering.contains(&(kind.to_owned(), id.name.clone()));
        }
    }
}

fn kind_of(id: &AppId) -> Option<&'static str> {
    match id.kind {
        DeclaredBy::ArgoApplication => Some("Application"),
        DeclaredBy::FluxKustomization => Some("Kustomization"),
        DeclaredBy::FluxHelmRelease => Some("HelmRelease"),
        _ => None,
    }
}

/// Refuses a declaration that a new one above it renders differently from how it lies in its file,
/// where it was deployed as it lies there.
pub(super) fn refuse_covering(before: &SideApps, after: &mut SideApps) {
    let stood: BTreeMap<(DeclaredBy, &str), &RepoPath> = before
        .declared
        .iter()
        .filter_map(|(id, side)| {
            let declaration = side.declaration.as_ref()?;
            let path = declaration.path.as_ref()?;
            lies(&declaration.parent).then_some(((id.kind, id.name.as_str()), path))
        })
        .collect();
    for (id, side) in &mut after.declared {
        let covers = side.declaration.as_ref().filter(|found| found.covers);
        let stood = stood.get(&(id.kind, id.name.as_str()));
        let (Some(declaration), Some(path)) = (covers, stood) else {
            continue;
        };
        if lies(&declaration.parent) {
            continue;
        }
        let text = format!(
            "it was deployed as `{path}` has it, and `{}` would render it differently from now on, so that two deployers disagree: let it be rendered as the file has it first",
            declaration.parent.name
        );
        side.refusals.push(Refusal {
            kind: RefusalKind::Declaration,
            path: (*path).clone(),
            line: 0,
            text,
        });
    }
}

/// Refuses a source that is only assumed to be this repository where the base did not assume it: nothing
/// in the repository says what another name leads to.
pub(super) fn refuse_assumed(before: &SideApps, after: &mut SideApps) {
    let sources = |side: &SideApps| -> BTreeSet<String> {
        let sides = side.declared.values();
        sides.filter_map(|side| side.assumed.clone()).collect()
    };
    let known = sources(before);
    // The first declarations of a repository have nothing to be compared with.
    if before
        .declared
        .values()
        .all(|side| side.engine != Engine::Flux)
    {
        return;
    }
    for side in after.declared.values_mut() {
        let Some(text) = side.assumed.clone().filter(|text| !known.contains(text)) else {
            continue;
        };
        let declaration = side.declaration.as_ref();
        side.refusals.push(Refusal {
            kind: RefusalKind::Elsewhere,
            path: declaration
                .and_then(|declaration| declaration.path.clone())
                .unwrap_or_default(),
            line: declaration.map_or(0, |declaration| declaration.line),
            text: format!("{text}, which no object of the repository declares"),
        });
    }
}
