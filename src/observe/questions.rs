//! From renderings to questions: what is paired, what is asked, what is withheld.

use std::collections::BTreeMap;

use super::scope::{Place, find_place, read_defined};
use super::{Question, Withheld};
use crate::cluster_facts::ClusterFacts;
use crate::config::repo::Engine;
use crate::config::settings::Allow;
use crate::ids::{ObjectKey, ObjectRef, Side};
use crate::object::{Manifest, Role};
use crate::plan::PlannedApp;
use crate::render::{Outcome, RenderedApp};

/// The namespace of objects that name none, in applications that name none: kubectl's.
const DEFAULT_NAMESPACE: &str = "default";

/// Which objects a preview asks about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Only objects whose renderings differ. Equal renderings cannot have an effect of this change,
    /// so nothing is lost but the view of drift.
    Changed,
    /// Every object, to see drift too.
    All,
}

/// Which objects the operator lets a preview ask about. A pull request must not read other objects
/// of the cluster back through its diff. The default is everything.
#[derive(Debug, Clone, Default)]
pub struct Allowed(Option<Allow>);

impl Allowed {
    /// Only what the settings allow to touch: the same rule, and the same patterns, as for writing.
    pub fn only(allow: Allow) -> Self {
        Self(Some(allow))
    }

    /// True when the object may be asked about.
    pub fn permits(&self, object: &ObjectRef) -> bool {
        let namespace = object.namespace.as_deref();
        let permits = |allow: &Allow| allow.permits(&object.group, &object.kind, namespace);
        self.0.as_ref().is_none_or(permits)
    }
}

/// True for kinds that only an identity with wide rights may write, dry runs included: RBAC's guard
/// against escalation wants the rights that a role grants, and a preview identity holds no write on
/// admission policies, because those could take its fence away. A refusal to dry-run them is as meant.
pub fn is_guarded(object: &ObjectRef) -> bool {
    matches!(
        object.group.as_str(),
        "rbac.authorization.k8s.io" | "admissionregistration.k8s.io" | "apiregistration.k8s.io"
    )
}

/// One object on both sides, with the namespace it goes to. At least one side is there.
#[derive(Debug, Clone)]
pub struct Pair {
    /// The object as the head names it, else as the base does.
    pub object: ObjectRef,
    /// Before.
    pub base: Option<Manifest>,
    /// After.
    pub head: Option<Manifest>,
}

impl Pair {
    /// True when both sides want the same.
    pub fn is_equal(&self) -> bool {
        match (&self.base, &self.head) {
            (Some(base), Some(head)) => base.digest() == head.digest(),
            _ => false,
        }
    }

    /// Leaves the object alone where one side is a hook of the same name: it comes or goes.
    fn part_hook(&mut self) {
        let (Some(base), Some(head)) = (&self.base, &self.head) else {
            return;
        };
        if base.becomes_hook(head) {
            self.head = None;
        } else if head.becomes_hook(base) {
            self.base = None;
        }
    }

    fn any(&self) -> impl Iterator<Item = &Manifest> {
        self.base.iter().chain(&self.head)
    }
}

/// The objects of an application, paired by identity, in order of identity; chart tests are left
/// out, and hooks that an object became or was. `None` when a side could not be rendered: nothing may then be concluded from what is missing.
pub fn read_pairs(
    planned: &PlannedApp,
    rendered: &RenderedApp,
    facts: Option<&ClusterFacts>,
) -> Option<BTreeMap<ObjectKey, Pair>> {
    let mut pairs = BTreeMap::new();
    for side in [Side::Base, Side::Head] {
        if side == Side::Base && planned.changes_cluster() {
            // What it was elsewhere is no state of the cluster that is asked.
            continue;
        }
        let manifests = rendered.side(side).manifests()?;
        let defined = read_defined(manifests.iter());
        let fallback = planned
            .side(side)
            .and_then(|side| side.namespace.as_deref())
            .unwrap_or(DEFAULT_NAMESPACE);
        for manifest in manifests {
            if manifest.role() == Role::Test {
                continue;
            }
            let place = find_place(manifest.object(), facts, &defined);
            let (object, manifest) = settle(manifest, place, fallback);
            let pair = pairs.entry(object.key()).or_insert_with(|| Pair {
                object: object.clone(),
                base: None,
                head: None,
            });
            pair.object = object;
            // The same object twice on one side: a deployer applies both, the last one stays.
            match side {
                Side::Base => pair.base = Some(manifest),
                Side::Head => pair.head = Some(manifest),
            }
        }
    }
    let runs_hooks = planned
        .latest()
        .is_some_and(|side| matches!(side.engine, Engine::ArgoCd | Engine::Flux));
    if runs_hooks {
        pairs.values_mut().for_each(Pair::part_hook);
    }
    Some(pairs)
}

/// The object under the namespace that it will live in.
fn settle(manifest: &Manifest, place: Option<Place>, fallback: &str) -> (ObjectRef, Manifest) {
    let mut object = manifest.object().clone();
    match place {
        Some(Place::Namespace) if object.namespace.is_none() => {
            object.namespace = Some(fallback.to_owned());
            (object, manifest.with_namespace(fallback))
        }
        Some(Place::Cluster) => {
            object.namespace = None;
            (object, manifest.clone())
        }
        Some(Place::Namespace) | None => (object, manifest.clone()),
    }
}

/// What must be asked about one application, in order of identity; nothing when its head could not be
/// rendered. Where only its base could not, the head is asked about alone: what it repairs must not
/// pass unseen.
pub fn questions(
    planned: &PlannedApp,
    rendered: &RenderedApp,
    facts: Option<&ClusterFacts>,
    allowed: &Allowed,
    scope: Scope,
) -> Vec<Question> {
    let Some(destination) = planned.latest() else {
        return Vec::new();
    };
    let alone = rendered.base.manifests().is_none().then(|| RenderedApp {
        base: Outcome::Absent,
        ..rendered.clone()
    });
    read_pairs(planned, alone.as_ref().unwrap_or(rendered), facts)
        .into_iter()
        .flat_map(BTreeMap::into_values)
        .filter(|pair| scope == Scope::All || !pair.is_equal())
        .map(|pair| {
            let withheld = find_withheld(&pair, allowed);
            Question {
                app: planned.id.clone(),
                cluster: destination.cluster.clone(),
                engine: destination.engine,
                // What is withheld is not read either: its live state is what must not be shown.
                read_live: withheld.is_none(),
                withheld,
                object: pair.object,
                base: pair.base,
                head: pair.head,
            }
        })
        .collect()
}

fn find_withheld(pair: &Pair, allowed: &Allowed) -> Option<Withheld> {
    if pair.object.kind == "Secret" || pair.any().any(Manifest::is_masked) {
        return Some(Withheld::Secret);
    }
    if pair.any().any(|manifest| manifest.role() == Role::Hook) {
        return Some(Withheld::NotApplied);
    }
    if pair.object.name.ends_with('*') {
        return Some(Withheld::GeneratedName);
    }
    (!allowed.permits(&pair.object)).then_some(Withheld::NotAllowed)
}
