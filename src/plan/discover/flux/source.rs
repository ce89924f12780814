//! Where the files of a declaration come from: this repository, or elsewhere.

use std::rc::Rc;

use serde_json::Value;

use super::World;
use super::artifact::Artifact;
use super::external;
use super::fields::{Fields, Wrong};
use super::objects::{Object, Objects, SOURCE};
use crate::ids::{Digest, RepoPath};

/// What a reference to a source leads to.
#[derive(Debug)]
pub(super) enum Source {
    /// This repository, as the artifact holds it; what the source calls its root is this folder.
    Own(Rc<Artifact>, RepoPath),
    /// Another repository or registry, or this one at another revision.
    Elsewhere {
        /// Its URL.
        repository: String,
        /// Branch, tag, commit or range, as declared.
        revision: Option<String>,
    },
    /// Nothing that can be said as a repository; the text says what was asked for.
    Unknown(String),
}

/// A source, and what decided that it is that one.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) source: Source,
    pub(super) digest: Option<Digest>,
    /// The reference, where no object says what it leads to and it counts as this repository.
    pub(super) assumed: Option<String>,
}

/// The source that a `sourceRef` or `chartRef` names.
#[derive(Debug, Clone)]
pub(super) struct Reference {
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Reference {
    /// Reads it; without a namespace it is that of the object.
    pub(super) fn read(fields: &Fields<'_>, namespace: &str) -> Self {
        for key in ["kind", "name"] {
            if fields.text(key).is_none() {
                fields.note(key, "is not given");
            }
        }
        let text = |key: &str| fields.text(key).unwrap_or_default().to_owned();
        Self {
            kind: text("kind"),
            namespace: fields.text("namespace").unwrap_or(namespace).to_owned(),
            name: text("name"),
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("{} `{}/{}`", self.kind, self.namespace, self.name)
    }
}

/// The source of an object that builds `folder` of it.
pub(super) fn resolve(
    world: &World<'_, '_>,
    objects: &Objects<'_>,
    from: &Object<'_>,
    reference: &Reference,
    folder: &RepoPath,
) -> Resolved {
    if reference.kind == "ExternalArtifact" {
        return external::resolve_external(world, objects, from, reference);
    }
    let kind = (SOURCE, reference.kind.as_str());
    let found = objects.find(from, kind, &reference.namespace, &reference.name);
    let Some(found) = found else {
        let source = resolve_undeclared(world, objects, from, reference, folder);
        let is_own = matches!(source, Source::Own(..));
        return Resolved {
            source,
            digest: None,
            assumed: is_own.then(|| reference.describe()),
        };
    };
    // What is wrong with a source is said where it is declared; here its defaults hold.
    let wrong = Wrong::default();
    let spec = Fields::of(found.value().get("spec"), "spec", &wrong);
    let source = match reference.kind.as_str() {
        "GitRepository" => resolve_git(world, &spec, reference, folder),
        "OCIRepository" => resolve_oci(world, &spec),
        _ => None,
    };
    Resolved {
        source: source.unwrap_or_else(|| Source::Unknown(reference.describe())),
        digest: Some(found.deciding_digest()),
        assumed: None,
    }
}

fn resolve_git(
    world: &World<'_, '_>,
    spec: &Fields<'_>,
    reference: &Reference,
    folder: &RepoPath,
) -> Option<Source> {
    let url = spec.text("url")?;
    let origin = &world.scope.defaults.origin;
    let at = spec.inside("ref");
    let name = at.text("name");
    let pinned = [at.text("commit"), name, at.text("semver"), at.text("tag")];
    let pinned = pinned.into_iter().flatten().next();
    let branch = match (
        pinned,
        name.and_then(|name| name.strip_prefix("refs/heads/")),
    ) {
        (Some(pinned), Some(branch)) if Some(pinned) == name => Some(branch),
        (Some(_), _) => None,
        (None, _) => Some(at.text("branch").unwrap_or("master")),
    };
    let is_tracked = branch.is_some_and(|branch| origin.tracks(Some(branch)));
    if !origin.is_own(url) || !is_tracked {
        return Some(Source::Elsewhere {
            repository: url.to_owned(),
            revision: pinned.or(branch).map(str::to_owned),
        });
    }
    for include in spec.items("include") {
        let name = include
            .inside("repository")
            .text("name")
            .unwrap_or_default();
        let place = super::kustomization::clean(include.text("toPath").unwrap_or(name));
        if folder.is_within(&place) || place.is_within(folder) {
            let text = format!(
                "{}, which includes the GitRepository `{name}` at `{place}`",
                reference.describe()
            );
            return Some(Source::Unknown(text));
        }
    }
    let ignore = spec.text("ignore");
    let folders = spec.texts("sparseCheckout");
    let artifact = world.artifacts.make(world.scope.tree, ignore, &folders);
    Some(Source::Own(artifact, RepoPath::root()))
}

/// An artifact in a registry is this repository where the settings name its URL as such, by the tag that
/// follows the branch.
fn resolve_oci(world: &World<'_, '_>, spec: &Fields<'_>) -> Option<Source> {
    let url = spec.text("url")?;
    let revision = oci_revision(spec);
    let origin = &world.scope.defaults.origin;
    let is_tracked = match revision {
        None | Some("latest") => true,
        Some(_) => spec.inside("ref").text("tag") == revision && origin.tracks(revision),
    };
    if origin.is_own(url) && is_tracked {
        let artifact = world
            .artifacts
            .make(world.scope.tree, spec.text("ignore"), &[]);
        return Some(Source::Own(artifact, RepoPath::root()));
    }
    Some(Source::Elsewhere {
        repository: url.to_owned(),
        revision: revision.map(str::to_owned),
    })
}

/// What of an `OCIRepository` is taken: digest before range before tag.
pub(super) fn oci_revision<'a>(spec: &Fields<'a>) -> Option<&'a str> {
    let at = spec.inside("ref");
    let order = [at.text("digest"), at.text("semver"), at.text("tag")];
    order.into_iter().flatten().next()
}

/// A bootstrap may leave its `GitRepository` out of the repository. What a `Kustomization` of this
/// repository takes from the same source is this repository, too.
fn resolve_undeclared(
    world: &World<'_, '_>,
    objects: &Objects<'_>,
    from: &Object<'_>,
    reference: &Reference,
    folder: &RepoPath,
) -> Source {
    let same = |parent: &Object<'_>| {
        let wrong = Wrong::default();
        let spec = parent
            .value()
            .get("spec")
            .and_then(|spec| spec.get("sourceRef"));
        let above = Reference::read(&Fields::of(spec, "", &wrong), parent.namespace);
        (above.kind, above.namespace, above.name)
            == (
                reference.kind.clone(),
                reference.namespace.clone(),
                reference.name.clone(),
            )
    };
    let is_bootstrap = !from.is_of_flux() || objects.find_parent(from).is_none_or(same);
    let artifact = world.artifacts.make(world.scope.tree, None, &[]);
    if reference.kind == "GitRepository" && is_bootstrap && artifact.tree.is_folder(folder) {
        Source::Own(artifact, RepoPath::root())
    } else {
        Source::Unknown(format!(
            "{}, which no object of the repository declares",
            reference.describe()
        ))
    }
}

/// The `spec` of an object.
pub(super) fn spec_of<'a>(object: &Object<'a>) -> Option<&'a Value> {
    object.value().get("spec")
}
