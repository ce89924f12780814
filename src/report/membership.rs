//! What a change does to the set of declared applications, in words.

use super::model::AppReport;
use super::visible;
use super::wording::count;
use crate::ids::{ClusterName, Digest};
use crate::plan::{Membership, OnRemoval};

/// What a change does to the set of declared applications, as a phrase; empty where it does nothing.
pub(super) fn compose(app: &AppReport) -> String {
    let place = |(cluster, namespace): &(ClusterName, Option<String>)| {
        let cluster = if cluster.0.is_empty() {
            "no cluster".to_owned()
        } else {
            visible::line(&cluster.0)
        };
        match namespace {
            Some(namespace) => format!("{cluster}/{}", visible::line(namespace)),
            None => cluster,
        }
    };
    let objects = |number: Option<(Digest, usize)>| {
        number.map_or("its objects".to_owned(), |(_, number)| {
            count(number, "object", "objects")
        })
    };
    match &app.membership {
        None => String::new(),
        Some(Membership::Added) => "new application".to_owned(),
        Some(Membership::Removed {
            objects: OnRemoval::Deleted,
        }) => format!("application removed with {}", objects(app.base)),
        Some(Membership::Removed {
            objects: OnRemoval::Kept,
        }) => format!("application removed, {} left behind", objects(app.base)),
        Some(Membership::Retargeted { from, to }) => {
            format!("moves from {} to {}", place(from), place(to))
        }
    }
}

/// `The set of applications changes: 2 added, 1 removed, 1 moved`; `None` where it does not.
pub(super) fn summary(apps: &[AppReport]) -> Option<String> {
    let number = |wanted: fn(&Membership) -> bool| {
        let memberships = apps.iter().filter_map(|app| app.membership.as_ref());
        memberships.filter(|membership| wanted(membership)).count()
    };
    let counts = [
        (number(|it| matches!(it, Membership::Added)), "added"),
        (
            number(|it| matches!(it, Membership::Removed { .. })),
            "removed",
        ),
        (
            number(|it| matches!(it, Membership::Retargeted { .. })),
            "moved",
        ),
    ];
    let said: Vec<String> = counts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    (!said.is_empty()).then(|| format!("The set of applications changes: {}", said.join(", ")))
}
