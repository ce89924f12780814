//! The applications of both sides, those included that objects declare: plan, render, look at what was
//! rendered, and again, until nothing new comes.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::repo::RepoConfig;
use crate::ids::AppId;
use crate::plan::outside::Mounts;
use crate::plan::{
    AppSide, Declared, Defaults, MAX_DEPTH, Plan, Planner, Seen, SeenObject, Selection, SideApps,
    is_declaration,
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
    let found = planner.find_both(base, head, selection);
    let is_change = base.digest() != head.digest() || *selection == Selection::All;
    if !is_change || matches!(selection, Selection::Path(_)) {
        return planner.build(base, head, found, selection);
    }
    follow(|looked_at| {
        let mut sides = found.clone();
        for (apps, tree) in sides.iter_mut().zip([base, head]) {
            extend(planner, tree, apps, looked_at, settings, known);
        }
        stand(planner, head, &mut sides, looked_at, settings, known);
        let plan = planner.build(base, head, sides, selection);
        let more = find_unannounced(&plan, [base, head], settings, known);
        (plan, more)
    })
}

/// Plans until no application declares others unannounced. `attempt` plans with what was found to, and
/// gives what is found to do so then. What goes on is refused at the depth that is followed.
fn follow(mut attempt: impl FnMut(&BTreeSet<AppId>) -> (Plan, BTreeSet<AppId>)) -> Plan {
    let mut looked_at = BTreeSet::new();
    for _ in 0..MAX_DEPTH {
        let (plan, more) = attempt(&looked_at);
        if more.is_subset(&looked_at) {
            return plan;
        }
        looked_at.extend(more);
    }
    let (mut plan, more) = attempt(&looked_at);
    let is_new = |id: &AppId| more.contains(id) && !looked_at.contains(id);
    for app in plan.apps.iter_mut().filter(|app| is_new(&app.id)) {
        for side in [&mut app.base, &mut app.head].into_iter().flatten() {
            side.refuse_too_deep(&app.id);
        }
    }
    plan
}

/// Touched applications whose renderings declare others, whatever the words in their files say: a
/// template can make a declaration out of anything.
fn find_unannounced(
    plan: &Plan,
    [base, head]: [&Tree; 2],
    settings: &render::Settings,
    known: &mut Known,
) -> BTreeSet<AppId> {
    let mut ids = Vec::new();
    let mut sides: Vec<(AppSide, &Tree)> = Vec::new();
    for app in &plan.apps {
        for (side, tree) in [(&app.base, base), (&app.head, head)] {
            if let Some(side) = side {
                let mut side = side.clone();
                Mounts::settle_side(&mut side, tree);
                ids.push(app.id.clone());
                sides.push((side, tree));
            }
        }
    }
    let sides: Vec<(&AppSide, &Tree)> = sides.iter().map(|(side, tree)| (side, *tree)).collect();
    let outcomes = known.render(&sides, settings);
    let declares = |outcome: &Outcome| {
        let manifests = outcome.manifests().unwrap_or_default();
        manifests.iter().any(is_declaration)
    };
    let declaring = ids.into_iter().zip(&outcomes);
    declaring
        .filter(|(_, outcome)| declares(outcome))
        .map(|(id, _)| id)
        .collect()
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
    let known = &mut Known::default();
    extend(&planner, tree, &mut apps, &BTreeSet::new(), settings, known);
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
    looked_at: &BTreeSet<AppId>,
    settings: &render::Settings,
    known: &mut Known,
) {
    let mut wanted = BTreeSet::new();
    for depth in 0..=MAX_DEPTH {
        let rendered = render_declaring(planner, tree, apps, (&wanted, looked_at), settings, known);
        apps.failed = find_failed(&rendered);
        let all: BTreeMap<&AppId, &AppSide> = apps.all().collect();
        let seen = see(&all, &rendered);
        let round = planner.extend(tree, apps, seen);
        let is_last = round.declared == apps.declared && round.wanted.is_subset(&wanted);
        // What was wanted once goes on being rendered, or it would be missing again.
        wanted.extend(round.wanted.iter().cloned());
        if depth == MAX_DEPTH && !is_last {
            return planner.give_up(apps, round);
        }
        planner.accept(apps, round);
        if is_last {
            return;
        }
    }
}

/// Adds to the head what folders declare as they lie there, where a change covers them.
fn stand(
    planner: &Planner<'_>,
    head: &Tree,
    [before, after]: &mut [SideApps; 2],
    looked_at: &BTreeSet<AppId>,
    settings: &render::Settings,
    known: &mut Known,
) {
    let covered = planner.find_covered(before, after);
    if covered.is_empty() {
        return;
    }
    let mut wanted = BTreeSet::new();
    for _ in 0..2 {
        let rendered =
            render_declaring(planner, head, after, (&wanted, looked_at), settings, known);
        let all: BTreeMap<&AppId, &AppSide> = after.all().collect();
        let (standing, more) = planner.declare_standing(head, &covered, see(&all, &rendered));
        after.standing = standing;
        wanted.extend(more);
    }
}

fn render_declaring(
    planner: &Planner<'_>,
    tree: &Tree,
    apps: &SideApps,
    (wanted, looked_at): (&BTreeSet<String>, &BTreeSet<AppId>),
    settings: &render::Settings,
    known: &mut Known,
) -> BTreeMap<AppId, Outcome> {
    let all: Vec<(&AppId, &AppSide)> = apps.all().collect();
    let declaring = planner.find_declaring(tree, &all, wanted);
    let (ids, sides): (Vec<AppId>, Vec<AppSide>) = all
        .into_iter()
        .filter(|(id, _)| declaring.contains(*id) || looked_at.contains(*id))
        .map(|(id, side)| {
            let mut side = side.clone();
            // What was fetched meanwhile is rendered, and declares.
            Mounts::settle_side(&mut side, tree);
            (id.clone(), side)
        })
        .unzip();
    let sides: Vec<(&AppSide, &Tree)> = sides.iter().map(|side| (side, tree)).collect();
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
        let Some(side) = apps.get(id) else {
            continue;
        };
        let Some(manifests) = outcome.manifests() else {
            seen.gaps.push((&side.cluster, side.namespace.as_deref()));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DeclaredBy;
    use crate::plan::RefusalKind;
    use crate::tree::Revision;

    fn id(level: usize) -> AppId {
        AppId {
            kind: DeclaredBy::ArgoApplication,
            cluster: crate::ids::ClusterName("c".to_owned()),
            namespace: String::new(),
            name: format!("level-{level}"),
            variant: None,
        }
    }

    /// Levels of applications, of which each brings the next and no file gives away the last.
    fn follow_levels(levels: usize) -> Vec<AppId> {
        let plan = follow(|looked_at| {
            let mut plan = Plan::of_side(AppSide::default(), &Revision::Empty);
            let one = plan.apps.pop();
            let seen = (0..=looked_at.len().min(levels)).map(|level| {
                let mut app = one.clone().unwrap();
                app.id = id(level);
                app
            });
            plan.apps.extend(seen);
            let more = plan.apps.iter().map(|app| app.id.clone());
            let more = more.filter(|found| *found != id(levels)).collect();
            (plan, more)
        });
        let refused = plan.apps.into_iter().filter(|app| {
            let side = app.head.as_ref().unwrap();
            side.refusals
                .iter()
                .any(|refusal| refusal.kind == RefusalKind::TooDeep)
        });
        refused.map(|app| app.id).collect()
    }

    #[test]
    fn what_still_declares_others_at_the_last_level_is_refused() {
        assert_eq!(follow_levels(MAX_DEPTH), []);
        assert_eq!(follow_levels(MAX_DEPTH + 1), [id(MAX_DEPTH)]);
        assert_eq!(follow_levels(MAX_DEPTH + 5), [id(MAX_DEPTH)]);
    }
}
