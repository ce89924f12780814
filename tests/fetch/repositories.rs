//! Chart repositories over HTTP, beside the real Helm.

use drydock::config::settings::Credentials;
use drydock::ids::Digest;
use drydock::outside::{Need, Short};

use crate::helm::{helm, index};
use crate::station::{Login, Station};
use crate::{allowing, chart, chart_files, fetch, paths, wanted};

const VERSIONS: [&str; 14] = [
    "0.0.3",
    "0.1.0",
    "0.2.3",
    "0.2.9",
    "1.0.0",
    "1.2.0",
    "1.2.3",
    "1.2.4-rc.1",
    "1.10.0",
    "2.0.0-alpha.1",
    "2.0.0-alpha.2",
    "1.2.3-0",
    "1.10.1+build.5",
    "v1.3.0",
];

/// A repository with every version, under `/charts`.
fn serve(station: &Station, home: &std::path::Path) {
    let archives: Vec<(String, Vec<u8>)> = VERSIONS
        .iter()
        .map(|version| (format!("web-{version}.tgz"), chart("web", version)))
        .collect();
    let named: Vec<_> = archives
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.clone()))
        .collect();
    station.put_bytes("/charts/index.yaml", index(home, &named, ""));
    for (name, bytes) in archives {
        station.put_bytes(&format!("/charts/{name}"), bytes);
    }
}

#[test]
fn every_range_means_the_version_that_helm_pulls() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    serve(&station, home.path());
    let outside = allowing(&[&station]);
    let repository = station.url("/charts");
    let mut agreed = 0;
    for range in [
        "",
        "1.2.3",
        "v1.2.3",
        "1.2",
        "1",
        "1.x",
        "1.2.x",
        "*",
        "x",
        "^1.2.0",
        "^1",
        "^0.2.3",
        "^0.0.3",
        "^0.0",
        "^0",
        "~1.2.0",
        "~1.2",
        "~1",
        "~0.0.0",
        ">1",
        ">1.2",
        ">=1.2.4-rc.1",
        "<1.0.0",
        "<=1",
        "<=1.2",
        "!=1.10.1, <1.10.1",
        "!=1.x",
        ">=0.1.0 <1.0.0",
        ">= 0.1.0, < 1.0.0",
        "0.1 - 1.0",
        "0.x || >=3",
        ">=2.0.0-0",
        "*-0",
        "^2.0.0-alpha",
        "=>1.2.0 =<1.2.3",
        "~>1.2.0",
        "3.x",
        "latest",
        ">=",
        "1.2.3.4",
        "1.2.4-rc.1",
        "1.10.1+build.5",
        "1.3.0",
        "!=*",
        ">*",
        "<=*",
        "^*",
        "1.2.3-x",
        ">=1.2.3-0 <1.2.4",
        "1 || 2",
        "1,",
        "2.0.0",
    ] {
        let into = home.path().join("pulled");
        let _ = std::fs::remove_dir_all(&into);
        std::fs::create_dir_all(&into).unwrap();
        let mut args = vec!["pull", "web", "--repo", &repository, "-d", "pulled"];
        if !range.is_empty() {
            args.extend(["--version", range]);
        }
        let theirs = helm(home.path(), &args).ok().map(|_| {
            let file = std::fs::read_dir(&into).unwrap().next().unwrap().unwrap();
            Digest::of(&std::fs::read(file.path()).unwrap())
        });
        let ours = fetch(&outside, &wanted(&repository, "web", range));
        assert_eq!(
            ours.as_ref().ok().map(|chart| chart.digest),
            theirs,
            "{range:?}: {ours:?}"
        );
        agreed += 1;
    }
    assert_eq!(agreed, 52);
}

#[test]
fn a_chart_comes_whole_and_its_files_are_those_of_the_archive() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    serve(&station, home.path());
    let outside = allowing(&[&station]);
    let exact = fetch(&outside, &wanted(&station.url("/charts/"), "web", "1.2.0")).unwrap();
    assert_eq!(*exact.files, chart_files("web", "1.2.0"));
    assert_eq!((exact.version.as_str(), exact.floating), ("1.2.0", false));
    assert_eq!(exact.digest, Digest::of(&chart("web", "1.2.0")));
    let range = fetch(&outside, &wanted(&station.url("/charts"), "web", "^1")).unwrap();
    assert_eq!(
        (range.version.as_str(), range.floating),
        ("1.10.1+build.5", true)
    );
    assert!(
        exact
            .tree()
            .unwrap()
            .is_file(&"templates/a.yaml".parse().unwrap())
    );
    for (name, short) in [
        ("nothing", "no chart of this name"),
        ("web", "no version fits `^9`; the newest is 1.10.1+build.5"),
    ] {
        let error = fetch(&outside, &wanted(&station.url("/charts"), name, "^9")).unwrap_err();
        assert!(error.to_string().contains(short), "{error}");
    }
}

#[test]
fn an_index_may_be_json_and_its_addresses_may_be_absolute() {
    let (station, cdn, home) = (
        Station::start(),
        Station::start(),
        tempfile::tempdir().unwrap(),
    );
    let text = index(
        home.path(),
        &[("web-1.0.0.tgz", chart("web", "1.0.0"))],
        &cdn.url("/files"),
    );
    let stream = drydock::yaml::read(text.as_bytes(), &drydock::yaml::Budget::file());
    station.put_bytes("/index.yaml", stream.documents[0].to_json().to_string());
    cdn.put_bytes("/files/web-1.0.0.tgz", chart("web", "1.0.0"));
    let need = wanted(&station.url(""), "web", "1.0.0");
    assert!(text.contains(&cdn.url("/files/web-1.0.0.tgz")));
    let chart = fetch(&allowing(&[&station, &cdn]), &need).unwrap();
    assert!(crate::text(&chart, "Chart.yaml").contains("1.0.0"));
    let error = fetch(&allowing(&[&station]), &need).unwrap_err();
    assert_eq!(
        error,
        Short::NotAllowed {
            host: cdn.address.to_string()
        }
    );
}

#[test]
fn an_archive_that_is_not_the_one_of_the_index_is_refused() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    serve(&station, home.path());
    station.put_bytes("/charts/web-1.0.0.tgz", chart("web", "9.9.9"));
    let outside = allowing(&[&station]);
    let need = wanted(&station.url("/charts"), "web", "1.0.0");
    let error = fetch(&outside, &need).unwrap_err();
    let (expected, found) = (
        Digest::of(&chart("web", "1.0.0")),
        Digest::of(&chart("web", "9.9.9")),
    );
    assert_eq!(error, Short::Digest { expected, found });
    // The digest that was asked for binds as well.
    let Need::Chart(mut need) = wanted(&station.url("/charts"), "web", "1.2.0") else {
        unreachable!()
    };
    need.digest = Some(found);
    assert!(matches!(
        fetch(&outside, &Need::Chart(need)),
        Err(Short::Digest { .. })
    ));
}

#[test]
fn credentials_are_sent_to_their_own_host_only() {
    let (station, cdn, home) = (
        Station::start(),
        Station::start(),
        tempfile::tempdir().unwrap(),
    );
    station.shelf().login = Login::Basic("robot", "s3cret-password");
    let text = index(
        home.path(),
        &[("web-1.0.0.tgz", chart("web", "1.0.0"))],
        &cdn.url(""),
    );
    station.put_bytes("/index.yaml", text);
    cdn.put_bytes("/web-1.0.0.tgz", chart("web", "1.0.0"));
    let mut outside = allowing(&[&station, &cdn]);
    let need = wanted(&station.url(""), "web", "");
    let denied = fetch(&outside, &need).unwrap_err();
    assert_eq!(
        denied,
        Short::Denied {
            host: station.address.to_string()
        }
    );
    let password_file = home.path().join("password");
    std::fs::write(&password_file, "s3cret-password\n").unwrap();
    outside.hosts[0].paths = paths(&["/"]);
    outside.hosts[0].credentials = Some(Credentials {
        username: "robot".to_owned(),
        password_file,
    });
    fetch(&outside, &need).unwrap();
    assert!(
        cdn.take_seen()
            .iter()
            .all(|seen| seen.authorization.is_none())
    );
    assert!(
        station
            .take_seen()
            .iter()
            .any(|seen| seen.authorization.is_some())
    );
    let args = [
        "pull",
        "web",
        "--repo",
        &station.url(""),
        "--username",
        "robot",
        "--password",
        "s3cret-password",
    ];
    helm(home.path(), &args).unwrap();
    outside.hosts[0].credentials.as_mut().unwrap().password_file = home.path().join("none");
    assert!(matches!(
        fetch(&outside, &need),
        Err(Short::Credentials { .. })
    ));
}

#[test]
fn an_index_is_asked_for_once_in_a_run() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    serve(&station, home.path());
    let needs = ["1.0.0", "1.2.0", "^1", "*"]
        .map(|version| wanted(&station.url("/charts"), "web", version))
        .into_iter()
        .collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let supply = runtime.block_on(async {
        let supplier = drydock::clients::supply::Supplier::new(allowing(&[&station])).unwrap();
        supplier.fetch_all(&needs).await;
        supplier.fetch_all(&needs).await
    });
    assert!(supply.iter().all(|(_, answer)| answer.is_ok()));
    assert_eq!(supply.iter().count(), 4);
    let lines = station.take_lines();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.contains("index.yaml"))
            .count(),
        1,
        "{lines:?}"
    );
}

#[test]
fn a_large_index_is_read_without_keeping_it() {
    let station = Station::start();
    let mut text = String::from("apiVersion: v1\nentries:\n");
    for chart in 0..300 {
        text.push_str(&format!("  app-{chart}:\n"));
        for version in 0..40 {
            text.push_str(&format!(
                "  - apiVersion: v2\n    name: app-{chart}\n    version: 1.{version}.0\n    description: |\n      text about it: {{{{ }}}}\n    digest: {:064x}\n    maintainers:\n    - email: a@example.com\n      name: someone\n    urls:\n    - app-{chart}-1.{version}.0.tgz\n",
                chart * 1000 + version,
            ));
        }
    }
    station.put_bytes("/index.yaml", text.clone());
    station.put_bytes("/app-299-1.39.0.tgz", chart("app-299", "1.39.0"));
    let error = fetch(
        &allowing(&[&station]),
        &wanted(&station.url(""), "app-299", "^1"),
    )
    .unwrap_err();
    assert!(matches!(error, Short::Digest { .. }), "{error}");
    let mut small = allowing(&[&station]);
    small.limits.index_bytes = 1_000_000;
    let error = fetch(&small, &wanted(&station.url(""), "app-299", "^1")).unwrap_err();
    assert_eq!(
        error,
        Short::TooLarge {
            subject: "`index.yaml`".to_owned(),
            limit: 1_000_000
        }
    );
    assert!(text.len() > 2_500_000 && text.contains("app-299"));
}
