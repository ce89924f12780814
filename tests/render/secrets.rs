//! Secrets that only a key could generate: everything around them is judged, and they are said.

use drydock::config::repo::{Engine, RepoConfig};
use drydock::ids::Side;
use drydock::object::Manifest;
use drydock::plan::{self, AppSide, Defaults, KustomizeInput, RendererInput, Selection};
use drydock::render::{Outcome, Rendering};
use drydock::tree::Tree;
use serde_json::Value;

use crate::workbench::{CONFIG_MAP, Repository, path, problems, rendering};

const CIPHERTEXT: &str = "ENC[AES256_GCM,data:q+8=,iv:aa=,tag:bb==,type:str]";

/// A Secret as SOPS leaves it.
fn secret(name: &str, annotations: &str) -> String {
    format!(
        "apiVersion: v1
kind: Secret
metadata:
  name: {name}
  annotations: {annotations}
type: Opaque
data:
  password: {CIPHERTEXT}
stringData:
  user: {CIPHERTEXT}
sops:
  lastmodified: \"2026-01-01T00:00:00Z\"
  mac: {CIPHERTEXT}
  version: 3.9.0
"
    )
}

const KSOPS: &str = "apiVersion: viaduct.ai/v1
kind: ksops
metadata:
  name: generator
  annotations:
    config.kubernetes.io/function: |
      exec: {path: ksops}
files: [./a.enc.yaml, ./b.enc.yaml, ./c.enc.yaml]
secretFrom:
- metadata: {name: files, labels: {x: y}}
  type: example.com/kind
  files: [./d.enc, key=e.enc]
  envs: [f.env]
";

fn repository() -> Repository {
    let other = format!(
        "apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: thing}}\nspec: {{token: '{CIPHERTEXT}', open: yes}}\nsops: {{mac: x}}\n"
    );
    Repository::with(&[
        (
            "app/kustomization.yaml",
            "namePrefix: p-\nresources: [more.yaml]\ngenerators: [ksops.yaml]\n",
        ),
        ("app/more.yaml", CONFIG_MAP),
        ("app/ksops.yaml", KSOPS),
        ("app/a.enc.yaml", &secret("plain", "{note: kept}")),
        (
            "app/b.enc.yaml",
            &secret("hashed", "{kustomize.config.k8s.io/needs-hash: 'true'}"),
        ),
        ("app/c.enc.yaml", &other),
        ("app/d.enc", "{\"data\": \"x\", \"sops\": {}}"),
        ("app/e.enc", "anything"),
        (
            "app/f.env",
            &format!("ONE={CIPHERTEXT}\nTWO=open\nsops_mac={CIPHERTEXT}\nsops_version=3\n"),
        ),
    ])
}

/// Planned and rendered, refusals included.
fn render(repository: &Repository, engine: Engine) -> Outcome {
    let plan = plan::build(
        &Tree::empty(),
        &repository.tree(),
        &RepoConfig::default(),
        &Defaults::default(),
        &Selection::All,
    );
    let side = plan.apps.iter().find_map(|app| app.side(Side::Head));
    repository.render(&AppSide {
        engine,
        ..side.unwrap().clone()
    })
}

fn find<'a>(rendering: &'a Rendering, kind: &str, start: &str) -> &'a Manifest {
    let mut manifests = rendering.manifests.iter();
    let found = manifests.find(|manifest| {
        manifest.object().kind == kind && manifest.object().name.starts_with(start)
    });
    found.unwrap_or_else(|| panic!("no {kind} {start}"))
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[test]
fn ksops_gives_placeholders_with_the_key_names() {
    let repository = repository();
    let outcome = render(&repository, Engine::ArgoCd);
    let found = rendering(&outcome);
    let plain = find(found, "Secret", "p-plain");
    assert_eq!(plain.object().name, "p-plain");
    assert_eq!(keys(&plain.value()["data"]), ["password", "user"]);
    assert_eq!(keys(&plain.value()["metadata"]), ["annotations", "name"]);
    let hashed = find(found, "Secret", "p-hashed-");
    assert_eq!(keys(&hashed.value()["data"]), ["password", "user"]);
    let files = find(found, "Secret", "p-files");
    assert_eq!(keys(&files.value()["data"]), ["ONE", "TWO", "d.enc", "key"]);
    assert_eq!(files.value()["type"], "example.com/kind");
    assert_eq!(files.value()["metadata"]["labels"]["x"], "y");
    let thing = find(found, "Thing", "p-thing").value();
    assert_eq!(thing.get("sops"), None);
    assert_eq!(thing["spec"]["open"], true);
    assert!(
        thing["spec"]["token"]
            .as_str()
            .unwrap()
            .starts_with("encrypted-not-shown")
    );
    find(found, "ConfigMap", "p-settings");
    let names: Vec<&str> = found
        .placeholders
        .iter()
        .map(|placeholder| placeholder.object.name.as_str())
        .collect();
    assert_eq!(found.placeholders.len(), 4, "{names:?}");
    assert!(!names.contains(&"p-settings"));
    assert!(found.placeholders[0].reason.contains("only its key names"));
}

#[test]
fn a_changed_ciphertext_is_a_change_and_an_unchanged_one_is_none() {
    let repository = repository();
    let digest = |repository: &Repository| {
        let outcome = render(repository, Engine::ArgoCd);
        rendering(&outcome).digest
    };
    let before = digest(&repository);
    assert_eq!(digest(&repository), before);
    let other = secret("plain", "{note: kept}").replacen("q+8=", "zz8=", 1);
    repository.write("app/a.enc.yaml", &other);
    assert_ne!(digest(&repository), before);
}

#[test]
fn the_secret_generator_plugin_gives_placeholders_too() {
    let repository = repository();
    repository.write(
        "app/kustomization.yaml",
        "generators:\n- |-\n  apiVersion: goabout.com/v1beta1\n  kind: SopsSecretGenerator\n  metadata: {name: one, namespace: n}\n  disableNameSuffixHash: true\n  type: Opaque\n  envs: [f.env]\n  files: [deep=d.enc]\n- folder\n",
    );
    repository.write("app/folder/kustomization.yaml", "resources: [two.yaml]\n");
    repository.write(
        "app/folder/two.yaml",
        "apiVersion: goabout.com/v1beta1\nkind: SopsSecretGenerator\nmetadata: {name: two}\nfiles: [e.enc]\n",
    );
    let outcome = render(&repository, Engine::ArgoCd);
    let found = rendering(&outcome);
    let one = find(found, "Secret", "one");
    assert_eq!(one.object().name, "one");
    assert_eq!(one.object().namespace.as_deref(), Some("n"));
    assert_eq!(keys(&one.value()["data"]), ["ONE", "TWO", "deep"]);
    let two = find(found, "Secret", "two-");
    assert_eq!(keys(&two.value()["data"]), ["e.enc"]);
    assert_eq!(found.placeholders.len(), 2);
}

#[test]
fn an_encrypted_manifest_is_judged_without_what_sops_adds() {
    let repository = Repository::with(&[
        ("app/kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
        ("app/a.yaml", &secret("one", "{}")),
        ("app/b.yaml", CONFIG_MAP),
    ]);
    let outcome = render(&repository, Engine::Flux);
    let found = rendering(&outcome);
    let one = find(found, "Secret", "one");
    assert_eq!(one.value().get("sops"), None);
    assert_eq!(keys(&one.value()["data"]), ["password"]);
    assert_eq!(keys(&one.value()["stringData"]), ["user"]);
    assert_eq!(one.provenance().path, Some(path("app/a.yaml")));
    assert_eq!(found.placeholders.len(), 1);

    let plain = Repository::with(&[
        (
            "a.yaml",
            &format!("{CONFIG_MAP}---\n{}", secret("one", "{}")),
        ),
        ("b.yaml", CONFIG_MAP),
    ]);
    let outcome = plain.render(&plain.directory(""));
    let found = rendering(&outcome);
    let one = find(found, "Secret", "one");
    assert_eq!(one.value().get("sops"), None);
    assert_eq!(one.provenance().path, Some(path("a.yaml")));
    assert_eq!(one.provenance().line, 8);
    assert_eq!(found.placeholders.len(), 1);
    assert_eq!(found.manifests.len(), 3);
}

#[test]
fn a_sops_block_hides_no_readable_field() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: true}\nsops: {mac: x}\n";
    let repository = Repository::with(&[("a.yaml", pod)]);
    let outcome = repository.render(&repository.directory(""));
    let found = rendering(&outcome);
    assert_eq!(found.manifests[0].value()["spec"]["hostNetwork"], true);
}

#[test]
fn flux_decrypts_the_files_of_secret_generators() {
    let kustomization = "secretGenerator:\n- name: made\n  envs: [f.env]\n  files: [d.yaml, key=plain.txt]\n  options: {disableNameSuffixHash: true}\n";
    let repository = Repository::with(&[
        ("app/kustomization.yaml", kustomization),
        (
            "app/f.env",
            &format!("ONE={CIPHERTEXT}\nsops_mac={CIPHERTEXT}\n"),
        ),
        ("app/d.yaml", &secret("x", "{}")),
        ("app/plain.txt", "readable"),
    ]);
    let side = |engine| AppSide {
        engine,
        ..repository.side("app", RendererInput::Kustomize(KustomizeInput::default()))
    };
    let outcome = repository.render(&side(Engine::Flux));
    let found = rendering(&outcome);
    let made = find(found, "Secret", "made");
    assert_eq!(keys(&made.value()["data"]), ["ONE", "d.yaml", "key"]);
    assert_eq!(found.placeholders.len(), 1);
    // Whoever does not decrypt deploys the ciphertext, and that is known.
    let outcome = repository.render(&side(Engine::ArgoCd));
    let found = rendering(&outcome);
    let made = find(found, "Secret", "made");
    assert_eq!(
        keys(&made.value()["data"]),
        ["ONE", "d.yaml", "key", "sops_mac"]
    );
    assert_eq!(found.placeholders.len(), 0);
}

#[test]
fn what_ksops_could_not_decrypt_and_every_other_program_stay_refused() {
    let repository = repository();
    repository.write("app/a.enc.yaml", CONFIG_MAP);
    let outcome = render(&repository, Engine::ArgoCd);
    let problem = &problems(&outcome)[0];
    assert_eq!(problem.path, Some(path("app/a.enc.yaml")));
    repository.write(
        "app/ksops.yaml",
        &KSOPS.replace("kind: ksops", "kind: other"),
    );
    let outcome = render(&repository, Engine::ArgoCd);
    let message = &problems(&outcome)[0].message;
    assert!(message.contains("runs a program"), "{message}");
}
