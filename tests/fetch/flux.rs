//! What Flux reads in a source that is not this repository.

use std::path::Path;
use std::sync::Arc;

use drydock::outside::Files;
use drydock::outside::archive::pack;
use serde_json::Value;

use crate::git_server::{Manner, Server};
use crate::helm::index;
use crate::rendering::in_repo;
use crate::repo::Repo;
use crate::station::Station;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  all: {{ omit .Values \"global\" | toJson | quote }}\n";

/// Files of a chart and its values, each of which says where it stands.
const FILES: [(&str, &str); 5] = [
    ("Chart.yaml", CHART),
    ("templates/a.yaml", TEMPLATE),
    ("values.yaml", "{own: 1, who: chart}\n"),
    ("prod.yaml", "{prod: 1, who: prod}\n"),
    ("envs/eu.yaml", "{eu: 1, who: eu}\n"),
];

fn station(home: &Path) -> Station {
    let station = Station::start();
    let files: Files = FILES
        .map(|(path, text)| (path.parse().unwrap(), Arc::from(text.as_bytes())))
        .into();
    let packed = pack(&files, "web").unwrap();
    let charts = [("web-1.0.0.tgz", packed.clone())];
    station.put_bytes("/index.yaml", index(home, &charts, ""));
    station.put_bytes("/web-1.0.0.tgz", packed);
    station
}

/// Another repository: the chart in a folder, plain manifests, and what they need.
fn other_repository() -> (Repo, Server, String) {
    let repo = Repo::new();
    for (path, text) in FILES {
        repo.write(&format!("charts/web/{path}"), text);
    }
    let object = |kind: &str, name: &str| {
        format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}}}\n")
    };
    repo.write("envs/eu.yaml", "{who: root}\n")
        .write("plain/a.yaml", object("ConfigMap", "a"))
        .write("plain/deep/b.yaml", object("ServiceAccount", "b"))
        .write("plain/ci.yaml", "no: object\n")
        .write(
            "plain/sub/kustomization.yaml",
            "namePrefix: sub-\nresources: [c.yaml]\n",
        )
        .write("plain/sub/c.yaml", object("ConfigMap", "c"))
        .write(".sourceignore", "plain/ci.yaml\n")
        .write(
            "extra/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnameSuffix: -x\n",
        );
    let commit = repo.commit("all");
    let server = Server::start(Manner::Serve {
        root: repo.path().to_owned(),
        authorization: None,
    });
    (repo, server, commit)
}

/// The report about the application that `text` adds, and the diffs of its objects.
fn judge(text: &str, hosts: &[&str]) -> (Value, Vec<String>) {
    let (repo, home) = (Repo::new(), tempfile::tempdir().unwrap());
    repo.write("README.md", "x").commit("base");
    repo.write("apps/app.yaml", text).commit("head");
    let args = [
        "check", "--base", "HEAD~1", "--head", "HEAD", "--gates", "render", "--format", "json",
    ];
    let ran = in_repo(&repo, home.path(), &args, hosts);
    let report = ran.json();
    assert!(!ran.stdout.contains(".drydock-outside"), "{}", ran.stdout);
    let apps = report["apps"].as_array().unwrap();
    let app = apps
        .iter()
        .find(|app| app["id"].as_str().unwrap().contains(":web"))
        .unwrap_or_else(|| panic!("{report:#}"))
        .clone();
    let diffs = app["changes"].as_array().into_iter().flatten();
    let diffs = diffs.map(|change| change["diff"].as_str().unwrap_or_default().to_owned());
    let diffs = diffs.collect();
    (app, diffs)
}

fn release(source: &str, chart: &str) -> String {
    format!(
        "{source}---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: prod}}\nspec:\n  \
         interval: 1m\n  values: {{release: 1}}\n  chart: {{spec: {{{chart}}}}}\n"
    )
}

/// The values that a release gets, and that the release fails by name of a file that is missing.
fn check_values(source: &str, chart: &str, missing: &str, host: &str, expected: &[(&str, &str)]) {
    for (files, values) in expected {
        let text = release(source, &format!("{chart}, {files}"));
        let (app, diffs) = judge(&text, &[host]);
        assert_eq!(app["outcome"], "pass", "{files}: {app:#}");
        let line = format!("all: {values:?}");
        assert!(diffs[0].contains(&line), "{files}: {}", diffs[0]);
    }
    let (app, _) = judge(&release(source, &format!("{chart}, {missing}")), &[host]);
    assert_eq!(app["outcome"], "fail", "{app:#}");
    assert!(app["problems"].to_string().contains("none.yaml"), "{app:#}");
}

#[test]
fn value_files_of_a_chart_from_a_repository_take_the_place_of_its_values() {
    let home = tempfile::tempdir().unwrap();
    let station = station(home.path());
    let source = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: team, namespace: prod}}\nspec: {{url: '{}'}}\n",
        station.url("")
    );
    let chart = "chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: team}";
    let own = r#"{"own":1,"release":1,"who":"chart"}"#;
    check_values(
        &source,
        chart,
        "valuesFiles: [prod.yaml, none.yaml]",
        &station.address.to_string(),
        &[
            ("valuesFiles: []", own),
            (
                "valuesFiles: [prod.yaml]",
                r#"{"prod":1,"release":1,"who":"prod"}"#,
            ),
            (
                "valuesFiles: [prod.yaml, envs/eu.yaml]",
                r#"{"eu":1,"prod":1,"release":1,"who":"eu"}"#,
            ),
            (
                "valuesFiles: [prod.yaml, values.yaml]",
                r#"{"own":1,"prod":1,"release":1,"who":"chart"}"#,
            ),
            (
                "ignoreMissingValuesFiles: true, valuesFiles: [none.yaml, prod.yaml]",
                r#"{"prod":1,"release":1,"who":"prod"}"#,
            ),
            (
                "ignoreMissingValuesFiles: true, valuesFiles: [none.yaml]",
                own,
            ),
        ],
    );
}

fn git_source(server: &Server, commit: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: other, namespace: prod}}\nspec: {{url: '{}', ref: {{commit: {commit}}}}}\n",
        server.url(".git")
    )
}

#[test]
fn value_files_of_a_chart_in_another_repository_stand_below_its_root() {
    let (_repo, server, commit) = other_repository();
    let chart = "chart: ./charts/web, sourceRef: {kind: GitRepository, name: other}";
    check_values(
        &git_source(&server, &commit),
        chart,
        "valuesFiles: [prod.yaml, charts/web/none.yaml]",
        &server.address.to_string(),
        &[(
            "valuesFiles: [charts/web/prod.yaml, ./envs/eu.yaml]",
            r#"{"prod":1,"release":1,"who":"root"}"#,
        )],
    );
}

#[test]
fn a_folder_of_another_repository_without_a_kustomization_gets_what_flux_writes() {
    let (_repo, server, commit) = other_repository();
    let kustomization = |fields: &str| {
        let source = git_source(&server, &commit);
        format!(
            "{source}---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: web, namespace: prod}}\nspec:\n  \
             interval: 1m\n  prune: true\n  path: ./plain\n  sourceRef: {{kind: GitRepository, name: other}}\n{fields}"
        )
    };
    let host = server.address.to_string();
    let names = |fields: &str| {
        let (app, diffs) = judge(&kustomization(fields), &[&host]);
        assert_eq!(app["outcome"], "pass", "{app:#}");
        let mut names: Vec<String> = diffs
            .iter()
            .flat_map(|diff| diff.lines().filter(|line| line.contains("  name: ")))
            .map(|line| line.trim_start_matches(['+', ' ']).to_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(""), ["name: a", "name: b", "name: sub-c"]);
    assert_eq!(
        names("  components: [../extra]\n"),
        ["name: a-x", "name: b-x", "name: sub-c-x"]
    );
    let lenient = "  components: [../none]\n  ignoreMissingComponents: true\n";
    assert_eq!(names(lenient).len(), 3);
    let (app, _) = judge(&kustomization("  components: [../none]\n"), &[&host]);
    assert_eq!(app["outcome"], "fail", "{app:#}");
    assert!(app["problems"].to_string().contains("../none"), "{app:#}");
}
