//! The only place that starts a process.
//!
//! Drydock starts itself again with the job as arguments, confines itself, and then becomes the tool
//! (by `exec`) or the worker (a function of this binary). Confined means: the kernel's Landlock lets
//! it read one folder, write one private folder and execute one file; a system-call filter refuses
//! sockets and new processes; limits bound memory, time, file size and output; nothing of the
//! parent's environment, files or credentials is passed on. Nothing here knows what a tool does.
//!
//! It must never: pass a command to a shell, start anything unconfined that was not asked for by
//! name, or read a failure as a success.

mod cancel;
mod child;
mod confine;
mod error;
mod filter;
mod job;
mod run;
mod running;
mod worker;

use std::path::PathBuf;

pub use cancel::Cancel;
pub use child::become_child;
pub use error::SandboxError;
pub use job::{Job, Limits};
pub use run::Finished;
pub use worker::Worker;

/// How processes are started on this machine. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    executable: PathBuf,
    unconfined: bool,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            executable: PathBuf::from("/proc/self/exe"),
            unconfined: false,
        }
    }
}

impl Sandbox {
    /// Starts children from this file instead of from the running program. It has to call
    /// [`become_child`] before anything else; tests and embedding programs name `drydock` itself.
    #[must_use]
    pub fn with_executable(mut self, executable: PathBuf) -> Self {
        self.executable = executable;
        self
    }

    /// Leaves out the kernel's confinement (Landlock and the system-call filter). Limits and the
    /// scrubbed environment stay. Only for changes that are trusted; every report says so.
    #[must_use]
    pub fn unconfined(mut self) -> Self {
        self.unconfined = true;
        self
    }

    /// False when the kernel's confinement was left out by request.
    pub fn is_confined(&self) -> bool {
        !self.unconfined
    }

    /// Starts a child that confines itself and ends: `Ok` exactly when jobs can be confined here.
    pub fn probe(&self) -> Result<(), SandboxError> {
        run::probe(self)
    }

    /// Runs one tool to its end. Blocks; see [`Cancel`] for stopping it from elsewhere.
    pub fn run(&self, job: &Job, cancel: &Cancel) -> Result<Finished, SandboxError> {
        run::run(self, job, cancel)
    }
}
