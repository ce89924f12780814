//! The folder that one process may write to, gone afterwards whatever the process made of it.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::SandboxError;

/// A private folder. Dropping it removes it, which has to come after the end of its process.
pub(super) struct PrivateFolder(tempfile::TempDir);

impl PrivateFolder {
    pub(super) fn make() -> Result<Self, SandboxError> {
        tempfile::Builder::new()
            .prefix("drydock-")
            .tempdir()
            .map(Self)
            .map_err(|error| SandboxError::Workspace {
                reason: error.kind().to_string(),
            })
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes a folder in it.
    pub(super) fn make_folder(&self, name: &str) -> Result<OsString, SandboxError> {
        let folder = self.path().join(name);
        std::fs::create_dir_all(&folder).map_err(|error| SandboxError::Workspace {
            reason: error.kind().to_string(),
        })?;
        Ok(folder.into_os_string())
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        // Nobody can be told; what stays is a folder of the system's temporary files.
        let _ = empty(self.path());
    }
}

/// Removes everything in a folder. What lies deep is moved up first, so that neither the number of
/// open files nor the stack grows with the depth; folders that may not be read are opened up.
fn empty(folder: &Path) -> rustix::io::Result<()> {
    let top = open_folder(CWD, folder)?;
    let mut moved = 0_u64;
    loop {
        let names = list(&top)?;
        if names.is_empty() {
            return Ok(());
        }
        for (name, is_folder) in names {
            if !is_folder {
                rustix::fs::unlinkat(&top, &name, AtFlags::empty())?;
                continue;
            }
            let inner = open_folder(&top, &name)?;
            for (child, is_folder) in list(&inner)? {
                if is_folder {
                    let _ = rustix::fs::chmodat(&inner, &child, Mode::RWXU, AtFlags::empty());
                    while let Err(error) =
                        rustix::fs::renameat(&inner, &child, &top, format!("up-{moved}"))
                    {
                        // The process may have taken the name.
                        if error != Errno::NOTEMPTY && error != Errno::NOTDIR {
                            return Err(error);
                        }
                        moved += 1;
                    }
                } else {
                    rustix::fs::unlinkat(&inner, &child, AtFlags::empty())?;
                }
            }
            rustix::fs::unlinkat(&top, &name, AtFlags::REMOVEDIR)?;
        }
    }
}

fn open_folder<F: std::os::fd::AsFd, P: rustix::path::Arg + Copy>(
    at: F,
    name: P,
) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(&at, name, flags, Mode::empty()).or_else(|_| {
        rustix::fs::chmodat(&at, name, Mode::RWXU, AtFlags::empty())?;
        rustix::fs::openat(&at, name, flags, Mode::empty())
    })
}

/// The names in an open folder, and which of them are folders.
fn list(folder: &OwnedFd) -> rustix::io::Result<Vec<(std::ffi::CString, bool)>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_bytes() != b"." && name.to_bytes() != b".." {
            names.push((name.to_owned(), entry.file_type() == FileType::Directory));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_however_deep_or_closed_are_removed() {
        let folder = PrivateFolder::make().unwrap();
        let path = folder.path().to_owned();
        let mut at = open_folder(CWD, folder.path()).unwrap();
        for _ in 0..3000 {
            rustix::fs::mkdirat(&at, "deep", Mode::RWXU).unwrap();
            at = open_folder(&at, c"deep").unwrap();
        }
        std::fs::create_dir(path.join("closed")).unwrap();
        std::fs::write(path.join("closed/file"), "x").unwrap();
        rustix::fs::chmodat(CWD, path.join("closed"), Mode::empty(), AtFlags::empty()).unwrap();
        drop(folder);
        assert!(!path.exists());
    }
}
