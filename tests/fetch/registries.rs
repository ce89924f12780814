//! Registries, filled by `helm push` and read by Drydock and by `helm pull`.

use drydock::config::settings::Credentials;
use drydock::ids::Digest;
use drydock::outside::{Need, Short};

use crate::helm::helm;
use crate::station::{Login, Reply, Station};
use crate::{allowing, chart, chart_files, fetch, paths, wanted};

/// Pushes versions of `web` to `team/charts` with the real Helm.
fn push(station: &Station, home: &std::path::Path, versions: &[&str]) {
    for version in versions {
        let file = format!("web-{version}.tgz");
        std::fs::write(home.join(&file), chart("web", version)).unwrap();
        let args = ["push", &file, &station.oci("/team/charts"), "--plain-http"];
        helm(home, &args).unwrap();
    }
}

const VERSIONS: [&str; 7] = [
    "0.9.0",
    "1.0.0",
    "1.2.0",
    "1.10.0",
    "1.10.1+build.5",
    "2.0.0-rc.1",
    "0.1.0",
];

#[test]
fn what_helm_pushed_comes_back_by_version_range_and_digest() {
    for page in [0, 2] {
        let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
        push(&station, home.path(), &VERSIONS);
        station.shelf().registry.page = page;
        let outside = allowing(&[&station]);
        for (version, expected) in [
            ("1.0.0", Some("1.0.0")),
            ("1.10.1+build.5", Some("1.10.1+build.5")),
            ("", Some("1.10.1+build.5")),
            ("^1", Some("1.10.1+build.5")),
            ("~1.2.0", Some("1.2.0")),
            (">=2.0.0-0", Some("2.0.0-rc.1")),
            ("<1.0.0", Some("0.9.0")),
            ("^3", None),
            ("1.2", None),
        ] {
            let ours = fetch(
                &outside,
                &wanted(&station.oci("/team/charts"), "web", version),
            );
            let found = ours.as_ref().ok().map(|chart| chart.version.as_str());
            assert_eq!(found, expected, "{version}: {ours:?}");
            if let (Ok(ours), Some(expected)) = (&ours, expected) {
                assert_eq!(*ours.files, chart_files("web", expected));
                assert_eq!(ours.floating, version != expected);
            }
            let reference = station.oci("/team/charts/web");
            let mut args = vec!["pull", &reference, "--plain-http", "-d", "pulled"];
            if !version.is_empty() {
                args.extend(["--version", version]);
            }
            std::fs::create_dir_all(home.path().join("pulled")).unwrap();
            let theirs = helm(home.path(), &args);
            assert_eq!(theirs.is_ok(), expected.is_some(), "{version}: {theirs:?}");
            if let Some(expected) = expected {
                let file = home.path().join(format!("pulled/web-{expected}.tgz"));
                let digest = Digest::of(&std::fs::read(&file).unwrap());
                assert_eq!(ours.unwrap().digest, digest);
            }
        }
    }
}

#[test]
fn a_manifest_is_asked_for_by_digest_and_must_have_it() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    push(&station, home.path(), &["1.0.0", "2.0.0"]);
    let outside = allowing(&[&station]);
    let (one, two) = {
        let shelf = station.shelf();
        let of = |tag: &str| shelf.registry.manifest("team/charts/web", tag);
        (of("1.0.0"), of("2.0.0"))
    };
    let Need::Chart(mut need) = wanted(&station.oci("/team/charts"), "web", "1.0.0") else {
        unreachable!()
    };
    need.digest = Some(Digest::of(&one));
    let need = Need::Chart(need);
    let pinned = fetch(&outside, &need).unwrap();
    assert_eq!(*pinned.files, chart_files("web", "1.0.0"));
    assert!(!pinned.floating);
    let reference = format!("sha256:{}", Digest::of(&one));
    station
        .shelf()
        .registry
        .set_manifest("team/charts/web", &reference, &two);
    let (expected, found) = (Digest::of(&one), Digest::of(&two));
    assert_eq!(
        fetch(&outside, &need),
        Err(Short::Digest { expected, found })
    );
}

#[test]
fn a_token_is_fetched_for_nobody_and_for_somebody() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    push(&station, home.path(), &["1.0.0"]);
    let mut outside = allowing(&[&station]);
    let need = wanted(&station.oci("/team/charts"), "web", "^1");
    station.shelf().login = Login::Token(None);
    station.take_seen();
    fetch(&outside, &need).unwrap();
    let seen = station.take_seen();
    let tokens: Vec<_> = seen
        .iter()
        .filter(|seen| seen.line.contains("/token"))
        .collect();
    assert_eq!(tokens.len(), 1, "{seen:?}");
    assert!(
        tokens[0]
            .line
            .contains("scope=repository%3Ateam%2Fcharts%2Fweb%3Apull")
    );
    assert!(tokens[0].authorization.is_none());
    let reference = station.oci("/team/charts/web");
    helm(
        home.path(),
        &["pull", &reference, "--plain-http", "--version", "1.0.0"],
    )
    .unwrap();

    station.shelf().login = Login::Token(Some(("robot", "s3cret")));
    assert_eq!(
        fetch(&outside, &need),
        Err(Short::Denied {
            host: station.address.to_string()
        })
    );
    let password_file = home.path().join("password");
    std::fs::write(&password_file, "s3cret").unwrap();
    outside.hosts[0].paths = paths(&["/"]);
    outside.hosts[0].credentials = Some(Credentials {
        username: "robot".to_owned(),
        password_file,
    });
    fetch(&outside, &need).unwrap();
    station.shelf().login = Login::Basic("robot", "s3cret");
    fetch(&outside, &need).unwrap();
    let host = station.address.to_string();
    let login = [
        "registry",
        "login",
        &host,
        "-u",
        "robot",
        "-p",
        "s3cret",
        "--plain-http",
    ];
    helm(home.path(), &login).unwrap();
    helm(
        home.path(),
        &["pull", &reference, "--plain-http", "--version", "1.0.0"],
    )
    .unwrap();
}

#[test]
fn a_token_service_elsewhere_must_be_allowed_and_never_sees_the_registrys_password() {
    let (station, service, home) = (
        Station::start(),
        Station::start(),
        tempfile::tempdir().unwrap(),
    );
    push(&station, home.path(), &["1.0.0"]);
    station.shelf().login = Login::TokenOf(service.url("/token"));
    let need = wanted(&station.oci("/team/charts"), "web", "1.0.0");
    let refused = fetch(&allowing(&[&station]), &need).unwrap_err();
    assert_eq!(
        refused,
        Short::NotAllowed {
            host: service.address.to_string()
        }
    );
    let password_file = home.path().join("password");
    std::fs::write(&password_file, "s3cret").unwrap();
    let mut outside = allowing(&[&station, &service]);
    outside.hosts[0].paths = paths(&["/"]);
    outside.hosts[0].credentials = Some(Credentials {
        username: "robot".to_owned(),
        password_file,
    });
    fetch(&outside, &need).unwrap();
    assert!(
        service
            .take_seen()
            .iter()
            .all(|seen| seen.authorization.is_none())
    );
}

#[test]
fn a_blob_may_come_from_another_host_that_is_allowed_and_gets_no_token() {
    let (station, store, home) = (
        Station::start(),
        Station::start(),
        tempfile::tempdir().unwrap(),
    );
    push(&station, home.path(), &["1.0.0"]);
    station.shelf().login = Login::Token(None);
    let digest = format!("sha256:{}", Digest::of(&chart("web", "1.0.0")));
    let bytes = station.shelf().registry.blob(&digest);
    store.put_bytes(&format!("/bucket/{digest}"), bytes);
    station.shelf().registry.blobs_elsewhere = Some(store.url("/bucket"));
    let need = wanted(&station.oci("/team/charts"), "web", "1.0.0");
    let refused = fetch(&allowing(&[&station]), &need).unwrap_err();
    let to = store.url(&format!("/bucket/{digest}"));
    assert_eq!(
        refused,
        Short::Redirected {
            host: station.address.to_string(),
            to
        }
    );
    assert!(store.take_seen().is_empty());
    fetch(&allowing(&[&station, &store]), &need).unwrap();
    assert!(
        store
            .take_seen()
            .iter()
            .all(|seen| seen.authorization.is_none())
    );
    store.put(
        &format!("/bucket/{digest}"),
        Reply::Bytes(chart("web", "9.9.9")),
    );
    let spoiled = fetch(&allowing(&[&station, &store]), &need);
    assert!(matches!(spoiled, Err(Short::Digest { .. })), "{spoiled:?}");
}

#[test]
fn what_is_no_chart_or_is_spoiled_is_refused() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    push(&station, home.path(), &["1.0.0"]);
    let outside = allowing(&[&station]);
    let need = wanted(&station.oci("/team/charts"), "web", "1.0.0");
    let digest = format!("sha256:{}", Digest::of(&chart("web", "1.0.0")));
    station.shelf().registry.spoil_blob(&digest);
    assert!(matches!(fetch(&outside, &need), Err(Short::Digest { .. })));
    let chart = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
    for manifest in [
        "not json".to_owned(),
        "{}".to_owned(),
        format!(
            r#"{{"layers":[{{"mediaType":"application/octet-stream","digest":"{digest}","size":1}}]}}"#
        ),
        format!(r#"{{"layers":[{{"mediaType":"{chart}","digest":"sha512:00","size":1}}]}}"#),
        format!(r#"{{"layers":[{{"mediaType":"{chart}","digest":"{digest}","size":999999999}}]}}"#),
        format!(r#"{{"layers":[{{"mediaType":"{chart}","digest":"../../x","size":1}}]}}"#),
    ] {
        station
            .shelf()
            .registry
            .set_manifest("team/charts/web", "1.0.0", manifest.as_bytes());
        let error = fetch(&outside, &need).unwrap_err();
        assert!(
            matches!(error, Short::Unreadable { .. } | Short::TooLarge { .. }),
            "{manifest}: {error}"
        );
    }
    let missing = fetch(&outside, &wanted(&station.oci("/team"), "web", "1.0.0"));
    assert_eq!(
        missing,
        Err(Short::NotFound {
            host: station.address.to_string()
        })
    );
}
