//! The applications of both sides, those included that objects declare: plan, render, look at what was
//! rendered, and again, until nothing new comes.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::repo::RepoConfig;
use crate::ids::{AppId, Side};
use crate::plan::{
    AppSide, Declared, Defaults, MAX_DEPTH, Plan, Planner, Seen, SeenObject, Selection, SideApps,
};
use crate::render::{self, Known, Outcome};
use crate::tree::Tree;

/// Plans a change. What was rendered on the way is in `known` afterwards.
pub(super) fn plan(
    planner: &Planner<'_>,
    [base, head]: [&Tree; 2],
    selection: &Selection,
    settings: &render::Settings,
    known: &mut Known,
) -> Plan {
    let mut sides = planner.find_both(base, head, selection);
    let is_change = base.digest() != head.digest() || *selection == Selection::All;
    if is_change && !matches!(selection, Selection::Path(_)) {
        for (apps, side) in sides.iter_mut().zip([Side::Base, Side::Head]) {
            let tree = match side {
                Side::Base => base,
                Side::Head => head,
            };
            extend(planner, tree, apps, settings, known);
        }
    }
    planner.build(base, head, sides, selection)
}

/// Every application that a tree declares.
pub fn declare_all(
    tree: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    settings: &render::Settings,
) -> Declared {
    let planner = Planner::new(config, defaults);
    let mut apps = SideApps::of(planner.find(tree, &Selection::All));
    extend(&planner, tree, &mut apps, settings, &mut Known::default());
    apps.settle()
}

/// Plans the change between two trees, with everything that objects declare, and judges nothing.
pub fn plan_change(
    base: &Tree,
    head: &Tree,
    config: &RepoConfig,
    defaults: &Defaults,
    settings: &render::Settings,
) -> Plan {
    let planner = Planner::new(config, defaults);
    let known = &mut Known::default();
    plan(&planner, [base, head], &Selection::Changed, settings, known)
}

/// Adds what the objects of these applications declare, to the tenth level.
pub(crate) fn extend(
    planner: &Planner<'_>,
    tree: &Tree,
    apps: &mut SideApps,
    settings: &render::Settings,
    known: &mut Known,
) {
    let mut wanted = BTreeSet::new();
    for depth in 0..=MAX_DEPTH {
        let rendered = render_declaring(planner, tree, apps, &wanted, settings, known);
        apps.failed = find_failed(&rendered);
        let all: BTreeMap<&AppId, &AppSide> = apps.all().collect();
        let seen = see(&all, &rendered);
        let round = planner.extend(tree, &apps.found, seen);
        let is_last = round.declared == apps.declared && round.wanted == wanted;
        wanted.clone_from(&round.wanted);
        if depth == MAX_DEPTH && !is_last {
            return planner.give_up(apps, round);
        }
        planner.accept(apps, round);
        if is_last {
            return;
        }
    }
}

fn render_declaring(
    planner: &Planner<'_>,
    tree: &Tree,
    apps: &SideApps,
    wanted: &BTreeSet<String>,
    settings: &render::Settings,
    known: &mut Known,
) -> BTreeMap<AppId, Outcome> {
    let all: Vec<(&AppId, &AppSide)> = apps.all().collect();
    let declaring = planner.find_declaring(tree, &all, wanted);
    let (ids, sides): (Vec<AppId>, Vec<(&AppSide, &Tree)>) = all
        .into_iter()
        .filter(|(id, _)| declaring.contains(*id))
        .map(|(id, side)| (id.clone(), (side, tree)))
        .unzip();
    ids.into_iter()
        .zip(known.render(&sides, settings))
        .collect()
}

/// What could not be rendered: what it declares is not known.
fn find_failed(rendered: &BTreeMap<AppId, Outcome>) -> BTreeSet<AppId> {
    let failed = rendered
        .iter()
        .filter(|(_, outcome)| outcome.manifests().is_none());
    failed.map(|(id, _)| id.clone()).collect()
}

/// The objects of these renderings. What could not be rendered declares nothing here; where the change
/// touches it, that is a failure of its own.
fn see<'a>(
    apps: &BTreeMap<&'a AppId, &'a AppSide>,
    rendered: &'a BTreeMap<AppId, Outcome>,
) -> Seen<'a> {
    let mut seen = Seen::default();
    for (id, outcome) in rendered {
        let (Some(side), Some(manifests)) = (apps.get(id), outcome.manifests()) else {
            continue;
        };
        seen.objects
            .extend(manifests.iter().map(|manifest| SeenObject {
                parent: id,
                parent_cluster: &side.cluster,
                namespace: side.namespace.as_deref(),
                manifest,
            }));
    }
    seen
}
