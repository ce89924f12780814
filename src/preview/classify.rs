//! What the three states mean: what this change does, what drifted, what is there already.

use serde_json::Value;

use super::difference::{Difference, differences};
use super::settle::{LiveState, Settled};
use super::{Action, Origin};

/// One effect: action and origin, and the two states between which the difference is shown.
#[derive(Debug)]
pub(super) struct Effect<'a> {
    pub(super) action: Action,
    pub(super) origin: Origin,
    pub(super) changes: Vec<Difference>,
    pub(super) before: Option<&'a Value>,
    pub(super) after: Option<&'a Value>,
    pub(super) note: Option<&'static str>,
}

/// The effects on one object: none when nothing changes, two when this change and drift touch
/// different fields.
pub(super) fn classify(settled: &Settled) -> Vec<Effect<'_>> {
    match (&settled.base, &settled.head) {
        (None, None) => Vec::new(),
        (None, Some(head)) => vec![creation(head, &settled.live)],
        (Some(base), None) => vec![deletion(base, &settled.live)],
        (Some(base), Some(head)) => match &settled.live {
            LiveState::Present(live) => updates(base, head, live),
            LiveState::Absent => vec![restoration(base, head)],
            LiveState::Unknown => {
                let changes = differences(base, head);
                if changes.is_empty() {
                    return Vec::new();
                }
                vec![Effect {
                    action: Action::Update,
                    origin: Origin::Unknown,
                    changes,
                    before: Some(base),
                    after: Some(head),
                    note: None,
                }]
            }
        },
    }
}

fn creation<'a>(head: &'a Value, live: &'a LiveState) -> Effect<'a> {
    let new = |origin| Effect {
        action: Action::Create,
        origin,
        changes: Vec::new(),
        before: None,
        after: Some(head),
        note: None,
    };
    match live {
        LiveState::Absent => new(Origin::ThisPr),
        LiveState::Unknown => new(Origin::Unknown),
        LiveState::Present(live) => {
            let changes = differences(live, head);
            let (action, origin) = if changes.is_empty() {
                (Action::Unchanged, Origin::AlreadyLive)
            } else {
                (Action::Update, Origin::OverwritesDrift)
            };
            Effect {
                action,
                origin,
                changes,
                before: Some(live),
                after: Some(head),
                note: Some("exists in the cluster already, though base does not declare it"),
            }
        }
    }
}

fn deletion<'a>(base: &'a Value, live: &'a LiveState) -> Effect<'a> {
    let (action, origin, note) = match live {
        LiveState::Present(_) => (Action::Delete, Origin::ThisPr, None),
        LiveState::Unknown => (Action::Delete, Origin::Unknown, None),
        LiveState::Absent => (
            Action::Unchanged,
            Origin::AlreadyLive,
            Some("is not in the cluster any more"),
        ),
    };
    Effect {
        action,
        origin,
        changes: Vec::new(),
        before: Some(base),
        after: None,
        note,
    }
}

/// Both sides want it and it is not there.
fn restoration<'a>(base: &Value, head: &'a Value) -> Effect<'a> {
    Effect {
        action: Action::Create,
        origin: if base == head {
            Origin::Drift
        } else {
            Origin::OverwritesDrift
        },
        changes: Vec::new(),
        before: None,
        after: Some(head),
        note: Some("base declares it, but it is not in the cluster"),
    }
}

fn updates<'a>(base: &'a Value, head: &'a Value, live: &'a Value) -> Vec<Effect<'a>> {
    let effect = |action, origin, changes, before, after| Effect {
        action,
        origin,
        changes,
        before: Some(before),
        after: Some(after),
        note: None,
    };
    let intended = differences(base, head);
    let drift = differences(live, base);
    if intended.is_empty() && drift.is_empty() {
        return Vec::new();
    }
    if intended.is_empty() {
        return vec![effect(Action::Update, Origin::Drift, drift, live, base)];
    }
    if live == head {
        return vec![effect(
            Action::Unchanged,
            Origin::AlreadyLive,
            intended,
            base,
            head,
        )];
    }
    if drift
        .iter()
        .any(|drifted| intended.iter().any(|change| change.overlaps(drifted)))
    {
        let changes = differences(live, head);
        return vec![effect(
            Action::Update,
            Origin::OverwritesDrift,
            changes,
            live,
            head,
        )];
    }
    let mut effects = vec![effect(Action::Update, Origin::ThisPr, intended, base, head)];
    if !drift.is_empty() {
        effects.push(effect(Action::Update, Origin::Drift, drift, live, base));
    }
    effects
}

#[cfg(test)]
mod tests {
    use super::super::Basis;
    use super::*;
    use serde_json::json;

    fn origins(base: Value, head: Value, live: LiveState) -> Vec<(Action, Origin)> {
        let settled = Settled {
            base: Some(base),
            head: Some(head),
            live,
            basis: Basis::Server,
            note: None,
        };
        classify(&settled)
            .iter()
            .map(|effect| (effect.action, effect.origin))
            .collect()
    }

    #[test]
    fn drift_beside_the_change_is_told_apart_from_it() {
        let base = json!({"a": 1, "b": 1});
        let head = json!({"a": 2, "b": 1});
        let live = |a: u8, b: u8| LiveState::Present(json!({"a": a, "b": b}));
        let update = |origin| (Action::Update, origin);
        let of = |live| origins(base.clone(), head.clone(), live);
        assert_eq!(of(live(1, 1)), [update(Origin::ThisPr)]);
        assert_eq!(
            of(live(1, 3)),
            [update(Origin::ThisPr), update(Origin::Drift)]
        );
        assert_eq!(of(live(3, 1)), [update(Origin::OverwritesDrift)]);
        assert_eq!(of(live(2, 1)), [(Action::Unchanged, Origin::AlreadyLive)]);
        assert_eq!(of(LiveState::Unknown), [update(Origin::Unknown)]);
        assert_eq!(
            origins(base.clone(), base.clone(), live(1, 3)),
            [update(Origin::Drift)]
        );
        assert_eq!(origins(base.clone(), base.clone(), live(1, 1)), []);
    }
}
