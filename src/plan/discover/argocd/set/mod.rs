//! `ApplicationSet`: the applications that the controller would make of one, from the set, the files
//! of this repository and the clusters that are configured. No network, no clock.
//!
//! The semantics are those of Argo CD 3.5: the generators `list`, `git`, `clusters`, `matrix` and
//! `merge`, both template languages, overriding templates and template patches. Where Go gives
//! results in no order, they are ordered here. What asks a service is named, never guessed.

mod budget;
mod clusters;
mod combine;
mod compose;
mod expander;
mod git;
pub(super) mod glob;
mod interpolate;
mod list;
mod overlay;
mod params;
mod patch;
mod pathspec;
mod problem;
mod selector;
mod template;

pub use budget::SetBudget;
pub use problem::{Fault, NotEvaluable, SetProblem, Unknown};

use std::collections::BTreeSet;

use serde_json::Value;

use super::{is_true, texts};
use crate::ids::RepoPath;
use crate::plan::ArgoCluster;
use crate::tree::Tree;

/// What a set is expanded against.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// This repository, as the set's git generators would see it.
    pub tree: &'a Tree,
    /// True when an address and a revision mean this tree.
    pub is_own: &'a dyn Fn(&str, &str) -> bool,
    /// The clusters that Argo CD has Secrets of. With none configured, only the cluster that it runs
    /// in is known, and every use of the generator says so.
    pub clusters: &'a [ArgoCluster],
    /// What all sets of the tree may take together.
    pub budget: &'a SetBudget,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("tree", self.tree)
            .field("clusters", &self.clusters)
            .finish_non_exhaustive()
    }
}

/// What a set gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Expansion {
    /// Complete `Application` objects, in the order of the generators; the namespace is the set's,
    /// and absent where the set names none.
    pub applications: Vec<Value>,
    /// Files that generators read, and folders whose names they looked at.
    pub reads: BTreeSet<RepoPath>,
    /// What only a running Argo CD knows. The applications of everything else are there.
    pub not_evaluable: Vec<NotEvaluable>,
    /// What the controller or the API server refuses. One that [stops the set](Fault::stops_the_set)
    /// makes the controller change nothing; `applications` still holds what could be made.
    pub problems: Vec<SetProblem>,
    /// What the controller does with applications that exist.
    pub policy: SetPolicy,
}

/// What the controller does with applications that exist.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetPolicy {
    /// True keeps what an application deployed when the application goes
    /// (`preserveResourcesOnDeletion`).
    pub keeps_resources: bool,
    /// False leaves applications as they were made (`applicationsSync: create-only`,
    /// `create-delete`).
    pub updates: bool,
    /// False leaves applications that the set no longer gives (`create-only`, `create-update`).
    pub deletes: bool,
    /// Annotations that others may set on applications.
    pub preserved_annotations: Vec<String>,
    /// Labels that others may set on applications.
    pub preserved_labels: Vec<String>,
}

impl SetPolicy {
    fn of(set: &Value) -> Self {
        let sync = set
            .pointer("/spec/syncPolicy/applicationsSync")
            .and_then(Value::as_str)
            .unwrap_or("sync");
        let list = |pointer: &str| texts(set, pointer).map(str::to_owned).collect();
        Self {
            keeps_resources: is_true(set, "/spec/syncPolicy/preserveResourcesOnDeletion"),
            updates: !matches!(sync, "create-only" | "create-delete"),
            deletes: !matches!(sync, "create-only" | "create-update"),
            preserved_annotations: list("/spec/preservedFields/annotations"),
            preserved_labels: list("/spec/preservedFields/labels"),
        }
    }
}

/// The applications of an `ApplicationSet` object.
pub fn expand_set(set: &Value, world: &World<'_>) -> Expansion {
    let policy = SetPolicy::of(set);
    let mut expander = expander::Expander::new(set, world, &policy);
    let applications = expander.run(set);
    world.budget.take_steps(expander.language.steps_taken());
    let mut not_evaluable = expander.not_evaluable;
    not_evaluable.sort();
    not_evaluable.dedup();
    let mut problems = expander.problems;
    problems.sort();
    problems.dedup();
    Expansion {
        applications,
        reads: expander.reads,
        not_evaluable,
        problems,
        policy,
    }
}
