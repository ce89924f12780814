//! Small Flux clusters of the corpus: every application that another tool found is found with its path,
//! and renders to what that tool recorded, or stands in the expectation file with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use drydock::config::repo::RepoConfig;
use drydock::ids::{AppId, DeclaredBy};
use drydock::object::{IngestSource, Manifest, Masker, Role, ingest};
use drydock::plan::{AppSide, Defaults, Origin};
use drydock::render::{Outcome, render_side};
use drydock::run::pipeline::declare_all;
use drydock::tree::Tree;
use drydock::yaml::Budget;
use serde_json::{Value, json};

use crate::expected::corpora;
use crate::workbench::{Repository, settings};

/// A real repository with two clusters, and its pull requests.
const EXAMPLE: &str = "flux2-kustomize-helm-example";

/// A cluster of the corpus, and what its objects call this repository.
const CLUSTERS: [(&str, &str, &str); 12] = [
    (
        "cluster",
        "ssh://git@github.com/allenporter/flux-local",
        "main",
    ),
    (
        "cluster2",
        "ssh://git@github.com/example/home-cluster",
        "main",
    ),
    (
        "cluster3",
        "ssh://git@github.com/allenporter/flux-local",
        "main",
    ),
    (
        "cluster4",
        "ssh://git@github.com/example/home-cluster",
        "main",
    ),
    (
        "cluster5",
        "ssh://git@github.com/allenporter/flux-local",
        "main",
    ),
    (
        "cluster6",
        "ssh://git@github.com/allenporter/flux-local",
        "main",
    ),
    (
        "cluster7",
        "ssh://git@github.com/allenporter/flux-local",
        "master",
    ),
    (
        "cluster8",
        "ssh://git@github.com/allenporter/flux-local",
        "main",
    ),
    (
        "cluster9",
        "https://github.com/tropnikovvl/flux-local-test",
        "master",
    ),
    (
        "cluster10",
        "https://github.com/allenporter/flux-local",
        "master",
    ),
    (
        "cluster11",
        "ssh://git@github.com/allenporter/flux-local",
        "main",
    ),
    (
        "cluster12",
        "ssh://git@github.com/allenporter/flux-local",
        "main",
    ),
];

/// Recorded lists of Kustomizations.
const LISTS: [(&str, &str); 9] = [
    ("cluster", "test_get_ks[cluster]"),
    ("cluster2", "test_get_ks[cluster2]"),
    ("cluster3", "test_get_ks[cluster3]"),
    ("cluster4", "test_get_ks[cluster4]"),
    ("cluster5", "test_get_ks[cluster5-all]"),
    ("cluster6", "test_get_ks[cluster6]"),
    ("cluster7", "test_get_ks[cluster7]"),
    ("cluster9", "test_get_ks[cluster9]"),
    ("cluster11", "test_get_ks[cluster11]"),
];

/// Recorded builds of Kustomizations.
const BUILDS: [(&str, &str); 6] = [
    ("cluster", "test_build_ks_new[build-ks]"),
    ("cluster6", "test_build_ks_new[build-ks-single-cluster6]"),
    ("cluster8", "test_build_ks_new[build-ks-single-cluster8]"),
    ("cluster9", "test_build_ks_new[build-ks-single-cluster9]"),
    (
        "cluster10",
        "test_build_ks[build-ks-cluster10-invalid-paths]",
    ),
    (
        "cluster11",
        "test_build_ks[build-ks-cluster11-external-artifact]",
    ),
];

/// Recorded renderings of charts that are in the repository: cluster, release, file, test.
const CHARTS: [(&str, &str, &str, &str); 2] = [
    (
        "cluster9",
        "nginx",
        "test_build_all.ambr",
        "test_build_all[build-helm-cluster9]",
    ),
    (
        "cluster12",
        "flag-fixture",
        "test_build_hr.ambr",
        "test_build_hr[build-hr-flag-fixture-include-crds]",
    ),
];

/// What the recording tool adds to every object, and Flux's own marks of ownership.
const MARKS: [&str; 4] = [
    "config.kubernetes.io/index",
    "internal.config.kubernetes.io/index",
    "kustomize.toolkit.fluxcd.io/name",
    "kustomize.toolkit.fluxcd.io/namespace",
];

/// Everything that one cluster declares, and what came of it.
struct Cluster {
    apps: Vec<(AppId, AppSide, Outcome)>,
}

impl Cluster {
    fn load(corpus: &Path, name: &str) -> Self {
        let (_, url, branch) = CLUSTERS
            .iter()
            .find(|(cluster, ..)| *cluster == name)
            .unwrap();
        let repository = Repository::with(&[]);
        let from = corpus.join("testdata").join(name);
        copy(&from, &repository, &format!("tests/testdata/{name}"));
        Self::of(&repository.tree(), url, branch)
    }

    fn of(tree: &Tree, url: &str, branch: &str) -> Self {
        let origin = Origin {
            urls: vec![url.to_owned()],
            target: Some(branch.to_owned()),
            default: Some(branch.to_owned()),
        };
        let defaults = Defaults {
            origin,
            ..Defaults::default()
        };
        let settings = settings();
        let declared = declare_all(tree, &RepoConfig::default(), &defaults, &settings);
        let apps = declared.apps.into_iter().map(|(id, side)| {
            let outcome = render_side(&side, tree, &settings);
            (id, side, outcome)
        });
        Self {
            apps: apps.collect(),
        }
    }

    fn of_kind(&self, kind: DeclaredBy) -> impl Iterator<Item = &(AppId, AppSide, Outcome)> {
        self.apps.iter().filter(move |(id, ..)| id.kind == kind)
    }
}

fn copy(from: &Path, repository: &Repository, to: &str) {
    for item in std::fs::read_dir(from).unwrap() {
        let item = item.unwrap();
        let to = format!("{to}/{}", item.file_name().to_str().unwrap());
        if item.path().is_dir() {
            copy(&item.path(), repository, &to);
        } else {
            repository.write(&to, &std::fs::read_to_string(item.path()).unwrap());
        }
    }
}

/// The recorded text of one test, without the indentation of its format.
fn recorded(corpus: &Path, file: &str, test: &str) -> String {
    let text = std::fs::read_to_string(corpus.join("golden/tool").join(file)).unwrap();
    let (_, rest) = text.split_once(&format!("# name: {test}\n")).unwrap();
    let (body, _) = rest.split_once("\n# ---\n").unwrap();
    let lines = body
        .lines()
        .map(|line| line.strip_prefix("  ").unwrap_or(line));
    let lines = lines.filter(|line| *line != "'''");
    lines.collect::<Vec<_>>().join("\n")
}

fn read(text: &str) -> Vec<Manifest> {
    let masker = Masker::new([7; 32]);
    let read = ingest(
        text.as_bytes(),
        &IngestSource::ToolOutput,
        &masker,
        &Budget::tool_output(),
    );
    assert_eq!(read.errors, []);
    read.manifests
}

fn label<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value["metadata"]["labels"][key].as_str()
}

/// Documents by name, without the marks.
fn documents<'a>(manifests: impl IntoIterator<Item = &'a Manifest>) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for manifest in manifests {
        let mut value = manifest.value().clone();
        let metadata = value["metadata"].as_object_mut().unwrap();
        for field in ["labels", "annotations"] {
            if let Some(marks) = metadata.get_mut(field).and_then(Value::as_object_mut) {
                marks.retain(|key, _| !MARKS.contains(&key.as_str()));
                if marks.is_empty() {
                    metadata.shift_remove(field);
                }
            }
        }
        // The recordings hold no Secrets.
        if manifest.object().kind != "Secret" {
            all.insert(manifest.object().to_string(), value);
        }
    }
    all
}

/// `equal`, or what is not.
fn compare(outcome: &Outcome, expected: &BTreeMap<String, Value>) -> String {
    let Some(manifests) = outcome.manifests() else {
        let problems = outcome
            .problems()
            .iter()
            .map(|problem| problem.message.clone());
        let kind = match outcome {
            Outcome::Failed(_) => "failed",
            _ => "not evaluated",
        };
        return format!("{kind}: {}", problems.collect::<Vec<_>>().join("; "));
    };
    // Recordings of Kustomizations hold no CustomResourceDefinitions.
    let is_left_out = |name: &String| {
        let is_crd = |name: &str| name.starts_with("CustomResourceDefinition ");
        is_crd(name) && !expected.keys().any(|name| is_crd(name))
    };
    // A chart's tests are not applied.
    let applied = manifests.iter().filter(|one| one.role() != Role::Test);
    let mut ours = documents(applied);
    ours.retain(|name, _| !is_left_out(name));
    let names: BTreeSet<&String> = ours.keys().chain(expected.keys()).collect();
    let differing: Vec<&str> = names
        .into_iter()
        .filter(|name| ours.get(*name) != expected.get(*name))
        .map(String::as_str)
        .collect();
    if differing.is_empty() {
        return "equal".to_owned();
    }
    format!("differs: {}", differing.join(", "))
}

/// Compares with the checked-in file; `DRYDOCK_EXPECT=write` stores what is reached, with an empty reason
/// for what is new.
fn hold(part: &str, reached: &BTreeMap<String, String>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render/flux.json");
    let mut stored: Value = std::fs::read(&file).map_or_else(
        |_| json!({}),
        |bytes| serde_json::from_slice(&bytes).unwrap(),
    );
    let equal = reached
        .values()
        .filter(|outcome| *outcome == "equal")
        .count();
    println!("flux {part}: {equal} of {} as recorded", reached.len());
    let entry = |(name, outcome): (&String, &String)| {
        let why = &stored[part]["others"][name]["why"];
        let why = why.as_str().unwrap_or_default();
        (name.clone(), json!({"outcome": outcome, "why": why}))
    };
    let others = reached.iter().filter(|(_, outcome)| *outcome != "equal");
    let others: serde_json::Map<String, Value> = others.map(entry).collect();
    let now = json!({"as_recorded": equal, "others": others});
    if stored[part] != now && std::env::var("DRYDOCK_EXPECT").is_ok_and(|word| word == "write") {
        stored[part] = now;
        let text = serde_json::to_string_pretty(&stored).unwrap() + "\n";
        std::fs::write(&file, text).unwrap();
        return;
    }
    assert_eq!(stored[part], now, "{part}");
    for (name, other) in &others {
        assert_ne!(other["why"], "", "no reason for {name}");
    }
}

#[test]
fn every_recorded_kustomization_is_found_with_its_path() {
    let Some(corpus) = corpora("appsets/flux-local") else {
        return;
    };
    let mut reached = BTreeMap::new();
    for (name, test) in LISTS {
        let cluster = Cluster::load(&corpus, name);
        let table = recorded(&corpus, "test_get_ks.ambr", test);
        let mut rows = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let head = rows.next().unwrap();
        let column = |wanted: &str| head.iter().position(|name| *name == wanted);
        for row in rows.filter(|row| !row.is_empty()) {
            let app = row[column("NAME").unwrap()];
            let wanted = row[column("PATH").unwrap()];
            let mut found = cluster.of_kind(DeclaredBy::FluxKustomization);
            let found = found.find(|(id, ..)| id.name == app);
            let outcome = found.map_or("not found".to_owned(), |(_, side, _)| {
                let source = &side.sources[0];
                if source.path.as_str() == wanted && source.repository.is_none() {
                    return "equal".to_owned();
                }
                let repository = source.repository.clone().unwrap_or_default();
                format!("`{}` of {repository}", source.path)
            });
            reached.insert(format!("{name} {app}"), outcome);
        }
    }
    hold("found", &reached);
}

#[test]
fn kustomizations_render_as_recorded() {
    let Some(corpus) = corpora("appsets/flux-local") else {
        return;
    };
    let mut reached = BTreeMap::new();
    for (name, test) in BUILDS {
        let cluster = Cluster::load(&corpus, name);
        let recorded = read(&recorded(&corpus, "test_build_ks.ambr", test));
        let mut groups: BTreeMap<&str, Vec<&Manifest>> = BTreeMap::new();
        for manifest in &recorded {
            let app = label(manifest.value(), "kustomize.toolkit.fluxcd.io/name").unwrap();
            groups.entry(app).or_default().push(manifest);
        }
        for (app, manifests) in groups {
            let mut found = cluster.of_kind(DeclaredBy::FluxKustomization);
            let found = found.find(|(id, ..)| id.name == app);
            let outcome = found.map_or("not found".to_owned(), |(_, _, outcome)| {
                compare(outcome, &documents(manifests))
            });
            reached.insert(format!("{name} {app}"), outcome);
        }
    }
    hold("kustomizations", &reached);
}

#[test]
fn charts_of_the_repository_render_as_recorded() {
    let Some(corpus) = corpora("appsets/flux-local") else {
        return;
    };
    let mut reached = BTreeMap::new();
    for (name, release, file, test) in CHARTS {
        let cluster = Cluster::load(&corpus, name);
        let text = recorded(&corpus, file, test);
        let source = format!("# Source: {release}/");
        let of_release = text.split("\n---\n").filter(|part| part.contains(&source));
        let expected = read(&of_release.collect::<Vec<_>>().join("\n---\n"));
        let mut found = cluster.of_kind(DeclaredBy::FluxHelmRelease);
        let found = found.find(|(id, ..)| id.name == release);
        let outcome = found.map_or("not found".to_owned(), |(_, _, outcome)| {
            compare(outcome, &documents(&expected))
        });
        reached.insert(format!("{name} {release}"), outcome);
    }
    hold("charts", &reached);
}

/// Every release of the clusters, and where its chart is.
#[test]
fn every_release_is_listed_with_its_chart() {
    let Some(corpus) = corpora("appsets/flux-local") else {
        return;
    };
    let mut reached = BTreeMap::new();
    for (name, ..) in CLUSTERS {
        let cluster = Cluster::load(&corpus, name);
        for (id, side, outcome) in cluster.of_kind(DeclaredBy::FluxHelmRelease) {
            let source = &side.sources[0];
            let outcome = match (&source.repository, outcome) {
                (None, Outcome::Rendered(_)) => "equal".to_owned(),
                (None, other) => compare(other, &BTreeMap::new()),
                (Some(repository), _) => {
                    let chart = source.chart.clone().unwrap_or_default();
                    let at = source.revision.clone().unwrap_or_default();
                    format!("elsewhere: {repository} {chart} {at}")
                        .trim_end()
                        .to_owned()
                }
            };
            reached.insert(format!("{name} {}/{}", id.namespace, id.name), outcome);
        }
    }
    hold("releases", &reached);
}

/// What came of every Kustomization whose folder the corpus holds: of a pull request it holds what that
/// touches.
fn outcomes(cluster: &Cluster, tree: &Tree, prefix: &str, reached: &mut BTreeMap<String, String>) {
    for (id, side, outcome) in cluster.of_kind(DeclaredBy::FluxKustomization) {
        if !tree.is_folder(&side.sources[0].path) {
            continue;
        }
        let outcome = match outcome {
            Outcome::Rendered(_) => "equal".to_owned(),
            other => compare(other, &BTreeMap::new()),
        };
        reached.insert(format!("{prefix}{id}"), outcome);
    }
}

#[test]
fn every_kustomization_of_a_real_repository_with_two_clusters_renders() {
    let Some(corpus) = corpora("repos") else {
        return;
    };
    let tree = Tree::read_directory(&corpus.join(EXAMPLE).join("tree")).unwrap();
    let url = "https://github.com/fluxcd/flux2-kustomize-helm-example";
    let cluster = Cluster::of(&tree, url, "main");
    let mut reached = BTreeMap::new();
    outcomes(&cluster, &tree, "", &mut reached);
    hold("example", &reached);
}

#[test]
fn every_kustomization_of_real_pull_requests_renders_on_both_sides() {
    let Some(corpus) = corpora("pulls") else {
        return;
    };
    let url = "https://github.com/fluxcd/flux2-kustomize-helm-example";
    let mut reached = BTreeMap::new();
    for pull in std::fs::read_dir(corpus.join(EXAMPLE)).unwrap() {
        let pull = pull.unwrap();
        for side in ["base", "head"] {
            let folder = pull.path().join(side);
            if folder.is_dir() {
                let tree = Tree::read_directory(&folder).unwrap();
                let name = format!("{} {side} ", pull.file_name().to_str().unwrap());
                let cluster = Cluster::of(&tree, url, "main");
                outcomes(&cluster, &tree, &name, &mut reached);
            }
        }
    }
    hold("pulls", &reached);
}
