//! `drydock render` and `drydock apps`.

use crate::binary::drydock;
use crate::repo::Repo;

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: canary}\n";
const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {k: v}\n";

fn repository() -> Repo {
    let repo = Repo::new();
    repo.write(
        "overlay/kustomization.yaml",
        "resources: [../base]\nnamePrefix: a-\n",
    );
    repo.write(
        "base/kustomization.yaml",
        "resources: [cm.yaml, secret.yaml]\n",
    );
    repo.write("base/cm.yaml", CONFIG_MAP)
        .write("base/secret.yaml", SECRET);
    repo.write("plain/cm.yaml", CONFIG_MAP);
    repo.commit("base");
    repo
}

#[test]
fn render_prints_the_manifests_and_nothing_else() {
    let repo = repository();
    let ran = drydock(
        repo.path(),
        &["render", "--path", "overlay", "--format", "json"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let names: Vec<String> = ran
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["metadata"]["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a-c", "a-s"]);
    assert!(!ran.stdout.contains("canary"));
    let shown = drydock(
        repo.path(),
        &["render", "--app", "overlay", "--show-secrets"],
    );
    assert!(shown.stdout.contains("canary"), "{shown:?}");
}

#[test]
fn apps_lists_what_is_declared_and_says_why_a_file_matters() {
    let repo = repository();
    let ran = drydock(repo.path(), &["apps", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let ids: Vec<String> = ran
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids, ["kustomization:overlay", "directory:plain"]);
    let why = drydock(repo.path(), &["apps", "--why", "base/cm.yaml"]);
    assert!(
        why.stdout.contains("kustomization:overlay") && !why.stdout.contains("directory:plain"),
        "{why:?}"
    );
    let missing = drydock(repo.path(), &["apps", "--why", "README.md"]);
    assert_eq!(missing.code, 2, "{missing:?}");
    repo.write("README.md", "# Read me\n");
    let nobody = drydock(repo.path(), &["apps", "--why", "README.md"]);
    assert!(nobody.stdout.contains("no application reads"), "{nobody:?}");
}

#[test]
fn an_unknown_application_is_named_with_the_nearest_ones() {
    let repo = repository();
    let ran = drydock(repo.path(), &["render", "--app", "overlai"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.contains("overlai") && ran.stderr.contains("kustomization:overlay"),
        "{ran:?}"
    );
}
