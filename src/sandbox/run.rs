//! The parent's side of one tool run: start, read both streams, stop it when a limit is reached.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::child::{EXIT_NOT_STARTED, EXIT_UNAVAILABLE};
use super::job::{Becomes, Job, Limits, Orders};
use super::private::PrivateFolder;
use super::running::Running;
use super::watch::{self, Watch};
use super::{Cancel, Sandbox, SandboxError};

/// What a tool left behind.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Its exit code. A tool that a signal ended gives an error instead.
    pub code: i32,
    /// All of its standard output.
    pub stdout: Vec<u8>,
    /// The beginning of its standard error, up to [`Limits::errors`], with its folders taken out:
    /// paths are relative to the checkout.
    pub stderr: String,
    /// Wall-clock time from start to end, for logs and benchmarks.
    pub took: Duration,
}

impl Finished {
    /// True for exit code 0.
    pub fn succeeded(&self) -> bool {
        self.code == 0
    }
}

/// What happens while a job runs.
#[derive(Debug)]
pub(super) enum Event {
    Output(Vec<u8>),
    OutputLimit,
    Errors(Vec<u8>),
    Cancelled,
}

pub(super) fn run(sandbox: &Sandbox, job: &Job, cancel: &Cancel) -> Result<Finished, SandboxError> {
    let tool = job.tool_name();
    let started = Instant::now();
    let private = PrivateFolder::make()?;
    let mut orders = Orders::new(&job.limits, sandbox.unconfined);
    orders.readable.clone_from(&job.checkout);
    orders.writable = Some(private.path().to_owned());
    orders.libraries = job.libraries;
    orders.becomes = Becomes::Tool {
        path: job.tool.clone(),
        arguments: job.arguments.clone(),
    };
    let mut command = build_command(sandbox.starter(), &orders, private.path());
    command.current_dir(job.checkout.as_deref().unwrap_or(private.path()));
    command.stdin(Stdio::null());
    command.env("GOMEMLIMIT", (job.limits.memory / 8 * 7).to_string());
    for (name, folder) in job.private {
        command.env(name, private.make_folder(folder)?);
    }
    command.envs(job.environment.iter().map(|(name, value)| (name, value)));

    let (sender, events) = mpsc::channel();
    let listening = cancel.listen(sender.clone());
    let marker = sandbox.unconfined.then(|| private.path().to_owned());
    let mut running = Running::start(&mut command, &tool, marker)?;
    running.read_streams(&job.limits, &sender, &tool)?;
    drop(sender);
    let deadline = started + job.limits.time;
    let mut watch = Watch::start(&private, job, running.id());
    let (stdout, stderr) = collect(&events, deadline, &mut watch, job)?;
    let status = running.wait(deadline, &mut watch, job)?;
    drop(listening);
    let code = judge_status(status, &stderr, job, &tool)?;
    Ok(Finished {
        code,
        stdout,
        stderr: scrub(&stderr, job.checkout.as_deref(), private.path()),
        took: started.elapsed(),
    })
}

pub(super) fn probe(sandbox: &Sandbox) -> Result<(), SandboxError> {
    let limits = Limits::default();
    let private = PrivateFolder::make()?;
    let mut orders = Orders::new(&limits, sandbox.unconfined);
    orders.writable = Some(private.path().to_owned());
    let output = build_command(sandbox.starter(), &orders, private.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| not_started("drydock", &error.to_string()))?;
    refuse_start(output.status, &output.stderr, "drydock")?;
    if output.status.success() {
        Ok(())
    } else {
        Err(not_started("drydock", &output.status.to_string()))
    }
}

/// The child with the scrubbed environment: nothing of the parent's own variables.
pub(super) fn build_command(program: &Path, orders: &Orders, private: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(orders.to_arguments()).env_clear().envs([
        ("PATH", "/nonexistent"),
        ("LC_ALL", "C.UTF-8"),
        ("TZ", "UTC"),
        ("KUBECONFIG", "/dev/null"),
        ("NO_PROXY", "*"),
        // Renderings are short: collecting garbage less often saves a sixth of their time.
        ("GOGC", "400"),
    ]);
    command.env("HOME", private).env("TMPDIR", private);
    command
}

/// Waits for both streams to end.
fn collect(
    events: &mpsc::Receiver<Event>,
    deadline: Instant,
    watch: &mut Watch<'_>,
    job: &Job,
) -> Result<(Vec<u8>, Vec<u8>), SandboxError> {
    let (mut stdout, mut stderr) = (None, None);
    loop {
        match (stdout.take(), stderr.take()) {
            (Some(output), Some(errors)) => return Ok((output, errors)),
            (output, errors) => (stdout, stderr) = (output, errors),
        }
        let left = deadline.saturating_duration_since(Instant::now());
        let next = events.recv_timeout(left.min(watch::PAUSE));
        watch.look()?;
        match next {
            Ok(Event::Output(bytes)) => stdout = Some(bytes),
            Ok(Event::Errors(bytes)) => stderr = Some(bytes),
            Ok(Event::OutputLimit) => {
                return Err(SandboxError::OutputLimit {
                    tool: job.tool_name(),
                    mebibytes: job.limits.output >> 20,
                });
            }
            Ok(Event::Cancelled) => {
                return Err(SandboxError::Cancelled {
                    tool: job.tool_name(),
                });
            }
            Err(mpsc::RecvTimeoutError::Timeout) if Instant::now() < deadline => {}
            Err(_) => return Err(time_limit(job)),
        }
    }
}

/// Takes the paths of this machine out of what a tool says.
fn scrub(said: &[u8], checkout: Option<&Path>, private: &Path) -> String {
    let mut text = String::from_utf8_lossy(said).into_owned();
    let mut hide = |folder: &Path, shown: &str| {
        let folder = folder.to_string_lossy();
        text = text
            .replace(&format!("{folder}/"), shown)
            .replace(folder.as_ref(), if shown.is_empty() { "." } else { shown });
    };
    if let Some(checkout) = checkout {
        hide(checkout, "");
    }
    hide(private, "(private)/");
    text
}

fn judge_status(
    status: ExitStatus,
    stderr: &[u8],
    job: &Job,
    tool: &str,
) -> Result<i32, SandboxError> {
    refuse_start(status, stderr, tool)?;
    if !status.success() && ran_out_of_memory(stderr) {
        return Err(SandboxError::MemoryLimit {
            tool: tool.to_owned(),
            mebibytes: job.limits.memory >> 20,
        });
    }
    match (status.code(), status.signal()) {
        (Some(code), _) => Ok(code),
        (None, Some(libc::SIGXCPU)) => Err(time_limit(job)),
        (None, signal) => Err(SandboxError::Killed {
            tool: tool.to_owned(),
            signal: signal.unwrap_or_default(),
        }),
    }
}

/// An error when the child ended before it became the tool or worker.
pub(super) fn refuse_start(
    status: ExitStatus,
    stderr: &[u8],
    tool: &str,
) -> Result<(), SandboxError> {
    let reason = || String::from_utf8_lossy(stderr).trim().to_owned();
    match status.code() {
        Some(code) if code == i32::from(EXIT_UNAVAILABLE) => {
            Err(SandboxError::Unavailable { reason: reason() })
        }
        Some(code) if code == i32::from(EXIT_NOT_STARTED) => Err(not_started(tool, &reason())),
        _ => Ok(()),
    }
}

/// What the Go and Rust runtimes say when the system gives them no more memory.
pub(super) fn ran_out_of_memory(stderr: &[u8]) -> bool {
    let text = String::from_utf8_lossy(stderr);
    [
        "fatal error: out of memory",
        "runtime: out of memory",
        "cannot reserve arena virtual address space",
        "runtime: cannot allocate memory",
        "failed to create new OS thread",
        "memory allocation of ",
    ]
    .iter()
    .any(|phrase| text.contains(phrase))
}

pub(super) fn time_limit(job: &Job) -> SandboxError {
    SandboxError::TimeLimit {
        tool: job.tool_name(),
        seconds: job.limits.time.as_secs(),
    }
}

pub(super) fn not_started(tool: &str, reason: &str) -> SandboxError {
    SandboxError::Start {
        tool: tool.to_owned(),
        reason: reason.to_owned(),
    }
}
