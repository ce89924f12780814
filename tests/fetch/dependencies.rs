//! `Chart.yaml` and `Chart.lock`, beside what the real Helm makes of them.

use std::path::Path;

use drydock::ids::RepoPath;
use drydock::outside::dependencies::{ChartTexts, Dependency, DependencyProblem, Origin, parse};

use crate::helm::{index, run};
use crate::station::Station;
use crate::{allowing, chart, fetch};

fn read(chart: &Path) -> Result<Vec<Dependency>, DependencyProblem> {
    let file = |name: &str| std::fs::read(chart.join(name)).ok();
    let texts = [
        file("Chart.yaml"),
        file("Chart.lock"),
        file("requirements.yaml"),
        file("requirements.lock"),
    ];
    let [chart, lock, requirements, requirements_lock] = &texts;
    let texts = ChartTexts {
        chart: chart.as_deref(),
        lock: lock.as_deref(),
        requirements: requirements.as_deref(),
        requirements_lock: requirements_lock.as_deref(),
    };
    parse(texts, &"charts/app".parse().unwrap())
}

fn write(home: &Path, name: &str, text: &str) -> std::path::PathBuf {
    let chart = home.join("app");
    std::fs::create_dir_all(&chart).unwrap();
    std::fs::write(chart.join(name), text).unwrap();
    chart
}

fn serve(home: &Path) -> Station {
    let station = Station::start();
    let charts: Vec<(String, Vec<u8>)> = [("web", "1.0.0"), ("web", "1.2.0"), ("db", "0.3.0")]
        .map(|(name, version)| (format!("{name}-{version}.tgz"), chart(name, version)))
        .into();
    let named: Vec<_> = charts
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone()))
        .collect();
    station.put_bytes("/index.yaml", index(home, &named, ""));
    for (name, bytes) in charts {
        station.put_bytes(&format!("/{name}"), bytes);
    }
    station
}

#[test]
fn a_lock_that_helm_wrote_fits_and_gives_the_versions() {
    let home = tempfile::tempdir().unwrap();
    let station = serve(home.path());
    let url = station.url("");
    let local = home.path().join("local");
    std::fs::create_dir_all(&local).unwrap();
    std::fs::write(
        local.join("Chart.yaml"),
        "apiVersion: v2\nname: local\nversion: 0.1.0\n",
    )
    .unwrap();
    for (program, version) in [("helm", "v2"), ("helm3", "v2"), ("helm", "v1")] {
        let dependencies = "dependencies:\n- name: web\n  version: '>=1.0.0 <2.0.0 & nothing'\n"
            .to_owned()
            .replace(" & nothing", "");
        let dependencies = format!(
            "{dependencies}  repository: {url}\n  condition: web.enabled,a<b\n  tags: [front, \"<&>\"]\n  import-values:\n  - data\n  - {{parent: z, child: a}}\n- name: db\n  version: ~0.3\n  repository: {url}\n  alias: store\n  enabled: true\n- name: local\n  version: \"*\"\n  repository: file://../local\n"
        );
        let _ = std::fs::remove_dir_all(home.path().join("app"));
        let head = format!("apiVersion: {version}\nname: app\nversion: 0.1.0\n");
        let (chart, lock) = if version == "v1" {
            write(home.path(), "requirements.yaml", &dependencies);
            (write(home.path(), "Chart.yaml", &head), "requirements.lock")
        } else {
            (
                write(home.path(), "Chart.yaml", &format!("{head}{dependencies}")),
                "Chart.lock",
            )
        };
        let unlocked = read(&chart).unwrap();
        assert_eq!(unlocked[0].version, ">=1.0.0 <2.0.0");
        run(program, home.path(), &["dependency", "update", "app"]).unwrap();
        assert!(chart.join(lock).exists(), "{program} {version}");
        let locked = read(&chart).unwrap();
        let versions: Vec<_> = locked
            .iter()
            .map(|item| (item.name.as_str(), item.version.as_str()))
            .collect();
        assert_eq!(
            versions,
            [("web", "1.2.0"), ("db", "0.3.0"), ("local", "0.1.0")],
            "{program} {version}"
        );
        let local: RepoPath = "charts/local".parse().unwrap();
        assert_eq!(locked[2].origin, Origin::InTree(local));
        let Origin::Outside(need) = &locked[0].origin else {
            panic!("{:?}", locked[0])
        };
        let supplied = fetch(&allowing(&[&station]), need).unwrap();
        assert_eq!(
            (supplied.version.as_str(), supplied.floating),
            ("1.2.0", false)
        );
        let theirs = std::fs::read(chart.join("charts/web-1.2.0.tgz")).unwrap();
        assert_eq!(supplied.digest, drydock::ids::Digest::of(&theirs));

        let changed = if version == "v1" {
            "requirements.yaml"
        } else {
            "Chart.yaml"
        };
        let text = std::fs::read_to_string(chart.join(changed)).unwrap();
        std::fs::write(chart.join(changed), text.replace("~0.3", "~0.4")).unwrap();
        run(program, home.path(), &["dependency", "build", "app"]).unwrap_err();
        let problem = read(&chart).unwrap_err();
        assert_eq!(
            problem,
            DependencyProblem::OutOfSync {
                lock,
                chart: changed
            }
        );
    }
}

#[test]
fn dependencies_that_nobody_can_fetch_have_a_reason() {
    let home = tempfile::tempdir().unwrap();
    let head = "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n";
    for (repository, expected) in [
        ("'@stable'", "somebody's own Helm configuration"),
        ("alias:stable", "somebody's own Helm configuration"),
        ("file://../../../etc", "leads out of the repository"),
        ("file:///etc", "leads out of the repository"),
        ("stable", "not the address"),
        ("ftp://example.com/charts", "not the address"),
    ] {
        let text = format!("{head}- {{name: web, version: 1.0.0, repository: {repository}}}\n");
        let found = read(&write(home.path(), "Chart.yaml", &text)).unwrap();
        let Origin::Unusable(problem) = &found[0].origin else {
            panic!("{repository}: {found:?}")
        };
        assert!(problem.to_string().contains(expected), "{problem}");
        assert_eq!(found[0].line, 5);
    }
    let vendored = format!("{head}- {{name: web, version: 1.0.0}}\n");
    let found = read(&write(home.path(), "Chart.yaml", &vendored)).unwrap();
    assert_eq!(found[0].origin, Origin::Vendored);
    for wrong in [
        "dependencies: 3\n",
        "dependencies: [a]\n",
        "dependencies: [{version: 1}]\n",
        "dependencies: [{name: a, version: 1.0}]\n",
        "dependencies: [",
    ] {
        let problem = read(&write(home.path(), "Chart.yaml", wrong)).unwrap_err();
        assert!(
            matches!(problem, DependencyProblem::Unreadable { .. }),
            "{wrong}: {problem}"
        );
    }
}

#[test]
fn what_was_fetched_renders_as_what_helm_built() {
    let home = tempfile::tempdir().unwrap();
    let station = serve(home.path());
    let text = format!(
        "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- {{name: web, version: ~1.2, repository: {url}}}\n- {{name: web, version: 1.0.0, repository: {url}, alias: old}}\n",
        url = station.url("")
    );
    let chart = write(home.path(), "Chart.yaml", &text);
    run("helm", home.path(), &["dependency", "update", "app"]).unwrap();
    let theirs = run("helm", home.path(), &["template", "app"]).unwrap();
    let needs: Vec<_> = read(&chart).unwrap();
    std::fs::remove_dir_all(chart.join("charts")).unwrap();
    std::fs::create_dir(chart.join("charts")).unwrap();
    for item in needs {
        let Origin::Outside(need) = item.origin else {
            panic!("{item:?}")
        };
        let supplied = fetch(&allowing(&[&station]), &need).unwrap();
        let packed = drydock::outside::archive::pack(&supplied.files, &item.name).unwrap();
        std::fs::write(
            chart.join(format!("charts/{}-{}.tgz", item.name, item.version)),
            packed,
        )
        .unwrap();
    }
    let ours = run("helm", home.path(), &["template", "app"]).unwrap();
    assert_eq!(ours, theirs);
    assert!(ours.contains("1.2.0") && ours.contains("1.0.0"), "{ours}");
}
