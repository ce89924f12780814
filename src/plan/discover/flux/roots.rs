//! Which objects count as they were found, which instance of Flux each belongs to.
//!
//! An object that was found by its file and that a `Kustomization` renders, too, counts as that renders
//! it: with its namespace, its substitutions, its patches. The outermost `Kustomization` of such a chain
//! stands for a cluster.

use std::collections::{HashMap, HashSet};

use super::World;
use super::fields::{Fields, Wrong};
use super::kustomization::clean;
use super::objects::{KUSTOMIZE, Objects};
use super::source::{Reference, Source, resolve, spec_of};
use crate::ids::{DeclaredBy, RepoPath};

/// Kustomizations that render each other's declarations, one above the other; real ones stay below ten.
const DEPTH_LIMIT: usize = 32;

/// Tells every object its instance.
pub(super) fn assign(objects: &mut Objects<'_>, world: &World<'_, '_>) {
    let roots = Roots::read(objects, world);
    let found: Vec<(Option<String>, bool)> = (0..objects.all().len())
        .map(|place| roots.place_of(objects, place))
        .collect();
    // What a Kustomization only reads, or would render and cannot, still stands for itself.
    let rendered: HashSet<(RepoPath, String)> = objects
        .all()
        .iter()
        .filter(|object| object.is_of_flux())
        .map(|object| (object.file(), object.kind().to_owned()))
        .collect();
    for (object, (instance, is_superseded)) in objects.all_mut().iter_mut().zip(found) {
        object.instance = instance;
        let is_rendered = rendered.contains(&(object.file(), object.kind().to_owned()));
        object.is_superseded = is_superseded && is_rendered;
    }
}

/// Which Kustomizations render which files.
struct Roots {
    by_file: HashMap<RepoPath, Vec<usize>>,
    folders: HashMap<usize, RepoPath>,
}

impl Roots {
    fn read(objects: &Objects<'_>, world: &World<'_, '_>) -> Self {
        let mut roots = Self {
            by_file: HashMap::new(),
            folders: HashMap::new(),
        };
        for (place, object) in objects.all().iter().enumerate() {
            if !object.is(KUSTOMIZE, "Kustomization") {
                continue;
            }
            let wrong = Wrong::default();
            let spec = Fields::of(spec_of(object), "spec", &wrong);
            let folder = clean(spec.text("path").unwrap_or_default());
            let reference = Reference::read(&spec.inside("sourceRef"), object.namespace);
            let source = resolve(world, objects, object, &reference, &folder).source;
            let Source::Own(artifact, root) = source else {
                continue;
            };
            let folder = root.join(folder.as_str()).unwrap_or(folder);
            if !artifact.tree.is_folder(&folder) {
                continue;
            }
            let build = world.closures.find(&artifact, world.scope.cache, &folder);
            for file in &build.closure.files {
                roots.by_file.entry(file.clone()).or_default().push(place);
            }
            roots.folders.insert(place, folder);
        }
        roots
    }

    /// The instance of an object, and whether a Kustomization renders it, too.
    fn place_of(&self, objects: &Objects<'_>, place: usize) -> (Option<String>, bool) {
        let is_of_flux = |place: usize| {
            let object = objects.all().get(place);
            object.is_some_and(super::objects::Object::is_of_flux)
        };
        if is_of_flux(place) {
            let object = objects.all().get(place);
            return (object.and_then(|object| object.instance.clone()), false);
        }
        let mut chain = vec![place];
        while let Some(above) = self.above(objects, &chain) {
            chain.push(above);
            if is_of_flux(above) || chain.len() > DEPTH_LIMIT {
                break;
            }
        }
        let root = chain.last().copied().unwrap_or(place);
        (self.instance_of(objects, root), chain.len() > 1)
    }

    /// The first Kustomization that renders the last object of the chain, and is none of it.
    fn above(&self, objects: &Objects<'_>, chain: &[usize]) -> Option<usize> {
        let object = objects.all().get(*chain.last()?)?;
        let above = self.by_file.get(&object.file())?;
        let same = |one: usize, other: usize| {
            let pair = (objects.all().get(one), objects.all().get(other));
            let (Some(one), Some(other)) = pair else {
                return false;
            };
            // The same object, found twice: by its file, and rendered.
            one.name() == other.name() && one.kind() == other.kind() && one.file() == other.file()
        };
        let others = above
            .iter()
            .copied()
            .filter(|above| !chain.iter().any(|below| same(*below, *above)));
        others.min_by_key(|place| (self.folders.get(place), *place))
    }

    fn instance_of(&self, objects: &Objects<'_>, place: usize) -> Option<String> {
        let object = objects.all().get(place)?;
        if object.is_of_flux() {
            return object.instance.clone();
        }
        let is_text = |text: &String| !text.is_empty();
        // A bootstrap renders its own declaration.
        let own = self.by_file.get(&object.file());
        let holds_itself = own.is_some_and(|places| places.contains(&place));
        if let Some(folder) = self.folders.get(&place).filter(|_| holds_itself) {
            return Some(folder.as_str().to_owned()).filter(is_text);
        }
        let parent = object.parent();
        match parent.kind {
            DeclaredBy::Kustomization | DeclaredBy::Directory => {
                Some(parent.name.clone()).filter(is_text)
            }
            DeclaredBy::Chart => {
                let variant = parent.variant.iter().map(|variant| format!("#{variant}"));
                Some(format!("{}{}", parent.name, variant.collect::<String>()))
            }
            _ => None,
        }
    }
}
