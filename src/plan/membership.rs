//! What a change does to the set of declared applications: it adds, removes or retargets them.

use super::{AppSide, OnRemoval, PlannedApp};
use crate::ids::ClusterName;

/// A change to the set of declared applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// The application is declared anew.
    Added,
    /// Its declaration goes.
    Removed {
        /// What becomes of its objects.
        objects: OnRemoval,
    },
    /// It goes elsewhere; what it left behind stays there.
    Retargeted {
        /// Cluster and namespace before.
        from: (ClusterName, Option<String>),
        /// Cluster and namespace after.
        to: (ClusterName, Option<String>),
    },
}

impl PlannedApp {
    /// What the change does to the set of applications; `None` for one that no object declares, and for
    /// one that stays where it is.
    pub fn membership(&self) -> Option<Membership> {
        let declaration = |side: &AppSide| side.declaration.clone();
        match (&self.base, &self.head) {
            (None, Some(head)) => declaration(head).map(|_| Membership::Added),
            (Some(base), None) => declaration(base).map(|declaration| Membership::Removed {
                objects: declaration.on_removal,
            }),
            (Some(base), Some(head)) => {
                let place = |side: &AppSide| (side.cluster.clone(), side.namespace.clone());
                let (from, to) = (place(base), place(head));
                let declared = base.declaration.is_some() && head.declaration.is_some();
                (declared && from != to).then_some(Membership::Retargeted { from, to })
            }
            (None, None) => None,
        }
    }

    /// True when its objects stay although the change removes the application.
    pub fn leaves_objects(&self) -> bool {
        self.membership()
            == Some(Membership::Removed {
                objects: OnRemoval::Kept,
            })
    }

    /// True when it goes to another cluster after the change: its objects there have no state before.
    pub fn changes_cluster(&self) -> bool {
        match (&self.base, &self.head) {
            (Some(base), Some(head)) => base.cluster != head.cluster,
            _ => false,
        }
    }
}
