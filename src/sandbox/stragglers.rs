//! Processes that a tool left behind.
//!
//! Confined there are none: the filter lets no process start. Without the kernel's confinement a tool
//! can leave its group and its session; what it cannot leave without meaning to is the environment it
//! was started with, which names its private folder.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal};

/// Rounds over all processes. Each ends what the one before it missed because it had just started.
const ROUNDS: usize = 10;

/// Ends every process whose environment names this private folder.
pub(super) fn end_stragglers(private: &Path) {
    for _ in 0..ROUNDS {
        let mut found = false;
        for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            found |= end_if_marked(&process.file_name(), private);
        }
        if !found {
            return;
        }
    }
}

fn end_if_marked(name: &OsStr, private: &Path) -> bool {
    let number = name.to_str().and_then(|name| name.parse().ok());
    let Some(pid) = number.and_then(Pid::from_raw) else {
        return false;
    };
    // The descriptor first: it goes on naming the process whose environment is read next.
    let Ok(process) = rustix::process::pidfd_open(pid, PidfdFlags::empty()) else {
        return false;
    };
    let environment = std::fs::read(Path::new("/proc").join(name).join("environ"));
    let marked = environment.is_ok_and(|environment| {
        environment
            .split(|byte| *byte == 0)
            .filter_map(|variable| variable.strip_prefix(b"TMPDIR="))
            .any(|folder| folder == private.as_os_str().as_bytes())
    });
    marked && rustix::process::pidfd_send_signal(&process, Signal::KILL).is_ok()
}
