//! The exact requests that a deployer makes for an application: made once, used by the dry run of
//! the preview and by the built-in apply alike, so that what was previewed is what is sent.

mod stages;

pub use stages::{compose, is_kept_for_good};

use serde_json::Value;

use crate::config::repo::Engine;
use crate::ids::ObjectRef;
use crate::object::Manifest;

/// The field manager of the built-in apply.
pub const FIELD_MANAGER: &str = "drydock";

/// The request that this engine makes for one object.
///
/// Every engine is asked to take over fields that others hold, the built-in apply included: Git is
/// the source of truth, and the preview has shown each takeover before the merge. A prediction has to
/// use the manager that will really apply, because another one would keep fields that the manifest no
/// longer has.
pub fn compose_apply(engine: Engine, object: &ObjectRef, manifest: &Manifest) -> ApplyRequest {
    ApplyRequest {
        object: named(object, manifest),
        manifest: manifest.clone(),
        labels: Vec::new(),
        annotations: Vec::new(),
        field_manager: match engine {
            Engine::Apply => FIELD_MANAGER,
            Engine::ArgoCd => "argocd-controller",
            Engine::Flux => "kustomize-controller",
            Engine::Kubectl => "kubectl",
        }
        .to_owned(),
        force: true,
    }
}

/// The object under the name that this very rendering gave it.
fn named(object: &ObjectRef, manifest: &Manifest) -> ObjectRef {
    let is_made_up = manifest
        .unstable()
        .is_some_and(|unstable| unstable.stem.is_some());
    let name = manifest
        .value()
        .pointer("/metadata/name")
        .and_then(Value::as_str);
    match name.filter(|_| is_made_up) {
        Some(name) => ObjectRef {
            name: name.to_owned(),
            ..object.clone()
        },
        None => object.clone(),
    }
}

/// One apply request.
#[derive(Debug, Clone)]
pub struct ApplyRequest {
    /// The object, with the namespace it goes to.
    pub object: ObjectRef,
    /// The desired state; unsealed only by the client that sends it.
    pub manifest: Manifest,
    /// Metadata labels that the deployer adds (tracking).
    pub labels: Vec<(String, String)>,
    /// Metadata annotations that the deployer adds (tracking).
    pub annotations: Vec<(String, String)>,
    /// Field manager of the request.
    pub field_manager: String,
    /// Whether conflicts are taken over.
    pub force: bool,
}

/// Requests in the order they are made; a stage starts when everything of the one before is
/// established.
#[derive(Debug, Clone, Default)]
pub struct Intent {
    /// Stages in order.
    pub stages: Vec<Stage>,
}

/// Requests that may be made side by side.
#[derive(Debug, Clone)]
pub struct Stage {
    /// What the stage holds, as a word for progress: `namespaces`, `workloads`.
    pub name: &'static str,
    /// Requests, in order of object.
    pub requests: Vec<ApplyRequest>,
}
