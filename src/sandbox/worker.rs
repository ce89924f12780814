//! A confined process that answers frames: this binary's own code, for content that may loop, eat
//! memory or abort.
//!
//! A frame is a length (four bytes, big-endian) and that many bytes; what they mean is the business
//! of both ends.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use rustix::process::{Pid, PidfdFlags, Signal};

use super::job::{Becomes, Limits, Orders};
use super::private::PrivateFolder;
use super::run::{build_command, not_started, ran_out_of_memory, refuse_start};
use super::running::read_capped;
use super::{Sandbox, SandboxError};

const NAME: &str = "drydock worker";

/// A running worker. Dropping it ends the process.
#[derive(Debug)]
pub struct Worker {
    requests: mpsc::Sender<Vec<u8>>,
    answers: mpsc::Receiver<Answer>,
    process: Arc<OwnedFd>,
    limits: Limits,
    over: Option<SandboxError>,
}

#[derive(Debug)]
enum Answer {
    Frame(Vec<u8>),
    TooLarge(u64),
    Ended(SandboxError),
}

struct Started {
    stdin: ChildStdin,
    process: Arc<OwnedFd>,
}

impl Worker {
    /// Starts it. `limits.time` bounds each answer, `limits.output` each frame in both directions;
    /// processor time is not limited over the whole life.
    pub fn start(sandbox: &Sandbox, limits: &Limits) -> Result<Self, SandboxError> {
        let (answer_to, answers) = mpsc::channel();
        let (requests, to_write) = mpsc::channel::<Vec<u8>>();
        let (started_to, started) = mpsc::channel();
        let (sandbox, limits_kept) = (sandbox.clone(), limits.clone());
        // The kernel ends the child when the *thread* that started it ends, so that thread stays.
        spawn(move || keep(&sandbox, &limits_kept, &started_to, &answer_to))?;
        let Started { mut stdin, process } = started
            .recv()
            .map_err(|_| not_started(NAME, "its keeper ended"))??;
        spawn(move || {
            for frame in to_write {
                // A worker that is gone is reported by its keeper.
                if stdin
                    .write_all(&frame)
                    .and_then(|()| stdin.flush())
                    .is_err()
                {
                    return;
                }
            }
        })?;
        Ok(Self {
            requests,
            answers,
            process,
            limits: limits.clone(),
            over: None,
        })
    }

    /// Sends one frame. An error of the worker shows at the next [`Self::receive`].
    pub fn send(&mut self, frame: &[u8]) -> Result<(), SandboxError> {
        let too_large = || SandboxError::Frame {
            bytes: frame.len() as u64,
            limit: self.limits.output as u64,
        };
        if frame.len() > self.limits.output {
            return Err(too_large());
        }
        let length = u32::try_from(frame.len()).map_err(|_| too_large())?;
        let mut bytes = Vec::with_capacity(frame.len().saturating_add(4));
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(frame);
        let _ = self.requests.send(bytes);
        Ok(())
    }

    /// Waits for the next frame. After an error the worker is over, and every further call gives
    /// the same error.
    pub fn receive(&mut self) -> Result<Vec<u8>, SandboxError> {
        if let Some(error) = &self.over {
            return Err(error.clone());
        }
        let error = match self.answers.recv_timeout(self.limits.time) {
            Ok(Answer::Frame(bytes)) => return Ok(bytes),
            Ok(Answer::Ended(error)) => error,
            Ok(Answer::TooLarge(bytes)) => SandboxError::Frame {
                bytes,
                limit: self.limits.output as u64,
            },
            Err(_) => SandboxError::TimeLimit {
                tool: NAME.to_owned(),
                seconds: self.limits.time.as_secs(),
            },
        };
        self.kill();
        self.over = Some(error.clone());
        Err(error)
    }

    fn kill(&self) {
        // It may have ended already; the descriptor names this process and no later one.
        let _ = rustix::process::pidfd_send_signal(&*self.process, Signal::KILL);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts the process, reads what it says, waits for its end, reports it.
fn keep(
    sandbox: &Sandbox,
    limits: &Limits,
    started: &mpsc::Sender<Result<Started, SandboxError>>,
    answers: &mpsc::Sender<Answer>,
) {
    let (mut child, stdout, stderr, ready) = match start(sandbox, limits) {
        Ok(parts) => parts,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let (most, frames_to) = (limits.output, answers.clone());
    let reader = spawn(move || read_frames(stdout, most, &frames_to));
    let _ = started.send(Ok(ready));
    let said = read_capped(stderr, limits.errors);
    let status = child.wait();
    // Its last frames come before the news of its end.
    if let Ok(reader) = reader {
        let _ = reader.join();
    }
    let error = match status {
        Ok(status) => describe(status, &said, limits),
        Err(error) => not_started(NAME, &error.to_string()),
    };
    let _ = answers.send(Answer::Ended(error));
}

type Parts = (Child, ChildStdout, ChildStderr, Started);

fn start(sandbox: &Sandbox, limits: &Limits) -> Result<Parts, SandboxError> {
    let private = PrivateFolder::make()?;
    let mut orders = Orders::new(limits, sandbox.unconfined);
    orders.processor = u64::MAX;
    orders.becomes = Becomes::Worker;
    // It may neither read nor write files, so its folder need not outlive the start.
    let mut child = build_command(&sandbox.executable, &orders, private.path())
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| not_started(NAME, &error.to_string()))?;
    let process = rustix::process::pidfd_open(Pid::from_child(&child), PidfdFlags::empty());
    let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    if let ((Some(stdin), Some(stdout), Some(stderr)), Ok(process)) = (streams, process) {
        let process = Arc::new(process);
        return Ok((child, stdout, stderr, Started { stdin, process }));
    }
    let _ = child.kill();
    let _ = child.wait();
    Err(not_started(NAME, "it has no input or output"))
}

fn read_frames(mut from: impl Read, most: usize, answers: &mpsc::Sender<Answer>) {
    loop {
        let mut length = [0_u8; 4];
        if from.read_exact(&mut length).is_err() {
            return;
        }
        let length = u32::from_be_bytes(length);
        if length as usize > most {
            let _ = answers.send(Answer::TooLarge(u64::from(length)));
            return;
        }
        let mut bytes = Vec::new();
        match (&mut from).take(u64::from(length)).read_to_end(&mut bytes) {
            Ok(read) if read == length as usize => {}
            _ => return,
        }
        if answers.send(Answer::Frame(bytes)).is_err() {
            return;
        }
    }
}

fn describe(status: ExitStatus, said: &[u8], limits: &Limits) -> SandboxError {
    if let Err(error) = refuse_start(status, said, NAME) {
        return error;
    }
    if ran_out_of_memory(said) {
        return SandboxError::MemoryLimit {
            tool: NAME.to_owned(),
            mebibytes: limits.memory >> 20,
        };
    }
    let how = match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, signal) => format!("signal {}", signal.unwrap_or_default()),
    };
    let text = String::from_utf8_lossy(said);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    SandboxError::WorkerDied {
        reason: last.map_or(how.clone(), |line| format!("{how}: {}", line.trim())),
    }
}

fn spawn(body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, SandboxError> {
    std::thread::Builder::new()
        .spawn(body)
        .map_err(|error| not_started(NAME, &error.to_string()))
}
