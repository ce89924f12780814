//! The cache of rendered output on a person's machine, and the key that masks in it.
//!
//! Tags, and with them everything that is kept, depend on the masking key: a key that outlives the
//! process is what lets the next one find anything. It lies beside the entries, for its owner only.

use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::inputs;
use crate::object::Masker;
use crate::render::{Cache, Place, Settings};
use crate::sandbox::Sandbox;

/// Whether earlier renderings are used.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(super) struct CacheArgs {
    /// Render everything, and keep nothing for the next run
    #[arg(long)]
    pub(super) no_cache: bool,
}

/// Settings of rendering with the user's cache, where there can be one; else with a key of this
/// process and none. The answer is the same either way.
pub(super) fn render_settings(args: CacheArgs, sandbox: &Sandbox) -> Settings {
    let opened = (!args.no_cache).then(find_folder).flatten().and_then(open);
    let Some((folder, masker, cache)) = opened else {
        return inputs::render_settings(sandbox, &Masker::random(), None);
    };
    let mut settings = inputs::render_settings(sandbox, &masker, Some(folder.join("tools")));
    settings.cache = Some(cache);
    settings
}

/// The line of progress that says what the cache spared.
pub(super) fn describe(settings: &Settings) -> Option<String> {
    let counts = settings.cache.as_ref()?.counts();
    (counts.asked > 0).then(|| {
        format!(
            "{} of {} renderings from the cache",
            counts.found, counts.asked
        )
    })
}

/// `$XDG_CACHE_HOME/drydock/renders`, else the same below `~/.cache`. Relative paths are ignored: they
/// would lie in whatever repository is being judged.
fn find_folder() -> Option<PathBuf> {
    let absolute = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .map(|cache| cache.join("drydock/renders"))
}

fn open(folder: PathBuf) -> Option<(PathBuf, Masker, Cache)> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .ok()?;
    let key = open_key(&folder.join("key"))?;
    let cache = Cache::open(&Place::Folder(folder.clone()), Cache::DEFAULT_BYTES).ok()?;
    Some((folder, Masker::new(key), cache))
}

/// The key of this file, made where there is none. `None` when another user may know it, or it
/// cannot be made.
fn open_key(file: &Path) -> Option<[u8; 32]> {
    match read_key(file) {
        Err(ErrorKind::NotFound) => {
            make_key(file)?;
            read_key(file).ok()
        }
        result => result.ok(),
    }
}

fn read_key(file: &Path) -> Result<[u8; 32], ErrorKind> {
    let metadata = std::fs::symlink_metadata(file).map_err(|error| error.kind())?;
    let is_own = metadata.uid() == rustix::process::geteuid().as_raw();
    if !metadata.is_file() || !is_own || metadata.mode() & 0o077 != 0 {
        return Err(ErrorKind::PermissionDenied);
    }
    let text = std::fs::read_to_string(file).map_err(|error| error.kind())?;
    let mut key = [0; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| ErrorKind::InvalidData)?;
    Ok(key)
}

/// Two processes that do this at once end with one key: the second finds the first one's.
fn make_key(file: &Path) -> Option<()> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).ok()?;
    let temporary = tempfile::NamedTempFile::new_in(file.parent()?).ok()?;
    std::fs::write(temporary.path(), hex::encode(key)).ok()?;
    temporary.as_file().sync_all().ok()?;
    match temporary.persist_noclobber(file) {
        Ok(_) => Some(()),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Some(()),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_masking_key_is_made_once_and_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| open_key(&file))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap().unwrap())
                .collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_ne!(keys[0], [0; 32]);
        assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        assert_eq!(open_key(&file), Some(keys[0]));
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
    }

    #[test]
    fn a_key_that_others_may_read_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        assert!(open_key(&file).is_some());
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(open_key(&file), None);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&file, "cut").unwrap();
        assert_eq!(open_key(&file), None);
    }
}
