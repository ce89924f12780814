//! Chart archives: unpacked under limits into values, packed again from values.
//!
//! Helm is never given an archive as it came: it gets one that [`pack`] made of the files that
//! [`unpack`] took, so that nothing can hide between two readers of the same bytes.

use std::io::Read;
use std::sync::Arc;

use flate2::{Compression, GzBuilder, read::MultiGzDecoder};
use tar::{Archive, EntryType, Header};

use super::{Files, Short};
use crate::ids::RepoPath;

/// What one archive may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Bytes of all files together.
    pub total_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Entries, folders included.
    pub entries: usize,
    /// How many bytes one byte of the archive may stand for, once more than
    /// [`FREE_BYTES`](Self::FREE_BYTES) are unpacked.
    pub ratio: u64,
}

impl ArchiveLimits {
    /// Unpacked bytes that no ratio is asked of: short texts compress well.
    pub const FREE_BYTES: u64 = 4 * 1024 * 1024;
}

impl Default for ArchiveLimits {
    /// Half of what Helm takes in all, the same for one file; manifests compress 10 to 30 times.
    fn default() -> Self {
        Self {
            total_bytes: 50 * 1024 * 1024,
            file_bytes: 5 * 1024 * 1024,
            entries: 10_000,
            ratio: 100,
        }
    }
}

/// The files of a chart's archive, below its one top folder. Links, devices, absolute paths, `..`
/// and a second top folder are refused; a repeated file keeps its last content, as Helm reads it.
pub fn unpack(bytes: &[u8], limits: &ArchiveLimits) -> Result<Files, Short> {
    let packed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let by_ratio = packed
        .saturating_mul(limits.ratio)
        .max(ArchiveLimits::FREE_BYTES);
    // Headers and padding are no files, but they must be read, too.
    let overhead = 2_048 * (u64::try_from(limits.entries).unwrap_or(u64::MAX) + 2);
    let stream = Bounded {
        inner: MultiGzDecoder::new(bytes),
        left: limits.total_bytes.saturating_add(overhead).min(by_ratio),
        exceeded: false,
    };
    let mut archive = Archive::new(stream);
    let taken = take_entries(&mut archive, limits);
    let exceeded = archive.into_inner().exceeded;
    match taken {
        Err(Short::Unreadable { .. }) if exceeded => Err(Short::TooLarge {
            subject: "the unpacked archive".to_owned(),
            limit: limits.total_bytes.min(by_ratio),
        }),
        taken => taken,
    }
}

fn take_entries<R: Read>(archive: &mut Archive<R>, limits: &ArchiveLimits) -> Result<Files, Short> {
    let unreadable = |error: &std::io::Error| Short::Unreadable {
        subject: "the archive".to_owned(),
        reason: error.to_string(),
    };
    let mut files = Files::new();
    let mut top: Option<String> = None;
    let (mut seen, mut total) = (0_usize, 0_u64);
    for entry in archive.entries().map_err(|error| unreadable(&error))? {
        let mut entry = entry.map_err(|error| unreadable(&error))?;
        seen += 1;
        if seen > limits.entries {
            return Err(Short::TooMany {
                subject: "the archive".to_owned(),
                limit: limits.entries,
            });
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        match entry.header().entry_type() {
            EntryType::XGlobalHeader => continue,
            EntryType::Regular | EntryType::Continuous | EntryType::Directory => {}
            _ => return Err(refuse(&name, "which is neither a file nor a folder")),
        }
        let is_folder = entry.header().entry_type() == EntryType::Directory;
        let Some(path) = take_path(&name, is_folder, &mut top)? else {
            continue;
        };
        let size = entry.size();
        total = total.saturating_add(size);
        for (size, limit, subject) in [
            (size, limits.file_bytes, format!("`{name}` in the archive")),
            (total, limits.total_bytes, "the unpacked archive".to_owned()),
        ] {
            if size > limit {
                return Err(Short::TooLarge { subject, limit });
            }
        }
        let mut content = Vec::new();
        entry
            .read_to_end(&mut content)
            .map_err(|error| unreadable(&error))?;
        if u64::try_from(content.len()).is_ok_and(|length| length == size) {
            files.insert(path, Arc::from(content));
        } else {
            return Err(unreadable(&std::io::ErrorKind::UnexpectedEof.into()));
        }
    }
    refuse_clashes(files)
}

/// The entry's path below the top folder; `None` for a folder.
fn take_path(
    name: &str,
    is_folder: bool,
    top: &mut Option<String>,
) -> Result<Option<RepoPath>, Short> {
    if name.starts_with('/') {
        return Err(refuse(name, "which is an absolute path"));
    }
    if name.contains('\\') || name.contains('\0') || name.chars().any(char::is_control) {
        return Err(refuse(
            name,
            "whose name holds a character that paths do not have",
        ));
    }
    let parts: Vec<&str> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") {
        return Err(refuse(name, "which leads out of its folder"));
    }
    let Some((first, rest)) = parts.split_first() else {
        return Ok(None);
    };
    if top.get_or_insert_with(|| (*first).to_owned()) != first {
        return Err(refuse(name, "which is outside the chart's own folder"));
    }
    if is_folder {
        return Ok(None);
    }
    if rest.is_empty() {
        return Err(refuse(name, "which is outside the chart's own folder"));
    }
    let path = RepoPath::root().join(&rest.join("/"));
    path.map(Some)
        .ok_or_else(|| refuse(name, "which is no path"))
}

fn refuse(entry: &str, reason: &str) -> Short {
    Short::Unsafe {
        entry: entry
            .chars()
            .filter(|c| !c.is_control())
            .take(200)
            .collect(),
        reason: reason.to_owned(),
    }
}

/// A file cannot also be a folder.
fn refuse_clashes(files: Files) -> Result<Files, Short> {
    for path in files.keys() {
        let mut above = path.parent();
        while !above.is_root() {
            if files.contains_key(&above) {
                return Err(refuse(above.as_str(), "which is a file and a folder"));
            }
            above = above.parent();
        }
    }
    if files.is_empty() {
        return Err(Short::Unreadable {
            subject: "the archive".to_owned(),
            reason: "it holds no file".to_owned(),
        });
    }
    Ok(files)
}

/// Files as an archive below the folder `top`: equal files, equal bytes.
pub fn pack(files: &Files, top: &str) -> std::io::Result<Vec<u8>> {
    let gzip = GzBuilder::new()
        .mtime(0)
        .write(Vec::new(), Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for (path, content) in files {
        let mut header = Header::new_gnu();
        header.set_size(u64::try_from(content.len()).unwrap_or(u64::MAX));
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_entry_type(EntryType::Regular);
        archive.append_data(
            &mut header,
            format!("{top}/{}", path.as_str()),
            content.as_ref(),
        )?;
    }
    archive.into_inner()?.finish()
}

/// Stops a stream that goes on for too long.
struct Bounded<R> {
    inner: R,
    left: u64,
    exceeded: bool,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self
            .left
            .checked_sub(u64::try_from(count).unwrap_or(u64::MAX))
        {
            Some(left) => self.left = left,
            None => {
                self.exceeded = true;
                return Err(std::io::Error::other("it unpacks to too much"));
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder =
            tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::best()));
        for (name, kind, content) in entries {
            let mut header = Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            header.set_entry_type(*kind);
            if matches!(kind, EntryType::Symlink | EntryType::Link) {
                header.set_size(0);
                header.set_link_name("/etc/passwd").unwrap();
            }
            // The setter refuses what an attacker writes.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            builder.append(&header, *content).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn refused(entries: &[(&str, EntryType, &[u8])]) -> String {
        unpack(&archive(entries), &ArchiveLimits::default())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn packed_files_come_out_as_they_went_in() {
        let long = format!("templates/{}/x.yaml", "long".repeat(60));
        let files: Files = [
            ("Chart.yaml", "name: a"),
            ("templates/a.yaml", ""),
            (&long, "x"),
        ]
        .into_iter()
        .map(|(path, text)| (path.parse().unwrap(), Arc::from(text.as_bytes())))
        .collect();
        let packed = pack(&files, "a").unwrap();
        assert_eq!(packed, pack(&files, "a").unwrap());
        assert_eq!(unpack(&packed, &ArchiveLimits::default()).unwrap(), files);
    }

    #[test]
    fn an_archive_that_would_write_elsewhere_is_refused() {
        let file = EntryType::Regular;
        for (name, kind, reason) in [
            ("/etc/passwd", file, "absolute"),
            ("a/../../x", file, "leads out"),
            ("a/..\\x", file, "character"),
            ("b/x", file, "own folder"),
            ("Chart.yaml", file, "own folder"),
            ("a/link", EntryType::Symlink, "neither"),
            ("a/link", EntryType::Link, "neither"),
            ("a/pipe", EntryType::Fifo, "neither"),
            ("a/device", EntryType::Char, "neither"),
            ("a/Chart.yaml/x", file, "a file and a folder"),
        ] {
            let message = refused(&[("a/Chart.yaml", file, b"x"), (name, kind, b"")]);
            assert!(message.contains(reason), "{name}: {message}");
        }
    }

    #[test]
    fn a_bomb_is_stopped_before_it_is_unpacked() {
        let file = EntryType::Regular;
        let zeros = vec![0; 4 * 1024 * 1024];
        let bomb: Vec<_> = ["a/1", "a/2", "a/3"]
            .map(|name| (name, file, &*zeros))
            .into();
        assert!(refused(&bomb).contains("the unpacked archive has more than"));
        let large = vec![0; 6 * 1024 * 1024];
        assert!(refused(&[("a/1", file, &large)]).contains("has more than"));
        let many: Vec<(String, EntryType)> =
            (0..10_001).map(|n| (format!("a/{n}"), file)).collect();
        let many: Vec<_> = many
            .iter()
            .map(|(name, kind)| (name.as_str(), *kind, &b""[..]))
            .collect();
        assert!(refused(&many).contains("more than 10000 entries"));
        assert!(unpack(b"not an archive", &ArchiveLimits::default()).is_err());
        let whole = archive(&[("a/1", file, b"text")]);
        assert!(unpack(&whole[..whole.len() - 12], &ArchiveLimits::default()).is_err());
    }
}
