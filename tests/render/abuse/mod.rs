//! Abuse: hostile trees and hostile programs. Each is stopped, the message names file and line, no
//! other program starts, no socket opens, Drydock itself hardly grows, and the next rendering works.
//! What starts and opens is seen from outside, by `strace` around the rendering process.

mod archives;
mod case;
mod charts;
mod command;
mod drive;
mod git_options;
mod processes;
mod programs;
mod references;
mod schema;
mod templates;
mod trace;
mod yaml;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use case::{Case, Expected};
use serde_json::Value;

/// What Drydock's own memory may grow by, in KiB, while it deals with one case.
const GROWTH: u64 = 50 << 10;

/// A group of cases, by name.
type Group = (&'static str, fn() -> Vec<Case>);

/// The trees, by group.
const GROUPS: &[Group] = &[
    ("git_options", git_options::cases),
    ("references", references::cases),
    ("programs", programs::cases),
    ("charts", charts::cases),
    ("archives", archives::cases),
    ("templates", templates::cases),
    ("schema", schema::cases),
    ("yaml", yaml::cases),
];

/// The trees of one group; none for the group of processes.
fn cases_of(group: &str) -> Vec<Case> {
    let found = GROUPS.iter().find(|(name, _)| *name == group);
    found.map_or_else(Vec::new, |(_, cases)| cases())
}

/// What lies around the checkout: secrets to steal, programs to start, a server to call, and a file
/// that shows that something of it was run.
struct Outside {
    folder: PathBuf,
    url: String,
}

/// Where the observed process finds it.
const OUTSIDE: [&str; 2] = ["ABUSE_OUTSIDE", "ABUSE_URL"];

/// Stands in every file and variable that must not be read.
const SECRET: &str = "canary-in-the-ship";

impl Outside {
    fn make(folder: &Path, url: String) -> Self {
        let outside = Self {
            folder: folder.to_owned(),
            url,
        };
        let manifest = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: stolen\ndata:\n  value: {SECRET}\n"
        );
        for (name, text) in [
            ("secret.yaml", manifest.as_str()),
            ("kustomization.yaml", "resources: [secret.yaml]\n"),
            ("token", SECRET),
            ("values.yaml", &format!("value: {SECRET}\n")),
            ("values.schema.json", &format!("{{\"{SECRET}\": true}}\n")),
            (
                "Chart.yaml",
                "apiVersion: v2\nname: outside\nversion: 1.0.0\n",
            ),
            ("templates/secret.yaml", &manifest),
        ] {
            let file = folder.join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        for name in ["git", "sh", "bash", "helm", "docker", "curl", "ssh", "run"] {
            let script = format!("#!/bin/sh\ntouch {}\n", outside.mark().display());
            outside.write_program(name, &script);
        }
        for arguments in [
            &["init", "-q", "-b", "main", "."][..],
            &["add", "secret.yaml", "kustomization.yaml"],
            &["commit", "-q", "-m", "x"],
        ] {
            let mut command = Command::new("git");
            command.current_dir(folder);
            command.args(["-c", "user.name=t", "-c", "user.email=t@example.com"]);
            assert!(command.args(arguments).status().unwrap().success());
        }
        outside
    }

    fn write_program(&self, name: &str, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let file = self.folder.join("bin").join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn inherited() -> Self {
        let [folder, url] = OUTSIDE.map(|name| std::env::var(name).unwrap());
        Self {
            folder: PathBuf::from(folder),
            url,
        }
    }

    fn mark(&self) -> PathBuf {
        self.folder.join("it-ran")
    }

    /// What no rendering and no message may hold.
    fn secrets(&self) -> [&str; 2] {
        [SECRET, "root:x:0"]
    }

    fn fill_in(&self, text: &str) -> String {
        let name = self.folder.file_name().unwrap().to_str().unwrap();
        text.replace("@OUTSIDE@", self.folder.to_str().unwrap())
            .replace("@NAME@", name)
            .replace("@URL@", &self.url)
            .replace("@MARK@", self.mark().to_str().unwrap())
    }
}

/// The part that runs under observation: not a test of its own, nothing when no group is named.
#[test]
fn observed() {
    drive::drive();
}

#[test]
fn every_hostile_tree_and_program_is_stopped_and_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let outside = Outside::make(&folder.path().canonicalize().unwrap(), url);
    processes::build(&outside);
    let only = std::env::var(drive::GROUP).ok();
    let mut names: Vec<&str> = GROUPS.iter().map(|(name, _)| *name).collect();
    names.push(processes::GROUP);
    names.retain(|name| only.as_deref().is_none_or(|only| only == *name));
    let waiting = Mutex::new(names);
    let failures = Mutex::new(Vec::new());
    let stopped = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(group) = { waiting.lock().unwrap().pop() } {
                    let judged = run_group(group, &outside);
                    for (case, found) in judged {
                        let ok = found.is_empty();
                        stopped
                            .lock()
                            .unwrap()
                            .insert(format!("{group}: {case}"), ok);
                        let found = found.into_iter();
                        failures
                            .lock()
                            .unwrap()
                            .extend(found.map(|why| format!("{group}: {case}: {why}")));
                    }
                }
            });
        }
    });
    let stopped = stopped.into_inner().unwrap();
    let good = stopped.values().filter(|ok| **ok).count();
    let line = format!("abuse: {} cases, {good} stopped\n", stopped.len());
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(listener.accept().is_err(), "something called the server");
    assert!(only.is_some() || stopped.len() >= 60, "{}", stopped.len());
}

/// Every case of a group with what went wrong.
fn run_group(group: &str, outside: &Outside) -> BTreeMap<String, Vec<String>> {
    let (log, answers) = (
        outside.folder.join(format!("{group}.trace")),
        outside.folder.join(format!("{group}.answers")),
    );
    let path = std::env::var("PATH").unwrap_or_default();
    for attempt in 1.. {
        let output = trace::observe(&std::env::current_exe().unwrap(), &log)
            .args([
                "--exact",
                "abuse::observed",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(drive::GROUP, group)
            .env(drive::ANSWERS, &answers)
            .env(OUTSIDE[0], &outside.folder)
            .env(OUTSIDE[1], &outside.url)
            .env("STOLEN", SECRET)
            .env("PATH", format!("{}/bin:{path}", outside.folder.display()))
            .stdin(Stdio::null())
            .output()
            .expect("`strace` is installed: tests/parts/install");
        if output.status.success() {
            break;
        }
        let said = String::from_utf8_lossy(&output.stderr);
        // The observer gives up when a thread is killed in the moment in which it looks at it.
        let observer_failed = said.contains("strace: ptrace(PTRACE_LISTEN");
        assert!(observer_failed && attempt < 5, "{group}: {said}");
    }
    let events = trace::read(&std::fs::read_to_string(&log).unwrap());
    let answers = std::fs::read_to_string(&answers).unwrap();
    let expected: BTreeMap<&str, (Expected, Option<Expected>)> = cases_of(group)
        .into_iter()
        .map(|case| (case.name, (case.expected, case.alone)))
        .collect();
    let mut judged: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in answers.lines() {
        let answer: Value = serde_json::from_str(line).unwrap();
        let (case, part) = (
            answer["case"].as_str().unwrap(),
            answer["part"].as_str().unwrap(),
        );
        if std::env::var_os("ABUSE_SHOW").is_some() {
            println!("{group} {answer}");
        }
        let found = judged.entry(case.to_owned()).or_default();
        found.extend(judge(&answer, part, expected.get(case)));
        if let Some(events) = events.get(&format!("{case}/{part}")) {
            found.extend(
                events
                    .violations
                    .iter()
                    .map(|call| format!("{part}: {call}")),
            );
        } else if part == "next" {
            found.push("the trace does not show the next rendering".to_owned());
        }
    }
    judged
}

/// What is wrong with one answer.
fn judge(
    answer: &Value,
    part: &str,
    expected: Option<&(Expected, Option<Expected>)>,
) -> Vec<String> {
    let mut found = Vec::new();
    if part == "next" {
        if answer["rendered"] != true {
            found.push("the next rendering failed".to_owned());
        }
        return found;
    }
    if answer["leaked"] != false {
        found.push(format!("{part}: a secret leaked: {answer}"));
    }
    if answer["marked"] != false {
        found.push(format!("{part}: something ran"));
    }
    if answer["authors"] == false {
        found.push(format!("{part}: not the author's: {answer}"));
    }
    let grown = answer["grown"].as_u64().unwrap();
    if grown > GROWTH {
        found.push(format!("{part}: grew by {grown} KiB"));
    }
    match (part, expected) {
        ("alone", Some((_, alone))) => match alone {
            Some(Expected::Harmless(shows)) => found.extend(check_shows(answer, part, shows)),
            _ if answer["rendered"] == true => found.push(format!("{part}: rendered: {answer}")),
            _ => {}
        },
        (_, Some((Expected::Harmless(shows), _))) => found.extend(check_shows(answer, part, shows)),
        (_, Some((Expected::Bounded(shows), _))) => {
            let stopped = answer["problems"][0]["says"].as_str();
            if !stopped.is_some_and(|said| said.contains("was stopped")) {
                found.extend(check_shows(answer, part, shows));
            }
        }
        (_, Some((Expected::Refused(place, says), _))) => {
            // Where no reason is expected, the limits may be one.
            let root = place.split('/').next().unwrap_or_default();
            let fits = |problem: &Value| {
                let said = problem["says"].as_str().unwrap();
                problem["at"] == *place && said.contains(says)
                    || says.is_empty() && problem["at"] == root && said.contains("was stopped")
            };
            if !answer["problems"]
                .as_array()
                .is_some_and(|all| all.iter().any(fits))
            {
                found.push(format!(
                    "{part}: not refused at `{place}` with `{says}`: {answer}"
                ));
            }
        }
        (_, None) => {
            if answer["stopped"] != true {
                found.push(format!("{part}: {answer}"));
            }
        }
    }
    found
}

fn check_shows(answer: &Value, part: &str, shows: &str) -> Option<String> {
    let holds = answer["rendered"] == true
        && answer["text"]
            .as_str()
            .is_some_and(|text| text.contains(shows));
    (!holds).then(|| format!("{part}: does not show `{shows}`: {answer}"))
}
