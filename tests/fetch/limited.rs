//! Hosts of which only some paths may be asked: an author names any address, and credentials of the
//! settings must not read it for them.

use drydock::config::settings::{Credentials, Outside};
use drydock::outside::reference::parse;
use drydock::outside::{Need, Short};

use crate::git_server::{Manner, Server};
use crate::helm::{helm, index};
use crate::repo::Repo;
use crate::station::{Login, Reply, Station};
use crate::{allowing, chart, fetch, host, paths, wanted};

/// The stations' settings, with a login for the first that may be used below `/team`.
fn limited(stations: &[&Station], home: &std::path::Path) -> Outside {
    let mut outside = allowing(stations);
    let password_file = home.join("password");
    std::fs::write(&password_file, "s3cret").unwrap();
    outside.hosts[0].credentials = Some(Credentials {
        username: "robot".to_owned(),
        password_file,
    });
    outside.hosts[0].paths = paths(&["/team"]);
    outside
}

/// Asserts that the path is named, and that nobody was asked for it.
fn assert_refused(station: &Station, outside: &Outside, need: &Need, path: &str) {
    station.take_seen();
    let refused = fetch(outside, need).unwrap_err();
    let expected = Short::PathNotAllowed {
        host: station.address.to_string(),
        path: path.to_owned(),
    };
    assert_eq!(refused, expected);
    assert!(refused.to_string().contains(path), "{refused}");
    let asked = station.take_lines();
    assert!(asked.iter().all(|line| !line.contains(path)), "{asked:?}");
}

#[test]
fn charts_come_from_the_named_folders_of_a_repository_only() {
    let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
    station.shelf().login = Login::Basic("robot", "s3cret");
    let charts = [("web-1.0.0.tgz", chart("web", "1.0.0"))];
    for (folder, archive) in [
        ("/team", "/team/web-1.0.0.tgz"),
        ("/secret", "/secret/web-1.0.0.tgz"),
        ("/team/lent", "/secret/web-1.0.0.tgz"),
    ] {
        let base = archive.trim_end_matches("/web-1.0.0.tgz");
        let text = index(home.path(), &charts, &station.url(base));
        station.put_bytes(&format!("{folder}/index.yaml"), text);
        station.put_bytes(archive, chart("web", "1.0.0"));
    }
    let mut outside = limited(&[&station], home.path());
    let of = |path: &str| wanted(&station.url(path), "web", "1.0.0");
    fetch(&outside, &of("/team")).unwrap();
    assert_refused(&station, &outside, &of("/secret"), "/secret/");
    for out in ["/team/../secret", "/team/%2e%2e/secret"] {
        assert_refused(&station, &outside, &of(out), "/secret/");
    }
    for out in [
        "/team/%2e%2e%2fsecret",
        "/team/%252e%252e/secret",
        "/team//secret",
    ] {
        assert_refused(&station, &outside, &of(out), &format!("{out}/"));
    }
    // The index is allowed, and what it names is not.
    let archive = "/secret/web-1.0.0.tgz";
    assert_refused(&station, &outside, &of("/team/lent"), archive);
    // So is the first address, and where it leads is not.
    let away = Reply::Redirect(302, "/secret/index.yaml".to_owned());
    station.put("/team/moved/index.yaml", away);
    let path = "/secret/index.yaml";
    assert_refused(&station, &outside, &of("/team/moved"), path);
    // What somebody else fetched stays theirs.
    outside.cache = Some(home.path().join("cache"));
    let mut theirs = outside.clone();
    theirs.hosts[0].paths = paths(&["/"]);
    fetch(&theirs, &of("/secret")).unwrap();
    outside.offline = true;
    assert_refused(&station, &outside, &of("/secret"), "/secret/");
    // A login for nothing in particular reads nothing.
    outside.hosts[0].paths = Vec::new();
    assert_refused(&station, &outside, &of("/team"), "/team/");
}

#[test]
fn charts_come_from_the_named_repositories_of_a_registry_only() {
    for login in [
        Login::Basic("robot", "s3cret"),
        Login::Token(Some(("robot", "s3cret"))),
    ] {
        let (station, home) = (Station::start(), tempfile::tempdir().unwrap());
        let file = "web-1.0.0.tgz";
        std::fs::write(home.path().join(file), chart("web", "1.0.0")).unwrap();
        for folder in ["/team/charts", "/secret"] {
            let args = ["push", file, &station.oci(folder), "--plain-http"];
            helm(home.path(), &args).unwrap();
        }
        station.shelf().login = login;
        let outside = limited(&[&station], home.path());
        let of = |path: &str| wanted(&station.oci(path), "web", "1.0.0");
        fetch(&outside, &of("/team/charts")).unwrap();
        assert_refused(&station, &outside, &of("/secret"), "/v2/secret/web");
        for out in ["/team/../secret", "/team/%2e%2e/secret", "/team//secret"] {
            let refused = fetch(&outside, &of(out)).unwrap_err();
            assert!(matches!(refused, Short::Address { .. }), "{refused}");
        }
    }
}

#[test]
fn bases_come_from_the_named_repositories_of_a_git_host_only() {
    let repo = Repo::new();
    repo.write("team/a.yaml", "a");
    let head = repo.commit("first");
    let server = Server::start(Manner::Serve {
        root: repo.path().to_owned(),
        authorization: Some("Basic cm9ib3Q6czNjcmV0".to_owned()),
    });
    let home = tempfile::tempdir().unwrap();
    let password_file = home.path().join("password");
    std::fs::write(&password_file, "s3cret").unwrap();
    let mut allowed = host(&format!("{},http", server.address));
    allowed.credentials = Some(Credentials {
        username: "robot".to_owned(),
        password_file,
    });
    allowed.paths = paths(&["/.git"]);
    let mut outside = Outside {
        hosts: vec![allowed],
        cache: Some(home.path().join("cache")),
        ..Outside::default()
    };
    let of = |path: &str| {
        let text = format!("{}//team?ref={head}", server.url(path));
        parse(&text).unwrap().need
    };
    fetch(&outside, &of(".git")).unwrap();
    // From here on it is in the cache, and no more theirs who may not ask for it.
    outside.hosts[0].paths = paths(&["/other.git"]);
    server.seen.lock().unwrap().clear();
    for path in [".git", "other.git/../.git", "other.git/%2e%2e%2f.git"] {
        let refused = fetch(&outside, &of(path)).unwrap_err();
        assert!(matches!(refused, Short::PathNotAllowed { .. }), "{refused}");
    }
    let file = Need::File {
        url: server.url(&format!(".git/{head}/a.yaml")),
    };
    let refused = fetch(&outside, &file).unwrap_err();
    assert!(matches!(refused, Short::PathNotAllowed { .. }), "{refused}");
    assert!(server.seen.lock().unwrap().is_empty());
}
