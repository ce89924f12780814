//! What deployers change in a kustomization, against the tools' own way of changing it.

mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use drydock::config::repo::Engine;
use drydock::object::{IngestSource, Masker, ingest};
use drydock::plan::{
    AppSide, AppSource, CommonMetadata, KustomizeEdits, KustomizeInput, RendererInput, Substitution,
};
use drydock::render::{Outcome, Rendering};
use drydock::yaml::Budget;
use serde_json::{Value, json};

use self::cases::{DIGEST, PLAIN, cases, edits, pairs};
use crate::workbench::{CONFIG_MAP, Repository, parts, path, problems, rendering};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - {name: web, image: 'nginx:1'}
      - {name: side, image: 'registry.example.com:5000/side@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3'}
      - {name: third, image: alpine}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
";

const COMPONENTS: [(&str, &str); 2] = [
    (
        "one/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: one-\ncommonAnnotations: {order: one}\n",
    ),
    (
        "two/kustomization.yaml",
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: two-\ncommonAnnotations: {order: two}\n",
    ),
];

fn repository(kustomization: &str) -> Repository {
    let repository = Repository::with(&[
        ("app/kustomization.yaml", kustomization),
        ("app/all.yaml", DEPLOYMENT),
        ("app/more.yaml", CONFIG_MAP),
        (
            "app/patch.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {minReadySeconds: 3}\n",
        ),
    ]);
    for (name, text) in COMPONENTS {
        repository.write(name, text);
    }
    repository
}

fn side(repository: &Repository, input: KustomizeInput, engine: Engine) -> AppSide {
    AppSide {
        engine,
        ..repository.side("app", RendererInput::Kustomize(input))
    }
}

fn edited(edits: KustomizeEdits) -> KustomizeInput {
    KustomizeInput {
        edits,
        ..KustomizeInput::default()
    }
}

/// Runs the real tool in a folder; gives what it printed.
fn kustomize(arguments: &[&str], folder: &Path) -> Result<String, String> {
    let output = Command::new(parts().join("bin/kustomize"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

fn values_of_text(text: &str) -> Vec<Value> {
    let read = ingest(
        text.as_bytes(),
        &IngestSource::ToolOutput,
        &Masker::new([7; 32]),
        &Budget::tool_output(),
    );
    assert!(read.errors.is_empty(), "{:?}", read.errors);
    let manifests = read.manifests.iter();
    manifests.map(|manifest| manifest.value().clone()).collect()
}

fn values(rendering: &Rendering) -> Vec<Value> {
    let manifests = rendering.manifests.iter();
    manifests.map(|manifest| manifest.value().clone()).collect()
}

#[test]
fn our_edits_build_to_what_the_real_edits_build_to() {
    let cases = cases();
    assert!(cases.len() >= 25, "{}", cases.len());
    for case in cases {
        let ours = repository(case.kustomization);
        let outcome = ours.render(&side(&ours, edited(case.edits), Engine::ArgoCd));
        let theirs = repository(case.kustomization);
        let folder = theirs.folder.path().join("app");
        for command in &case.commands {
            let arguments = [vec!["edit"], command.clone()].concat();
            kustomize(&arguments, &folder).unwrap_or_else(|error| panic!("{command:?}: {error}"));
        }
        let built = kustomize(&["build", "."], &folder).unwrap();
        assert_eq!(
            values(rendering(&outcome)),
            values_of_text(&built),
            "{:?}",
            case.commands
        );
        let untouched = std::fs::read_to_string(ours.folder.path().join("app/kustomization.yaml"));
        assert_eq!(untouched.unwrap(), case.kustomization);
    }
}

#[test]
fn what_the_real_edits_refuse_is_refused() {
    for (kustomization, command, edits) in [
        (
            "commonLabels: {team: old}\nresources: [all.yaml]\n",
            vec!["edit", "add", "label", "team:shop"],
            KustomizeEdits {
                labels: pairs(&[("team", "shop")]),
                labels_in_selectors: true,
                ..edits()
            },
        ),
        (
            "commonAnnotations: {note: old}\nresources: [all.yaml]\n",
            vec!["edit", "add", "annotation", "note:new"],
            KustomizeEdits {
                annotations: pairs(&[("note", "new")]),
                ..edits()
            },
        ),
        (
            PLAIN,
            vec!["edit", "add", "label", "--include-templates", "a:b"],
            KustomizeEdits {
                labels: pairs(&[("a", "b")]),
                labels_in_selectors: true,
                labels_in_templates: true,
                ..edits()
            },
        ),
    ] {
        let repository = repository(kustomization);
        let outcome = repository.render(&side(&repository, edited(edits), Engine::ArgoCd));
        let problem = &problems(&outcome)[0];
        assert_eq!(problem.path, Some(path("app/kustomization.yaml")));
        kustomize(&command, &repository.folder.path().join("app")).unwrap_err();
    }
}

#[test]
fn flux_merges_images_sets_names_and_forgives_unknown_fields() {
    let repository = repository(
        "unknown: {a: b}\nimages:\n- {name: nginx, newTag: '7', newName: kept}\nnamePrefix: old-\nresources: [all.yaml]\n",
    );
    let input = edited(KustomizeEdits {
        images: vec![
            json!({"name": "nginx", "digest": DIGEST}),
            json!({"name": "alpine", "newTag": "3"}),
        ],
        name_prefix: Some("new-".to_owned()),
        namespace: Some("shop".to_owned()),
        ..edits()
    });
    let outcome = repository.render(&side(&repository, input, Engine::Flux));
    let values = values(rendering(&outcome));
    let deployment = values.iter().find(|value| value["kind"] == "Deployment");
    let deployment = deployment.unwrap();
    assert_eq!(deployment["metadata"]["name"], "new-web");
    assert_eq!(deployment["metadata"]["namespace"], "shop");
    let containers = deployment
        .pointer("/spec/template/spec/containers")
        .unwrap();
    assert_eq!(containers[0]["image"], format!("kept@{DIGEST}"));
    assert_eq!(containers[2]["image"], "alpine:3");
}

#[test]
fn flux_generates_a_kustomization_where_there_is_none() {
    let repository = Repository::with(&[
        ("app/a.yaml", CONFIG_MAP),
        ("app/deep/b.yml", &CONFIG_MAP.replace("settings", "other")),
        ("app/left.yaml", &CONFIG_MAP.replace("settings", "left")),
    ]);
    let input = |resources: &[&str]| KustomizeInput {
        generated: Some(resources.iter().map(|&text| text.to_owned()).collect()),
        edits: KustomizeEdits {
            name_suffix: Some("-x".to_owned()),
            ..edits()
        },
        ..KustomizeInput::default()
    };
    let names = |outcome: &Outcome| -> BTreeSet<String> {
        let manifests = rendering(outcome).manifests.iter();
        manifests
            .map(|manifest| manifest.object().name.clone())
            .collect()
    };
    let generated = input(&["./a.yaml", "./deep/b.yml"]);
    let outcome = repository.render(&side(&repository, generated, Engine::Flux));
    assert_eq!(
        names(&outcome),
        BTreeSet::from(["other-x".to_owned(), "settings-x".to_owned()])
    );
    let empty = repository.render(&side(&repository, input(&[]), Engine::Flux));
    assert_eq!(names(&empty), BTreeSet::new());
}

#[test]
fn substitution_changes_types_keys_and_only_what_it_may() {
    let text = "apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  ${key}: ${unset:=fallback}
  kept: $${name} $name
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${count}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: left
  annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}
data: {a: '${name}'}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: hidden}
data: {a: 'https://${SECRET_HOST}/${other}'}
";
    let repository = Repository::with(&[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", text),
    ]);
    let input = KustomizeInput {
        substitution: Some(Substitution {
            variables: pairs(&[("name", "settings"), ("key", "k.v"), ("count", "3")]),
            unknown: BTreeSet::from(["SECRET_HOST".to_owned()]),
            ..Substitution::default()
        }),
        edits: KustomizeEdits {
            common_metadata: CommonMetadata {
                labels: pairs(&[("team", "${name}")]),
                annotations: BTreeMap::new(),
            },
            ..edits()
        },
        ..KustomizeInput::default()
    };
    let outcome = repository.render(&side(&repository, input, Engine::Flux));
    let rendering = rendering(&outcome);
    let found = |name: &str| {
        let manifests = &mut rendering.manifests.iter();
        let found = manifests.find(|manifest| manifest.object().name == name);
        found.unwrap().value().clone()
    };
    let settings = found("settings");
    assert_eq!(settings["data"]["k.v"], "fallback");
    assert_eq!(settings["data"]["kept"], "${name} $name");
    assert_eq!(settings["metadata"]["labels"]["team"], "${name}");
    assert_eq!(found("web")["spec"]["replicas"], 3);
    assert_eq!(found("left")["data"]["a"], "${name}");
    assert_eq!(
        found("hidden")["data"]["a"],
        "https://unknown-value-of-secret-host/"
    );
    let [placeholder] = rendering.placeholders.as_slice() else {
        panic!("{:?}", rendering.placeholders);
    };
    assert_eq!(placeholder.object.name, "hidden");
    assert!(placeholder.reason.contains("`SECRET_HOST`"));
}

#[test]
fn of_an_object_in_several_sources_argo_cd_deploys_the_last() {
    let repository = Repository::with(&[
        ("one/a.yaml", CONFIG_MAP),
        ("two/a.yaml", &CONFIG_MAP.replace("a: b", "a: c")),
        ("two/b.yaml", &CONFIG_MAP.replace("settings", "other")),
    ]);
    let source = |folder: &str, files: &[&str]| {
        let files = files.iter().map(|file| path(file)).collect();
        AppSource::here(path(folder), RendererInput::Directory { files })
    };
    let mut side = AppSide {
        sources: vec![
            source("one", &["one/a.yaml"]),
            source("two", &["two/a.yaml", "two/b.yaml"]),
        ],
        engine: Engine::ArgoCd,
        closure: ["one/a.yaml", "two/a.yaml", "two/b.yaml"].map(path).into(),
        ..AppSide::default()
    };
    let outcome = repository.render(&side);
    let found = rendering(&outcome);
    let values = values(found);
    assert_eq!(values.len(), 2);
    assert_eq!(values[0]["data"]["a"], "c");
    assert_eq!(found.repeated.len(), 1);
    assert_eq!(found.repeated[0].name, "settings");
    side.engine = Engine::Kubectl;
    let both = repository.render(&side);
    assert_eq!(rendering(&both).manifests.len(), 3);
}
