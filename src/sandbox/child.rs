//! The child's side: from `main` to the tool or the worker.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

use super::confine::{self, Refusal};
use super::job::{Becomes, LAUNCHER, MARK, Orders};

/// Exit codes by which a child says that it did not become what it was told to. A tool that ends
/// with the same code is taken for that too, which errs towards "not judged".
pub(super) const EXIT_UNAVAILABLE: u8 = 121;
/// Another step before the start failed.
pub(super) const EXIT_NOT_STARTED: u8 = 122;
/// Somebody started the child by hand.
const EXIT_USAGE: u8 = 2;

/// Turns this process into a confined child when its arguments say so; the code is its exit code.
/// `None` in every other case. Has to be the first thing that `main` does: a process that has
/// threads or open files cannot be confined completely, and this path is the start-up cost of every
/// tool.
///
/// `serve` is the worker: it reads frames from standard input and answers on standard output, where
/// nothing else may write.
pub fn become_child(
    arguments: impl IntoIterator<Item = OsString>,
    serve: impl FnOnce(io::StdinLock<'static>, io::StdoutLock<'static>) -> ExitCode,
) -> Option<ExitCode> {
    let mut arguments = arguments.into_iter().skip(1);
    if arguments.next()? != MARK {
        return None;
    }
    let arguments: Vec<OsString> = arguments.collect();
    let orders = match Orders::parse(arguments.iter().cloned()) {
        Ok(orders) => orders,
        Err(reason) => return Some(refuse(EXIT_NOT_STARTED, &reason)),
    };
    if orders.becomes == Becomes::Worker && has_inherited_files() {
        // Files are marked to be closed by the next `exec`, which a worker does not do: start over.
        close_fds::set_fds_cloexec(3, &[]);
        let error = Command::new("/proc/self/exe")
            .arg(MARK)
            .args(&arguments)
            .exec();
        return Some(refuse(EXIT_NOT_STARTED, &error.to_string()));
    }
    if let Err(reason) = confine::limit(&orders) {
        return Some(refuse(EXIT_NOT_STARTED, &reason));
    }
    if !orders.unconfined {
        match confine::confine(&orders) {
            Ok(()) => {}
            Err(Refusal::Unavailable(reason)) => return Some(refuse(EXIT_UNAVAILABLE, &reason)),
            Err(Refusal::NotStarted(reason)) => return Some(refuse(EXIT_NOT_STARTED, &reason)),
        }
    }
    match orders.becomes {
        Becomes::Nothing => Some(ExitCode::SUCCESS),
        Becomes::Worker => Some(serve(io::stdin().lock(), io::stdout().lock())),
        Becomes::Tool { path, arguments } => {
            let error = Command::new(path).args(arguments).exec();
            Some(refuse(EXIT_NOT_STARTED, &error.to_string()))
        }
    }
}

/// The whole of the program `drydock-confine`: a child that becomes a tool. The worker's code is not
/// in it, so that orders to become the worker are refused.
pub fn become_tool(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let no_worker = |_: io::StdinLock<'static>, _: io::StdoutLock<'static>| {
        let reason = format!("`{LAUNCHER}` cannot become the worker");
        refuse(EXIT_NOT_STARTED, &reason)
    };
    become_child(arguments, no_worker).unwrap_or_else(|| {
        let reason = "this program is started by `drydock` and does nothing by itself";
        refuse(EXIT_USAGE, reason)
    })
}

/// True when a file beyond the three standard ones is open. Without `/proc` no child starts at all,
/// so a folder that cannot be read needs no answer.
fn has_inherited_files() -> bool {
    // One more entry is the open folder itself.
    std::fs::read_dir("/proc/self/fd").is_ok_and(|entries| entries.count() > 4)
}

fn refuse(code: u8, reason: &str) -> ExitCode {
    // The parent reads this line; there is nobody else to tell when it cannot be written.
    let _ = writeln!(io::stderr(), "{reason}");
    ExitCode::from(code)
}
