//! Remote Kustomize bases, served by Git's own HTTP program.

use drydock::config::settings::{Credentials, FloatingBases, Outside};
use drydock::outside::reference::parse;
use drydock::outside::{LeftOut, Need, Short};

use crate::git_server::{Manner, Server};
use crate::repo::Repo;
use crate::{fetch, host, paths, text};

fn serve(repo: &Repo) -> (Server, Outside) {
    let server = Server::start(Manner::Serve {
        root: repo.path().to_owned(),
        authorization: None,
    });
    let outside = allowing(&server);
    (server, outside)
}

fn allowing(server: &Server) -> Outside {
    Outside {
        hosts: vec![host(&format!("{},http", server.address))],
        ..Outside::default()
    }
}

/// A reference to the repository, which is served as its `.git` folder.
fn base(server: &Server, query: &str) -> Need {
    parse(&format!("{}//deploy/base{query}", server.url(".git")))
        .unwrap()
        .need
}

#[test]
fn a_base_is_fetched_at_exactly_its_commit() {
    let repo = Repo::new();
    repo.write("deploy/base/kustomization.yaml", "resources: [a.yaml]\n")
        .write("deploy/base/a.yaml", "old")
        .write("README.md", "x");
    let first = repo.commit("first");
    repo.write("deploy/base/a.yaml", "new");
    let second = repo.commit("second");
    let (server, outside) = serve(&repo);
    for (commit, content) in [(&first, "old"), (&second, "new")] {
        let supplied = fetch(
            &outside,
            &base(&server, &format!("?ref={commit}&timeout=10s")),
        )
        .unwrap();
        assert_eq!(text(&supplied, "deploy/base/a.yaml"), content);
        assert_eq!((&supplied.version, supplied.floating), (commit, false));
        assert_eq!(supplied.files.len(), 3);
    }
    let posts = server
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|line| line.contains("POST"))
        .count();
    assert!(posts >= 2);
    let missing = format!("?ref={}", "a".repeat(40));
    let error = fetch(&outside, &base(&server, &missing)).unwrap_err();
    assert!(matches!(error, Short::NotFound { .. }), "{error}");
}

#[test]
fn what_may_move_is_refused_unless_the_settings_want_it() {
    let repo = Repo::new();
    repo.write("deploy/base/a.yaml", "one");
    let first = repo.commit("first");
    repo.git(&["tag", "-a", "v1", "-m", "v1"]);
    repo.git(&["branch", "side"]);
    repo.write("deploy/base/a.yaml", "two");
    let second = repo.commit("second");
    let (server, mut outside) = serve(&repo);
    for query in [
        "",
        "?ref=v1",
        "?ref=main",
        &format!("?ref={}", &first[..12]),
    ] {
        let error = fetch(&outside, &base(&server, query)).unwrap_err();
        assert!(matches!(error, Short::Floating { .. }), "{query}: {error}");
    }
    assert!(server.seen.lock().unwrap().is_empty());
    outside.floating_bases = FloatingBases::Fetch;
    for (query, commit) in [
        ("", &second),
        ("?ref=v1", &first),
        ("?ref=side", &first),
        ("?ref=refs/heads/main", &second),
    ] {
        let supplied = fetch(&outside, &base(&server, query)).unwrap();
        assert_eq!(
            (&supplied.version, supplied.floating),
            (commit, true),
            "{query}"
        );
    }
    for query in ["?ref=v2", &format!("?ref={}", &first[..12])] {
        let error = fetch(&outside, &base(&server, query)).unwrap_err();
        assert!(matches!(error, Short::NotFound { .. }), "{query}: {error}");
    }
    for query in [
        "?ref=--upload-pack=sh",
        "?ref=a:b",
        "?ref=a..b",
        "?ref=%2Bx",
        "?ref=a%20b",
        "?ref=main^{tree}",
    ] {
        let error = fetch(&outside, &base(&server, query)).unwrap_err();
        assert!(matches!(error, Short::Address { .. }), "{query}: {error}");
    }
}

#[test]
fn links_inside_are_resolved_and_everything_that_leaves_is_named() {
    let repo = Repo::new();
    repo.write("deploy/base/a.yaml", "a")
        .write("big", vec![7; 6 * 1024 * 1024]);
    let link = |target: &str, name: &str| {
        std::os::unix::fs::symlink(target, repo.path().join(name)).unwrap()
    };
    link("deploy/base", "linked");
    link("deploy/base/a.yaml", "file.yaml");
    link("/etc/passwd", "absolute");
    link("../../etc/passwd", "outside");
    link("nowhere", "dangling");
    link("round", "round");
    link(".", "self");
    repo.git(&["add", "-A"]);
    let commit = "1".repeat(40);
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("160000,{commit},module"),
    ]);
    repo.git(&["commit", "-q", "-m", "all"]);
    let head = repo.git(&["rev-parse", "HEAD"]);
    let (server, outside) = serve(&repo);
    let supplied = fetch(&outside, &base(&server, &format!("?ref={head}"))).unwrap();
    assert_eq!(text(&supplied, "linked/a.yaml"), "a");
    assert_eq!(text(&supplied, "file.yaml"), "a");
    let left_out: Vec<_> = supplied
        .left_out
        .iter()
        .map(|(path, why)| (path.as_str(), *why))
        .collect();
    assert_eq!(
        left_out,
        [
            ("absolute", LeftOut::Link),
            ("big", LeftOut::TooLarge),
            ("dangling", LeftOut::Link),
            ("module", LeftOut::Submodule),
            ("outside", LeftOut::Link),
            ("round", LeftOut::Link),
            ("self", LeftOut::Link),
        ]
    );
    assert!(
        !supplied
            .files
            .values()
            .any(|content| content.starts_with(b"root:"))
    );
}

#[test]
fn a_repository_that_is_too_large_is_refused_while_it_comes() {
    let repo = Repo::new();
    // Bytes that do not compress.
    let mut state = 1_u64;
    let noise = |state: &mut u64| -> Vec<u8> {
        (0..500_000)
            .map(|_| {
                *state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (*state >> 56) as u8
            })
            .collect()
    };
    for name in ["a", "b", "c"] {
        repo.write(name, noise(&mut state));
    }
    let head = repo.commit("large");
    let (server, mut outside) = serve(&repo);
    let need = base(&server, &format!("?ref={head}"));
    outside.limits.repository_bytes = 1_000_000;
    let error = fetch(&outside, &need).unwrap_err();
    assert_eq!(
        error,
        Short::TooLarge {
            subject: "the packed repository".to_owned(),
            limit: 1_000_000
        }
    );
    outside.limits.repository_bytes = 10_000_000;
    outside.limits.unpacked_bytes = 1_200_000;
    let error = fetch(&outside, &need).unwrap_err();
    assert_eq!(
        error,
        Short::TooLarge {
            subject: "the repository".to_owned(),
            limit: 1_200_000
        }
    );
    outside.limits.unpacked_bytes = 2_000_000;
    fetch(&outside, &need).unwrap();
}

#[test]
fn credentials_go_to_the_host_of_the_repository_and_redirects_do_not_leave_it() {
    let repo = Repo::new();
    repo.write("deploy/base/a.yaml", "a");
    let head = repo.commit("first");
    // robot:s3cret
    let server = Server::start(Manner::Serve {
        root: repo.path().to_owned(),
        authorization: Some("Basic cm9ib3Q6czNjcmV0".to_owned()),
    });
    let mut outside = allowing(&server);
    let need = base(&server, &format!("?ref={head}"));
    assert_eq!(
        fetch(&outside, &need),
        Err(Short::Denied {
            host: server.address.to_string()
        })
    );
    let home = tempfile::tempdir().unwrap();
    let password_file = home.path().join("password");
    std::fs::write(&password_file, "s3cret").unwrap();
    outside.hosts[0].paths = paths(&["/"]);
    outside.hosts[0].credentials = Some(Credentials {
        username: "robot".to_owned(),
        password_file,
    });
    fetch(&outside, &need).unwrap();

    let away = Server::start(Manner::Redirect(format!("http://{}", server.address)));
    let mut both = outside.clone();
    both.hosts.push(host(&format!("{},http", away.address)));
    server.seen.lock().unwrap().clear();
    let need = base(&away, &format!("?ref={head}"));
    let error = fetch(&both, &need).unwrap_err();
    assert!(matches!(error, Short::Redirected { .. }), "{error}");
    assert!(server.seen.lock().unwrap().is_empty());
    let broken = Server::start(Manner::Fail("502 Bad Gateway"));
    let error = fetch(&allowing(&broken), &base(&broken, &format!("?ref={head}"))).unwrap_err();
    assert!(matches!(error, Short::Upstream { .. }), "{error}");
}

#[test]
fn a_commit_is_fetched_once_and_answers_offline() {
    let repo = Repo::new();
    repo.write("deploy/base/a.yaml", "a");
    std::os::unix::fs::symlink("/etc/passwd", repo.path().join("link")).unwrap();
    let head = repo.commit("first");
    let (server, mut outside) = serve(&repo);
    let home = tempfile::tempdir().unwrap();
    outside.cache = Some(home.path().join("cache"));
    let need = base(&server, &format!("?ref={head}"));
    let first = fetch(&outside, &need).unwrap();
    let asked = server.seen.lock().unwrap().len();
    assert_eq!(fetch(&outside, &need).unwrap(), first);
    outside.offline = true;
    assert_eq!(fetch(&outside, &need).unwrap(), first);
    assert_eq!(server.seen.lock().unwrap().len(), asked);
    let other = base(&server, &format!("?ref={}", "b".repeat(40)));
    assert_eq!(fetch(&outside, &other), Err(Short::Offline));
}
