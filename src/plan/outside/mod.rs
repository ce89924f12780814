//! What a plan needs from outside the repository, and where it stands in the trees once it is here.
//!
//! A first plan refuses what leads to another host or is not in `charts/`. [`Mounts`] turns these
//! refusals into needs; with the answers it lays files over the trees: a fetched repository in a
//! reserved folder, with the reference to it rewritten; a fetched chart as the archive in `charts/`
//! that `helm dependency build` would have put there. The next plan then reads them like any other
//! file, refuses what is wrong in them, and may need more.

mod charts;
mod explain;
mod floating;
mod inflated;
mod rewrite;
mod settle;
mod sources;

pub use explain::Relocated;
pub use floating::Floating;
pub use inflated::{find_chart, rest_within};
pub use sources::{is_fetched, own_path};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::kustomization::FILE_NAMES;
use super::{AppSide, Plan, Refusal, RefusalKind};
use crate::ids::{Digest, RepoPath};
use crate::outside::reference::{self, BadReference, RemoteReference};
use crate::outside::{Files, Need, Supply};
use crate::tree::{Tree, TreeError};

/// Folders of this name hold what was fetched. A repository that has one of its own gets nothing.
const FOLDER: &str = ".drydock-outside";

/// What plans asked for so far, over both sides and all rounds.
#[derive(Debug, Clone, Default)]
pub struct Mounts {
    /// References of kustomizations that lead elsewhere, by file and text, with a line.
    references: BTreeMap<(RepoPath, String), (u32, Result<RemoteReference, BadReference>)>,
    /// Charts that kustomizations inflate and that are not in the repository, by file and name, with a
    /// line.
    inflated: BTreeMap<(RepoPath, String), (u32, Need)>,
    /// Names of missing dependencies by the chart's folder.
    charts: BTreeMap<RepoPath, BTreeSet<String>>,
    /// Sources that declarations name.
    sources: BTreeSet<Need>,
    /// What stands in the reserved folder, by the name it has there.
    placed: BTreeMap<String, Need>,
}

/// What a file names.
struct Named<'a> {
    path: &'a RepoPath,
    /// As it is shown.
    text: &'a str,
    /// From 1; 0 when unknown.
    line: u32,
    need: &'a Need,
}

/// What was asked for so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// What has to be fetched.
    pub needs: BTreeSet<Need>,
    /// How many dependencies are charts of the repository itself, over both trees: nothing has to be
    /// fetched for these.
    pub local: usize,
}

/// Where something that a declaration itself asks for stands, once it was supplied: the folder with
/// its files.
pub fn mount_of(need: &Need) -> RepoPath {
    let parts = [need.to_string(), format!("{need:?}")];
    let id = Digest::of_parts(parts.iter().map(String::as_bytes));
    RepoPath::root()
        .join(&format!("{FOLDER}/{}", id.short()))
        .unwrap_or_default()
}

/// True where a reference of `file` may lead to `target`: what was fetched reads its own files, and
/// others only where Drydock wrote the reference; nobody guesses the way into it.
pub(super) fn may_refer(tree: &Tree, file: &RepoPath, text: &str, target: &RepoPath) -> bool {
    if text.contains(FOLDER) {
        return tree.is_supplied(file);
    }
    fetched_root(file) == fetched_root(target)
}

/// True where a kustomization may take a chart from `target`: nobody names the reserved folder.
pub(super) fn may_inflate(tree: &Tree, file: &RepoPath, text: &str, target: &RepoPath) -> bool {
    !text.contains(FOLDER) && may_refer(tree, file, text, target)
}

/// The folder of what was fetched that holds this path.
fn fetched_root(path: &RepoPath) -> Option<&str> {
    let top = path.as_str().starts_with(FOLDER);
    split_fetched(path).filter(|_| top).map(|(root, _)| root)
}

/// The name of the fetched thing that holds this path, and the path in it.
fn split_fetched(path: &RepoPath) -> Option<(&str, &str)> {
    let (before, rest) = path.as_str().split_once(FOLDER)?;
    let rest = rest
        .strip_prefix('/')
        .filter(|_| before.is_empty() || before.ends_with('/'))?;
    Some(rest.split_once('/').unwrap_or((rest, "")))
}

/// True for a path that would be taken for one of the files that were fetched.
pub(super) fn names_mount(path: &RepoPath) -> bool {
    path.as_str().split('/').any(|part| part == FOLDER)
}

impl Mounts {
    /// Notes what this plan of these trees asks for, and gives everything that was asked for so far.
    pub fn note(&mut self, plan: &Plan, trees: [&Tree; 2]) -> Noted {
        for side in plan
            .apps
            .iter()
            .flat_map(|app| app.base.iter().chain(&app.head))
        {
            self.sources
                .extend(side.sources.iter().filter_map(sources::need_of));
            for refusal in &side.refusals {
                self.note_refusal(refusal);
            }
        }
        self.note_inflated(plan, trees);
        let mut needs = self.sources.clone();
        needs.extend(self.named().map(|named| named.need.clone()));
        let mut local = 0;
        for tree in trees {
            for (folder, names) in &self.charts {
                let found = charts::find(tree, folder, names).unwrap_or_default();
                local += found.iter().filter(|found| found.is_local()).count();
                needs.extend(found.into_iter().filter_map(charts::Found::need));
            }
        }
        for need in &needs {
            let mount = mount_of(need).file_name().to_owned();
            self.placed.entry(mount).or_insert_with(|| need.clone());
        }
        Noted { needs, local }
    }

    /// Points the sources of one side that were fetched to where they stand in this tree.
    pub fn settle_side(side: &mut AppSide, tree: &Tree) {
        settle::settle(side, tree);
    }

    /// Points the sources of the plan that were fetched to where they stand in these trees.
    pub fn settle(&self, plan: &mut Plan, [base, head]: [&Tree; 2]) {
        for app in &mut plan.apps {
            for (side, tree) in [(&mut app.base, base), (&mut app.head, head)] {
                if let Some(side) = side {
                    settle::settle(side, tree);
                }
            }
        }
    }

    /// Everything that a file names and that can be fetched.
    fn named(&self) -> impl Iterator<Item = Named<'_>> {
        let references = self.references.iter().filter_map(|(key, (line, found))| {
            let need = &found.as_ref().ok()?.need;
            Some((key, line, need))
        });
        let inflated = self.inflated.iter();
        let inflated = inflated.map(|(key, (line, need))| (key, line, need));
        let all = references.chain(inflated);
        all.map(|((path, text), line, need)| Named {
            path,
            text,
            line: *line,
            need,
        })
    }

    /// Notes the charts that kustomizations inflate: a file may name many, and is read once.
    fn note_inflated(&mut self, plan: &Plan, trees: [&Tree; 2]) {
        let sides = plan
            .apps
            .iter()
            .flat_map(|app| app.base.iter().chain(&app.head));
        let mut lines: BTreeMap<&RepoPath, BTreeMap<&str, u32>> = BTreeMap::new();
        for refusal in sides.flat_map(|side| &side.refusals) {
            if refusal.kind == RefusalKind::RemoteChart {
                let of_file = lines.entry(&refusal.path).or_default();
                of_file.entry(&refusal.text).or_insert(refusal.line);
            }
        }
        for (path, named) in lines {
            let key = |text: &str| (path.clone(), text.to_owned());
            let mut new = named.into_iter();
            let Some(first) = new.find(|(text, _)| !self.inflated.contains_key(&key(text))) else {
                continue;
            };
            let needs = inflated::read_needs(trees, path);
            for (text, line) in std::iter::once(first).chain(new) {
                if let Some(need) = needs.get(text) {
                    let found = (line, need.clone());
                    self.inflated.entry(key(text)).or_insert(found);
                }
            }
        }
    }

    fn note_refusal(&mut self, refusal: &Refusal) {
        match refusal.kind {
            RefusalKind::RemoteReference if FILE_NAMES.contains(&refusal.path.file_name()) => {
                let key = (refusal.path.clone(), refusal.text.clone());
                let found = (refusal.line, reference::parse(&refusal.text));
                self.references.entry(key).or_insert(found);
            }
            RefusalKind::MissingDependency => {
                let names = self.charts.entry(refusal.path.parent()).or_default();
                names.insert(refusal.text.clone());
            }
            _ => {}
        }
    }

    /// The tree with everything that was supplied for it.
    pub fn mount(&self, tree: &Tree, supply: &Supply) -> Result<Tree, TreeError> {
        let mut files = Files::new();
        let is_reserved = |path: &RepoPath| path.as_str().split('/').any(|part| part == FOLDER);
        if tree.own_entries().keys().any(is_reserved) {
            return Ok(tree.clone());
        }
        for (need, answer) in supply.iter() {
            if let (Need::Base(_) | Need::Chart(_), Ok(supplied)) = (need, answer) {
                lay(&mount_of(need), &supplied.files, &mut files);
            }
        }
        for (folder, names) in &self.charts {
            let found = charts::find(tree, folder, names).unwrap_or_default();
            for dependency in found {
                files.extend(dependency.archive(tree, folder, supply)?);
            }
        }
        let fetched = tree.with_files(files.clone())?;
        let naming: BTreeSet<&RepoPath> = self.references.keys().map(|(path, _)| path).collect();
        for path in naming {
            if files.contains_key(path) && !is_reserved(path) {
                continue;
            }
            let placed = self.place(path, supply, &mut files);
            if placed.is_empty() {
                continue;
            }
            if let Ok(text) = fetched.read(path)
                && let Some(text) = rewrite::rewrite(&text, &placed)
            {
                files.insert(path.clone(), Arc::from(text));
            }
        }
        tree.with_files(files)
    }

    /// The references of one file that can be replaced, with what replaces them. A single file has to
    /// stand below its kustomization, where the load restrictor lets Kustomize read it.
    fn place(
        &self,
        path: &RepoPath,
        supply: &Supply,
        files: &mut Files,
    ) -> BTreeMap<String, String> {
        let mut placed = BTreeMap::new();
        let folder = path.parent();
        let from_here = self.references.range((path.clone(), String::new())..);
        for ((_, text), (_, found)) in from_here.take_while(|((of, _), _)| of == path) {
            let Ok(remote) = found else { continue };
            let Some(Ok(supplied)) = supply.find(&remote.need) else {
                continue;
            };
            let mount = mount_of(&remote.need);
            let target = match &remote.need {
                Need::File { .. } => {
                    let below = folder.join(mount.as_str()).unwrap_or_default();
                    lay(&below, &supplied.files, files);
                    let name = supplied.files.keys().next().map(RepoPath::as_str);
                    format!("{mount}/{}", name.unwrap_or_default())
                }
                _ => {
                    let up = "../".repeat(
                        folder
                            .as_str()
                            .split('/')
                            .filter(|part| !part.is_empty())
                            .count(),
                    );
                    let inside = remote.folder.as_str();
                    let target = format!("{up}{mount}/{inside}");
                    target.trim_end_matches('/').to_owned()
                }
            };
            placed.insert(text.clone(), target);
        }
        placed
    }
}

fn lay(folder: &RepoPath, files: &Files, over: &mut Files) {
    for (path, content) in files {
        // A fetched repository has no say about what Drydock puts beside it.
        let is_reserved = path.as_str().split('/').any(|part| part == FOLDER);
        if let Some(place) = folder.join(path.as_str()).filter(|_| !is_reserved) {
            over.insert(place, Arc::clone(content));
        }
    }
}
