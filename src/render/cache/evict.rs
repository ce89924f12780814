//! Keeps a folder of entries below its bound: what was not used for longest goes first.

use std::fs::{DirEntry, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A use is noted when the last note is older, so that reading seldom writes.
const NOTED_EVERY: Duration = Duration::from_secs(600);

/// A file that a writer left behind when it was killed: none takes this long to write.
const ABANDONED_AFTER: Duration = Duration::from_secs(3600);

/// Notes that an entry is in use.
pub(super) fn note_use(file: &Path, last: SystemTime) {
    let now = SystemTime::now();
    if now
        .duration_since(last)
        .is_ok_and(|since| since > NOTED_EVERY)
    {
        // Without the note the entry is only forgotten earlier.
        let _ = File::options()
            .append(true)
            .open(file)
            .and_then(|file| file.set_modified(now));
    }
}

/// Removes the oldest files until the rest takes at most `max_bytes`; gives what is left. Other
/// processes may read, write and remove at the same time.
pub(super) fn sweep(folder: &Path, max_bytes: u64) -> u64 {
    let mut files = Vec::new();
    collect(folder, &mut files);
    files.sort();
    let mut total: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
    let now = SystemTime::now();
    for (modified, file, bytes) in files {
        let is_abandoned = file.to_string_lossy().contains('#')
            && now
                .duration_since(modified)
                .is_ok_and(|since| since > ABANDONED_AFTER);
        if (total > max_bytes || is_abandoned) && std::fs::remove_file(&file).is_ok() {
            total = total.saturating_sub(bytes);
        }
    }
    total
}

/// Every file with the time of its last use and its size on disk.
fn collect(folder: &Path, files: &mut Vec<(SystemTime, PathBuf, u64)>) {
    // What cannot be read now is somebody's who removed it.
    for item in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if item.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&item.path(), files);
        } else if let Some((modified, bytes)) = measure(&item) {
            files.push((modified, item.path(), bytes));
        }
    }
}

fn measure(item: &DirEntry) -> Option<(SystemTime, u64)> {
    let metadata = item.metadata().ok()?;
    Some((metadata.modified().ok()?, size_on_disk(metadata.len())))
}

/// Small files take a whole block.
pub(super) fn size_on_disk(bytes: u64) -> u64 {
    bytes.next_multiple_of(4096)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_for_longest_goes_first_and_what_a_killed_writer_left_goes_anyway() {
        let folder = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        let write = |name: &str, age: u64| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "x").unwrap();
            let file = File::options().append(true).open(path).unwrap();
            file.set_modified(now - Duration::from_secs(age)).unwrap();
        };
        for (name, age) in [("a/1", 50), ("a/2", 40), ("b/3", 900), ("b/4", 10)] {
            write(name, age);
        }
        write("b/4#1", 4_000);
        write("b/5#1", 5);
        note_use(&folder.path().join("b/3"), now - Duration::from_secs(900));
        assert_eq!(sweep(folder.path(), 4 * 4096), 4 * 4096);
        let mut left = Vec::new();
        collect(folder.path(), &mut left);
        let mut left: Vec<_> = left
            .iter()
            .map(|(_, path, _)| path.strip_prefix(folder.path()).unwrap().to_str().unwrap())
            .collect();
        left.sort_unstable();
        assert_eq!(left, ["a/2", "b/3", "b/4", "b/5#1"]);
    }
}
