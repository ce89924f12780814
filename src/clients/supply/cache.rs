//! What was fetched, kept on disk between runs.
//!
//! Every entry is one file that begins with the digest of the rest: a torn or changed one is not
//! read, and is fetched again. Files appear whole (written aside, then renamed), so that processes
//! may share the folder and be killed at any moment. When the folder holds too much, the entries
//! that were used longest ago go first.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::ids::Digest;
use crate::outside::Short;

/// The form of the entries; another form is another folder.
const FORM: &str = "outside-1";
/// Digits of a digest.
const DIGITS: usize = 64;
/// After this time an unfinished file belongs to a process that was killed.
const ABANDONED: Duration = Duration::from_hours(1);

/// A folder of entries, or none.
#[derive(Debug)]
pub(super) struct Cache {
    folder: Option<PathBuf>,
    max_bytes: u64,
}

impl Cache {
    /// Opens the cache below `dir`; without one nothing is kept.
    pub(super) fn open(dir: Option<&Path>, max_bytes: u64) -> Result<Self, Short> {
        let folder = dir.map(|dir| dir.join(FORM));
        if let Some(folder) = &folder {
            fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        }
        Ok(Self { folder, max_bytes })
    }

    /// The key of something that is known by what it is called.
    pub(super) fn name(parts: &[&str]) -> Digest {
        Digest::of_parts(parts.iter().map(|part| part.as_bytes()))
    }

    /// What was stored under this key.
    pub(super) fn find(&self, key: Digest) -> Option<Vec<u8>> {
        let path = self.folder.as_ref()?.join(key.to_string());
        let mut entry = fs::read(&path).ok()?;
        let expected = entry
            .get(..DIGITS)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| digits.parse::<Digest>().ok());
        let content = entry.split_off(DIGITS.min(entry.len()));
        if expected == Some(Digest::of(&content)) {
            // Used now; only the order of removal depends on it.
            if let Ok(file) = fs::File::options().append(true).open(&path) {
                let _ = file.set_modified(SystemTime::now());
            }
            return Some(content);
        }
        let _ = fs::remove_file(&path);
        None
    }

    /// Content with this digest.
    pub(super) fn find_content(&self, digest: Digest) -> Option<Vec<u8>> {
        self.find(digest)
            .filter(|content| Digest::of(content) == digest)
    }

    /// Keeps content under its digest.
    pub(super) fn store_content(&self, content: &[u8]) -> Result<(), Short> {
        self.store(Digest::of(content), content)
    }

    /// Keeps content under a key, in place of what was there.
    pub(super) fn store(&self, key: Digest, content: &[u8]) -> Result<(), Short> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let size = u64::try_from(content.len() + DIGITS).unwrap_or(u64::MAX);
        if size > self.max_bytes {
            return Ok(());
        }
        self.make_room(folder, size)
            .map_err(|error| failed(&error))?;
        let mut file = tempfile::Builder::new()
            .prefix(".")
            .tempfile_in(folder)
            .map_err(|error| failed(&error))?;
        file.write_all(Digest::of(content).to_string().as_bytes())
            .and_then(|()| file.write_all(content))
            .map_err(|error| failed(&error))?;
        file.persist(folder.join(key.to_string()))
            .map_err(|error| failed(&error.error))?;
        Ok(())
    }

    /// Removes the entries that were used longest ago until `size` more bytes fit.
    fn make_room(&self, folder: &Path, size: u64) -> std::io::Result<()> {
        let mut entries = Vec::new();
        let mut total = size;
        for item in fs::read_dir(folder)? {
            let item = item?;
            // Gone in the meantime: another process made room.
            let Ok(metadata) = item.metadata() else {
                continue;
            };
            let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let is_unfinished = item.file_name().to_string_lossy().starts_with('.');
            let age = SystemTime::now().duration_since(used).unwrap_or_default();
            if is_unfinished && age > ABANDONED {
                let _ = fs::remove_file(item.path());
            } else if !is_unfinished {
                total = total.saturating_add(metadata.len());
                entries.push((used, item.path(), metadata.len()));
            }
        }
        entries.sort();
        for (_, path, length) in entries {
            if total <= self.max_bytes {
                break;
            }
            let _ = fs::remove_file(path);
            total = total.saturating_sub(length);
        }
        Ok(())
    }
}

fn failed(error: &std::io::Error) -> Short {
    Short::Cache {
        reason: error.kind().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(dir: &Path) -> Vec<PathBuf> {
        let items = fs::read_dir(dir.join(FORM)).unwrap();
        items.map(|item| item.unwrap().path()).collect()
    }

    #[test]
    fn an_entry_that_was_torn_or_changed_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(dir.path()), 1_000_000).unwrap();
        let key = Cache::name(&["a", "b"]);
        assert_ne!(key, Cache::name(&["ab", ""]));
        for damage in [10, 70, 130] {
            cache.store(key, &[7; 100]).unwrap();
            assert_eq!(cache.find(key).unwrap(), [7; 100]);
            let path = entries(dir.path()).remove(0);
            let mut bytes = fs::read(&path).unwrap();
            bytes[damage] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(cache.find(key), None);
            assert!(entries(dir.path()).is_empty());
            cache.store(key, &[7; 100]).unwrap();
            fs::write(&path, &bytes[..damage]).unwrap();
            assert_eq!(cache.find(key), None);
        }
    }

    #[test]
    fn what_was_used_longest_ago_makes_room() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(dir.path()), 1_000).unwrap();
        let keys: Vec<Digest> = ["a", "b", "c", "d"].map(|name| Cache::name(&[name])).into();
        let old = SystemTime::now() - Duration::from_secs(100);
        for (age, key) in keys.iter().enumerate().take(3) {
            cache.store(*key, &[0; 200]).unwrap();
            let path = dir.path().join(FORM).join(key.to_string());
            let file = fs::File::options().append(true).open(path).unwrap();
            file.set_modified(old + Duration::from_secs(age as u64))
                .unwrap();
        }
        assert!(cache.find(keys[0]).is_some());
        cache.store(keys[3], &[0; 200]).unwrap();
        let left: Vec<bool> = keys.iter().map(|key| cache.find(*key).is_some()).collect();
        assert_eq!(left, [true, false, true, true]);
        cache.store(Cache::name(&["e"]), &[0; 2_000]).unwrap();
        assert_eq!(entries(dir.path()).len(), 3);
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(Some(dir.path()), 1_000).unwrap();
        let left = dir.path().join(FORM).join(".left");
        fs::write(&left, "half").unwrap();
        let file = fs::File::options().append(true).open(&left).unwrap();
        cache.store(Cache::name(&["a"]), b"x").unwrap();
        assert!(left.exists());
        file.set_modified(SystemTime::now() - 2 * ABANDONED)
            .unwrap();
        cache.store(Cache::name(&["b"]), b"x").unwrap();
        assert!(!left.exists());
    }
}
