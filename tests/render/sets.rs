//! Applications of ApplicationSets: as the controller makes them, from examples of its authors and
//! from cases of our own.

mod rules;

use std::collections::BTreeMap;
use std::path::Path;

use drydock::plan::set::{Expansion, SetBudget, World};
use drydock::plan::{ArgoCluster, expand_set};
use drydock::tree::Tree;
use drydock::yaml::{Budget, read};
use serde_json::{Map, Value, json};

use crate::figures;
use crate::workbench::Repository;

const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";

fn cluster(name: &str, server: &str, labels: &[(&str, &str)]) -> ArgoCluster {
    ArgoCluster {
        name: name.to_owned(),
        server: server.to_owned(),
        labels: labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        ..ArgoCluster::default()
    }
}

fn expand(spec: &Value, tree: &Tree, clusters: &[ArgoCluster]) -> Expansion {
    let set = json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "set", "namespace": "argocd"},
        "spec": spec,
    });
    let world = World {
        tree,
        is_own: &|url, revision| url == "r" && revision == "HEAD",
        clusters,
        budget: &SetBudget::default(),
    };
    expand_set(&set, &world)
}

/// The same without what is empty, as both sides write what is not there differently.
fn prune(value: &Value) -> Value {
    let is_empty = |value: &Value| {
        value.is_null() || *value == json!("") || *value == json!([]) || *value == json!({})
    };
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), prune(value)))
            .filter(|(_, value)| !is_empty(value))
            .collect(),
        Value::Array(items) => items.iter().map(prune).collect(),
        other => other.clone(),
    }
}

/// An application as the expectations write it: the usual finalizer and namespace left out.
fn reduce(application: &Value) -> Value {
    let pruned = prune(application);
    let mut reduced: Map<String, Value> =
        pruned["metadata"].as_object().cloned().unwrap_or_default();
    if reduced.get("finalizers") == Some(&json!([FINALIZER])) {
        reduced.remove("finalizers");
    } else {
        reduced.entry("finalizers").or_insert(json!([]));
    }
    assert_eq!(reduced.remove("namespace"), Some(json!("argocd")));
    let spec = pruned.get("spec").cloned().unwrap_or(json!({}));
    reduced.insert("spec".to_owned(), spec);
    Value::Object(reduced)
}

/// Numbers as binary64: Go writes `3` where it read `3`, whatever type it has.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, String> = map
                .iter()
                .map(|(key, value)| (key, canonical(value)))
                .collect();
            format!("{sorted:?}")
        }
        Value::Array(items) => format!("{:?}", items.iter().map(canonical).collect::<Vec<_>>()),
        Value::Number(number) => number.as_f64().unwrap().to_string(),
        other => other.to_string(),
    }
}

fn own_repository() -> Repository {
    Repository::with(&[
        ("apps/web/base/x", "a"),
        ("apps/api/y", "a"),
        ("apps/_odd/x/y", "a"),
        (".hidden/a/b", "a"),
        ("apps/.dot/b/c", "a"),
        (
            "conf/eu/prod/config.json",
            r#"{"name":"eu-prod","replicas":3,"big":1000000,"nested":{"a":{"b":"deep"},
              "list":["x",{"y":true}],"nul":null},"enabled":true,"ratio":1.5}"#,
        ),
        (
            "conf/us/dev/config.yaml",
            "- name: us-dev\n  replicas: 1\n  values: {keep: \"no\"}\n- name: us-dev2\n  \
             replicas: 12345678\n---\nother: doc\n",
        ),
        ("conf/empty.yaml", ""),
        ("conf/scalar.yaml", "\"scalar\"\n"),
        ("conf/root.yaml", "name: root\n"),
        ("conf/My_Dir.X/File_A.yaml", "name: odd\n"),
        ("applicationset/examples/x/y", ""),
    ])
}

fn own_clusters() -> Vec<ArgoCluster> {
    let mut clusters = vec![
        cluster(
            "prod-eu",
            "https://c1",
            &[("env", "prod"), ("region", "eu")],
        ),
        cluster(
            "Prod_US",
            "https://c2",
            &[("env", "prod"), ("region", "us")],
        ),
        cluster(
            "old",
            "https://c3",
            &[("env", "prod"), ("region", "eu"), ("old", "yes")],
        ),
        cluster("dev", "https://c4", &[("env", "dev")]),
    ];
    clusters[0].project = Some("p1".to_owned());
    clusters[0].annotations = BTreeMap::from([
        ("note".to_owned(), "hello".to_owned()),
        (
            "kubectl.kubernetes.io/last-applied-configuration".to_owned(),
            "x".to_owned(),
        ),
    ]);
    clusters[1].annotations = BTreeMap::from([("note".to_owned(), "n2".to_owned())]);
    clusters
}

/// `sets/controller.json` holds specifications, and what the code of Argo CD 3.5.7 gave for them with
/// this tree and these clusters.
#[test]
fn sets_give_what_the_controller_gives() {
    let repository = own_repository();
    let tree = repository.tree();
    let clusters = own_clusters();
    let cases: Vec<Value> = serde_json::from_str(include_str!("sets/controller.json")).unwrap();
    assert!(cases.len() >= 70, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let name = case["name"].as_str().unwrap();
        let expansion = expand(&case["spec"], &tree, &clusters);
        let mut got: Vec<Value> = expansion.applications.iter().map(reduce).collect();
        got.sort_by_key(|application| {
            (
                application["name"].as_str().map(str::to_owned),
                canonical(application),
            )
        });
        let fails = expansion
            .problems
            .iter()
            .any(|problem| problem.fault.stops_the_set());
        // A panic of the controller gives nothing at all.
        let panics = name == "bad-option";
        let equal = panics || canonical(&json!(got)) == canonical(&case["applications"]);
        if !equal || case["fails"] != fails || !expansion.not_evaluable.is_empty() {
            wrong.push(format!(
                "{name}:\n  {:?} {:?}\n  ours       {}\n  controller {}",
                expansion.problems,
                expansion.not_evaluable,
                json!(got),
                case["applications"]
            ));
        }
    }
    println!(
        "{} of {} sets as the controller",
        cases.len() - wrong.len(),
        cases.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One line for each application: name, project, what it deploys, where to.
fn summarize(application: &Value) -> String {
    let text = |pointer: &str| {
        application
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or("-")
    };
    let source = match text("/spec/source/path") {
        "-" => text("/spec/source/chart"),
        path => path,
    };
    let destination = match text("/spec/destination/server") {
        "-" => text("/spec/destination/name"),
        server => server,
    };
    format!(
        "{} | {} | {source} | {destination} | {}",
        text("/metadata/name"),
        text("/spec/project"),
        text("/spec/destination/namespace"),
    )
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn example_clusters() -> Vec<ArgoCluster> {
    vec![
        cluster(
            "staging",
            "https://staging.example",
            &[
                ("environment", "staging"),
                ("type", "staging"),
                ("use-kafka", "false"),
            ],
        ),
        cluster(
            "production",
            "https://production.example",
            &[
                ("environment", "production"),
                ("type", "production"),
                ("use-kafka", "true"),
            ],
        ),
    ]
}

/// Every set of the corpus, by file.
fn expand_examples() -> Option<BTreeMap<String, Expansion>> {
    let corpora = figures::corpora()?;
    let examples = corpora.join("appsets/argo-cd/applicationset-examples");
    if !examples.is_dir() {
        println!("not run: corpora are not here (appsets)");
        return None;
    }
    // The patterns of the examples begin at the root of their own repository.
    let folder = tempfile::tempdir().unwrap();
    copy(&examples, &folder.path().join("applicationset/examples"));
    let tree = Tree::read_directory(folder.path()).unwrap();
    let clusters = example_clusters();
    let own = [
        "https://github.com/argoproj/argo-cd.git",
        "https://github.com/argoproj/argo-cd",
    ];
    let world = World {
        tree: &tree,
        is_own: &|url, revision| own.contains(&url) && revision == "HEAD",
        clusters: &clusters,
        budget: &SetBudget::default(),
    };
    let reference = corpora.join("appsets/argo-cd/reference/applicationset.yaml");
    let mut files: Vec<(String, Vec<u8>)> = tree
        .entries()
        .keys()
        .filter(|path| path.as_str().ends_with(".yaml"))
        .map(|path| {
            let name = path.as_str().trim_start_matches("applicationset/examples/");
            (name.to_owned(), tree.read(path).unwrap())
        })
        .collect();
    files.push(("reference".to_owned(), std::fs::read(reference).unwrap()));
    let mut found = BTreeMap::new();
    for (name, bytes) in files {
        for document in read(&bytes, &Budget::file()).documents {
            let value = document.to_json();
            if value["kind"] == "ApplicationSet" {
                found.insert(name.clone(), expand_set(&value, &world));
            }
        }
    }
    Some(found)
}

#[test]
fn the_examples_of_argo_cd_give_the_applications_they_describe() {
    let Some(found) = expand_examples() else {
        return;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/render/sets/examples.json");
    let reached: BTreeMap<&String, Value> = found
        .iter()
        .map(|(name, expansion)| {
            let mut applications: Vec<String> =
                expansion.applications.iter().map(summarize).collect();
            applications.sort();
            let problems: Vec<String> = expansion
                .problems
                .iter()
                .map(|problem| format!("{}: {}", problem.at, problem.fault))
                .collect();
            let unknown: Vec<String> = expansion
                .not_evaluable
                .iter()
                .map(|unknown| format!("{}: {}", unknown.at, unknown.reason))
                .collect();
            let mut value = json!({ "applications": applications });
            for (key, list) in [("problems", problems), ("not_evaluable", unknown)] {
                if !list.is_empty() {
                    value[key] = json!(list);
                }
            }
            (name, value)
        })
        .collect();
    let all: usize = found
        .values()
        .map(|expansion| expansion.applications.len())
        .sum();
    println!("{} sets of the corpus, {all} applications", found.len());
    if std::env::var("DRYDOCK_EXPECT").is_ok_and(|word| word == "write") {
        let text = serde_json::to_string_pretty(&reached).unwrap();
        std::fs::write(&file, text + "\n").unwrap();
    }
    let expected: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    for (name, value) in &reached {
        assert_eq!(*value, expected[name.as_str()], "{name}");
    }
    assert_eq!(expected.as_object().unwrap().len(), reached.len());
}

/// Examples whose two forms differ, and why.
const DIFFERENT: [(&str, &str); 3] = [
    (
        "merge/merge-two-matrixes.yaml",
        "`values.replicaCount` of a list is a key of its own in the Go form and overrides nothing",
    ),
    (
        "git-generator-directory/excludes/git-directories-exclude-example.yaml",
        "the Go form prints the whole of `.path`",
    ),
    (
        "matrix/list-and-list.yaml",
        "both forms use a path that no generator gives: the Go form fails, the other keeps the tag",
    ),
];

#[test]
fn both_template_languages_give_the_same_applications() {
    let Some(found) = expand_examples() else {
        return;
    };
    let mut pairs = 0;
    for (name, expansion) in &found {
        let simple = name.replace(".yaml", "-fasttemplate.yaml");
        let Some(other) = found.get(&simple) else {
            continue;
        };
        pairs += 1;
        let sorted = |expansion: &Expansion| {
            let mut all: Vec<String> = expansion.applications.iter().map(canonical).collect();
            all.sort();
            all
        };
        let differs = DIFFERENT.iter().any(|(known, _)| known == name);
        assert_eq!(sorted(expansion) != sorted(other), differs, "{name}");
    }
    assert!(pairs >= 15, "{pairs} pairs");
}
