//! From observations and time to the next step of watching a deployment. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::health::Health;
use crate::ids::ObjectRef;

/// How long and how often is looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the last apply to giving up.
    pub deadline: Duration,
    /// Between two looks.
    pub interval: Duration,
    /// An object counts as healthy after it was seen so twice, this far apart: a controller that has
    /// not reacted yet looks healthy at the first look.
    pub settle: Duration,
}

impl Default for Limits {
    /// Ten minutes, the default progress deadline of a Deployment; a look every two seconds; two
    /// seconds of calm.
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(600),
            interval: Duration::from_secs(2),
            settle: Duration::from_secs(2),
        }
    }
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Look again after this time; the objects that are waited for, with the reason.
    Look {
        /// How long to wait first.
        after: Duration,
        /// In order of object.
        waiting: Vec<(ObjectRef, String)>,
    },
    /// Every object is healthy.
    Done,
    /// An object failed for good.
    Failed(ObjectRef, String),
    /// Time is over.
    TimedOut(Vec<(ObjectRef, String)>),
}

/// What was seen so far: since when each object looks healthy, as time since the last apply.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    healthy_since: BTreeMap<ObjectRef, Duration>,
}

impl Memory {
    /// Takes one look at every object, `elapsed` after the last apply, and says what is next.
    /// An object that is missing in `seen` does not exist (any more).
    pub fn look(
        &mut self,
        wanted: &[ObjectRef],
        seen: &BTreeMap<ObjectRef, Health>,
        elapsed: Duration,
        limits: &Limits,
    ) -> Step {
        let mut waiting = Vec::new();
        let mut settling = Vec::new();
        for object in wanted {
            match seen.get(object) {
                Some(Health::Failed(reason)) => {
                    return Step::Failed(object.clone(), reason.clone());
                }
                Some(Health::Current) => {
                    let since = *self.healthy_since.entry(object.clone()).or_insert(elapsed);
                    if elapsed.saturating_sub(since) < limits.settle {
                        let reason = "it looks healthy since a moment ago".to_owned();
                        settling.push((object.clone(), reason));
                    }
                    continue;
                }
                Some(Health::InProgress(reason)) => waiting.push((object.clone(), reason.clone())),
                Some(Health::Terminating) => {
                    waiting.push((object.clone(), "it is being deleted".to_owned()));
                }
                None => waiting.push((object.clone(), "it does not exist".to_owned())),
            }
            self.healthy_since.remove(object);
        }
        waiting.sort();
        if waiting.is_empty() && settling.is_empty() {
            return Step::Done;
        }
        let left = limits.deadline.saturating_sub(elapsed);
        if left.is_zero() && !waiting.is_empty() {
            // What looks healthy is not what it failed on.
            return Step::TimedOut(waiting);
        }
        waiting.append(&mut settling);
        waiting.sort();
        let after = if left.is_zero() {
            limits.interval
        } else {
            limits.interval.min(left)
        };
        Step::Look { after, waiting }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object() -> ObjectRef {
        ObjectRef {
            group: "apps".into(),
            version: "v1".into(),
            kind: "Deployment".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        }
    }

    fn look(memory: &mut Memory, health: Option<Health>, seconds: u64) -> Step {
        let seen = health
            .map(|health| (object(), health))
            .into_iter()
            .collect();
        memory.look(
            &[object()],
            &seen,
            Duration::from_secs(seconds),
            &Limits::default(),
        )
    }

    #[test]
    fn one_healthy_look_is_not_enough() {
        let mut memory = Memory::default();
        assert!(matches!(
            look(&mut memory, Some(Health::Current), 0),
            Step::Look { .. }
        ));
        assert_eq!(look(&mut memory, Some(Health::Current), 2), Step::Done);
    }

    #[test]
    fn a_relapse_starts_the_calm_again() {
        let mut memory = Memory::default();
        look(&mut memory, Some(Health::Current), 0);
        look(&mut memory, Some(Health::InProgress("rolling".into())), 1);
        assert!(matches!(
            look(&mut memory, Some(Health::Current), 2),
            Step::Look { .. }
        ));
        assert_eq!(look(&mut memory, Some(Health::Current), 4), Step::Done);
    }

    #[test]
    fn a_missing_object_is_waited_for_until_the_deadline() {
        let mut memory = Memory::default();
        assert!(matches!(look(&mut memory, None, 599), Step::Look { .. }));
        assert!(matches!(look(&mut memory, None, 600), Step::TimedOut(_)));
    }

    #[test]
    fn an_object_that_just_became_healthy_is_not_what_a_deployment_times_out_on() {
        let mut memory = Memory::default();
        let other = ObjectRef {
            name: "other".into(),
            ..object()
        };
        let wanted = [object(), other.clone()];
        let mut seen = BTreeMap::from([(object(), Health::Current)]);
        let end = Duration::from_secs(600);
        let step = memory.look(&wanted, &seen, end, &Limits::default());
        assert_eq!(
            step,
            Step::TimedOut(vec![(other.clone(), "it does not exist".into())])
        );
        // Nothing but the calm is missing: it is waited for.
        seen.insert(other, Health::Current);
        let step = memory.look(&wanted, &seen, end, &Limits::default());
        assert!(matches!(step, Step::Look { after, .. } if !after.is_zero()));
        let later = end + Limits::default().settle;
        let step = memory.look(&wanted, &seen, later, &Limits::default());
        assert_eq!(step, Step::Done);
    }

    #[test]
    fn a_failed_object_ends_the_watch_at_once() {
        let mut memory = Memory::default();
        let step = look(&mut memory, Some(Health::Failed("no".into())), 1);
        assert_eq!(step, Step::Failed(object(), "no".into()));
    }
}
