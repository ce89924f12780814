//! A `Kustomization`: a folder of a source, built by Kustomize with what the declaration changes.

use super::World;
use super::edits::{read_common_metadata, read_edits};
use super::fields::{Fields, Wrong};
use super::objects::{KUSTOMIZE, Object, Objects};
use super::source::{Reference, Source, resolve, spec_of};
use super::substitute;
use crate::config::repo::Engine;
use crate::ids::{AppId, ClusterName, DeclaredBy, RepoPath};
use crate::plan::kustomization::{Closure, Walk};
use crate::plan::{
    AppSide, AppSource, KustomizeEdits, KustomizeInput, OnRemoval, Refusal, RefusalKind,
    RendererInput, remote,
};

/// What keeps an object from being deleted with what rendered it.
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";

/// The application that this object declares.
pub(super) fn build(
    world: &World<'_, '_>,
    objects: &Objects<'_>,
    object: &Object<'_>,
) -> (AppId, AppSide) {
    let wrong = Wrong::default();
    let spec = Fields::of(spec_of(object), "spec", &wrong);
    let folder = clean(spec.text("path").unwrap_or_default());
    let reference = Reference::read(&spec.inside("sourceRef"), object.namespace);
    let resolved = resolve(world, objects, object, &reference, &folder);
    let (substitution, mut digests) = substitute::read(objects, object, &spec);
    digests.extend(resolved.digest);

    let mut input = KustomizeInput {
        open_load_restrictor: true,
        generated: None,
        edits: read_kustomize_edits(&spec),
        substitution,
    };
    let mut closure = Closure::default();
    let mut source = AppSource::here(folder.clone(), RendererInput::Kustomize(input.clone()));
    let folder = match &resolved.source {
        Source::Own(_, root) => root.join(folder.as_str()).unwrap_or(folder),
        Source::Elsewhere { .. } | Source::Unknown(_) => folder,
    };
    source.path = folder.clone();
    match resolved.source {
        Source::Own(artifact, _) if artifact.tree.is_folder(&folder) => {
            let built = world.closures.find(&artifact, world.scope.cache, &folder);
            input.generated.clone_from(&built.generated);
            closure = built.closure.clone();
            let tree = &artifact.tree;
            let is_there = |text: &String| {
                let path = folder.join(text);
                path.is_some_and(|path| tree.is_folder(&path))
            };
            if spec.flag("ignoreMissingComponents") {
                input.edits.components.retain(is_there);
            }
            for text in &input.edits.components {
                read_component(world, tree, object, &folder, text, &mut closure);
            }
        }
        Source::Own(..) if world.scope.tree.is_folder(&folder) => {
            let text = format!(
                "`spec.path` is `{folder}`, which the {} leaves out (`ignore`, `.sourceignore`)",
                reference.describe()
            );
            closure
                .refusals
                .insert(refuse(object, RefusalKind::Declaration, text));
        }
        Source::Own(..) => {
            let text = format!("{folder}/");
            closure
                .refusals
                .insert(refuse(object, RefusalKind::Missing, text));
        }
        Source::Elsewhere {
            repository,
            revision,
        } => {
            source.repository = Some(repository);
            source.revision = revision;
        }
        Source::Unknown(text) => {
            source.repository = Some(text.clone());
            closure
                .refusals
                .insert(refuse(object, RefusalKind::Elsewhere, text));
        }
    }
    source.renderer = RendererInput::Kustomize(input);
    let on_removal = read_removal(objects, object, &spec);
    let suspended = spec.flag("suspend");
    let side = AppSide {
        sources: vec![source],
        cluster: find_cluster(object, &spec),
        namespace: spec.text("targetNamespace").map(str::to_owned),
        engine: Engine::Flux,
        closure: closure.files,
        refusals: closure.refusals.into_iter().collect(),
        declaration: Some(object.declaration(&digests, on_removal, suspended)),
        creates_namespace: false,
    };
    let id = object.id(DeclaredBy::FluxKustomization);
    (id, with_wrong(side, object, wrong))
}

/// The side with everything that the API server or Flux would refuse in its declaration.
pub(super) fn with_wrong(mut side: AppSide, object: &Object<'_>, wrong: Wrong) -> AppSide {
    let texts = wrong.into_texts().into_iter();
    side.refusals
        .extend(texts.map(|text| refuse(object, RefusalKind::Declaration, text)));
    side.refusals.sort();
    side.refusals.dedup();
    side
}

/// A refusal at the declaration.
pub(super) fn refuse(object: &Object<'_>, kind: RefusalKind, text: String) -> Refusal {
    Refusal {
        kind,
        path: object.file(),
        line: object.line(),
        text,
    }
}

/// A path in an artifact: it begins at its root, and nothing leads out of it.
pub(super) fn clean(text: &str) -> RepoPath {
    let mut path = RepoPath::root();
    for part in text.split('/') {
        path = match part {
            ".." => path.parent(),
            part => path.join(part).unwrap_or(path),
        };
    }
    path
}

fn read_kustomize_edits(spec: &Fields<'_>) -> KustomizeEdits {
    let text = |key: &str| spec.text(key).map(str::to_owned);
    let components = spec.texts("components").into_iter().map(str::to_owned);
    KustomizeEdits {
        name_prefix: text("namePrefix"),
        name_suffix: text("nameSuffix"),
        namespace: text("targetNamespace"),
        components: components.collect(),
        common_metadata: read_common_metadata(spec),
        ..read_edits(spec)
    }
}

/// Adds what a component of the declaration reads. It stands beside the folder, never on another host.
fn read_component(
    world: &World<'_, '_>,
    tree: &crate::tree::Tree,
    object: &Object<'_>,
    folder: &RepoPath,
    text: &str,
    closure: &mut Closure,
) {
    let kind = if remote::is_repository(text) || remote::looks_remote(text) {
        RefusalKind::RemoteReference
    } else {
        match folder.join(text) {
            Some(path) if tree.is_folder(&path) => {
                let found = Walk::run(tree, &tree.reader(), world.scope.cache, &path);
                closure.files.extend(found.files);
                closure.refusals.extend(found.refusals);
                return;
            }
            Some(_) => RefusalKind::Missing,
            None => RefusalKind::LeavesRepository,
        }
    };
    closure
        .refusals
        .insert(refuse(object, kind, text.to_owned()));
}

/// What becomes of the objects when the declaration goes. One that is suspended, or that the
/// application above leaves behind, takes nothing with it.
pub(super) fn is_kept(objects: &Objects<'_>, object: &Object<'_>, spec: &Fields<'_>) -> bool {
    let stays = objects.find_parent(object).is_some_and(|parent| {
        let wrong = Wrong::default();
        parent.is(KUSTOMIZE, "Kustomization")
            && !Fields::of(spec_of(parent), "spec", &wrong).flag("prune")
    });
    stays || spec.flag("suspend") || object.is_marked(PRUNE, "disabled")
}

fn read_removal(objects: &Objects<'_>, object: &Object<'_>, spec: &Fields<'_>) -> OnRemoval {
    let is_deleted = match spec.text("deletionPolicy") {
        Some("Delete" | "WaitForTermination") => true,
        Some("Orphan") => false,
        _ => spec.flag("prune"),
    };
    if is_deleted && !is_kept(objects, object, spec) {
        OnRemoval::Deleted
    } else {
        OnRemoval::Kept
    }
}

/// Where it goes: the cluster of its declaration, or the one of its kubeconfig, which goes by the name
/// of the Secret or ConfigMap that holds it, without the suffix that Cluster API gives it.
pub(super) fn find_cluster(object: &Object<'_>, spec: &Fields<'_>) -> ClusterName {
    let remote = spec.inside("kubeConfig");
    if !remote.exists() {
        return ClusterName(object.cluster().to_owned());
    }
    let name = ["secretRef", "configMapRef"]
        .iter()
        .find_map(|key| remote.inside(key).text("name"));
    let name = name.unwrap_or("kubeConfig");
    ClusterName(name.strip_suffix("-kubeconfig").unwrap_or(name).to_owned())
}
