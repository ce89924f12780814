use std::num::NonZeroU32;
use std::sync::atomic::AtomicBool;

use drydock::clients::git::{FetchRequest, Fetched, GitError, Merge, Repository, Want, fetch};
use drydock::finding::{Blame, Retry};
use secrecy::SecretString;

use crate::server::{Manner, Server};
use crate::{Made, path};

const TOKEN: &str = "ghs_notreal0123456789";
/// `x-access-token:` and the token, in base64.
const HEADER: &str = "Basic eC1hY2Nlc3MtdG9rZW46Z2hzX25vdHJlYWwwMTIzNDU2Nzg5";

fn fetch_into(
    url: &str,
    wants: &[Want],
    depth: Option<u32>,
    dir: &std::path::Path,
) -> Result<Fetched, GitError> {
    let token = SecretString::from(TOKEN);
    let interrupt = AtomicBool::new(false);
    let request = FetchRequest {
        url,
        token: Some(&token),
        wants,
        depth: depth.and_then(NonZeroU32::new),
        interrupt: &interrupt,
    };
    fetch(&request, dir)
}

fn served() -> (Made, Server) {
    let made = Made::new();
    let root = made.path().to_owned();
    let server = Server::start(Manner::Serve {
        root,
        authorization: Some(HEADER.to_owned()),
    });
    (made, server)
}

#[test]
fn exact_commits_are_fetched_without_history_and_merged_here() {
    let (made, server) = served();
    made.write("a.yaml", "a");
    let base = made.commit("base");
    made.git(&["checkout", "-q", "-b", "topic"]);
    made.write("b.yaml", "b");
    let head = made.commit("topic");
    made.git(&["checkout", "-q", "main"]);
    made.write("c.yaml", "c");
    let tip = made.commit("main");
    let dir = tempfile::tempdir().unwrap();
    let wants = [
        Want::Commit(base.clone()),
        Want::Commit(head.clone()),
        Want::Reference("refs/heads/main".to_owned()),
    ];
    let fetched = fetch_into(&server.url(".git"), &wants, Some(1), dir.path()).unwrap();
    assert_eq!(fetched.commits, [base.clone(), head.clone(), tip.clone()]);
    let repository = fetched.repository;
    let tree = repository.tree(&head).unwrap();
    assert_eq!(tree.read(&path("b.yaml")).unwrap(), b"b");
    let merged = repository.merge_with_base(&base, &tip, &head).unwrap();
    let expected = made.git(&["merge-tree", "--write-tree", "main", "topic"]);
    assert!(
        matches!(&merged, Merge::Clean { tree } if tree.revision().to_string() == expected
            && tree.read(&path("c.yaml")).unwrap() == b"c"),
        "{merged:?}"
    );
}

#[test]
fn a_second_fetch_with_history_deepens_the_first() {
    let (made, server) = served();
    let first = made.commit("first");
    let second = made.commit("second");
    for more in [Some(50), None] {
        let dir = tempfile::tempdir().unwrap();
        let want = [Want::Commit(second.clone())];
        let shallow = fetch_into(&server.url(".git"), &want, Some(1), dir.path()).unwrap();
        assert!(!shallow.repository.has_commit(&first));
        let deep = fetch_into(&server.url(".git"), &want, more, dir.path()).unwrap();
        assert_eq!(
            deep.repository.merge_base(&second, &first).unwrap(),
            Some(first.clone()),
            "{more:?}"
        );
    }
}

#[test]
fn the_token_is_sent_as_a_header_and_kept_nowhere() {
    let (made, server) = served();
    let head = made.commit("first");
    let dir = tempfile::tempdir().unwrap();
    fetch_into(
        &server.url(".git"),
        &[Want::Commit(head)],
        Some(1),
        dir.path(),
    )
    .unwrap();
    let seen = server.seen.lock().unwrap().clone();
    assert!(seen.iter().all(|line| line.ends_with(HEADER)), "{seen:?}");
    let mut folders = vec![dir.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(folder).unwrap() {
            let full = item.unwrap().path();
            if full.is_dir() {
                folders.push(full);
                continue;
            }
            let content = String::from_utf8_lossy(&std::fs::read(&full).unwrap()).into_owned();
            assert!(
                !content.contains(TOKEN) && !content.contains(&HEADER[6..]),
                "{full:?}"
            );
        }
    }
}

#[test]
fn a_redirect_to_another_host_is_refused() {
    let (made, elsewhere) = served();
    let head = made.commit("first");
    let to = elsewhere.url("").trim_end_matches('/').to_owned();
    let server = Server::start(Manner::Redirect(to));
    let dir = tempfile::tempdir().unwrap();
    let error = fetch_into(
        &server.url(".git"),
        &[Want::Commit(head)],
        Some(1),
        dir.path(),
    )
    .unwrap_err();
    assert!(matches!(error, GitError::Fetch { .. }), "{error}");
    assert!(elsewhere.seen.lock().unwrap().is_empty());
}

#[test]
fn refused_credentials_are_the_operators_and_a_broken_server_is_upstreams() {
    let dir = tempfile::tempdir().unwrap();
    let head: drydock::ids::CommitSha = "a".repeat(40).parse().unwrap();
    let want = [Want::Commit(head.clone())];
    for (status, blame, retries) in [
        ("401 Unauthorized", Blame::Operator, false),
        ("403 Forbidden", Blame::Operator, false),
        ("404 Not Found", Blame::Operator, false),
        ("502 Bad Gateway", Blame::Upstream, true),
    ] {
        let server = Server::start(Manner::Fail(status));
        let error = fetch_into(&server.url("r.git"), &want, Some(1), dir.path()).unwrap_err();
        assert_eq!(error.blame(), blame, "{status}: {error}");
        assert_eq!(error.retry() != Retry::No, retries, "{status}: {error}");
        assert!(!error.to_string().contains(TOKEN) && !error.to_string().contains(&HEADER[6..]));
    }
    let (made, server) = served();
    made.commit("first");
    let error = fetch_into(&server.url(".git"), &want, Some(1), dir.path()).unwrap_err();
    assert_eq!(error.blame(), Blame::Upstream, "{error}");
    assert!(Repository::open_bare(dir.path()).is_ok());
}

#[test]
fn addresses_with_credentials_files_and_other_protocols_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for url in [
        "https://user:secret@example.com/r.git",
        "http://example.com/r.git",
        "file:///etc",
        "ssh://example.com/r.git",
        "ext::sh -c id",
        "/etc",
    ] {
        let error = fetch_into(url, &[], None, dir.path()).unwrap_err();
        assert!(matches!(error, GitError::Address { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("secret"));
    }
}
