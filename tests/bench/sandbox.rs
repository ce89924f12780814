//! What confinement costs: the start of a child that confines itself and ends, and the version of a
//! tool asked bare and through the sandbox, in turns.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use drydock::sandbox::{Cancel, Job, Limits, Sandbox};

const ROUNDS: usize = 100;

fn main() {
    let sandbox = Sandbox::default().with_executable(PathBuf::from(env!("CARGO_BIN_EXE_drydock")));
    let probe = median(|| sandbox.probe().unwrap());
    let unconfined = sandbox.clone().unconfined();
    let start = median(|| unconfined.probe().unwrap());
    println!("child starts and ends, unconfined   {start:>10.2?}");
    println!("child starts, confines itself, ends {probe:>10.2?}");
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
    let bare = median(|| {
        let mut command = Command::new(&tool);
        command.arg("version").stdin(Stdio::null());
        command.output().unwrap();
    });
    let confined = median(|| {
        sandbox.run(&job, &Cancel::default()).unwrap();
    });
    println!("kustomize version, bare             {bare:>10.2?}");
    println!("kustomize version, in the sandbox   {confined:>10.2?}");
    println!(
        "added by the sandbox                {:>10.2?}",
        confined.saturating_sub(bare)
    );
}

fn median(mut action: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            action();
            started.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

fn find_kustomize() -> Option<PathBuf> {
    let parts = std::env::var_os("DRYDOCK_PARTS").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache/drydock/parts"),
        PathBuf::from,
    );
    parts.join("bin/kustomize").canonicalize().ok()
}
