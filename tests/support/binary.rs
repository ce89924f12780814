//! The real binary, run as a person runs it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Where the installed tools are.
pub fn parts() -> PathBuf {
    if let Some(folder) = std::env::var_os("DRYDOCK_PARTS") {
        return folder.into();
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
        || PathBuf::from(std::env::var_os("HOME").expect("HOME is set")).join(".cache"),
        PathBuf::from,
    );
    cache.join("drydock/parts")
}

/// Runs `drydock` in a folder, with the installed tools on PATH.
pub fn drydock(folder: &Path, args: &[&str]) -> Ran {
    run(Command::new(env!("CARGO_BIN_EXE_drydock"))
        .args(args)
        .current_dir(folder)
        .env("PATH", parts().join("bin"))
        .env(
            "XDG_CACHE_HOME",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"),
        ))
}

/// Runs a prepared command.
pub fn run(command: &mut Command) -> Ran {
    let output = command.stdin(std::process::Stdio::null()).output().unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
