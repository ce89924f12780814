//! The recording that `drydock demo` carries, against a real API server in the state it tells of.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apiserver::{ApiServer, part};
use crate::repo::Repo;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/demo")
}

fn drydock(repo: &Repo, args: &[&str]) -> String {
    let parts = part("kustomize");
    let output = Command::new(env!("CARGO_BIN_EXE_drydock"))
        .args(args)
        .arg("--repo")
        .arg(repo.path())
        .env("PATH", parts.parent().unwrap())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// What one answer says, without what differs from run to run.
fn gist(recording: &str) -> Vec<String> {
    let recording: serde_json::Value = serde_json::from_str(recording).unwrap();
    let word = |value: &serde_json::Value| match value {
        serde_json::Value::Object(map) => {
            let (key, inner) = map.iter().next().unwrap();
            let replicas = inner
                .pointer("/object/spec/replicas")
                .or_else(|| inner.pointer("/spec/replicas"));
            format!("{key} {replicas:?} {:?}", inner.get("causes"))
        }
        other => other.to_string(),
    };
    recording["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| {
            format!(
                "{} {} {}: {} | {} | {}",
                answer["app"]["name"],
                answer["object"]["kind"],
                answer["object"]["name"],
                word(&answer["live"]),
                word(&answer["base"]),
                word(&answer["head"]),
            )
        })
        .collect()
}

#[test]
fn the_recording_of_the_demo_is_what_a_real_cluster_answers() {
    let server = ApiServer::shared();
    let repo = Repo::new();
    repo.replace_with(&fixtures().join("base"));
    repo.commit("before");
    for (app, namespace) in [
        ("notices", "notices"),
        ("shop", "shop"),
        ("tickets", "tickets"),
    ] {
        let object =
            format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {namespace}}}}}");
        server.apply_as("installer", &object);
        server.apply_as("drydock", &drydock(&repo, &["render", "--app", app]));
    }
    let scale = [
        "-n",
        "shop",
        "scale",
        "deployment",
        "worker",
        "--replicas",
        "5",
    ];
    server.kubectl(&scale, "");
    repo.replace_with(&fixtures().join("head"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("recorded.json");
    let admin = server.admin();
    let args = [
        "--kubeconfig",
        admin.to_str().unwrap(),
        "--record",
        file.to_str().unwrap(),
    ];
    let report = drydock(&repo, &[&["check", "--base", "main"], &args[..]].concat());
    let recorded =
        std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}: {report}"));
    let kept = fixtures().join("cluster.json");
    if std::env::var_os("DRYDOCK_EXPECT").is_some_and(|word| word == "write") {
        std::fs::write(&kept, &recorded).unwrap();
    }
    assert_eq!(
        gist(&recorded),
        gist(&std::fs::read_to_string(kept).unwrap())
    );
}
