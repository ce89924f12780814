//! The three states of one object, taken from the best source there is, and which source that was.

use serde_json::Value;

use super::Basis;
use super::announced::Announced;
use super::normalize::normalize;
use super::predict::predict;
use crate::config::repo::Engine;
use crate::object::Manifest;
use crate::observe::{Answer, DryRun, Live, Observation, Question, Withheld, is_guarded};

/// What is known about the live object.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum LiveState {
    Unknown,
    Absent,
    Present(Value),
}

/// The states to compare, normalised.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) base: Option<Value>,
    pub(super) head: Option<Value>,
    pub(super) live: LiveState,
    pub(super) basis: Basis,
    /// Why the basis is no better; the sentence that a reader sees.
    pub(super) note: Option<String>,
}

/// Takes each state from the server where it answered, else from the renderings.
pub(super) fn settle(
    question: &Question,
    observation: &Observation,
    announced: &Announced,
) -> Settled {
    let rendered = |manifest: &Option<Manifest>| {
        manifest
            .as_ref()
            .map(|manifest| normalize(manifest.value()))
    };
    let (base, head) = (rendered(&question.base), rendered(&question.head));
    let key = (question.app.clone(), question.object.key());
    let Some(answer) = observation.answers.get(&key) else {
        let unknown = Settled {
            base,
            head,
            live: LiveState::Unknown,
            basis: Basis::Estimated,
            note: Some(unasked(question, observation)),
        };
        return unknown.without_unstable(question);
    };
    let live = match &answer.live {
        Live::Present(manifest) => LiveState::Present(normalize(manifest.value())),
        Live::Absent => LiveState::Absent,
        Live::NotAsked | Live::Unanswered(_) => LiveState::Unknown,
    };
    let (basis, note) = find_basis(question, answer, observation, announced);
    let head_state = state(&answer.head, head.as_ref(), base.as_ref(), &live);
    let base_state = state(&answer.base, base.as_ref(), None, &live);
    let settled = Settled {
        base: base_state,
        head: head_state,
        live,
        basis,
        note,
    };
    settled.without_unstable(question)
}

impl Settled {
    /// The same with a placeholder where a side differs from render to render: on that side, and in
    /// what is live where that holds for every side.
    fn without_unstable(mut self, question: &Question) -> Self {
        let [base, head] = [&question.base, &question.head].map(|side| {
            let unstable = side.as_ref().map(|side| side.unstable().cloned());
            unstable.map(Option::unwrap_or_default)
        });
        for (unstable, state) in [(&base, &mut self.base), (&head, &mut self.head)] {
            if let (Some(unstable), Some(state)) = (unstable, state) {
                unstable.cover(state);
            }
        }
        let everywhere = match (base, head) {
            (Some(base), Some(head)) => base.in_both(&head),
            (one, other) => one.or(other).unwrap_or_default(),
        };
        if let LiveState::Present(live) = &mut self.live {
            everywhere.cover(live);
        }
        self
    }
}

/// One side's state: the server's, else the rendering laid over what is live.
fn state(
    answer: &DryRun,
    rendered: Option<&Value>,
    previous: Option<&Value>,
    live: &LiveState,
) -> Option<Value> {
    let rendered = rendered?;
    Some(match (answer, live) {
        (DryRun::Accepted { object, .. }, _) => normalize(object.value()),
        (_, LiveState::Present(live)) => normalize(&predict(live, previous, rendered)),
        _ => rendered.clone(),
    })
}

fn unasked(question: &Question, observation: &Observation) -> String {
    if let Some(reason) = question.withheld {
        return withheld(reason).to_owned();
    }
    let cluster = &question.cluster;
    let missing = !observation.unavailable.contains_key(cluster);
    match observation.find_unavailable(cluster) {
        _ if observation.recorded && missing => {
            "the recording has no answer for this object".to_owned()
        }
        Some(reason) => reason.message,
        None => "there is no answer for this object".to_owned(),
    }
}

/// Why an object of the head was not dry-run.
pub(super) fn not_asked(question: &Question) -> &'static str {
    if is_guarded(&question.object) {
        "a dry run of this kind needs rights that a preview does not hold; it is compared with what is live"
    } else {
        "the recording has no dry run of what was edited since; it is compared with what was live"
    }
}

/// Why an object is not sent, as a phrase.
pub(super) fn withheld(reason: Withheld) -> &'static str {
    match reason {
        Withheld::Secret => "Secrets are compared by their renderings only",
        Withheld::NotAllowed => "the operator's settings do not let previews ask about this object",
        Withheld::NotApplied => "hooks are run, or left alone, by the deployer, not applied",
        Withheld::GeneratedName => "its name is generated, so it is made anew every time",
    }
}

fn find_basis(
    question: &Question,
    answer: &Answer,
    observation: &Observation,
    announced: &Announced,
) -> (Basis, Option<String>) {
    let object = &question.object;
    if let Some(reason) = question.withheld {
        return (Basis::Estimated, Some(withheld(reason).to_owned()));
    }
    match &answer.head {
        DryRun::Accepted { .. } if observation.recorded => {
            (Basis::Estimated, Some("from a recording".to_owned()))
        }
        DryRun::Accepted { .. } => engine_basis(question.engine),
        DryRun::NotAsked if question.head.is_none() => (
            Basis::Estimated,
            Some("deletions are not sent as a dry run".to_owned()),
        ),
        DryRun::NotAsked => (Basis::Estimated, Some(not_asked(question).to_owned())),
        DryRun::NamespaceMissing => {
            let namespace = object.namespace.as_deref().unwrap_or_default();
            let note = if announced.has_namespace(&question.cluster, namespace) {
                format!("namespace `{namespace}` is new")
            } else {
                format!("namespace `{namespace}` does not exist")
            };
            (Basis::Schema, Some(note))
        }
        DryRun::KindMissing => {
            let note = if announced.has_kind(&question.cluster, &object.group, &object.kind) {
                format!("kind `{}` is defined by this change", object.kind)
            } else {
                format!(
                    "the cluster does not serve kind `{}` of `{}`",
                    object.kind,
                    object.api_version()
                )
            };
            (Basis::Schema, Some(note))
        }
        DryRun::Refused(refusal) => (
            Basis::Estimated,
            Some(format!("the cluster refuses it: {}", refusal.message)),
        ),
        DryRun::Unanswered(reason) => (Basis::Estimated, Some(reason.message.clone())),
    }
}

/// Only the built-in apply makes the very request that was asked. The other engines do more before
/// it (take over fields, drop unknown ones, merge on the client).
fn engine_basis(engine: Engine) -> (Basis, Option<String>) {
    let note = match engine {
        Engine::Apply => return (Basis::Server, None),
        Engine::ArgoCd => "asked as a server-side apply; Argo CD's own merge can differ",
        Engine::Flux => "asked as Flux's apply, without the steps that Flux takes before it",
        Engine::Kubectl => "asked as a server-side apply; a client-side kubectl apply can differ",
    };
    (Basis::Estimated, Some(note.to_owned()))
}
