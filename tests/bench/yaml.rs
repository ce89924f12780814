//! How fast manifests are read: every YAML file of the corpus repositories and their renderings that
//! is valid, by Drydock's reader (values, positions, comments, duplicates), by `yaml_serde` (values
//! alone), and by the Go library inside kubectl and Helm, `sigs.k8s.io/yaml`, when the environment
//! variable `DRYDOCK_YAML_PEER` names the built `yaml_peer.go`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use drydock::yaml::{Budget, read};
use serde::Deserialize as _;

#[path = "../support/expected.rs"]
#[expect(dead_code, reason = "only the folder is asked for")]
mod expected;
#[path = "turns.rs"]
mod turns;

const ROUNDS: usize = 15;

fn main() {
    let Some(root) = expected::corpora("repos") else {
        return;
    };
    let mut paths = Vec::new();
    walk(&root, &mut paths);
    paths.sort();
    let mut files: Vec<(PathBuf, Vec<u8>)> = paths
        .into_iter()
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect();
    // Templates are no YAML, and what one reader refuses would be no work for it.
    files.retain(|(_, bytes)| {
        read(bytes, &Budget::tool_output()).errors.is_empty() && read_plainly(bytes).is_some()
    });
    let bytes: usize = files.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{} files, {:.1} MB", files.len(), bytes as f64 / 1e6);

    let mut peer = Peer::start(&files);
    let mut ours = || {
        for (_, bytes) in &files {
            std::hint::black_box(read(bytes, &Budget::tool_output()));
        }
    };
    let mut plain = || {
        for (_, bytes) in &files {
            std::hint::black_box(read_plainly(bytes));
        }
    };
    let mut go = || peer.as_mut().map_or((), Peer::read_all);
    let times = turns::take(
        ROUNDS,
        &mut [
            ("drydock", &mut ours),
            ("yaml_serde, values alone", &mut plain),
            ("sigs.k8s.io/yaml (Go), values alone", &mut go),
        ],
    );
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let shown = if peer.is_some() { 3 } else { 2 };
    for time in &times[..shown] {
        println!("{time}  {:>6.1} MB/s", speed(time.least()));
    }
    for time in &times[1..shown] {
        let ratio = time.least().as_secs_f64() / times[0].least().as_secs_f64();
        println!("drydock reads {ratio:.2} times as fast as {}", time.name());
    }
}

fn read_plainly(bytes: &[u8]) -> Option<Vec<serde_json::Value>> {
    serde_yaml::Deserializer::from_slice(bytes)
        .map(serde_json::Value::deserialize)
        .collect::<Result<_, _>>()
        .ok()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, paths);
        } else if path
            .extension()
            .is_some_and(|name| name == "yaml" || name == "yml")
        {
            paths.push(path);
        }
    }
}

/// The Go program: it holds the files in memory, reads all of them for each line it is sent, and
/// answers with a line.
struct Peer {
    process: Child,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(files: &[(PathBuf, Vec<u8>)]) -> Option<Self> {
        let program = std::env::var_os("DRYDOCK_YAML_PEER")?;
        let mut process = Command::new(program)
            .args(files.iter().map(|(path, _)| path))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Some(Self { process, answers })
    }

    fn read_all(&mut self) {
        writeln!(self.process.stdin.as_ref().unwrap(), "go").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
