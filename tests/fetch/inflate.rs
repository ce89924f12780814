//! Charts of kustomizations that are not in the repository, beside the real Kustomize, which has the
//! real Helm pull them from the same servers.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use drydock::outside::Files;
use drydock::outside::archive::pack;
use serde_json::Value;

use crate::binary::{Ran, parts};
use crate::helm::{index, run};
use crate::repo::{Repo, copy};
use crate::station::Station;

const TEMPLATE: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}
data:
  chart: {{ .Chart.Name }}-{{ .Chart.Version }}
  values: {{ omit .Values \"global\" | toJson | quote }}
";

/// A chart that shows its version and its values.
fn chart(name: &str, version: &str) -> Vec<u8> {
    let description = format!("apiVersion: v2\nname: {name}\nversion: {version}\n");
    let files: Files = [
        ("Chart.yaml", description.as_str()),
        ("values.yaml", "own: chart\nmap: {a: 1}\n"),
        ("ci/other.yaml", "own: other\n"),
        ("templates/a.yaml", TEMPLATE),
    ]
    .into_iter()
    .map(|(path, text)| (path.parse().unwrap(), Arc::from(text.as_bytes())))
    .collect();
    pack(&files, name).unwrap()
}

/// A chart repository, and a registry with one chart.
fn serve(home: &Path) -> Station {
    let station = Station::start();
    let packed: Vec<(String, Vec<u8>)> = [
        ("web", "1.0.0"),
        ("web", "1.2.0"),
        ("web", "2.0.0-rc.1"),
        ("db", "0.3.0"),
    ]
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
    std::fs::write(home.join("cache-1.1.0.tgz"), chart("cache", "1.1.0")).unwrap();
    let registry = station.oci("/team");
    run(
        "helm",
        home,
        &["push", "cache-1.1.0.tgz", &registry, "--plain-http"],
    )
    .unwrap();
    station
}

fn in_repo(repo: &Repo, home: &Path, args: &[&str], host: Option<&str>) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drydock"));
    command
        .args(args)
        .args(host.map(|host| format!("--allow-host={host},http")))
        .current_dir(repo.path())
        .env("PATH", parts().join("bin"))
        .env("XDG_CACHE_HOME", home.join("cache"));
    crate::binary::run(&mut command)
}

/// What Kustomize builds of a copy of the repository: it puts charts into it.
fn theirs(repo: &Repo, root: &str) -> Result<Vec<Value>, String> {
    let work = tempfile::tempdir().unwrap();
    let checkout = work.path().join("checkout");
    copy(repo.path(), &checkout);
    // The registry of the test speaks no TLS, and Kustomize has no option for that.
    let helm = work.path().join("helm");
    let bare = parts().join("bin/helm");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\npull*oci://*) exec '{0}' \"$@\" --plain-http;;\n*) exec '{0}' \"$@\";;\nesac\n",
        bare.display()
    );
    std::fs::write(&helm, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&helm, mode).unwrap();
    let output = Command::new(parts().join("bin/kustomize"))
        .args(["build", root, "--enable-helm", "--helm-kube-version=1.35.0"])
        .arg("--helm-command")
        .arg(&helm)
        .current_dir(&checkout)
        .env("HOME", work.path())
        .output()
        .unwrap();
    if output.status.success() {
        Ok(documents(&String::from_utf8(output.stdout).unwrap()))
    } else {
        Err(String::from_utf8(output.stderr).unwrap())
    }
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

/// A repository with an overlay over `app`, and with a chart that lies where a fetched one would.
fn repository(kustomization: &str) -> Repo {
    let repo = Repo::new();
    repo.write("app/kustomization.yaml", kustomization)
        .write("app/own.yaml", "own: file\n")
        .write(
            "over/kustomization.yaml",
            "namespace: outer\nnamePrefix: o-\nresources: [../app]\n",
        )
        .write(
            "app/charts/web-3.0.0/web/Chart.yaml",
            "apiVersion: v2\nname: web\nversion: 3.3.3\n",
        )
        .write("app/charts/web-3.0.0/web/values.yaml", "own: local\n")
        .write("app/charts/web-3.0.0/web/templates/a.yaml", TEMPLATE)
        .write("parts/part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [more.yaml]\n")
        .write("parts/part/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n");
    repo
}

#[test]
fn fetched_charts_render_to_what_kustomize_makes_of_them() {
    let home = tempfile::tempdir().unwrap();
    let station = serve(home.path());
    let (url, oci) = (station.url(""), station.oci("/team"));
    let host = station.address.to_string();
    let entries = [
        "name: web, releaseName: r, version: 1.0.0, repo: URL",
        "name: web, releaseName: r, version: ^1, repo: URL/, includeCRDs: true",
        "name: web, releaseName: r, repo: URL",
        "name: web, releaseName: r, repo: URL, devel: true",
        "name: web, releaseName: r, version: '>=2.0.0-0', repo: URL, namespace: own",
        "name: web, releaseName: r, version: 1.0.0, repo: URL, valuesInline: {own: inline, map: {a: null}}",
        "name: web, releaseName: r, version: 1.0.0, repo: URL, valuesFile: own.yaml, valuesMerge: merge, valuesInline: {own: inline, b: 1}",
        "name: web, releaseName: r, version: 1.0.0, repo: URL, valuesFile: charts/web-1.0.0/web/ci/other.yaml",
        // What lies there already is taken, whatever its version, and nobody is asked.
        "name: web, releaseName: r, version: 3.0.0, repo: 'http://127.0.0.1:1'",
        "name: cache, releaseName: r, version: 1.1.0, repo: OCI",
        "name: cache, releaseName: r, repo: OCI",
    ];
    for (index, entry) in entries.into_iter().enumerate() {
        let entry = entry.replace("URL", &url).replace("OCI", &oci);
        let [plain, several, generator] = [
            format!("helmCharts:\n- {{{entry}}}\n"),
            format!(
                "helmGlobals: {{chartHome: charts}}\nnamePrefix: p-\nhelmCharts:\n- {{{entry}}}\n- {{name: db, releaseName: second, repo: '{url}', version: 0.3.0}}\ncomponents: [../parts/part]\n"
            ),
            format!(
                "generators:\n- |-\n  {{apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {{name: x}}, {entry}}}\nnamespace: ns\n"
            ),
        ];
        let other = if index % 2 == 0 { several } else { generator };
        for (root, kustomization) in [("app", plain), ("over", other)] {
            let repo = repository(&kustomization);
            repo.commit("app");
            let theirs = theirs(&repo, root).unwrap();
            let ours = in_repo(&repo, home.path(), &["render", "--path", root], Some(&host));
            assert_eq!(ours.code, 0, "{root}: {kustomization}: {ours:?}");
            assert_eq!(documents(&ours.stdout), theirs, "{root}: {kustomization}");
            assert!(!theirs.is_empty());
        }
    }
}

#[test]
fn what_kustomize_does_not_find_in_a_fetched_chart_is_not_found() {
    let home = tempfile::tempdir().unwrap();
    let station = serve(home.path());
    let host = station.address.to_string();
    let web = format!(
        "name: web, releaseName: r, version: 1.0.0, repo: '{}'",
        station.url("")
    );
    for (kustomization, reason) in [
        // Kustomize reads these before it fetches.
        (
            format!(
                "helmCharts:\n- {{{web}, additionalValuesFiles: [charts/web-1.0.0/web/ci/other.yaml]}}\n"
            ),
            "app/kustomization.yaml:2: `charts/web-1.0.0/web/ci/other.yaml` does not exist",
        ),
        (
            format!("helmCharts:\n- {{{web}}}\nresources: [charts/web-1.0.0/web/Chart.yaml]\n"),
            "app/kustomization.yaml:3: `charts/web-1.0.0/web/Chart.yaml` does not exist",
        ),
        (
            format!("helmCharts:\n- {{{web}, valuesFile: charts/web-1.0.0/web/gone.yaml}}\n"),
            "app/kustomization.yaml:2: `charts/web-1.0.0/web/gone.yaml` does not exist",
        ),
        (
            format!("helmGlobals: {{chartHome: ../outside}}\nhelmCharts:\n- {{{web}}}\n"),
            "outside of the kustomization's folder",
        ),
        (
            format!("helmCharts:\n- {{{}}}\n", web.replace("1.0.0", "9.0.0")),
            "app/kustomization.yaml:2: chart web 9.0.0 of",
        ),
        (
            format!(
                "helmCharts:\n- {{{}}}\n",
                web.replace("name: web", "name: gone")
            ),
            "the repository has no chart of this name",
        ),
        (
            format!("helmCharts:\n- {{{}}}\n", web.replace("http://", "ftp://")),
            "no address of a chart repository",
        ),
        (
            format!("helmCharts:\n- {{{web}, unknown: field}}\n"),
            "`unknown` is no field of a chart",
        ),
        (
            format!("helmCharts:\n- {{{}}}\n", web.replace("1.0.0", "1.0")),
            "a field of a chart is not a string",
        ),
        (
            "helmCharts: {name: web}\n".to_owned(),
            "`helmCharts` is not a list",
        ),
    ] {
        let repo = repository(&kustomization);
        repo.commit("app");
        theirs(&repo, "app").unwrap_err();
        let ours = in_repo(
            &repo,
            home.path(),
            &["render", "--path", "app"],
            Some(&host),
        );
        assert_eq!(ours.code, 1, "{kustomization}: {ours:?}");
        assert!(ours.stderr.contains(reason), "{kustomization}: {ours:?}");
        assert!(!ours.stderr.contains(".drydock-outside"), "{ours:?}");
    }
}

#[test]
fn a_host_that_nobody_allowed_is_not_asked_and_the_cache_answers_offline() {
    let home = tempfile::tempdir().unwrap();
    let station = serve(home.path());
    let host = station.address.to_string();
    let url = station.url("");
    let entry = |version: &str| {
        format!("helmCharts:\n- name: web\n  releaseName: r\n  repo: {url}\n  version: {version}\n")
    };
    let repo = repository(&entry("1.0.0"));
    repo.commit("app");
    station.take_seen();
    let args = ["render", "--path", "app"];
    let offline = ["render", "--path", "app", "--offline"];
    for (args, host, reason) in [
        (&args[..], None, "is fetched from another host"),
        (&args[..], Some("127.0.0.1:1"), "is not among the hosts"),
        (
            &offline[..],
            None,
            "Drydock is offline, and it is not in the cache",
        ),
    ] {
        let ran = in_repo(&repo, home.path(), args, host);
        assert_ne!(ran.code, 0, "{ran:?}");
        let place = "app/kustomization.yaml:2: ";
        assert!(
            ran.stderr.contains(place)
                && ran.stderr.contains("chart web 1.0.0 of")
                && ran.stderr.contains(reason),
            "{ran:?}"
        );
    }
    assert!(station.take_seen().is_empty(), "nobody was to be asked");
    let online = in_repo(&repo, home.path(), &args, Some(&host));
    assert_eq!(online.code, 0, "{online:?}");
    let ran = in_repo(&repo, home.path(), &offline, None);
    assert_eq!((ran.code, &ran.stdout), (0, &online.stdout), "{ran:?}");
    // What a range means is nothing that the cache answers for.
    repo.write("app/kustomization.yaml", entry("^1"));
    let ran = in_repo(&repo, home.path(), &offline, None);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn a_new_version_is_judged_beside_the_old_one_and_what_floats_is_said() {
    let home = tempfile::tempdir().unwrap();
    let station = serve(home.path());
    let host = station.address.to_string();
    let url = station.url("");
    let entry = |version: &str| {
        format!("helmCharts:\n- {{name: web, releaseName: r, repo: '{url}', version: {version}}}\n")
    };
    let repo = repository(&entry("1.0.0"));
    repo.commit("app");
    repo.git(&["checkout", "-q", "-b", "topic"]);
    repo.write("app/kustomization.yaml", entry("~1.2"));
    repo.commit("newer");
    let args = ["check", "--gates", "render", "--format", "json"];
    let ran = in_repo(&repo, home.path(), &args, Some(&host));
    assert_eq!(ran.code, 0, "{ran:?}");
    let report = ran.json();
    let app = report["apps"][0].clone();
    assert_eq!(
        (&app["path"], &app["outcome"]),
        (&"over".into(), &"pass".into()),
        "{report}"
    );
    let findings = report["findings"].as_array().unwrap();
    let floating: Vec<_> = findings
        .iter()
        .filter(|finding| finding["rule"] == "render.floating")
        .collect();
    assert_eq!(floating.len(), 1, "{report}");
    assert_eq!(floating[0]["source"]["path"], "app/kustomization.yaml");
    assert_eq!(floating[0]["source"]["line"], 2);
    assert!(floating[0]["message"].as_str().unwrap().contains("`1.2.0`"));
    assert!(!ran.stdout.contains(".drydock-outside"), "{}", ran.stdout);
}
