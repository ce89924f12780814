mod kustomizations;
mod releases;

use std::collections::BTreeMap;

use super::declare;
use crate::config::repo::RepoConfig;
use crate::ids::{AppId, ClusterName, DeclaredBy, RepoPath};
use crate::object::{IngestSource, Manifest, Masker, ingest};
use crate::plan::cache::Cache;
use crate::plan::discover::Scope;
use crate::plan::seen::{Seen, SeenObject};
use crate::plan::{AppSide, Defaults, HelmInput, KustomizeInput, Origin, RendererInput};
use crate::tree::Tree;
use crate::yaml::Budget;

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n";

/// A repository that Flux follows at `main`.
const SOURCE: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system, namespace: flux-system}\nspec: {url: 'ssh://git@git.example/acme/fleet', ref: {branch: main}}\n---\n";

fn path(text: &str) -> RepoPath {
    text.parse().unwrap()
}

fn defaults() -> Defaults {
    Defaults {
        origin: Origin {
            urls: vec!["https://git.example/acme/fleet.git".to_owned()],
            target: Some("main".to_owned()),
            default: Some("main".to_owned()),
        },
        ..Defaults::default()
    }
}

fn tree_of(files: &[(&str, &str)]) -> (tempfile::TempDir, Tree) {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let full = dir.path().join(name);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        match content.strip_prefix("-> ") {
            Some(target) => std::os::unix::fs::symlink(target, full).unwrap(),
            None => std::fs::write(full, content).unwrap(),
        }
    }
    let tree = Tree::read_directory(dir.path()).unwrap();
    (dir, tree)
}

fn read(file: &str, text: &str) -> Vec<Manifest> {
    let masker = Masker::new([7; 32]);
    let source = IngestSource::PlainFile(path(file));
    let read = ingest(text.as_bytes(), &source, &masker, &Budget::file());
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    read.manifests
}

fn directory(folder: &str) -> AppId {
    AppId {
        kind: DeclaredBy::Directory,
        cluster: ClusterName::default(),
        namespace: String::new(),
        name: folder.to_owned(),
        variant: None,
    }
}

/// What the objects of these files declare; the application of a file is its folder.
fn found(files: &[(&str, &str)], seen: &[&str]) -> BTreeMap<AppId, AppSide> {
    found_with(files, seen, &[])
}

/// The same, with objects that another application renders.
fn found_with(
    files: &[(&str, &str)],
    seen: &[&str],
    rendered: &[(&AppId, &str, &str)],
) -> BTreeMap<AppId, AppSide> {
    let (_dir, tree) = tree_of(files);
    let mut parts: Vec<(AppId, Vec<Manifest>)> = seen
        .iter()
        .map(|name| {
            let (_, text) = files.iter().find(|(file, _)| file == name).unwrap();
            (directory(path(name).parent().as_str()), read(name, text))
        })
        .collect();
    for (id, file, text) in rendered {
        parts.insert(0, ((*id).clone(), read(file, text)));
    }
    let cluster = ClusterName::default();
    let mut all = Seen::default();
    for (parent, manifests) in &parts {
        all.objects
            .extend(manifests.iter().map(|manifest| SeenObject {
                parent,
                parent_cluster: &cluster,
                namespace: None,
                manifest,
            }));
    }
    let (cache, config, defaults) = (Cache::default(), RepoConfig::default(), defaults());
    let scope = Scope::new(&tree, &cache, &config, &defaults);
    let mut found = BTreeMap::new();
    declare(&scope, &all, &mut found);
    found
}

/// The only application of this name.
fn side<'a>(found: &'a BTreeMap<AppId, AppSide>, name: &str) -> &'a AppSide {
    let mut all = found.iter().filter(|(id, _)| id.name == name);
    let (_, side) = all.next().unwrap();
    assert!(all.next().is_none(), "more than one `{name}`");
    side
}

fn kustomize(side: &AppSide) -> &KustomizeInput {
    match &side.sources[0].renderer {
        RendererInput::Kustomize(input) => input,
        other => panic!("{other:?}"),
    }
}

fn helm(side: &AppSide) -> &HelmInput {
    match &side.sources[0].renderer {
        RendererInput::Helm(input) => input,
        other => panic!("{other:?}"),
    }
}

fn closure(side: &AppSide) -> Vec<&str> {
    side.closure.iter().map(RepoPath::as_str).collect()
}

fn texts(side: &AppSide) -> Vec<String> {
    let line = |refusal: &crate::plan::Refusal| format!("{:?} {}", refusal.kind, refusal.text);
    side.refusals.iter().map(line).collect()
}
