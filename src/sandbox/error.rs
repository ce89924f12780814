//! Why a job gave no result.

use crate::finding::{Blame, Retry};

/// Why a process could not be started, or was stopped. Messages name the tool, never a path of the
/// machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// The kernel does not offer the confinement.
    #[error(
        "this kernel cannot confine a process ({reason}): Drydock needs Linux 6.2 or later with `landlock` among its security modules (`lsm=` of the kernel's command line), and a container profile that lets Landlock and seccomp through; where every change is trusted, `--unconfined` leaves them out"
    )]
    Unavailable {
        /// What was missing.
        reason: String,
    },
    /// The process did not start.
    #[error("`{tool}` could not be started: {reason}")]
    Start {
        /// The tool.
        tool: String,
        /// What the system said.
        reason: String,
    },
    /// The private folder could not be made.
    #[error("no private folder could be made: {reason}")]
    Workspace {
        /// What the system said.
        reason: String,
    },
    /// It ran too long.
    #[error("`{tool}` was stopped after {seconds} s, the limit for one rendering")]
    TimeLimit {
        /// The tool.
        tool: String,
        /// The limit.
        seconds: u64,
    },
    /// It wrote too much.
    #[error("`{tool}` was stopped because it wrote more than {mebibytes} MiB")]
    OutputLimit {
        /// The tool.
        tool: String,
        /// The limit.
        mebibytes: usize,
    },
    /// It wrote too many files, or too large ones.
    #[error(
        "`{tool}` was stopped because it filled its private folder: more than {mebibytes} MiB, {entries} files, or folders too deep"
    )]
    FolderLimit {
        /// The tool.
        tool: String,
        /// The limit of its size.
        mebibytes: u64,
        /// The limit of files and folders.
        entries: usize,
    },
    /// It started too many threads.
    #[error("`{tool}` was stopped because it started more than {threads} threads")]
    ThreadLimit {
        /// The tool.
        tool: String,
        /// The limit.
        threads: u64,
    },
    /// It needed too much memory.
    #[error("`{tool}` was stopped because it needed more than {mebibytes} MiB of memory")]
    MemoryLimit {
        /// The tool.
        tool: String,
        /// The limit.
        mebibytes: u64,
    },
    /// A signal that Drydock did not send ended it.
    #[error(
        "`{tool}` was ended by signal {signal}: out of memory, out of processor time, or a fault of its own"
    )]
    Killed {
        /// The tool.
        tool: String,
        /// The signal's number.
        signal: i32,
    },
    /// Nobody waits for the result any more.
    #[error("`{tool}` was stopped because its result is no longer needed")]
    Cancelled {
        /// The tool.
        tool: String,
    },
    /// The worker ended in the middle of a conversation.
    #[error("the confined worker ended without an answer ({reason})")]
    WorkerDied {
        /// How it ended, with the end of what it said.
        reason: String,
    },
    /// A message to or from the worker is larger than its limit.
    #[error("a message of {bytes} bytes is larger than the worker accepts ({limit})")]
    Frame {
        /// Its size.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
}

impl SandboxError {
    /// Whose move it is: content that hits a limit is the author's.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Unavailable { .. }
            | Self::Start { .. }
            | Self::Workspace { .. }
            | Self::Cancelled { .. } => Blame::Operator,
            Self::TimeLimit { .. }
            | Self::OutputLimit { .. }
            | Self::FolderLimit { .. }
            | Self::ThreadLimit { .. }
            | Self::MemoryLimit { .. }
            | Self::Killed { .. }
            | Self::WorkerDied { .. }
            | Self::Frame { .. } => Blame::Author,
        }
    }

    /// Whether the same job can end differently.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Workspace { .. } | Self::Killed { .. } | Self::Cancelled { .. } => Retry::Now,
            Self::Unavailable { .. }
            | Self::Start { .. }
            | Self::TimeLimit { .. }
            | Self::OutputLimit { .. }
            | Self::FolderLimit { .. }
            | Self::ThreadLimit { .. }
            | Self::MemoryLimit { .. }
            | Self::WorkerDied { .. }
            | Self::Frame { .. } => Retry::No,
        }
    }
}
