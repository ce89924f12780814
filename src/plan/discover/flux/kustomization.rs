//! A `Kustomization`: a folder of a source, built by Kustomize with what the declaration changes.

use std::collections::BTreeSet;

use super::World;
use super::artifact::Artifact;
use super::edits::{read_common_metadata, read_edits};
use super::fields::{Fields, Wrong};
use super::objects::{KUSTOMIZE, Object, Objects, Used};
use super::source::{Reference, Source, resolve, spec_of};
use super::substitute;
use crate::config::repo::Engine;
use crate::ids::{AppId, ClusterName, DeclaredBy, RepoPath};
use crate::plan::kustomization::{Closure, Walk};
use crate::plan::{
    AppSide, AppSource, KustomizeEdits, KustomizeInput, OnRemoval, Refusal, RefusalKind,
    RendererInput, Waiting, remote,
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
    let mut used = Used::default();
    let substitution = substitute::read(objects, object, &spec, &mut used);
    used.digests.extend(resolved.digest);

    let input = KustomizeInput {
        open_load_restrictor: true,
        generated: None,
        edits: read_kustomize_edits(&spec),
        substitution,
        ..KustomizeInput::default()
    };
    let place = Place {
        object,
        spec: &spec,
        reference: &reference,
        folder,
    };
    let (source, closure) = place.fill(world, resolved.source, input);
    let on_removal = read_removal(objects, object, &spec);
    let suspended = spec.flag("suspend");
    let side = AppSide {
        sources: vec![source],
        cluster: find_cluster(object, &spec),
        namespace: spec.text("targetNamespace").map(str::to_owned),
        engine: Engine::Flux,
        closure: closure.files,
        data: closure.data,
        refusals: closure.refusals.into_iter().collect(),
        declaration: Some(object.declaration(&used.digests, on_removal, suspended)),
        assumed: resolved.assumed,
        ..AppSide::default()
    };
    let side = with_files(side, &used.files);
    let id = object.id(DeclaredBy::FluxKustomization);
    (id, with_wrong(side, object, wrong))
}

/// What a declaration asks of its source.
struct Place<'a> {
    object: &'a Object<'a>,
    spec: &'a Fields<'a>,
    reference: &'a Reference,
    folder: RepoPath,
}

impl Place<'_> {
    /// What is built there, and what that reads.
    fn fill(
        &self,
        world: &World<'_, '_>,
        found: Source,
        mut input: KustomizeInput,
    ) -> (AppSource, Closure) {
        let mut closure = Closure::default();
        let (mut folder, mut repository, mut revision) = (self.folder.clone(), None, None);
        match found {
            Source::Own(artifact, root) => {
                folder = root.join(folder.as_str()).unwrap_or(folder);
                if artifact.tree.is_folder(&folder) {
                    closure = self.build(world, &artifact, &folder, &mut input);
                } else {
                    closure.refusals.insert(self.refuse_folder(world, &folder));
                }
            }
            Source::Elsewhere {
                repository: url,
                revision: at,
            } => (repository, revision) = (Some(url), at),
            Source::Unknown(text) => {
                let refusal = refuse(self.object, RefusalKind::Elsewhere, text.clone());
                closure.refusals.insert(refusal);
                repository = Some(text);
            }
        }
        let source = AppSource {
            waiting: Waiting {
                may_miss: repository.is_some() && self.spec.flag("ignoreMissingComponents"),
                ..Waiting::default()
            },
            repository,
            revision,
            ..AppSource::here(folder, RendererInput::Kustomize(input))
        };
        (source, closure)
    }

    fn build(
        &self,
        world: &World<'_, '_>,
        artifact: &Artifact,
        folder: &RepoPath,
        input: &mut KustomizeInput,
    ) -> Closure {
        let built = world.closures.find(artifact, world.scope.cache, folder);
        input.generated.clone_from(&built.generated);
        let mut closure = built.closure.clone();
        let tree = &artifact.tree;
        if self.spec.flag("ignoreMissingComponents") {
            input.edits.components.retain(|text| {
                let path = folder.join(text);
                path.is_some_and(|path| tree.is_folder(&path))
            });
        }
        for text in &input.edits.components {
            read_component(world, tree, self.object, folder, text, &mut closure);
        }
        closure
    }

    /// A folder that is not in the source: left out of it, or not there at all.
    fn refuse_folder(&self, world: &World<'_, '_>, folder: &RepoPath) -> Refusal {
        if !world.scope.tree.is_folder(folder) {
            return refuse(self.object, RefusalKind::Missing, format!("{folder}/"));
        }
        let text = format!(
            "`spec.path` is `{folder}`, which the {} leaves out (`ignore`, `.sourceignore`)",
            self.reference.describe()
        );
        refuse(self.object, RefusalKind::Declaration, text)
    }
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

/// The side with the files that it takes values from.
pub(super) fn with_files(mut side: AppSide, files: &BTreeSet<RepoPath>) -> AppSide {
    let files = files.difference(&side.closure);
    side.values_from = files.cloned().collect();
    side.closure.extend(side.values_from.iter().cloned());
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
pub(in crate::plan) fn clean(text: &str) -> RepoPath {
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
