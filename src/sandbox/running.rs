//! A started process: its streams, its end, and that it never outlives the interest in it.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::SandboxError;
use super::job::{Job, Limits};
use super::run::{Event, not_started, time_limit};

/// A process that is killed, with its whole group, when this value goes away.
pub(super) struct Running(Child);

impl Running {
    pub(super) fn start(command: &mut Command, tool: &str) -> Result<Self, SandboxError> {
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map(Self)
            .map_err(|error| not_started(tool, &error.to_string()))
    }

    /// Reads both streams on threads of their own, which end with the streams.
    pub(super) fn read_streams(
        &mut self,
        limits: &Limits,
        sender: &mpsc::Sender<Event>,
        tool: &str,
    ) -> Result<(), SandboxError> {
        let (Some(output), Some(errors)) = (self.0.stdout.take(), self.0.stderr.take()) else {
            return Err(not_started(tool, "it has no output"));
        };
        let (most, kept) = (limits.output, limits.errors);
        let (for_output, for_errors) = (sender.clone(), sender.clone());
        let spawn = |body: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new()
                .spawn(body)
                .map(drop)
                .map_err(|error| not_started(tool, &error.to_string()))
        };
        spawn(Box::new(move || {
            let (bytes, complete) = read_capped(output, most, false);
            // Nobody listens when the job was given up meanwhile.
            let _ = for_output.send(if complete {
                Event::Output(bytes)
            } else {
                Event::OutputLimit
            });
        }))?;
        spawn(Box::new(move || {
            let (bytes, _) = read_capped(errors, kept, true);
            let _ = for_errors.send(Event::Errors(bytes));
        }))
    }

    /// Waits for the end, which follows the end of its streams within microseconds, unless the tool
    /// closed them on purpose.
    pub(super) fn wait(
        &mut self,
        deadline: Instant,
        job: &Job,
    ) -> Result<ExitStatus, SandboxError> {
        let mut pause = Duration::from_micros(20);
        loop {
            match self.0.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() >= deadline => return Err(time_limit(job)),
                Ok(None) => std::thread::sleep(pause),
                Err(error) => return Err(not_started(&job.tool_name(), &error.to_string())),
            }
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(Some(_))) {
            return;
        }
        // The child leads its own group once it has called setsid; before that only it exists.
        let _ = rustix::process::kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads to the end, or until `most` bytes are exceeded: then it stops, or drops the rest.
pub(super) fn read_capped(mut from: impl Read, most: usize, drop_rest: bool) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let mut chunk = vec![0_u8; 64 << 10];
    let mut complete = true;
    loop {
        let read = match from.read(&mut chunk) {
            Ok(0) => return (bytes, complete),
            Ok(read) => chunk.get(..read).unwrap_or_default(),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return (bytes, false),
        };
        let room = most.saturating_sub(bytes.len());
        if read.len() > room {
            complete = false;
            if !drop_rest {
                return (bytes, false);
            }
        }
        bytes.extend_from_slice(read.get(..room).unwrap_or(read));
    }
}
