//! Following the references of a kustomization through the tree.

use std::collections::{BTreeMap, BTreeSet};

use super::parse::{Inflated, Parsed, Reference, Role, parse_kustomization, parse_plugins};
use super::{FILE_NAMES, find_files};
use crate::ids::RepoPath;
use crate::plan::cache::Cache;
use crate::plan::discover::collect_chart_files;
use crate::plan::{BuildFeature, KustomizeInput, Refusal, RefusalKind, outside, remote};
use crate::tree::{EntryKind, Reader, Tree, TreeError};

/// Files that one build may read: as many as objects that one rendering may have.
const FILE_LIMIT: usize = 20_000;

/// Kustomizations inside one another; real ones stay below ten.
const DEPTH_LIMIT: usize = 64;

/// What building one kustomization reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Closure {
    /// Files, and the links that lead to them.
    pub(crate) files: BTreeSet<RepoPath>,
    /// Folders with a kustomization that takes part, the root included.
    pub(crate) folders: BTreeSet<RepoPath>,
    /// Files among them that are read and not taken for objects: patches, values, configurations.
    pub(crate) data: BTreeSet<RepoPath>,
    /// Those of them whose text is a value of a generated object and nothing else.
    pub(crate) values: BTreeSet<RepoPath>,
    /// Why it must not be built, in order.
    pub(crate) refusals: BTreeSet<Refusal>,
    /// What Kustomize does in it only where an option says so, with file and line.
    pub(crate) asks: BTreeSet<(BuildFeature, RepoPath, u32)>,
}

impl Closure {
    /// Refuses what the deployer's options do not let Kustomize do.
    pub(crate) fn refuse_disabled(&mut self, input: &KustomizeInput) {
        for (feature, path, line) in &self.asks {
            if !input.disabled.contains(feature) {
                continue;
            }
            self.refusals.insert(Refusal {
                kind: RefusalKind::BuildOption,
                path: path.clone(),
                line: *line,
                text: feature.option().to_owned(),
            });
        }
    }
}

/// Charts that one build may inflate: each is a process of its own.
const CHART_LIMIT: usize = 1_000;

/// One walk from one root.
pub(crate) struct Walk<'a> {
    tree: &'a Tree,
    reader: &'a Reader<'a>,
    cache: &'a Cache,
    found: Closure,
    /// Folders being read, outermost first.
    open: Vec<RepoPath>,
    /// Folders read, with the folder that their objects configure plugins for.
    done: BTreeSet<(RepoPath, Option<RepoPath>)>,
    /// What files that are referred to are taken for: objects first, values last.
    roles: BTreeMap<RepoPath, Role>,
    /// Charts that were met so far.
    charts: usize,
}

/// Where a reference stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a RepoPath,
    reference: &'a Reference,
}

impl<'a> Walk<'a> {
    /// Everything that building the kustomization in `root` reads.
    pub(crate) fn run(
        tree: &'a Tree,
        reader: &'a Reader<'a>,
        cache: &'a Cache,
        root: &RepoPath,
    ) -> Closure {
        let mut walk = Self {
            tree,
            reader,
            cache,
            found: Closure::default(),
            open: Vec::new(),
            done: BTreeSet::new(),
            roles: BTreeMap::new(),
            charts: 0,
        };
        walk.enter(root, None, None);
        walk.sort_out();
        walk.found
    }

    /// Tells apart what is read and is no object: unless a kustomization itself, or an object elsewhere.
    fn sort_out(&mut self) {
        let is_own = |path: &RepoPath| FILE_NAMES.contains(&path.file_name());
        for (path, role) in std::mem::take(&mut self.roles) {
            if role == Role::Resource
                || is_own(&path) && self.found.folders.contains(&path.parent())
            {
                continue;
            }
            if role == Role::Data {
                self.found.values.insert(path.clone());
            }
            self.found.data.insert(path);
        }
    }

    fn enter(&mut self, folder: &RepoPath, plugins_of: Option<&RepoPath>, from: Option<Place<'_>>) {
        if let Some(place) = from {
            if self.open.iter().any(|open| open.is_within(folder)) {
                // Kustomize refuses a base that holds the kustomization that refers to it, too.
                return self.refuse(RefusalKind::Cycle, place);
            }
            if self.open.len() >= DEPTH_LIMIT {
                return self.refuse(RefusalKind::TooLarge, place);
            }
        }
        if !self.done.insert((folder.clone(), plugins_of.cloned())) {
            return;
        }
        self.found.folders.insert(folder.clone());
        let files = find_files(self.tree, folder);
        let Some(file) = files.first() else {
            if let Some(place) = from {
                self.refuse(RefusalKind::Missing, place);
            } else {
                self.refuse_file(RefusalKind::Missing, folder, 0, "kustomization.yaml");
            }
            return;
        };
        for file in &files {
            self.read_file(file);
        }
        if let Some(second) = files.get(1) {
            let text = format!("beside {}", file.file_name());
            self.refuse_file(RefusalKind::Unreadable, second, 0, &text);
        }
        let parsed =
            self.cache
                .kustomizations
                .read(self.tree, self.reader, file, parse_kustomization);
        self.open.push(folder.clone());
        match parsed {
            Ok(parsed) => self.follow_all(file, folder, plugins_of, &parsed),
            Err(error) => self.refuse_unread(file, &error),
        }
        self.open.pop();
    }

    fn follow_all(
        &mut self,
        file: &RepoPath,
        folder: &RepoPath,
        plugins_of: Option<&RepoPath>,
        parsed: &Parsed,
    ) {
        for (kind, line, text) in &parsed.refusals {
            self.refuse_file(*kind, file, *line, text);
        }
        let left = CHART_LIMIT.saturating_sub(self.charts);
        let (taken, over) = parsed
            .charts
            .split_at_checked(left)
            .unwrap_or((&parsed.charts, &[]));
        self.charts = self.charts.saturating_add(taken.len());
        if let Some(first) = over.first() {
            let text = format!("charts in one kustomization (at most {CHART_LIMIT})");
            self.refuse_file(RefusalKind::TooLarge, file, first.line, &text);
        }
        let asks = parsed.asks.iter();
        let charts = taken.iter();
        let charts = charts.map(|found| (BuildFeature::Charts, found.line));
        self.found.asks.extend(
            asks.copied()
                .chain(charts)
                .map(|(feature, line)| (feature, file.clone(), line)),
        );
        for chart in taken {
            self.take_chart(file, folder, chart);
        }
        for reference in &parsed.references {
            if self.found.files.len() > FILE_LIMIT {
                return self.refuse(RefusalKind::TooLarge, Place { file, reference });
            }
            self.follow(Place { file, reference }, folder, plugins_of);
        }
    }

    /// Takes every file of an inflated chart: of the folder that Kustomize looks at first, else of what
    /// was fetched.
    fn take_chart(&mut self, file: &RepoPath, folder: &RepoPath, inflated: &Inflated) {
        let Inflated {
            chart,
            line,
            values_line,
        } = inflated;
        let text = chart.folder();
        let target = folder.join(&text).filter(|_| !text.starts_with('/'));
        let Some(target) =
            target.filter(|target| outside::may_inflate(self.tree, file, &text, target))
        else {
            return self.refuse_file(RefusalKind::LeavesRepository, file, *line, &text);
        };
        let values = Reference {
            text: chart.values_file.clone(),
            line: *values_line,
            role: Role::File,
        };
        let place = Place {
            file,
            reference: &values,
        };
        if self.tree.is_folder(&target) {
            self.take_folder(&target);
        } else {
            let need = match chart.need() {
                None => return self.refuse_file(RefusalKind::Missing, file, *line, &text),
                Some(Err(why)) => {
                    return self.refuse_file(RefusalKind::KustomizeHelm, file, *line, &why);
                }
                Some(Ok(need)) => need,
            };
            let fetched = outside::find_chart(self.tree, &need);
            match &fetched {
                Some(fetched) => self.take_folder(fetched),
                None => {
                    let text = need.to_string();
                    self.refuse_file(RefusalKind::RemoteChart, file, *line, &text);
                }
            }
            // Values of the chart itself are read where it would have been put.
            let inside = folder
                .join(&values.text)
                .filter(|_| !values.text.is_empty())
                .and_then(|path| outside::rest_within(&path, &target));
            if let Some(inside) = inside {
                let in_fetched = |fetched: &RepoPath| {
                    let path = fetched.join(&inside);
                    path.is_some_and(|path| self.tree.is_file(&path))
                };
                if fetched.is_some_and(|fetched| !in_fetched(&fetched)) {
                    self.refuse(RefusalKind::Missing, place);
                }
                return;
            }
        }
        if !values.text.is_empty() {
            self.follow(place, folder, None);
        }
    }

    fn take_folder(&mut self, chart: &RepoPath) {
        let found = collect_chart_files(self.tree, chart);
        self.found.files.extend(found.files);
        self.found.refusals.extend(found.refusals);
    }

    fn follow(&mut self, place: Place<'_>, folder: &RepoPath, plugins_of: Option<&RepoPath>) {
        let Reference { text, role, .. } = place.reference;
        if text.starts_with('/') {
            return self.refuse(RefusalKind::LeavesRepository, place);
        }
        let target = folder.join(text);
        let is_file = *role != Role::Component
            && !remote::is_remote_file(text)
            && target.as_ref().is_some_and(|path| self.tree.is_file(path));
        let is_remote = match role {
            Role::Component => remote::is_repository(text),
            Role::File | Role::Data => remote::is_remote_file(text),
            // A file of that name comes first.
            Role::Resource | Role::Plugin => {
                remote::is_remote_file(text) || !is_file && remote::is_repository(text)
            }
        };
        if is_remote {
            return self.refuse(RefusalKind::RemoteReference, place);
        }
        let Some(target) = target else {
            return self.refuse(RefusalKind::LeavesRepository, place);
        };
        if !outside::may_refer(self.tree, place.file, text, &target) {
            return self.refuse(RefusalKind::LeavesRepository, place);
        }
        let Ok(real) = self.tree.resolve(&target) else {
            return self.refuse(RefusalKind::UnsafeEntry, place);
        };
        // Links become copies before the build, so what leaves a linked folder would be looked
        // for beside the copy, and a linked file outside the root would pass the load restrictor.
        let real_folder = self.tree.resolve(folder).unwrap_or_else(|_| folder.clone());
        let leaves_copy = real_folder != *folder && !target.is_within(folder);
        if leaves_copy || is_file && real != target && !real.is_within(&real_folder) {
            return self.refuse(RefusalKind::UnsafeEntry, place);
        }
        if is_file {
            self.read_file(&target);
            for path in [&target, &real] {
                let known = self.roles.entry(path.clone()).or_insert(*role);
                if *role == Role::Resource || *known == Role::Data {
                    *known = *role;
                }
            }
            let plugins_of = match role {
                Role::Plugin => Some(folder),
                Role::Resource => plugins_of,
                Role::Component | Role::File | Role::Data => None,
            };
            if let Some(root) = plugins_of {
                self.read_plugins(&target, root);
            }
        } else if self.tree.is_folder(&target) && !matches!(role, Role::File | Role::Data) {
            let plugins_of = match role {
                Role::Plugin => Some(folder),
                _ => plugins_of,
            };
            self.enter(&target, plugins_of, Some(place));
        } else if remote::looks_remote(text) {
            self.refuse(RefusalKind::RemoteReference, place);
        } else {
            self.refuse(RefusalKind::Missing, place);
        }
    }

    /// Takes a file, the links that lead to it, and where it really stands.
    fn read_file(&mut self, path: &RepoPath) {
        self.found.files.insert(path.clone());
        let Ok(real) = self.tree.resolve(path) else {
            return;
        };
        if real == *path {
            return;
        }
        self.found.files.insert(real);
        let mut above = path.clone();
        while !above.is_root() {
            let entry = self.tree.entries().get(&above);
            if entry.is_some_and(|entry| entry.kind == EntryKind::Symlink) {
                self.found.files.insert(above.clone());
            }
            above = above.parent();
        }
    }

    /// Reads a file of plugin configurations; their paths start at `root`.
    fn read_plugins(&mut self, file: &RepoPath, root: &RepoPath) {
        let parsed = self
            .cache
            .plugins
            .read(self.tree, self.reader, file, parse_plugins);
        match parsed {
            Ok(parsed) => self.follow_all(file, root, None, &parsed),
            Err(error) => self.refuse_unread(file, &error),
        }
    }

    fn refuse(&mut self, kind: RefusalKind, place: Place<'_>) {
        self.refuse_file(
            kind,
            place.file,
            place.reference.line,
            &place.reference.text,
        );
    }

    fn refuse_file(&mut self, kind: RefusalKind, path: &RepoPath, line: u32, text: &str) {
        self.found.refusals.insert(Refusal {
            kind,
            path: path.clone(),
            line,
            text: text.to_owned(),
        });
    }

    fn refuse_unread(&mut self, path: &RepoPath, error: &TreeError) {
        let kind = match error {
            TreeError::TooLarge { .. } => RefusalKind::TooLarge,
            TreeError::LinkEscapes { .. } | TreeError::Submodule(_) => RefusalKind::UnsafeEntry,
            _ => RefusalKind::Unreadable,
        };
        self.refuse_file(kind, path, 0, &error.to_string());
    }
}
