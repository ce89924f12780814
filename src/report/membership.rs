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
