//! Pairing the applications of both sides, and finding those that a change touches.

use std::collections::{BTreeMap, BTreeSet};

use super::assumed::refuse_assumed;
use super::changes::{find_changes, names};
use super::discover::{Patterns, read_manifests};
use super::extend::{Planner, SideApps};
use super::orphans;
use super::replaced::leave_out;
use super::standing::{add_standing, keep_files};
use super::{
    AppSide, ChangedFile, Declared, Defaults, Plan, PlannedApp, Selection, Untouched,
    UntouchedItem, UntouchedReason, Why,
};
use crate::config::repo::{self, RepoConfig};
use crate::ids::{AppId, RepoPath};
use crate::tree::{EntryKind, Tree};

/// Plans the change from `base` to `head` without what objects declare. `config` is the base's.
pub fn build(
    base: &Tree,
    head: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    selection: &Selection,
) -> Plan {
    let planner = Planner::new(config, defaults);
    let sides = planner.find_both(base, head, selection);
    planner.build(base, head, sides, selection)
}

impl Planner<'_> {
    /// What the files of both sides show, each with what it has to keep of the other.
    pub fn find_both(&self, base: &Tree, head: &Tree, selection: &Selection) -> [SideApps; 2] {
        let [mut before, mut after] = [self.find(base, selection), self.find(head, selection)];
        self.complete(head, &mut after, &before);
        self.complete(base, &mut before, &after);
        keep_files(head, &before, &mut after);
        [before, after].map(SideApps::of)
    }

    /// Plans the change between two sides: pairs their applications, and finds those that it touches.
    pub fn build(
        &self,
        base: &Tree,
        head: &Tree,
        sides: [SideApps; 2],
        selection: &Selection,
    ) -> Plan {
        let [mut before, mut after] = sides;
        leave_out(
            (&mut before.found, &before.replaced),
            (&mut after.found, &after.replaced),
        );
        add_standing(&mut before, &mut after);
        refuse_assumed(&before, &mut after);
        // What a head that renders declares is judged, whatever could be known of it before.
        let withheld = after.withhold(&mut before);
        before.found.apps.extend(before.declared);
        after.found.apps.extend(after.declared);
        let mut sides = [before.found, after.found];
        if *selection == Selection::Changed {
            let [before, after] = &mut sides;
            let manifests = |folder: &RepoPath| {
                read_manifests(head, self.config, self.defaults, folder, &self.cache)
            };
            orphans::refuse(before, after, head, manifests);
        }
        let mut plan = Plan {
            base: base.revision().clone(),
            head: head.revision().clone(),
            apps: Vec::new(),
            untouched: Vec::new(),
            changed: find_changes(base, head),
        };
        let comparison = Comparison {
            base,
            head,
            changed: names(&plan.changed),
        };
        let read = comparison.select(&sides, selection, &mut plan);
        let planned: BTreeSet<&AppId> = plan.apps.iter().map(|app| &app.id).collect();
        let left_out = sides.iter().flat_map(|side| &side.left_out);
        let left_out: Vec<Untouched> = left_out
            .filter(|item| !matches!(&item.what, UntouchedItem::App(id) if planned.contains(id)))
            .cloned()
            .collect();
        if !matches!(selection, Selection::Path(_)) {
            let unread = unread_files(&plan.changed, &read, &left_out, self.config);
            plan.untouched.extend(unread);
        }
        plan.untouched.extend(left_out);
        plan.untouched
            .extend(withheld.into_iter().map(|id| Untouched {
                what: UntouchedItem::App(id),
                reason: UntouchedReason::DeclarationUnknown,
            }));
        plan.untouched.sort();
        plan.untouched.dedup();
        plan
    }
}

type Pair<'a> = (Option<&'a AppSide>, Option<&'a AppSide>);

fn pair<'a>(base: &'a Declared, head: &'a Declared) -> BTreeMap<&'a AppId, Pair<'a>> {
    let mut pairs: BTreeMap<&AppId, Pair<'_>> = BTreeMap::new();
    for (id, side) in &base.apps {
        pairs.entry(id).or_default().0 = Some(side);
    }
    for (id, side) in &head.apps {
        pairs.entry(id).or_default().1 = Some(side);
    }
    pairs
}

struct Comparison<'a> {
    base: &'a Tree,
    head: &'a Tree,
    changed: BTreeSet<RepoPath>,
}

impl Comparison<'_> {
    /// Adds each application to the plan: touched, or not and why. Gives the changed files that an
    /// application reads.
    fn select(
        &self,
        [before, after]: &[Declared; 2],
        selection: &Selection,
        plan: &mut Plan,
    ) -> BTreeSet<RepoPath> {
        let mut read = BTreeSet::new();
        for (id, (before, after)) in pair(before, after) {
            let mut why = self.reasons(before, after, &mut read);
            if *selection != Selection::Changed {
                why.insert(Why::Asked);
            }
            if why.is_empty() {
                plan.untouched.push(Untouched {
                    what: UntouchedItem::App(id.clone()),
                    reason: UntouchedReason::NothingItReadsChanged,
                });
            } else {
                plan.apps.push(PlannedApp {
                    id: id.clone(),
                    base: before.cloned(),
                    head: after.cloned(),
                    why: why.into_iter().collect(),
                });
            }
        }
        read
    }

    /// Why this application is touched; every changed file that it reads goes into `read`.
    fn reasons(
        &self,
        before: Option<&AppSide>,
        after: Option<&AppSide>,
        read: &mut BTreeSet<RepoPath>,
    ) -> BTreeSet<Why> {
        let mut why = BTreeSet::new();
        match (before, after) {
            (None, Some(_)) => {
                why.insert(Why::Introduced);
            }
            (Some(_), None) => {
                why.insert(Why::Removed);
            }
            _ => {}
        }
        for path in before
            .into_iter()
            .chain(after)
            .flat_map(|side| &side.closure)
        {
            if self.differs(path) {
                why.insert(Why::File(path.clone()));
                read.insert(path.clone());
            }
        }
        if let (Some(before), Some(after)) = (before, after)
            && why.is_empty()
            && !same_declaration(before, after)
        {
            why.insert(Why::Declaration(declaration(after)));
        }
        why
    }

    fn differs(&self, path: &RepoPath) -> bool {
        if self.changed.contains(path) {
            return true;
        }
        // What was fetched differs only where a file of the repository asks for something else.
        if self.base.is_supplied(path) || self.head.is_supplied(path) {
            return false;
        }
        // A path behind a link is no entry, and a link stays the same when its target changes; only
        // the content tells.
        let is_plain = |tree: &Tree| {
            let entry = tree.entries().get(path);
            entry.is_some_and(|entry| entry.kind != EntryKind::Symlink)
        };
        !is_plain(self.base)
            && !is_plain(self.head)
            && self.base.find_blob(path) != self.head.find_blob(path)
    }
}

/// True when both sides would be rendered and deployed in the same way; files aside.
pub(super) fn same_declaration(before: &AppSide, after: &AppSide) -> bool {
    let object = |side: &AppSide| side.declaration.as_ref().map(|found| found.digest);
    object(before) == object(after)
        && before.sources == after.sources
        && before.cluster == after.cluster
        && before.namespace == after.namespace
        && before.engine == after.engine
        && before.refusals == after.refusals
}

fn declaration(side: &AppSide) -> RepoPath {
    let object = side
        .declaration
        .as_ref()
        .and_then(|found| found.path.as_ref());
    let first = side.sources.first().map(|source| &source.path);
    object.or(first).cloned().unwrap_or_default()
}

/// Why each changed file that no application reads belongs to none.
fn unread_files(
    changed: &[ChangedFile],
    read: &BTreeSet<RepoPath>,
    left_out: &[Untouched],
    config: &RepoConfig,
) -> Vec<Untouched> {
    let exclude = Patterns::new(&config.discovery.exclude);
    let of_libraries: Vec<RepoPath> = left_out
        .iter()
        .filter(|item| item.reason == UntouchedReason::LibraryChart)
        .filter_map(|item| match &item.what {
            UntouchedItem::App(id) => id.name.parse().ok(),
            UntouchedItem::Path(_) => None,
        })
        .collect();
    let mut own: Vec<RepoPath> = RepoPath::root().join(repo::FILE_NAME).into_iter().collect();
    own.extend(config.waivers.clone());
    own.extend(
        config
            .policies
            .iter()
            .flatten()
            .map(|policy| policy.path.clone()),
    );
    names(changed)
        .into_iter()
        .filter(|path| !read.contains(path))
        .map(|path| {
            let reason = match () {
                () if own.iter().any(|own| !own.is_root() && path.is_within(own)) => {
                    UntouchedReason::Configuration
                }
                () if exclude.matches(&path) => UntouchedReason::Excluded,
                () if of_libraries.iter().any(|chart| path.is_within(chart)) => {
                    UntouchedReason::LibraryChart
                }
                () => UntouchedReason::NoApplicationReadsIt,
            };
            Untouched {
                what: UntouchedItem::Path(path),
                reason,
            }
        })
        .collect()
}
