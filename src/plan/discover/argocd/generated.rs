//! Applications that `ApplicationSet` objects generate, and what stands for a set that is not wholly
//! evaluated.

use std::sync::Arc;

use super::application::{self, HOME};
use super::set::{Expansion, SetBudget, Unknown, World, expand_set};
use super::{Place, find_text};
use crate::config::repo::Engine;
use crate::ids::{AppId, DeclaredBy, Digest};
use crate::plan::discover::Scope;
use crate::plan::{AppSide, Declaration, OnRemoval, Refusal, RefusalKind};

/// The applications of the set in this place; one more for the set itself, where it gives less than it
/// says. `tree` is the tree's digest, `budget` what all sets may take together.
pub(super) fn compose_all(
    scope: &Scope<'_>,
    place: &Place<'_>,
    tree: Digest,
    budget: &SetBudget,
) -> Vec<Arc<(AppId, AppSide)>> {
    let value = place.object.manifest.value();
    let origin = &scope.defaults.origin;
    let world = World {
        tree: scope.tree,
        is_own: &|url, revision| origin.is_own(url) && origin.tracks(Some(revision)),
        clusters: &scope.argocd.clusters,
        budget,
    };
    let expansion = expand_set(value, &world);
    let key = place.key(tree);
    let set = identify(place);
    let name = format!("{}/{}", set.namespace, set.name);
    let mut found: Vec<Arc<(AppId, AppSide)>> = expansion
        .applications
        .iter()
        .map(|application| {
            let key = Digest::of(format!("{key} {application}").as_bytes());
            scope.cache.composed.read(key, || {
                application::compose(scope, place, application, Some(&name))
            })
        })
        .collect();
    let refusals = refuse(place, &expansion);
    if !refusals.is_empty() {
        found.push(Arc::new((
            set,
            stand_in(scope, place, &expansion, refusals),
        )));
    }
    found
}

fn identify(place: &Place<'_>) -> AppId {
    let object = place.object;
    AppId {
        kind: DeclaredBy::ArgoApplicationSet,
        cluster: object.parent_cluster.clone(),
        namespace: object.effective_namespace().unwrap_or(HOME).to_owned(),
        name: object.manifest.object().name.clone(),
        variant: None,
    }
}

/// Each reason why the set gives less than it says.
fn refuse(place: &Place<'_>, expansion: &Expansion) -> Vec<Refusal> {
    let unknown = expansion.not_evaluable.iter().map(|unknown| {
        let text = format!("{} (`{}`)", describe(&unknown.reason), unknown.at);
        place.refuse(RefusalKind::OtherGenerator, text)
    });
    let wrong = expansion.problems.iter().map(|problem| {
        let text = format!("{}: {}", problem.at, problem.fault);
        place.refuse(RefusalKind::Declaration, text)
    });
    let mut refusals: Vec<Refusal> = unknown.chain(wrong).collect();
    refusals.sort();
    refusals.dedup();
    refusals
}

/// What decides, as a noun.
fn describe(unknown: &Unknown) -> String {
    match unknown {
        Unknown::Service(kind) => format!("the generator `{kind}`"),
        Unknown::Elsewhere { url, revision } if revision.is_empty() => format!("`{url}`"),
        Unknown::Elsewhere { url, revision } => format!("`{url}` at `{revision}`"),
        Unknown::Clusters => "the list of clusters that Argo CD knows".to_owned(),
        Unknown::Pathspec(pattern) => format!("the pattern `{pattern}`"),
        Unknown::Function(function) => format!("the template function `{function}`"),
    }
}

/// What is not rendered and still has to be named.
fn stand_in(
    scope: &Scope<'_>,
    place: &Place<'_>,
    expansion: &Expansion,
    refusals: Vec<Refusal>,
) -> AppSide {
    let object = place.object;
    let value = object.manifest.value();
    let provenance = object.manifest.provenance();
    let files = expansion.reads.iter();
    let closure = files
        .filter(|path| scope.tree.is_file(path))
        .cloned()
        .collect();
    let spec = value.get("spec").map(ToString::to_string);
    AppSide {
        cluster: object.parent_cluster.clone(),
        namespace: find_text(value, "/metadata/namespace").map(str::to_owned),
        engine: Engine::ArgoCd,
        closure,
        refusals,
        declaration: Some(Declaration {
            parent: object.parent.clone(),
            path: provenance.path.clone(),
            line: provenance.line,
            digest: Digest::of(spec.unwrap_or_default().as_bytes()),
            on_removal: if expansion.policy.keeps_resources {
                OnRemoval::Kept
            } else {
                OnRemoval::Deleted
            },
            suspended: false,
            set: None,
        }),
        ..AppSide::default()
    }
}
