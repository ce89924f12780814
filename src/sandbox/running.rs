//! A started process: its streams, its end, and that it never outlives the interest in it.

use std::io::{Read, Seek as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use super::SandboxError;
use super::job::{Job, Limits};
use super::run::{Event, not_started, time_limit};
use super::stragglers::end_stragglers;
use super::watch::Watch;

/// A process that is killed, with its whole group, when this value goes away.
pub(super) struct Running {
    child: Child,
    /// The private folder by which to find what left the group; `None` where nothing can.
    marker: Option<PathBuf>,
}

impl Running {
    pub(super) fn start(
        command: &mut Command,
        tool: &str,
        marker: Option<PathBuf>,
    ) -> Result<Self, SandboxError> {
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map(|child| Self { child, marker })
            .map_err(|error| not_started(tool, &error.to_string()))
    }

    /// The process's number.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Reads both streams on threads of their own, which end with the streams.
    pub(super) fn read_streams(
        &mut self,
        limits: &Limits,
        sender: &mpsc::Sender<Event>,
        tool: &str,
    ) -> Result<(), SandboxError> {
        let (Some(output), Some(errors)) = (self.child.stdout.take(), self.child.stderr.take())
        else {
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
            let (bytes, complete) = read_output(output, most);
            // Nobody listens when the job was given up meanwhile.
            let _ = for_output.send(if complete {
                Event::Output(bytes)
            } else {
                Event::OutputLimit
            });
        }))?;
        spawn(Box::new(move || {
            let bytes = read_capped(errors, kept);
            let _ = for_errors.send(Event::Errors(bytes));
        }))
    }

    /// Waits for the end, which follows the end of its streams within microseconds, unless the tool
    /// closed them on purpose.
    pub(super) fn wait(
        &mut self,
        deadline: Instant,
        watch: &mut Watch<'_>,
        job: &Job,
    ) -> Result<ExitStatus, SandboxError> {
        let mut pause = Duration::from_micros(20);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() >= deadline => return Err(time_limit(job)),
                Ok(None) => std::thread::sleep(pause),
                Err(error) => return Err(not_started(&job.tool_name(), &error.to_string())),
            }
            watch.look()?;
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            // The child leads its own group once it has called setsid; before that only it exists.
            let _ = rustix::process::kill_process_group(Pid::from_child(&self.child), Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if let Some(private) = &self.marker {
            end_stragglers(private);
        }
    }
}

/// Bytes of an output that are kept in memory before it is known to stay below its limit.
const IN_MEMORY: usize = 4 << 20;

/// Reads a stream to its end; false when it is longer than `most`. That is found out without holding
/// so much in memory: what goes beyond the first megabytes waits in a file without a name.
fn read_output(mut from: impl Read, most: usize) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let head = most.min(IN_MEMORY);
    let mut read = || -> std::io::Result<bool> {
        if from.by_ref().take(head as u64).read_to_end(&mut bytes)? < head {
            return Ok(true);
        }
        let rest = (most - head) as u64;
        let mut file = tempfile::tempfile()?;
        if std::io::copy(&mut from.by_ref().take(rest.saturating_add(1)), &mut file)? > rest {
            return Ok(false);
        }
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(true)
    };
    let complete = read().unwrap_or(false);
    (bytes, complete)
}

/// Reads to the end and keeps the first `most` bytes.
pub(super) fn read_capped(mut from: impl Read, most: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    // What cannot be read any more has ended.
    let _ = from.by_ref().take(most as u64).read_to_end(&mut bytes);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_output_is_complete_up_to_its_limit_and_cut_beyond() {
        for length in [
            0,
            1,
            IN_MEMORY - 1,
            IN_MEMORY,
            IN_MEMORY + 1,
            IN_MEMORY + 1000,
        ] {
            let all: Vec<u8> = (0..length).map(|index| index.to_le_bytes()[0]).collect();
            assert_eq!(read_output(all.as_slice(), length), (all.clone(), true));
            assert!(read_output(all.as_slice(), length + 1).1);
            assert!(length == 0 || !read_output(all.as_slice(), length - 1).1);
        }
    }
}
