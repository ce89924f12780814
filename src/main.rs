//! The `drydock` command: a confined child, or the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    // First of all: a child confines itself before it has threads or open files.
    let worker = |requests: std::io::StdinLock<'static>, answers: std::io::StdoutLock<'static>| {
        match drydock::gate::serve_worker(requests, answers) {
            Ok(()) => ExitCode::SUCCESS,
            // The parent reads the end of the conversation as "could not be judged".
            Err(_) => ExitCode::from(2),
        }
    };
    if let Some(code) = drydock::sandbox::become_child(std::env::args_os(), worker) {
        return code;
    }
    drydock::cli::run()
}
