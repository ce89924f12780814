//! Programs in the place of the tool: what a renderer could do if its content had taken it over.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use drydock::render::Settings;
use drydock::sandbox::{Cancel, Job, Limits, SandboxError};
use serde_json::{Value, json};

use super::Outside;
use super::drive::{mark, measured};

pub(super) const GROUP: &str = "processes";

const NOT_PERMITTED: &str = "errno 1";
const ACCESS_DENIED: &str = "errno 13";
const NO_SUCH_CALL: &str = "errno 38";

/// What the program tries, and what the kernel answers.
const REFUSED: &[(&str, &str)] = &[
    ("socket", NOT_PERMITTED),
    ("socketpair", NOT_PERMITTED),
    ("io_uring", NOT_PERMITTED),
    ("fork", NOT_PERMITTED),
    ("vfork", NOT_PERMITTED),
    ("clone3", NO_SUCH_CALL),
    ("daemon", NOT_PERMITTED),
    ("setsid", NOT_PERMITTED),
    ("execute-shell", ACCESS_DENIED),
    ("execute-memory", NOT_PERMITTED),
    ("ptrace", NOT_PERMITTED),
    ("read-parent", NOT_PERMITTED),
    ("kill-parent", NOT_PERMITTED),
    ("queue-parent", NOT_PERMITTED),
    ("pidfd-parent", NOT_PERMITTED),
    ("signal-by-descriptor", NOT_PERMITTED),
    ("limit-parent", NOT_PERMITTED),
    ("pin-parent", NOT_PERMITTED),
    ("slow-parent", NOT_PERMITTED),
    ("raise-limit", NOT_PERMITTED),
    ("outlive-parent", NOT_PERMITTED),
    ("unshare", NOT_PERMITTED),
    ("mount", NOT_PERMITTED),
    ("chroot", NOT_PERMITTED),
    ("userfaultfd", NOT_PERMITTED),
    ("bpf", NOT_PERMITTED),
    ("perf", NOT_PERMITTED),
    ("keyring", NOT_PERMITTED),
    ("shared-memory", NOT_PERMITTED),
    ("read-passwd", ACCESS_DENIED),
    ("read-init-environment", ACCESS_DENIED),
    ("read-own-environment", ACCESS_DENIED),
    ("read-outside", ACCESS_DENIED),
    ("write-checkout", ACCESS_DENIED),
    ("create-in-checkout", ACCESS_DENIED),
    ("empty-outside", ACCESS_DENIED),
    ("mode-outside", NOT_PERMITTED),
    ("owner-outside", NOT_PERMITTED),
    ("times-outside", NOT_PERMITTED),
    ("attribute-outside", NOT_PERMITTED),
    ("link-outside", NOT_PERMITTED),
    ("make-fifo", NOT_PERMITTED),
    ("nameless-file", NOT_PERMITTED),
    ("remove-written", ACCESS_DENIED),
    ("x32", NO_SUCH_CALL),
];

/// What the program does until it is stopped, and the words of the error.
const STOPPED: &[(&str, &str)] = &[
    ("int80", "ended by signal 31"),
    ("thread-bomb", "more than 1000 threads"),
    ("fill-large", "filled its private folder"),
    ("fill-many", "filled its private folder"),
    ("dig", "filled its private folder"),
    ("flood-output", "wrote more than 64 MiB"),
    ("flood-errors", "stopped after 2 s"),
    ("ignore-signals", "stopped after 2 s"),
    ("hide-and-spin", "stopped after 2 s"),
    ("eat-memory", "needed more than 1024 MiB"),
];

/// Which of these end by the limit of time.
const WAITING: [&str; 3] = ["flood-errors", "ignore-signals", "hide-and-spin"];

/// Compiles the program, with the C compiler that links Rust programs too.
pub(super) fn build(outside: &Outside) {
    let source = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/render/abuse/hostile.c");
    let built = Command::new("cc")
        .args(["-O1", "-static", "-pthread", "-o"])
        .arg(program(outside))
        .arg(source)
        .status();
    assert!(built.unwrap().success());
}

fn program(outside: &Outside) -> PathBuf {
    outside.folder.join("hostile")
}

pub(super) fn drive(outside: &Outside, settings: &Settings) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("inside.txt"), "inside").unwrap();
    let checkout = folder.path().canonicalize().unwrap();
    let job = |act: &str| Job {
        tool: program(outside),
        arguments: vec![OsString::from(act), outside.folder.join("token").into()],
        environment: Vec::new(),
        private: &[],
        checkout: Some(checkout.clone()),
        libraries: false,
        limits: Limits {
            // What waits for its end is given little time; what runs into a limit first has enough.
            time: Duration::from_secs(if WAITING.contains(&act) { 2 } else { 60 }),
            memory: 1 << 30,
            ..Limits::default()
        },
    };
    let mut answers = Vec::new();
    let both = REFUSED
        .iter()
        .map(|case| (case, true))
        .chain(STOPPED.iter().map(|case| (case, false)));
    for ((act, words), ends) in both {
        mark(GROUP, act, "alone");
        let started = Instant::now();
        let answer = measured(act, "alone", outside, || {
            let ran = settings.sandbox.run(&job(act), &Cancel::default());
            let (finished, said) = match &ran {
                Ok(finished) => {
                    let said = String::from_utf8_lossy(&finished.stdout);
                    (true, said.trim().to_owned())
                }
                Err(error) => (false, error.to_string()),
            };
            let in_time = !WAITING.contains(act) || started.elapsed() < Duration::from_secs(4);
            let is_authors = ran.as_ref().err().is_none_or(is_the_authors);
            let stopped =
                finished == ends && said.ends_with(words) | (!ends && said.contains(words));
            json!({ "stopped": stopped && in_time && is_authors, "said": said })
        });
        answers.push(answer);
        mark(GROUP, act, "next");
        let next = settings.sandbox.run(&job("nothing"), &Cancel::default());
        let works = next.is_ok_and(|finished| finished.stdout == b"nothing: done\n");
        answers.push(json!({ "case": act, "part": "next", "rendered": works }));
    }
    answers
}

fn is_the_authors(error: &SandboxError) -> bool {
    error.blame() == drydock::finding::Blame::Author
}

#[test]
fn what_a_tool_leaves_behind_without_confinement_is_ended_too() {
    let folder = tempfile::tempdir().unwrap();
    let outside = Outside::make(&folder.path().canonicalize().unwrap(), String::new());
    build(&outside);
    let job = Job {
        tool: program(&outside),
        arguments: vec!["daemon".into()],
        environment: Vec::new(),
        private: &[],
        checkout: None,
        libraries: false,
        limits: Limits {
            time: Duration::from_secs(1),
            ..Limits::default()
        },
    };
    let sandbox = crate::workbench::settings().sandbox.unconfined();
    let error = sandbox.run(&job, &Cancel::default()).unwrap_err();
    // What it left behind keeps its output open.
    assert!(matches!(error, SandboxError::TimeLimit { .. }), "{error}");
    let left = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|process| {
            let started = std::fs::read_link(process.path().join("exe"));
            started.is_ok_and(|started| started == program(&outside))
        });
    assert_eq!(left.count(), 0);
}
