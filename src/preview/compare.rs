//! From states to changes: one application after the other.

use std::collections::{BTreeMap, BTreeSet};

use super::announced::Announced;
use super::classify::{Effect, classify};
use super::danger::{Case, find_dangers};
use super::field_path::to_pointer;
use super::immutable::{find_immutable, says_immutable};
use super::normalize::normalize;
use super::renames::pair_generated;
use super::settle::{Settled, settle};
use super::text::unified;
use super::{Action, AppPreview, Basis, Change, Input, Origin};
use crate::config::repo::Engine;
use crate::ids::ClusterName;
use crate::intent::is_kept_for_good;
use crate::object::{Manifest, Role};
use crate::observe::{DryRun, Live, Observation, Question, group_by_app, read_pairs};
use crate::plan::PlannedApp;
use crate::render::RenderedApp;

/// The preview of every planned application, in the plan's order. An application without a rendering
/// is withheld.
pub fn compose_previews(input: &Input<'_>) -> Vec<AppPreview> {
    let announced = Announced::read(input.planned, input.rendered);
    let rendered: BTreeMap<_, _> = input.rendered.iter().map(|app| (&app.id, app)).collect();
    let questions = group_by_app(input.questions);
    input
        .planned
        .iter()
        .map(|planned| {
            let rendered = rendered.get(&planned.id).copied();
            let questions = questions.get(&planned.id).map_or(&[][..], Vec::as_slice);
            compose_one(planned, rendered, questions, input, &announced)
        })
        .collect()
}

fn compose_one(
    planned: &PlannedApp,
    rendered: Option<&RenderedApp>,
    questions: &[&Question],
    input: &Input<'_>,
    announced: &Announced,
) -> AppPreview {
    let cluster = destination(planned);
    let facts = input.observation.facts.get(&cluster);
    let pairs =
        rendered.and_then(|rendered| read_pairs(planned, rendered, facts.map(AsRef::as_ref)));
    let Some(pairs) = pairs else {
        return AppPreview {
            app: planned.id.clone(),
            changes: Vec::new(),
            unchanged: 0,
            withheld: true,
        };
    };
    let mut changes: Vec<Change> = questions
        .iter()
        .flat_map(|question| compose_changes(question, input.observation, announced))
        .collect();
    if planned.leaves_objects() {
        // Nobody deletes what its application leaves behind.
        changes.retain(|change| change.action != Action::Delete);
    }
    if let Some(rendered) = rendered {
        changes
            .iter_mut()
            .filter(|change| change.action == Action::Delete)
            .for_each(|change| note_hook(change, rendered));
    }
    pair_generated(&mut changes, questions);
    changes.sort_by(|one, other| (&one.object, one.origin).cmp(&(&other.object, other.origin)));
    let touched: BTreeSet<_> = changes.iter().map(|change| change.object.key()).collect();
    AppPreview {
        app: planned.id.clone(),
        unchanged: pairs.keys().filter(|key| !touched.contains(key)).count(),
        changes,
        withheld: false,
    }
}

/// Where an application goes: the head's cluster, or the base's when it is removed.
pub(super) fn destination(planned: &PlannedApp) -> ClusterName {
    planned
        .head
        .as_ref()
        .or(planned.base.as_ref())
        .map(|side| side.cluster.clone())
        .unwrap_or_default()
}

fn compose_changes(
    question: &Question,
    observation: &Observation,
    announced: &Announced,
) -> Vec<Change> {
    let settled = settle(question, observation, announced);
    let refused = refused_immutable(question, observation);
    classify(&settled)
        .into_iter()
        .map(|effect| compose_change(question, &settled, effect, &refused))
        .map(|change| Change {
            uid: find_uid(question, observation),
            ..change
        })
        .collect()
}

fn compose_change(
    question: &Question,
    settled: &Settled,
    effect: Effect<'_>,
    refused: &[String],
) -> Change {
    let immutable = match settled.basis {
        Basis::Server => Vec::new(),
        Basis::Schema | Basis::Estimated if refused.is_empty() => {
            find_immutable(&question.object, &effect.changes)
        }
        Basis::Schema | Basis::Estimated => refused.to_vec(),
    };
    let dangers = match effect.origin {
        // Drift is not this change's doing, and what stays is in no danger.
        Origin::Drift => Vec::new(),
        _ if kept(question, effect.action).is_some() => Vec::new(),
        // A hook is made anew at each of its events.
        _ if is_hook(question) => Vec::new(),
        _ => find_dangers(&Case {
            object: &question.object,
            action: effect.action,
            after: effect.after,
            changes: &effect.changes,
            immutable: &immutable,
        }),
    };
    let rendered = |manifest: &Option<Manifest>| {
        manifest.as_ref().map(|manifest| {
            let mut value = normalize(manifest.value());
            if let Some(unstable) = manifest.unstable() {
                unstable.cover(&mut value);
            }
            value
        })
    };
    // What appears or goes is shown as it was written: defaults that the server adds say nothing.
    let diff = match effect.action {
        Action::Create => unified(None, rendered(&question.head).as_ref()),
        Action::Delete => unified(rendered(&question.base).as_ref(), None),
        Action::Update | Action::Unchanged => unified(effect.before, effect.after),
    };
    Change {
        object: question.object.clone(),
        action: effect.action,
        origin: effect.origin,
        basis: settled.basis,
        note: join(
            join(effect.note, kept(question, effect.action)).as_deref(),
            settled.note.as_deref(),
        ),
        fields: effect
            .changes
            .into_iter()
            .map(|difference| difference.change)
            .collect(),
        diff,
        dangers,
        uid: None,
    }
}

/// Says of a deletion that the object is still written down, as a hook.
fn note_hook(change: &mut Change, rendered: &RenderedApp) {
    let (name, kind) = (&change.object.name, &change.object.kind);
    let mut manifests = rendered.head.manifests().unwrap_or_default().iter();
    let is_hook = manifests.any(|manifest| {
        let object = manifest.object();
        object.name == *name && object.kind == *kind && manifest.role() == Role::Hook
    });
    if is_hook {
        let note = "it becomes a hook, so its deployer no longer keeps it";
        change.note = join(Some(note), change.note.as_deref());
    }
}

fn is_hook(question: &Question) -> bool {
    let manifest = question.head.as_ref().or(question.base.as_ref());
    manifest.is_some_and(|manifest| manifest.role() == Role::Hook)
}

/// What Drydock's own engine does not do of a deletion.
fn kept(question: &Question, action: Action) -> Option<&'static str> {
    let stays = action == Action::Delete
        && question.engine == Engine::Apply
        // Without a cluster nobody said that Drydock applies it.
        && !question.cluster.0.is_empty()
        && is_kept_for_good(&question.object);
    stays.then_some("stays in the cluster: Drydock never deletes this kind")
}

/// The uid of the live object, where it was read.
fn find_uid(question: &Question, observation: &Observation) -> Option<String> {
    let key = (question.app.clone(), question.object.key());
    match &observation.answers.get(&key)?.live {
        Live::Present(live) => live
            .value()
            .pointer("/metadata/uid")
            .and_then(serde_json::Value::as_str)
            .map(ToOwned::to_owned),
        Live::NotAsked | Live::Absent | Live::Unanswered(_) => None,
    }
}

fn join(one: Option<&str>, other: Option<&str>) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => Some(format!("{one}; {other}")),
        (one, other) => one.or(other).map(ToOwned::to_owned),
    }
}

/// Pointers of the fields that the server says cannot change.
fn refused_immutable(question: &Question, observation: &Observation) -> Vec<String> {
    let key = (question.app.clone(), question.object.key());
    let head = observation.answers.get(&key).map(|answer| &answer.head);
    match (head, &question.head) {
        (Some(DryRun::Refused(refusal)), Some(manifest)) => refusal
            .causes
            .iter()
            .filter(|(_, message)| says_immutable(message))
            .map(|(field, _)| to_pointer(field, manifest.value()))
            .collect(),
        _ => Vec::new(),
    }
}
