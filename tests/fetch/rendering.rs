//! From a repository to manifests: what is needed from outside is there when the tools run, beside
//! what the real tools make of the same.

mod declared;

use std::path::Path;
use std::sync::Arc;

use drydock::outside::archive::pack;
use serde_json::Value;

use crate::binary::{Ran, drydock};
use crate::chart;
use crate::git_server::{Manner, Server};
use crate::helm::{index, run};
use crate::repo::Repo;
use crate::station::Station;

/// A repository of charts with three versions of `web` and one of `db`.
fn charts(home: &Path) -> Station {
    let station = Station::start();
    let packed: Vec<(String, Vec<u8>)> = [("web", "1.0.0"), ("web", "1.2.0"), ("db", "0.3.0")]
        .map(|(name, version)| (format!("{name}-{version}.tgz"), chart(name, version)))
        .into();
    let named: Vec<_> = packed
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone()))
        .collect();
    station.put_bytes("/index.yaml", index(home, &named, ""));
    for (name, bytes) in packed {
        station.put_bytes(&format!("/{name}"), bytes);
    }
    station
}

pub(crate) fn in_repo(repo: &Repo, home: &Path, args: &[&str], hosts: &[&str]) -> Ran {
    let mut all = args.to_vec();
    let hosts: Vec<String> = hosts
        .iter()
        .map(|host| format!("--allow-host={host},http"))
        .collect();
    all.extend(hosts.iter().map(String::as_str));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_drydock"));
    command
        .args(all)
        .current_dir(repo.path())
        .env("PATH", crate::binary::parts().join("bin"))
        .env("XDG_CACHE_HOME", home.join("cache"));
    crate::binary::run(&mut command)
}

fn documents(text: &str) -> Vec<Value> {
    let stream = drydock::yaml::read(text.as_bytes(), &drydock::yaml::Budget::tool_output());
    let mut all: Vec<Value> = stream
        .documents
        .iter()
        .map(|document| document.to_json())
        .collect();
    all.sort_by_key(ToString::to_string);
    all
}

const CONFIG_MAP: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\ndata: {a: b}\n";

/// A chart with dependencies from a repository, from a registry and from beside it.
fn chart_with_dependencies(repo: &Repo, home: &Path, station: &Station) {
    std::fs::write(home.join("cache-1.1.0.tgz"), chart("cache", "1.1.0")).unwrap();
    run(
        "helm",
        home,
        &[
            "push",
            "cache-1.1.0.tgz",
            &station.oci("/team"),
            "--plain-http",
        ],
    )
    .unwrap();
    repo.write(
        "common/Chart.yaml",
        "apiVersion: v2\nname: common\nversion: 0.1.0\n",
    )
    .write("common/templates/cm.yaml", CONFIG_MAP);
    let text = format!(
        "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- {{name: web, version: ^1, repository: {}}}\n- {{name: cache, version: 1.1.0, repository: {}}}\n- {{name: common, version: '*', repository: 'file://../common'}}\n",
        station.url(""),
        station.oci("/team"),
    );
    repo.write("app/Chart.yaml", text)
        .write("app/.helmignore", "*.md\n");
    repo.write(
        "app/templates/own.yaml",
        CONFIG_MAP.replace("shared", "own"),
    );
}

#[test]
fn a_chart_renders_with_its_dependencies_as_helm_builds_them() {
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    let station = charts(home.path());
    chart_with_dependencies(&repo, home.path(), &station);
    let app = repo.path().join("app").display().to_string();
    run(
        "helm",
        home.path(),
        &["dependency", "update", &app, "--plain-http"],
    )
    .unwrap();
    let theirs = run("helm", home.path(), &["template", "app", &app]).unwrap();
    repo.remove("app/charts").commit("app");
    let host = station.address.to_string();
    let args = ["render", "--path", "app"];
    let refused = in_repo(&repo, home.path(), &args, &[]);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(
        refused.stderr.contains("`helm dependency build`"),
        "{refused:?}"
    );
    let ours = in_repo(&repo, home.path(), &args, &[&host]);
    assert_eq!(ours.code, 0, "{ours:?}");
    assert_eq!(documents(&ours.stdout), documents(&theirs));
    assert_eq!(documents(&ours.stdout).len(), 4);
    let other = in_repo(&repo, home.path(), &args, &["127.0.0.1:1"]);
    assert!(
        other
            .stderr
            .contains(&format!("`{host}` is not among the hosts")),
        "{other:?}"
    );

    // The lock binds, and the cache answers for it.
    station.put_bytes("/index.yaml", "entries: {}\n");
    let offline = in_repo(
        &repo,
        home.path(),
        &["render", "--path", "app", "--offline"],
        &[],
    );
    assert!(
        offline
            .stderr
            .contains("Drydock is offline, and it is not in the cache")
            || offline.code == 0,
        "{offline:?}"
    );
    assert_eq!(documents(&offline.stdout), documents(&theirs));
    let text = std::fs::read_to_string(repo.path().join("app/Chart.yaml")).unwrap();
    repo.write("app/Chart.yaml", text.replace("^1", "^2"));
    let stale = in_repo(&repo, home.path(), &args, &[&host]);
    assert_eq!(stale.code, 1, "{stale:?}");
    assert!(
        stale
            .stderr
            .contains("app/Chart.yaml:5: `Chart.lock` does not fit"),
        "{stale:?}"
    );
}

#[test]
fn a_change_is_judged_with_what_both_sides_need() {
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    let station = charts(home.path());
    chart_with_dependencies(&repo, home.path(), &station);
    repo.commit("app");
    let host = station.address.to_string();
    repo.git(&["checkout", "-q", "-b", "topic"]);
    // The chart beside it changes, and with it whoever depends on it.
    repo.write(
        "common/templates/cm.yaml",
        CONFIG_MAP.replace("a: b", "a: c"),
    );
    repo.commit("common");
    let check = ["check", "--gates", "render", "--format", "json"];
    let ran = in_repo(&repo, home.path(), &check, &[&host]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json();
    let app = report["apps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|app| app["path"] == "app")
        .unwrap_or_else(|| panic!("{report}"));
    assert_eq!(app["outcome"], "pass", "{app}");
    let why = app["why"].to_string();
    assert!(
        why.contains("common/templates/cm.yaml") && !ran.stdout.contains(".drydock-outside"),
        "{why}"
    );
    let floating: Vec<&Value> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "render.floating")
        .collect();
    assert_eq!(floating.len(), 1, "{report}");
    assert_eq!(floating[0]["source"]["line"], 5);
    assert_eq!(floating[0]["blocks"], false);
    assert!(floating[0]["message"].as_str().unwrap().contains("`1.2.0`"));
}

/// A served repository with a base that builds on its neighbour.
fn bases() -> (Repo, Server, String) {
    let repo = Repo::new();
    repo.write(
        "deploy/base/kustomization.yaml",
        "resources: [../common, own.yaml]\n",
    )
    .write("deploy/base/own.yaml", CONFIG_MAP.replace("shared", "own"))
    .write("deploy/common/kustomization.yaml", "resources: [cm.yaml]\n")
    .write("deploy/common/cm.yaml", CONFIG_MAP)
    // A whole repository has more in it than a base.
    .write(
        "charts/x/Chart.yaml",
        "apiVersion: v2\nname: x\nversion: 0.1.0\n",
    )
    .write("other/kustomization.yaml", "resources: [missing.yaml]\n");
    let commit = repo.commit("bases");
    let server = Server::start(Manner::Serve {
        root: repo.path().to_owned(),
        authorization: None,
    });
    (repo, server, commit)
}

#[test]
fn a_kustomization_builds_on_remote_bases_as_if_they_were_folders() {
    let (served, server, commit) = bases();
    // A base in another repository that builds on the first one.
    let second = Repo::new();
    second.write(
        "top/kustomization.yaml",
        format!(
            "resources:\n- {}//deploy/base?ref={commit}\nnameSuffix: -two\n",
            server.url(".git")
        ),
    );
    let second_commit = second.commit("second");
    let second_server = Server::start(Manner::Serve {
        root: second.path().to_owned(),
        authorization: None,
    });
    let station = Station::start();
    station.put_bytes(
        &format!("/org/repo/{commit}/crds.yaml"),
        CONFIG_MAP.replace("shared", "file"),
    );

    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    repo.write(
        "app/over/kustomization.yaml",
        format!(
            "namePrefix: a-\nresources:\n- {}//top?ref={second_commit} # pinned\n- {}\n- cm.yaml\n",
            second_server.url(".git"),
            station.url(&format!("/org/repo/{commit}/crds.yaml")),
        ),
    );
    repo.write("app/over/cm.yaml", CONFIG_MAP.replace("shared", "local"));
    repo.commit("app");
    let hosts = [
        server.address.to_string(),
        second_server.address.to_string(),
        station.address.to_string(),
    ];
    let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
    let ours = in_repo(
        &repo,
        home.path(),
        &["render", "--path", "app/over"],
        &hosts,
    );
    assert_eq!(ours.code, 0, "{ours:?}");

    // The same with folders.
    let local = tempfile::tempdir().unwrap();
    crate::repo::copy(&served.path().join("deploy"), &local.path().join("deploy"));
    for (path, text) in [
        (
            "top/kustomization.yaml",
            "resources: [../deploy/base]\nnameSuffix: -two\n".to_owned(),
        ),
        (
            "over/kustomization.yaml",
            "namePrefix: a-\nresources: [../top, file.yaml, cm.yaml]\n".to_owned(),
        ),
        ("over/file.yaml", CONFIG_MAP.replace("shared", "file")),
        ("over/cm.yaml", CONFIG_MAP.replace("shared", "local")),
    ] {
        let full = local.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    let theirs = run("kustomize", local.path(), &["build", "over"]).unwrap();
    assert_eq!(documents(&ours.stdout), documents(&theirs));
    assert_eq!(documents(&theirs).len(), 4);

    // What else lies in the fetched repositories is no application of this one.
    let ran = in_repo(
        &repo,
        home.path(),
        &["check", "--all", "--gates", "render", "--format", "json"],
        &hosts,
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let apps = ran.json()["apps"].as_array().unwrap().len();
    assert_eq!(
        (apps, ran.stdout.contains(".drydock-outside")),
        (1, false),
        "{ran:?}"
    );
}

#[test]
fn what_cannot_come_is_refused_with_file_line_and_reason() {
    let (_served, server, commit) = bases();
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    let host = server.address.to_string();
    for (reference, reason) in [
        (
            format!("{}//deploy/base?ref=main", server.url(".git")),
            "name a full commit id",
        ),
        (
            format!("{}//deploy/base", server.url(".git")),
            "name a full commit id",
        ),
        (
            format!("{}//deploy/base?ref={}", server.url(".git"), "a".repeat(40)),
            "does not have it",
        ),
        (
            format!("{}//nowhere?ref={commit}", server.url(".git")),
            "does not exist",
        ),
        (
            format!("https://github.com/org/repo//x?ref={commit}"),
            "`github.com` is not among the hosts",
        ),
        ("git@github.com:org/repo.git".to_owned(), "read over ssh"),
        (
            format!("file:///srv/repo?ref={commit}"),
            "folder of the machine",
        ),
        (
            "https://robot:s3cret@example.com/org/repo".to_owned(),
            "carries a password",
        ),
    ] {
        repo.write(
            "app/kustomization.yaml",
            format!("resources:\n- {reference}\n"),
        );
        let ran = in_repo(&repo, home.path(), &["render", "--path", "app"], &[&host]);
        assert_ne!(ran.code, 0, "{reference}");
        assert!(
            ran.stderr.contains("app/kustomization.yaml:2: ") && ran.stderr.contains(reason),
            "{reference}: {ran:?}"
        );
        assert!(
            !ran.stderr.contains("s3cret") && !ran.stderr.contains(".drydock-outside"),
            "{ran:?}"
        );
    }
}

#[test]
fn nothing_fetched_reads_the_repository_and_nothing_in_it_guesses_the_way_in() {
    let evil = Repo::new();
    evil.write("base/kustomization.yaml", "resources: [../../../app/secret.yaml, ../../../../app/secret.yaml]\n")
        .write("dir/kustomization.yaml", "resources: [../../../app/inner]\n")
        .write("exec/kustomization.yaml", "generators: [g.yaml]\n")
        .write("exec/g.yaml", "apiVersion: example.com/v1\nkind: G\nmetadata:\n  name: g\n  annotations: {config.kubernetes.io/function: 'exec: {path: ./x}'}\n")
        .write("mark/kustomization.yaml", "resources: [../.drydock-outside/x]\n");
    let commit = evil.commit("evil");
    let server = Server::start(Manner::Serve {
        root: evil.path().to_owned(),
        authorization: None,
    });
    let host = server.address.to_string();
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    repo.write("app/secret.yaml", CONFIG_MAP)
        .write("app/inner/kustomization.yaml", "resources: [cm.yaml]\n")
        .write("app/inner/cm.yaml", CONFIG_MAP);
    for (folder, reason) in [
        ("base", "leads out of the repository"),
        ("dir", "leads out of the repository"),
        ("exec", "never allowed"),
        ("mark", "does not exist"),
    ] {
        repo.write(
            "app/kustomization.yaml",
            format!(
                "resources:\n- {}//{folder}?ref={commit}\n",
                server.url(".git")
            ),
        );
        let ran = in_repo(&repo, home.path(), &["render", "--path", "app"], &[&host]);
        assert_eq!(ran.code, 1, "{folder}: {ran:?}");
        assert!(ran.stderr.contains(reason), "{folder}: {ran:?}");
    }
    // A repository that has the reserved folder gets nothing laid over it.
    repo.write(
        "app/kustomization.yaml",
        format!("resources:\n- {}//base?ref={commit}\n", server.url(".git")),
    );
    repo.write(".drydock-outside/x/kustomization.yaml", "resources: []\n");
    let ran = in_repo(&repo, home.path(), &["render", "--path", "app"], &[&host]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let plain = drydock(repo.path(), &["render", "--path", "app"]);
    assert!(
        plain.stderr.contains("rendering has no network"),
        "{plain:?}"
    );
}

#[test]
fn a_chart_beside_it_is_a_dependency_without_any_host() {
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    repo.write("common/Chart.yaml", "apiVersion: v2\nname: common\nversion: 0.1.0\n")
        .write("common/templates/cm.yaml", CONFIG_MAP)
        .write("app/Chart.yaml", "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- {name: common, version: '*', repository: 'file://../common'}\n");
    repo.commit("app");
    let ours = in_repo(&repo, home.path(), &["render", "--path", "app"], &[]);
    assert_eq!(ours.code, 0, "{ours:?}");
    assert!(ours.stdout.contains("name: shared"));
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write(
        "common/templates/cm.yaml",
        CONFIG_MAP.replace("a: b", "a: c"),
    );
    let check = ["check", "--gates", "render", "--format", "json"];
    let ran = in_repo(&repo, home.path(), &check, &[]);
    let apps: Vec<Value> = ran.json()["apps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app["path"].clone())
        .collect();
    assert_eq!(apps, ["app", "common"], "{ran:?}");
    repo.remove("common");
    let gone = in_repo(&repo, home.path(), &["render", "--path", "app"], &[]);
    assert!(
        gone.stderr
            .contains("app/Chart.yaml:5: the chart dependency `common` is not at `common`"),
        "{gone:?}"
    );
}
