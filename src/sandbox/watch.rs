//! Looking at a process while it runs, for what no limit of the kernel bounds.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use super::SandboxError;
use super::job::Job;
use super::private::PrivateFolder;

/// Files and folders that it may hold: a renderer makes fewer than ten.
const ENTRIES: usize = 10_000;

/// Threads that it may have: a renderer has as many as the machine has cores, and a few more.
const THREADS: u64 = 1000;

/// The pause between two looks. What is written in between comes on top of the limit: some 50 MiB on
/// a fast disk.
pub(super) const PAUSE: Duration = Duration::from_millis(20);

/// Looks from time to time at what no limit of the kernel bounds for one process: its private folder
/// as a whole, and its threads. What the folder holds cannot hide: the process may neither remove
/// files, nor make some without a name.
pub(super) struct Watch<'a> {
    folder: &'a Path,
    job: &'a Job,
    process: u32,
    next: Instant,
}

impl<'a> Watch<'a> {
    pub(super) fn start(folder: &'a PrivateFolder, job: &'a Job, process: u32) -> Self {
        Self {
            folder: folder.path(),
            job,
            process,
            next: Instant::now() + PAUSE,
        }
    }

    /// Looks when it is time to.
    pub(super) fn look(&mut self) -> Result<(), SandboxError> {
        if Instant::now() < self.next {
            return Ok(());
        }
        let most = self.job.limits.folder;
        if measure(self.folder, most).is_none() {
            return Err(SandboxError::FolderLimit {
                tool: self.job.tool_name(),
                mebibytes: most >> 20,
                entries: ENTRIES,
            });
        }
        if count_threads(self.process) > THREADS {
            return Err(SandboxError::ThreadLimit {
                tool: self.job.tool_name(),
                threads: THREADS,
            });
        }
        self.next = Instant::now() + PAUSE;
        Ok(())
    }
}

/// The threads of a process that has not been waited for; 0 once it has ended.
fn count_threads(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name stands in brackets and may hold anything; of what follows, the 18th is wanted.
    let fields = status.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let count = fields.split(' ').nth(17).and_then(|text| text.parse().ok());
    count.unwrap_or(0)
}

/// The bytes that a folder takes; `None` when they, or its entries, are too many, or when it cannot
/// be read to its end, as where folders lie too deep inside one another for a path.
fn measure(folder: &Path, most: u64) -> Option<u64> {
    let (mut bytes, mut entries) = (0_u64, 0_usize);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for item in std::fs::read_dir(&folder).ok()? {
            let item = item.ok()?;
            let metadata = item.metadata().ok()?;
            bytes = bytes.saturating_add(metadata.blocks().saturating_mul(512));
            entries += 1;
            if bytes > most || entries > ENTRIES {
                return None;
            }
            if metadata.is_dir() {
                folders.push(item.path());
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags};

    const FOLDER: OFlags = OFlags::DIRECTORY;

    #[test]
    fn the_threads_of_a_process_are_counted() {
        let before = count_threads(std::process::id());
        assert!(before > 0);
        let (ready, wait) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || wait.recv().is_err());
        // Other tests come and go on threads of their own.
        assert!(count_threads(std::process::id()) > 1);
        drop(ready);
        assert!(thread.join().unwrap());
        assert_eq!(count_threads(u32::MAX), 0);
    }

    #[test]
    fn a_folder_is_measured_by_what_it_takes_and_holds() {
        let folder = PrivateFolder::make().unwrap();
        assert_eq!(measure(folder.path(), 1 << 20), Some(0));
        std::fs::write(folder.path().join("large"), vec![1; 2 << 20]).unwrap();
        assert_eq!(measure(folder.path(), 1 << 20), None);
        assert!(measure(folder.path(), 4 << 20) >= Some(2 << 20));
    }

    #[test]
    fn a_folder_too_deep_for_a_path_counts_as_too_much() {
        let folder = PrivateFolder::make().unwrap();
        let mut at = rustix::fs::open(folder.path(), FOLDER, Mode::empty()).unwrap();
        for _ in 0..1000 {
            rustix::fs::mkdirat(&at, "deep/", Mode::RWXU).unwrap();
            at = rustix::fs::openat(&at, "deep", FOLDER, Mode::empty()).unwrap();
        }
        assert_eq!(measure(folder.path(), 1 << 30), None);
    }
}
