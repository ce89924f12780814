//! Flux: the applications that `Kustomization` and `HelmRelease` objects declare.
//!
//! What is evaluated: every source that is this repository at the branch under judgement. A source that
//! is elsewhere is said in [`AppSource`](crate::plan::AppSource), and rendered when somebody supplies it.
//! A `GitRepository` that no object declares (the one of a bootstrap that leaves no trace in the
//! repository) counts as this repository where the folder that is asked for exists in it.
//!
//! One repository often holds several clusters, whose objects have the same names. Where no destination
//! tells them apart, the folder of the outermost `Kustomization` does: it is the variant of the
//! application's identity.

mod artifact;
mod closures;
mod edits;
mod external;
mod fields;
mod generated;
mod ignore;
mod kustomization;
mod objects;
mod order;
mod release;
mod roots;
mod sets;
mod source;
mod substitute;
mod values;

pub(in crate::plan) use kustomization::clean;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::Scope;
use crate::ids::{AppId, RepoPath};
use crate::plan::cache::Cache;
use crate::plan::kustomization::{Closure, Walk, find_files};
use crate::plan::seen::Seen;
use crate::plan::{AppSide, Refusal, RefusalKind};
use crate::tree::Tree;
use artifact::Artifacts;
use closures::Closures;
use objects::{Object, Objects};

/// What building a folder of a fetched source reads, `root` being the source's: Flux writes a
/// kustomization where there is none, and gives the list of its resources.
pub(in crate::plan) fn build_fetched(
    tree: &Tree,
    root: &RepoPath,
    folder: &RepoPath,
) -> (Option<Vec<String>>, Closure) {
    let cache = Cache::default();
    if !find_files(tree, folder).is_empty() {
        return (None, Walk::run(tree, &tree.reader(), &cache, folder));
    }
    let rules = artifact::read_rules_below(tree, root);
    let is_left_out = |path: &RepoPath| rules.exclude(path.as_str());
    let build = generated::generate(tree, &cache, folder, &is_left_out);
    (build.generated, build.closure)
}

/// Adds the applications that these objects declare.
pub(super) fn declare(scope: &Scope<'_>, seen: &Seen<'_>, found: &mut BTreeMap<AppId, AppSide>) {
    let mut objects = Objects::index(seen);
    let artifacts = Artifacts::default();
    let closures = Closures::default();
    roots::assign(
        &mut objects,
        &World {
            scope,
            artifacts: &artifacts,
            closures: &closures,
        },
    );
    let world = World {
        scope,
        artifacts: &artifacts,
        closures: &closures,
    };
    let mut declared = Found::default();
    for object in objects.all() {
        if object.is_superseded {
            continue;
        }
        match (object.group(), object.kind()) {
            (objects::KUSTOMIZE, "Kustomization") => {
                declared.add(object, kustomization::build(&world, &objects, object));
            }
            (objects::HELM, "HelmRelease") => {
                declared.add(object, release::build(&world, &objects, object));
            }
            (objects::OPERATOR, "ResourceSet" | "FluxInstance") => {
                declared.add(object, sets::build(&world, object));
            }
            _ => {}
        }
    }
    order::refuse_circles(&objects, &mut declared.sides);
    found.extend(declared.sides);
}

/// What every way of building an application has at hand.
struct World<'a, 'w> {
    scope: &'w Scope<'a>,
    artifacts: &'w Artifacts,
    closures: &'w Closures,
}

/// Applications by identity, and the objects that declared them.
#[derive(Default)]
struct Found {
    sides: BTreeMap<AppId, AppSide>,
}

impl Found {
    /// An object that its own application holds, as the one of a bootstrap does, gives way to the same
    /// object found elsewhere. Two different objects of one name are a mistake of both.
    fn add(&mut self, object: &Object<'_>, (id, side): (AppId, AppSide)) {
        let is_own = |side: &AppSide| {
            let declaration = side.declaration.as_ref();
            declaration.is_some_and(|declaration| declaration.parent == id)
        };
        let mut place = match self.sides.entry(id.clone()) {
            Entry::Vacant(place) => {
                place.insert(side);
                return;
            }
            Entry::Occupied(place) => place,
        };
        match place.get_mut() {
            first if is_own(first) => *first = side,
            _ if is_own(&side) => {}
            first => {
                let digest = |side: &AppSide| side.declaration.as_ref().map(|found| found.digest);
                if digest(first) != digest(&side) {
                    let text = format!(
                        "`{}/{}` is declared again, and differently, in `{}`",
                        object.namespace,
                        object.name(),
                        object.file()
                    );
                    first.refusals.push(Refusal {
                        kind: RefusalKind::Declaration,
                        path: object.file(),
                        line: object.line(),
                        text,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
