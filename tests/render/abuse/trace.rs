//! What an observed process did, read from the trace that `strace` wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Calls that start programs and processes, open sockets, and the one that marks cases.
const CALLS: &str = "execve,execveat,fork,vfork,clone,clone3,socket,socketpair,connect,bind,io_uring_setup,readlink,readlinkat";

/// Programs that a rendering may start.
const PROGRAMS: [&str; 6] = [
    "drydock",
    "drydock-confine",
    "kustomize",
    "helm",
    "helm3",
    "hostile",
];

/// The option of `strace` that shows these calls and no others.
pub(super) fn calls() -> String {
    format!("trace={CALLS}")
}

/// A command that runs `program` under observation. Calls that the sandbox's filter refuses do not
/// show: what shows has happened.
pub(super) fn observe(program: &Path, log: &Path) -> Command {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "--seccomp-bpf", "-s", "256", "-e"]);
    command.arg(calls()).arg("-o").arg(log).arg(program);
    command
}

/// What happened while one part of a case was done.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Programs that were started, by file name.
    pub(super) programs: BTreeSet<String>,
    /// What must never happen.
    pub(super) violations: Vec<String>,
}

/// Everything that happened, by `case/part`.
pub(super) fn read(log: &str) -> BTreeMap<String, Events> {
    let mut parts: BTreeMap<String, Events> = BTreeMap::new();
    let mut current = String::new();
    let mut unfinished: BTreeMap<&str, &str> = BTreeMap::new();
    let mut tools: BTreeSet<String> = BTreeSet::new();
    for line in log.lines() {
        let Some((process, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if let Some((call, _)) = rest.split_once(" <unfinished ...>") {
            unfinished.insert(process, call);
            continue;
        }
        let call = match rest
            .strip_prefix("<... ")
            .and_then(|rest| rest.split_once(" resumed>"))
        {
            Some((_, end)) => format!("{}{end}", unfinished.remove(process).unwrap_or_default()),
            None => rest.to_owned(),
        };
        if let Some((_, marked)) = call.split_once("\"/abuse/") {
            let path = marked.split('"').next().unwrap_or_default();
            current = path.split_once('/').map_or("", |(_, case)| case).to_owned();
            continue;
        }
        let Some((name, result)) = call
            .split_once('(')
            .and_then(|(name, rest)| Some((name, rest.rsplit_once(" = ")?.1)))
        else {
            continue;
        };
        if result.starts_with('-') || result.starts_with('?') {
            continue;
        }
        let events = parts.entry(current.clone()).or_default();
        match name {
            "execve" => {
                let program = call.split('"').nth(1).unwrap_or_default();
                let file = program.rsplit('/').next().unwrap_or_default().to_owned();
                if PROGRAMS.contains(&file.as_str()) {
                    if file != "drydock" || call.contains("__confined") {
                        tools.insert(process.to_owned());
                    }
                    events.programs.insert(file);
                } else {
                    events.violations.push(call);
                }
            }
            "clone" | "clone3" | "fork" | "vfork" if !tools.contains(process) => {}
            "clone" if call.contains("CLONE_THREAD") => {
                tools.insert(result.trim().to_owned());
            }
            "readlink" | "readlinkat" => {}
            _ => events.violations.push(call),
        }
    }
    parts
}

#[test]
fn what_a_tool_must_not_do_shows_in_a_trace() {
    let log = "7 execve(\"/x/render\", ...) = 0
7 readlink(\"/abuse/g/a/alone\", 0x1, 1) = -1 ENOENT (No such file or directory)
7 clone3({flags=CLONE_VM|CLONE_VFORK}, 88 <unfinished ...>
8 execve(\"/x/kustomize\", [\"kustomize\"]) = 0
8 clone(child_stack=0x1, flags=CLONE_VM|CLONE_THREAD) = 9
7 <... clone3 resumed>) = 8
9 socket(AF_INET, SOCK_STREAM, 0) = -1 EPERM (Operation not permitted)
7 readlink(\"/abuse/g/b/alone\", 0x1, 1) = -1 ENOENT (No such file or directory)
9 socket(AF_INET, SOCK_STREAM, 0) = 3
9 execve(\"/usr/bin/git\", [\"git\"]) = 0
9 clone(child_stack=NULL, flags=SIGCHLD) = 10
";
    let parts = read(log);
    assert_eq!(parts["a/alone"].programs, ["kustomize".to_owned()].into());
    assert!(parts["a/alone"].violations.is_empty());
    assert_eq!(parts["b/alone"].violations.len(), 3);
}
