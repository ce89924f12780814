//! Commands that run one after the other, at once, or are killed, on one cache.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::binary::{Ran, parts, run};
use crate::repo::Repo;

const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: canary}\n";

fn repository() -> Repo {
    let repo = Repo::new();
    repo.write(
        "app/kustomization.yaml",
        "resources: [cm.yaml, secret.yaml]\nnamePrefix: a-\n",
    );
    repo.write("app/secret.yaml", SECRET);
    let lines: String = (0..2_000)
        .map(|line| format!("  key{line}: value {line}\n"))
        .collect();
    let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n{lines}");
    repo.write("app/cm.yaml", text);
    repo.commit("base");
    repo
}

fn command(repo: &Repo, cache: &Path, search: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command
        .args(args)
        .current_dir(repo.path())
        .env("PATH", search)
        .env("XDG_CACHE_HOME", cache);
    command
}

fn render(repo: &Repo, cache: &Path, more: &[&str]) -> Ran {
    let args = [&["render", "--path", "app"], more].concat();
    run(&mut command(repo, cache, &parts().join("bin"), &args))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if item.path().is_dir() {
            found.extend(entries(&item.path()));
        } else {
            found.push(item.path());
        }
    }
    found
}

#[test]
fn a_second_command_finds_what_the_first_one_rendered() {
    let (repo, cache) = (repository(), tempfile::tempdir().unwrap());
    let first = render(&repo, cache.path(), &[]);
    assert_eq!(first.code, 0, "{first:?}");
    let kept = entries(&cache.path().join("drydock/renders/entries"));
    assert_eq!(kept.len(), 1, "{kept:?}");
    let before = std::fs::metadata(&kept[0]).unwrap();
    let second = render(&repo, cache.path(), &[]);
    assert_eq!(second.stdout, first.stdout);
    let after = std::fs::metadata(&kept[0]).unwrap();
    assert_eq!(
        before.modified().unwrap(),
        after.modified().unwrap(),
        "it was rendered again"
    );
    let check = |args: &[&str]| {
        let args = [
            &["check", "--all", "--gates", "render", "--format", "json"],
            args,
        ]
        .concat();
        let ran = run(&mut command(
            &repo,
            cache.path(),
            &parts().join("bin"),
            &args,
        ));
        assert_eq!(ran.code, 0, "{ran:?}");
        ran.stdout
    };
    let cold = check(&[]);
    assert_eq!(check(&[]), cold);
}

#[test]
fn shown_secrets_are_rendered_afresh_and_never_kept() {
    let (repo, cache) = (repository(), tempfile::tempdir().unwrap());
    let shown = render(&repo, cache.path(), &["--show-secrets"]);
    assert!(shown.stdout.contains("canary"), "{}", shown.stderr);
    assert_eq!(entries(cache.path()), Vec::<PathBuf>::new());
    assert!(!render(&repo, cache.path(), &[]).stdout.contains("canary"));
    let again = render(&repo, cache.path(), &["--show-secrets"]);
    assert_eq!(again.stdout, shown.stdout);
}

#[test]
fn no_cache_keeps_nothing() {
    let (repo, cache) = (repository(), tempfile::tempdir().unwrap());
    let ran = render(&repo, cache.path(), &["--no-cache"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(entries(cache.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_cache_folder_that_cannot_be_made_changes_nothing() {
    let repo = repository();
    let file = tempfile::NamedTempFile::new().unwrap();
    let ran = render(&repo, file.path(), &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.stderr, "");
}

#[test]
fn commands_at_once_share_one_cache() {
    let (repo, cache) = (repository(), tempfile::tempdir().unwrap());
    let outputs: Vec<Ran> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| render(&repo, cache.path(), &[])))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for ran in &outputs {
        assert_eq!(
            (ran.code, &ran.stdout),
            (0, &outputs[0].stdout),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(
        entries(&cache.path().join("drydock/renders/entries")).len(),
        1
    );
}

#[test]
fn a_command_killed_while_it_keeps_something_leaves_nothing_broken() {
    let (repo, cache) = (repository(), tempfile::tempdir().unwrap());
    let whole = render(&repo, cache.path(), &[]);
    assert_eq!(whole.code, 0, "{whole:?}");
    let folder = cache.path().join("drydock/renders/entries");
    for round in 0..25 {
        for file in entries(&folder) {
            std::fs::remove_file(file).unwrap();
        }
        let mut child = command(
            &repo,
            cache.path(),
            &parts().join("bin"),
            &["render", "--path", "app"],
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
        // Killed at the first sign of a file, which is while it is written or just after.
        while entries(&folder).is_empty() && child.try_wait().unwrap().is_none() {}
        child.kill().unwrap();
        child.wait().unwrap();
        let ran = render(&repo, cache.path(), &[]);
        assert_eq!((ran.code, &ran.stdout), (0, &whole.stdout), "round {round}");
    }
}
