//! Plain manifests: what Drydock reads is what `kubectl`, their deployer, reads.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use drydock::plan::RendererInput;
use drydock::render::{Outcome, ToolPaths, render_side};
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
    let side = repository.side("app", RendererInput::Directory);
    let outcome = render_side(
        &side,
        &repository.tree(),
        &settings_with(ToolPaths::default()),
    );
    let Outcome::Rendered(rendering) = outcome else {
        return None;
    };
    let labelled = rendering.manifests.iter().map(|manifest| {
        let mut value = manifest.unseal().clone();
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
