//! Real Git on the test's side: bare repositories made with `git`, served by `git http-backend`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use axum::body::Body;
use axum::response::Response;

/// Path → content; `None` removes the file.
pub(crate) type Files<'a> = [(&'a str, Option<&'a str>)];

fn git(folder: &Path, arguments: &[&str], input: &[u8]) -> String {
    run(&mut command(folder, arguments), input)
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("--git-dir")
        .arg(folder)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs([
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CONFIG_SYSTEM", "/dev/null"),
            ("GIT_AUTHOR_NAME", "tests"),
            ("GIT_AUTHOR_EMAIL", "tests@example.com"),
            ("GIT_COMMITTER_NAME", "tests"),
            ("GIT_COMMITTER_EMAIL", "tests@example.com"),
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

fn run(command: &mut Command, input: &[u8]) -> String {
    let mut child = command.spawn().expect("git is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim_end_matches('\n').to_owned()
}

pub(super) fn init(folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    git(folder, &["init", "-q", "--bare", "-b", "main"], b"");
    git(
        folder,
        &["config", "uploadpack.allowAnySHA1InWant", "true"],
        b"",
    );
}

pub(super) fn resolve(folder: &Path, name: &str) -> String {
    git(folder, &["rev-parse", "--verify", name], b"")
}

pub(super) fn find(folder: &Path, name: &str) -> Option<String> {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(folder)
        .args(["rev-parse", "--verify", "--quiet", name])
        .output()
        .unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

pub(super) fn set_reference(folder: &Path, name: &str, sha: &str) {
    git(folder, &["update-ref", name, sha], b"");
}

pub(super) fn merge_base(folder: &Path, one: &str, other: &str) -> Option<String> {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(folder)
        .args(["merge-base", one, other])
        .output()
        .unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// The next commit's time: every commit is different, and none depends on the clock.
fn next_time() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1_790_000_000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(super) fn commit(folder: &Path, branch: &str, from: Option<&str>, files: &Files<'_>) -> String {
    let time = next_time();
    let exists = Command::new("git")
        .arg("--git-dir")
        .arg(folder)
        .args([
            "show-ref",
            "--verify",
            "--quiet",
            &format!("refs/heads/{branch}"),
        ])
        .status()
        .unwrap()
        .success();
    let parent = match (exists, from) {
        (true, _) => Some(format!("refs/heads/{branch}^0")),
        (false, Some(from)) => Some(resolve(folder, from)),
        (false, None) => None,
    };
    let mut stream = format!(
        "commit refs/heads/{branch}\ncommitter tests <tests@example.com> {time} +0000\ndata 6\nchange\n"
    );
    if let Some(parent) = parent {
        writeln!(stream, "from {parent}").unwrap();
    }
    for (path, content) in files {
        match content {
            Some(content) => {
                write!(
                    stream,
                    "M 100644 inline {path}\ndata {}\n{content}\n",
                    content.len()
                )
                .unwrap();
            }
            None => writeln!(stream, "D {path}").unwrap(),
        }
    }
    git(
        folder,
        &["fast-import", "--quiet", "--force"],
        stream.as_bytes(),
    );
    resolve(folder, &format!("refs/heads/{branch}"))
}

/// The three buttons of GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MergeMethod {
    /// A commit with two parents.
    Merge,
    /// One new commit with everything.
    Squash,
    /// A new commit for each of the branch's.
    Rebase,
}

/// Merges `head` into a branch; gives the commit that the branch points at then.
pub(super) fn merge(folder: &Path, branch: &str, head: &str, method: MergeMethod) -> String {
    let reference = format!("refs/heads/{branch}");
    let tip = resolve(folder, &reference);
    let whole = || git(folder, &["merge-tree", "--write-tree", &tip, head], b"");
    let commit = match method {
        MergeMethod::Merge => commit_tree(folder, &whole(), &[&tip, head]),
        MergeMethod::Squash => commit_tree(folder, &whole(), &[&tip]),
        MergeMethod::Rebase => rebase(folder, &tip, head),
    };
    set_reference(folder, &reference, &commit);
    commit
}

fn commit_tree(folder: &Path, tree: &str, parents: &[&str]) -> String {
    let mut arguments = vec!["commit-tree", tree, "-m", "merge"];
    for parent in parents {
        arguments.extend(["-p", parent]);
    }
    git(folder, &arguments, b"")
}

/// Puts each commit of `head` that `tip` lacks on top of it, in an index of its own.
fn rebase(folder: &Path, tip: &str, head: &str) -> String {
    let range = format!("{tip}..{head}");
    let list = git(folder, &["rev-list", "--reverse", &range], b"");
    let index = folder.join("rebase.index");
    let in_index = |arguments: &[&str], input: &[u8]| {
        let mut command = command(folder, arguments);
        run(command.env("GIT_INDEX_FILE", &index), input)
    };
    in_index(&["read-tree", tip], b"");
    let mut last = tip.to_owned();
    for commit in list.lines() {
        let parent = format!("{commit}^");
        let mut patch = git(
            folder,
            &["diff-tree", "-p", "--binary", &parent, commit],
            b"",
        );
        patch.push('\n');
        in_index(&["apply", "--cached", "-"], patch.as_bytes());
        let tree = in_index(&["write-tree"], b"");
        last = commit_tree(folder, &tree, &[&last]);
    }
    last
}

/// Answers a request of Git's protocol below `root`.
pub(super) async fn serve(
    root: &Path,
    parts: &http::request::Parts,
    body: Vec<u8>,
    path: &str,
) -> Response {
    let mut command = Command::new("git");
    command
        .args(["-c", "safe.directory=*", "http-backend"])
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("PATH_INFO", path)
        .env("QUERY_STRING", parts.uri.query().unwrap_or_default())
        .env("CONTENT_LENGTH", body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    for (header, variable) in [
        ("content-type", "CONTENT_TYPE"),
        ("git-protocol", "GIT_PROTOCOL"),
        ("content-encoding", "HTTP_CONTENT_ENCODING"),
    ] {
        if let Some(value) = parts.headers.get(header) {
            command.env(variable, value.to_str().unwrap());
        }
    }
    let output = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(&body);
        child.wait_with_output().unwrap().stdout
    })
    .await
    .unwrap();
    let end = output
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .expect("headers of CGI");
    let (head, rest) = output.split_at(end);
    let mut response = Response::builder();
    for line in String::from_utf8_lossy(head).lines() {
        let (name, value) = line.split_once(": ").unwrap();
        if name == "Status" {
            response = response.status(value.split(' ').next().unwrap());
        } else {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(rest[4..].to_vec())).unwrap()
}
