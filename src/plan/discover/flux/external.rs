//! An `ExternalArtifact`: files of sources, put together by an `ArtifactGenerator`.
//!
//! It is evaluated where it holds files of this repository that stand to each other as they do there:
//! then a folder of the repository is its root. Anything else would have to be built first.

use super::World;
use super::fields::{Fields, Wrong};
use super::kustomization::clean;
use super::objects::{Object, Objects, WATCHER};
use super::source::{Reference, Resolved, Source, resolve, spec_of};
use crate::ids::RepoPath;

/// The source that the generators of the cluster make under this name.
pub(super) fn resolve_external(
    world: &World<'_, '_>,
    objects: &Objects<'_>,
    from: &Object<'_>,
    reference: &Reference,
) -> Resolved {
    let wrong = Wrong::default();
    let makes = |object: &&Object<'_>| {
        object.is(WATCHER, "ArtifactGenerator")
            && object.namespace == reference.namespace
            && find_artifact(object, &reference.name, &wrong).is_some()
    };
    let found = Objects::choose(from, objects.all().iter().filter(makes));
    let Some(found) = found else {
        return Resolved {
            source: Source::Unknown(format!(
                "{}, which no object of the repository declares",
                reference.describe()
            )),
            digest: None,
            assumed: None,
        };
    };
    let composed = compose(world, objects, found, &reference.name, &wrong);
    let (source, assumed) = composed.unwrap_or_else(|| {
        let text = format!(
            "{}, which the ArtifactGenerator `{}` puts together",
            reference.describe(),
            found.name()
        );
        (Source::Unknown(text), None)
    });
    Resolved {
        source,
        digest: Some(found.deciding_digest()),
        assumed,
    }
}

fn find_artifact<'a>(object: &Object<'a>, name: &str, wrong: &'a Wrong) -> Option<Fields<'a>> {
    let spec = Fields::of(spec_of(object), "spec", wrong);
    let mut artifacts = spec.items("artifacts").into_iter();
    artifacts.find(|artifact| artifact.text("name") == Some(name))
}

/// The part of this repository that it is, and the source that is only assumed to be it; `None` where
/// it is anything else.
fn compose(
    world: &World<'_, '_>,
    objects: &Objects<'_>,
    generator: &Object<'_>,
    name: &str,
    wrong: &Wrong,
) -> Option<(Source, Option<String>)> {
    let spec = Fields::of(spec_of(generator), "spec", wrong);
    let mut root: Option<RepoPath> = None;
    let mut taken = Vec::new();
    let (mut artifact, mut assumed) = (None, None);
    for copy in find_artifact(generator, name, wrong)?.items("copy") {
        let plain = copy.list("exclude").is_empty()
            && matches!(copy.text("strategy"), None | Some("Overwrite"));
        let (alias, pattern) = copy.text("from")?.strip_prefix('@')?.split_once('/')?;
        let (path, begins) = read_copy(pattern, copy.text("to")?.strip_prefix("@artifact/")?)?;
        if !plain || root.as_ref().is_some_and(|root| *root != begins) {
            return None;
        }
        let sources = spec.items("sources").into_iter();
        let source = sources
            .into_iter()
            .find(|source| source.text("alias") == Some(alias))?;
        let reference = Reference::read(&source, generator.namespace);
        if reference.kind == "ExternalArtifact" {
            return None;
        }
        let resolved = resolve(world, objects, generator, &reference, &path);
        match resolved.source {
            Source::Own(own, _) => artifact = Some(own),
            Source::Elsewhere { .. } | Source::Unknown(_) => return None,
        }
        assumed = assumed.or(resolved.assumed);
        root = Some(begins);
        taken.push(path);
    }
    let artifact = artifact?;
    let narrowed = world.artifacts.narrow(&artifact, &taken);
    Some((Source::Own(narrowed, root?), assumed))
}

/// What a copy takes, and the folder of the source that its target makes the root.
fn read_copy(pattern: &str, target: &str) -> Option<(RepoPath, RepoPath)> {
    let (path, from) = match pattern.strip_suffix("**") {
        Some(folder) if folder.is_empty() || folder.ends_with('/') => {
            (clean(folder), clean(folder))
        }
        Some(_) => return None,
        None => (clean(pattern), clean(pattern).parent()),
    };
    let is_folder = target.is_empty() || target.ends_with('/');
    if path.as_str().contains(['*', '?', '[', '{']) || !is_folder {
        return None;
    }
    let to = clean(target);
    if to.is_root() {
        return Some((path, from));
    }
    let root = from.as_str().strip_suffix(to.as_str())?;
    if !root.is_empty() && !root.ends_with('/') {
        return None;
    }
    Some((path, clean(root)))
}
