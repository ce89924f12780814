//! The only place that starts a process.
//!
//! Drydock starts a child with the job as arguments, which confines itself and then becomes the tool
//! (by `exec`) or the worker (a function of this binary). The child is this binary once more, or, for
//! tools, `drydock-confine` where it lies beside: the same code without the rest, which the system
//! loads faster. Confined means: the kernel's Landlock lets
//! it read one folder, write one private folder and execute one file; a system-call filter lets
//! through only what a renderer needs, which leaves no sockets and no new processes; limits bound
//! memory, time, files and output; nothing of the parent's environment, files or credentials is
//! passed on. Nothing here knows what a tool does.
//!
//! It must never: pass a command to a shell, start anything unconfined that was not asked for by
//! name, or read a failure as a success.

mod calls;
mod cancel;
mod child;
mod confine;
mod error;
mod filter;
mod job;
mod private;
mod run;
mod running;
mod stragglers;
mod watch;
mod worker;

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

pub use cancel::Cancel;
pub use child::{become_child, become_tool};
pub use error::SandboxError;
pub use job::{Job, Limits};
pub use run::Finished;
pub use worker::Worker;

/// How processes are started on this machine. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    executable: PathBuf,
    launcher: Option<PathBuf>,
    unconfined: bool,
}

impl Default for Sandbox {
    /// Children are the running program, and `drydock-confine` where that lies beside it.
    fn default() -> Self {
        let executable = PathBuf::from("/proc/self/exe");
        Self {
            launcher: find_launcher(&executable),
            executable,
            unconfined: false,
        }
    }
}

impl Sandbox {
    /// Starts children from this file, and the `drydock-confine` beside it, instead of from the
    /// running program. It has to call [`become_child`] before anything else; tests and embedding
    /// programs name `drydock` itself.
    #[must_use]
    pub fn with_executable(mut self, executable: PathBuf) -> Self {
        self.launcher = find_launcher(&executable);
        self.executable = executable;
        self
    }

    /// Starts tools from the whole program too, as where `drydock-confine` is missing: the same
    /// confinement, a slower start.
    #[must_use]
    pub fn without_launcher(mut self) -> Self {
        self.launcher = None;
        self
    }

    /// True when tools start from `drydock-confine`.
    pub fn has_launcher(&self) -> bool {
        self.launcher.is_some()
    }

    /// What a tool's child is started from.
    fn starter(&self) -> &Path {
        self.launcher.as_deref().unwrap_or(&self.executable)
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

/// `drydock-confine` beside `executable`. Only a plain file of the same owner: in a folder that
/// others may write to, a file of theirs would run instead of the confinement.
fn find_launcher(executable: &Path) -> Option<PathBuf> {
    let executable = executable.canonicalize().ok()?;
    let launcher = executable.with_file_name(job::LAUNCHER);
    let owner = executable.metadata().ok()?.uid();
    let found = launcher.symlink_metadata().ok()?;
    (found.is_file() && found.uid() == owner).then_some(launcher)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_file_of_the_same_owner_is_taken_for_the_launcher() {
        let folder = tempfile::tempdir().unwrap();
        let executable = folder.path().join("drydock");
        let launcher = folder.path().join(job::LAUNCHER);
        std::fs::write(&executable, "").unwrap();
        assert_eq!(find_launcher(&executable), None);
        std::os::unix::fs::symlink("/bin/true", &launcher).unwrap();
        assert_eq!(find_launcher(&executable), None);
        std::fs::remove_file(&launcher).unwrap();
        std::fs::write(&launcher, "").unwrap();
        let found = find_launcher(&executable).unwrap();
        assert_eq!(found.file_name(), launcher.file_name());
        // Only root can give files away.
        if std::os::unix::fs::chown(&launcher, Some(65_532), None).is_ok() {
            assert_eq!(find_launcher(&executable), None);
        }
    }
}
