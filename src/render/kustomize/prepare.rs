//! The root's kustomization as its deployer leaves it, in the private folder.

use serde_json::json;

use super::edit::{self, Dialect};
use super::file::Kustomization;
use super::find_kustomization;
use crate::config::repo::Engine;
use crate::ids::RepoPath;
use crate::plan::{CommonMetadata, KustomizeEdits, KustomizeInput};
use crate::render::workspace::Workspace;
use crate::render::{Problem, Request};

/// Writes what the deployer generates and changes. The tree itself stays as it is.
pub(super) fn prepare(
    input: &KustomizeInput,
    request: &Request<'_>,
    workspace: &Workspace,
) -> Result<(), Vec<Problem>> {
    let edits = KustomizeEdits {
        common_metadata: CommonMetadata::default(),
        ..input.edits.clone()
    };
    let dialect = match request.engine {
        Engine::Flux => Dialect::Flux,
        Engine::ArgoCd | Engine::Apply | Engine::Kubectl => Dialect::Edit,
    };
    let existing = find_kustomization(request);
    if input.generated.is_none() && dialect == Dialect::Edit && edits == KustomizeEdits::default() {
        return Ok(());
    }
    let (path, mut kustomization) = match (&input.generated, existing) {
        (Some(resources), _) => {
            let path = request.path.join("kustomization.yaml");
            (path.unwrap_or_default(), generate(resources))
        }
        (None, Some(path)) => {
            let kustomization = read(&path, workspace)?;
            (path, kustomization)
        }
        // Kustomize says itself that there is none.
        (None, None) => return Ok(()),
    };
    let before = kustomization.clone();
    if dialect == Dialect::Flux && input.generated.is_none() {
        kustomization.drop_unknown();
        if kustomization.items("resources").is_empty() {
            // Flux keeps Kustomize from refusing a kustomization that only has other fields.
            kustomization.set("buildMetadata", json!(["originAnnotations"]));
        }
    }
    edit::apply(&mut kustomization, &edits, dialect).map_err(|error| {
        let message = format!("the declaration's changes to this kustomization fail: {error}");
        vec![Problem::about(&path, message)]
    })?;
    if kustomization == before && input.generated.is_none() {
        return Ok(());
    }
    workspace.write(&path, &kustomization.write())
}

/// Writes a kustomization of these edits over a text's objects into an empty folder.
pub(super) fn prepare_alone(
    text: &str,
    edits: &KustomizeEdits,
    request: &Request<'_>,
    workspace: &Workspace,
) -> Result<(), Vec<Problem>> {
    const INPUT: &str = "post-renderer-input.yaml";
    let mut kustomization = generate(&[INPUT.to_owned()]);
    edit::apply(&mut kustomization, edits, Dialect::Flux)
        .map_err(|error| vec![Problem::about(request.path, error.to_string())])?;
    for (name, text) in [
        (INPUT, text),
        ("kustomization.yaml", &kustomization.write()),
    ] {
        let path = RepoPath::root().join(name).unwrap_or_default();
        workspace.write(&path, text)?;
    }
    Ok(())
}

/// Reads a kustomization of the private folder.
pub(super) fn read(path: &RepoPath, workspace: &Workspace) -> Result<Kustomization, Vec<Problem>> {
    let text = workspace.read(path).unwrap_or_default();
    Kustomization::parse(text.as_bytes())
        .map_err(|error| vec![Problem::about(path, format!("it cannot be read: {error}"))])
}

/// What Flux writes where a folder has no kustomization.
fn generate(resources: &[String]) -> Kustomization {
    let mut kustomization = Kustomization::default();
    kustomization.set("apiVersion", "kustomize.config.k8s.io/v1beta1");
    kustomization.set("kind", "Kustomization");
    if resources.is_empty() {
        // A field that changes nothing: a kustomization without any is refused.
        kustomization.set("namespace", "_placeholder");
    } else {
        kustomization.set("resources", resources.to_vec());
    }
    kustomization
}
