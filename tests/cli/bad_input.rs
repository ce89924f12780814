//! Bad input ends with exit code 2 and a message that says whose move it is, or with a finding and
//! exit code 1 when it is the author's; never with a pass.

use crate::binary::{Ran, drydock};
use crate::repo::Repo;

const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n";

fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("app/cm.yaml", CONFIG_MAP);
    repo.commit("base");
    repo
}

fn refuses_to_judge(ran: &Ran, parts: &[&str]) {
    assert_eq!(ran.code, 2, "{ran:?}");
    for part in parts {
        assert!(
            ran.stderr.contains(part) || ran.stdout.contains(part),
            "`{part}` is missing: {ran:?}"
        );
    }
}

#[test]
fn a_folder_without_repository_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    refuses_to_judge(
        &drydock(folder.path(), &["check"]),
        &["not a Git repository", "hint:"],
    );
}

#[test]
fn an_unknown_revision_is_named() {
    let repo = repository();
    refuses_to_judge(
        &drydock(repo.path(), &["check", "--base", "nowhere"]),
        &["`nowhere`"],
    );
}

#[test]
fn a_wrong_key_of_the_configuration_is_shown_with_its_place_and_the_nearest_valid_key() {
    let repo = repository();
    repo.write(
        ".drydock.yaml",
        "version: 1\ndiscovery:\n  kustomise: true\n",
    );
    repo.commit("configuration");
    repo.write("app/cm.yaml", CONFIG_MAP.replace('v', "w"));
    refuses_to_judge(
        &drydock(repo.path(), &["check", "--base", "HEAD"]),
        &[".drydock.yaml:3:3", "kustomise", "`kustomize`"],
    );
}

#[test]
fn a_configuration_that_could_not_judge_after_the_merge_refuses_the_change() {
    let repo = repository();
    repo.write(".drydock.yaml", "version: 1\ngates: {schemer: off}\n");
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("configuration.invalid"), "{ran:?}");
    assert!(ran.stdout.contains(".drydock.yaml:2:9"), "{ran:?}");
    assert!(ran.stdout.contains("schemer"), "{ran:?}");
    repo.write(".drydock.yaml", "version: 1\ngates: {schema: off}\n");
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_missing_tool_is_named_with_the_line_that_installs_it() {
    let repo = repository();
    repo.write("k/kustomization.yaml", "resources: [cm.yaml]\n")
        .write("k/cm.yaml", CONFIG_MAP);
    let ran = crate::binary::run(
        std::process::Command::new(env!("CARGO_BIN_EXE_drydock"))
            .args(["check", "--base", "HEAD"])
            .current_dir(repo.path())
            .env("PATH", "/nonexistent"),
    );
    refuses_to_judge(&ran, &["kustomize", "go install"]);
}

#[test]
fn an_unreachable_cluster_is_an_error_and_not_a_pass() {
    let repo = repository();
    repo.write("app/cm.yaml", CONFIG_MAP.replace("k: v", "k: w"));
    let kubeconfig = tempfile::tempdir().unwrap();
    let file = kubeconfig.path().join("config");
    std::fs::write(
        &file,
        "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: \"https://127.0.0.1:1\"}}]\n\
         users: [{name: u, user: {}}]\ncontexts: [{name: x, context: {cluster: c, user: u}}]\ncurrent-context: x\n",
    )
    .unwrap();
    let ran = drydock(
        repo.path(),
        &[
            "check",
            "--base",
            "HEAD",
            "--gates",
            "render,preview",
            "--kubeconfig",
            file.to_str().unwrap(),
        ],
    );
    refuses_to_judge(&ran, &["the cluster could not be reached", "move:"]);
}

#[test]
fn a_cluster_that_no_kubeconfig_names_is_said_once_even_when_nothing_changed() {
    let repo = repository();
    for (flag, value, words) in [
        ("--kubeconfig", "no-such-file", "no-such-file"),
        ("--cluster", "staging=no-such-context", "no-such-context"),
    ] {
        let file = repo.path().join("empty-kubeconfig");
        std::fs::write(&file, "apiVersion: v1\nkind: Config\n").unwrap();
        let mut args = vec!["check", "--base", "HEAD", flag, value];
        if flag == "--cluster" {
            args.extend(["--kubeconfig", file.to_str().unwrap()]);
        }
        let ran = drydock(repo.path(), &args);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert_eq!(ran.stderr.matches(words).count(), 1, "{ran:?}");
        assert!(ran.stdout.is_empty(), "{ran:?}");
    }
}

#[test]
fn a_policy_with_an_unknown_builtin_is_refused_with_its_place() {
    let repo = repository();
    repo.write(
        "policy/a.rego",
        "package main\n\nimport rego.v1\n\ndeny contains msg if {\n\tmsg := nothing.here(1)\n}\n",
    );
    repo.commit("policy");
    repo.write("app/cm.yaml", CONFIG_MAP.replace("k: v", "k: w"));
    refuses_to_judge(
        &drydock(repo.path(), &["check", "--base", "HEAD"]),
        &["policy/a.rego:6", "nothing.here"],
    );
}

#[test]
fn a_policy_that_ends_its_worker_never_passes() {
    let repo = repository();
    repo.write(
        "policy/a.rego",
        "package main\n\ndeny contains \"never\" if {\n\ttext := input.data.text\n\t\
         count(replace(text, \"a\", text)) == 1\n}\n",
    );
    repo.commit("policy");
    let text = "a".repeat(76 << 10);
    repo.write("app/cm.yaml", format!("{CONFIG_MAP}  text: {text}\n"));
    refuses_to_judge(
        &drydock(repo.path(), &["check", "--base", "HEAD"]),
        &["memory"],
    );
}

#[test]
fn a_policy_that_loops_is_stopped_and_never_passes() {
    let repo = repository();
    repo.write(
        "policy/a.rego",
        "package main\n\nimport rego.v1\n\ndeny contains msg if {\n\tsome a in numbers.range(0, 99999)\n\t\
         some b in numbers.range(0, 99999)\n\ta * b == -1\n\tmsg := \"never\"\n}\n",
    );
    repo.commit("policy");
    repo.write("app/cm.yaml", CONFIG_MAP.replace("k: v", "k: w"));
    refuses_to_judge(
        &drydock(repo.path(), &["check", "--base", "HEAD"]),
        &["policy", "took longer"],
    );
}

#[test]
fn an_alias_bomb_is_the_authors_and_costs_little() {
    let repo = repository();
    let mut bomb = String::from(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: bomb\na0: &a0 [x, x, x, x, x, x, x, x, x]\n",
    );
    for level in 1..10 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    repo.write("app/bomb.yaml", bomb);
    let ran = drydock(repo.path(), &["check", "--base", "HEAD"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("app/bomb.yaml"), "{ran:?}");
}

#[test]
fn a_wrong_flag_is_a_usage_error() {
    let repo = repository();
    refuses_to_judge(
        &drydock(repo.path(), &["check", "--gates", "redner"]),
        &["redner", "render"],
    );
    refuses_to_judge(
        &drydock(repo.path(), &["check", "--kubernetes-version", "soon"]),
        &["soon"],
    );
}

#[test]
fn an_output_file_that_cannot_be_written_is_said() {
    let repo = repository();
    let ran = drydock(
        repo.path(),
        &[
            "check",
            "--base",
            "HEAD",
            "--output",
            "/nonexistent/report.txt",
        ],
    );
    refuses_to_judge(&ran, &["/nonexistent/report.txt"]);
}

#[test]
fn given_files_that_hold_nothing_or_that_a_renderer_reads_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("chart");
    std::fs::create_dir(&chart).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "name: shop\n").unwrap();
    std::fs::write(folder.path().join("notes.md"), "# Notes\n").unwrap();
    refuses_to_judge(
        &drydock(folder.path(), &["check", "-"]),
        &["standard input is empty"],
    );
    let chart = drydock(folder.path(), &["check", "chart"]);
    let hint = "drydock render --path chart | drydock check -";
    assert!(chart.stderr.contains(hint), "{chart:?}");
    let notes = drydock(folder.path(), &["check", "notes.md"]);
    assert!(
        notes.stdout.contains("the given files hold no object"),
        "{notes:?}"
    );
    let both = drydock(folder.path(), &["check", "notes.md", "--base", "main"]);
    refuses_to_judge(&both, &["cannot be used with"]);
}
