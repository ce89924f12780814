//! What confinement costs: the start of a child that confines itself and ends, and the version of a
//! tool asked bare and through the sandbox, from the small program and from the whole one. Each round
//! does all of them, so that a busy moment hits all alike.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use drydock::sandbox::{Cancel, Job, Limits, Sandbox};

#[path = "turns.rs"]
mod turns;

const ROUNDS: usize = 200;

fn main() {
    let small = Sandbox::default().with_executable(PathBuf::from(env!("CARGO_BIN_EXE_drydock")));
    let whole = small.clone().without_launcher();
    let unconfined = small.clone().unconfined();
    assert!(small.has_launcher());
    let Some(tool) = find_kustomize() else {
        println!("kustomize is not installed: tests/parts/install");
        return;
    };
    let job = Job {
        tool: tool.clone(),
        arguments: vec!["version".into()],
        environment: Vec::new(),
        private: &[],
        checkout: None,
        libraries: false,
        limits: Limits::default(),
    };
    let probe = |sandbox: &Sandbox| sandbox.probe().unwrap();
    let run = |sandbox: &Sandbox| {
        sandbox.run(&job, &Cancel::default()).unwrap();
    };
    let times = turns::take(
        ROUNDS,
        &mut [
            ("a child starts and ends, unconfined", &mut || {
                probe(&unconfined)
            }),
            ("a child starts, confines itself, ends", &mut || {
                probe(&small)
            }),
            ("the same, the whole program as child", &mut || {
                probe(&whole)
            }),
            ("kustomize version, bare", &mut || {
                let mut command = Command::new(&tool);
                command.arg("version").stdin(Stdio::null());
                command.output().unwrap();
            }),
            ("kustomize version, in the sandbox", &mut || run(&small)),
            ("the same, the whole program as child", &mut || run(&whole)),
        ],
    );
    for time in &times {
        println!("{time}");
    }
    let [_, _, _, bare, confined, whole] = times.as_slice() else {
        return;
    };
    println!(
        "added by the sandbox: {} (at most 2 ms)",
        confined.above(bare)
    );
    println!("with the whole program as child: {}", whole.above(bare));
}

fn find_kustomize() -> Option<PathBuf> {
    let parts = std::env::var_os("DRYDOCK_PARTS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/drydock/parts"),
        PathBuf::from,
    );
    parts.join("bin/kustomize").canonicalize().ok()
}
