//! Plain manifests: what Drydock reads is what `kubectl`, their deployer, reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use drydock::config::repo::RepoConfig;
use drydock::ids::{DeclaredBy, Side};
use drydock::plan::{self, Defaults, Selection};
use drydock::render::{Outcome, ToolPaths, render, render_side};
use drydock::tree::Tree;
use serde_json::Value;

use crate::figures;
use crate::workbench::{Repository, parts, settings_with};

/// What kubectl sends for a file: it is asked to add a label without a cluster. `None` when it
/// refuses the file, or when an object has no name: that one the API server refuses (kustomizations,
/// configuration files of programs).
fn ask_kubectl(file: &Path) -> Option<Vec<Value>> {
    let output = Command::new(parts().join("bin/kubectl"))
        .args([
            "label",
            "--local",
            "--dry-run=client",
            "--output=json",
            "--filename",
        ])
        .arg(file)
        .arg("parity=yes")
        .env_clear()
        .env("HOME", "/nonexistent")
        .output()
        .unwrap();
    let answers = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let objects: Vec<Value> = answers.map(Result::unwrap).collect();
    let named = |object: &Value| {
        let metadata = &object["metadata"];
        metadata["name"].is_string() || metadata["generateName"].is_string()
    };
    (output.status.success() && objects.iter().all(named)).then_some(objects)
}

/// What Drydock reads, with the same label.
fn read(text: &str) -> Option<Vec<Value>> {
    let repository = Repository::with(&[("app/file.yaml", text)]);
    let side = repository.directory("app");
    let outcome = render_side(
        &side,
        &repository.tree(),
        &settings_with(ToolPaths::default()),
    );
    let Outcome::Rendered(rendering) = outcome else {
        return None;
    };
    let labelled = rendering.manifests.iter().map(|manifest| {
        let mut value = manifest.unseal().unwrap().clone();
        let metadata = value["metadata"].as_object_mut().unwrap();
        let labels = metadata.entry("labels").or_insert(Value::Null);
        if labels.is_null() {
            *labels = serde_json::json!({});
        }
        labels["parity"] = Value::from("yes");
        value
    });
    Some(labelled.collect())
}

/// The changed plain files of the pull requests, both sides, each content once.
fn files(corpora: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for repository in figures::folders_in(&corpora.join("pulls")) {
        for pull in figures::folders_in(&repository) {
            let meta: Value =
                serde_json::from_slice(&std::fs::read(pull.join("meta.json")).unwrap()).unwrap();
            let roots = meta["roots"].as_array().unwrap();
            for file in roots
                .iter()
                .filter(|root| root["kind"] == "plain")
                .flat_map(|root| root["files"].as_array().unwrap())
            {
                for side in ["base", "head"] {
                    let path = pull.join(side).join(file.as_str().unwrap());
                    if let Ok(text) = std::fs::read_to_string(&path)
                        && seen.insert(text.clone())
                    {
                        found.insert(
                            path.strip_prefix(corpora).unwrap().display().to_string(),
                            text,
                        );
                    }
                }
            }
        }
    }
    found
}

#[test]
fn plain_files_of_the_pull_requests_are_read_as_kubectl_reads_them() {
    let Some(corpora) = figures::corpora() else {
        println!("not run: corpora are not here");
        return;
    };
    let mut reached: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (name, text) in files(&corpora) {
        let wanted = ask_kubectl(&corpora.join(&name));
        let got = read(&text);
        let what = if wanted.is_some() {
            "plain files equal"
        } else {
            "plain files refused as kubectl or the API server refuses"
        };
        let count = reached.entry(what.to_owned()).or_default();
        count.1 += 1;
        if wanted == got {
            count.0 += 1;
        } else {
            println!(
                "{name}: kubectl {}, Drydock {}",
                tell(wanted.as_ref()),
                tell(got.as_ref())
            );
        }
    }
    figures::check("plain", &reached);
}

fn tell(objects: Option<&Vec<Value>>) -> String {
    objects.map_or_else(
        || "refuses it".to_owned(),
        |objects| format!("reads {} objects", objects.len()),
    )
}

#[test]
fn folders_of_plain_manifests_that_pull_requests_touch_render_or_fail_as_kubectl_does() {
    let Some(corpora) = figures::corpora() else {
        println!("not run: corpora are not here");
        return;
    };
    let settings = settings_with(ToolPaths::default());
    let mut reached: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for repository in figures::folders_in(&corpora.join("pulls")) {
        for pull in figures::folders_in(&repository) {
            let folders = ["base", "head"].map(|side| pull.join(side));
            let [base, head] = folders.each_ref().map(|folder| {
                if folder.is_dir() {
                    Tree::read_directory(folder).unwrap()
                } else {
                    Tree::empty()
                }
            });
            let mut plan = plan::build(
                &base,
                &head,
                &RepoConfig::default(),
                &Defaults::default(),
                &Selection::Changed,
            );
            plan.apps.retain(|app| app.id.kind == DeclaredBy::Directory);
            for app in render(&plan, &base, &head, &settings) {
                for (side, folder) in [(Side::Base, &folders[0]), (Side::Head, &folders[1])] {
                    let (what, right) = match app.side(side) {
                        Outcome::Absent => continue,
                        Outcome::Rendered(_) => ("plain folders rendered", true),
                        Outcome::Failed(problems) | Outcome::NotEvaluable(problems) => {
                            let mut files =
                                problems.iter().filter_map(|problem| problem.path.as_ref());
                            let right = files
                                .all(|file| ask_kubectl(&folder.join(file.as_str())).is_none());
                            println!("{} {}: {problems:?}", folder.display(), app.id);
                            (
                                "plain folders refused as kubectl or the API server refuses",
                                right,
                            )
                        }
                    };
                    let count = reached.entry(what.to_owned()).or_default();
                    count.1 += 1;
                    count.0 += usize::from(right);
                }
            }
        }
    }
    figures::check("plain folders", &reached);
}
