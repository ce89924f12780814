//! The `drydock` command: a confined child, or the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: a child confines itself before it has threads or open files.
    let worker =
        |_: std::io::StdinLock<'static>, _: std::io::StdoutLock<'static>| ExitCode::from(2);
    if let Some(code) = drydock::sandbox::become_child(std::env::args_os(), worker) {
        return code;
    }
    ExitCode::SUCCESS
}
