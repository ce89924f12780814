//! A state of a Git repository as the cache keeps it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::ids::{CommitSha, RepoPath};
use crate::outside::{Files, LeftOut, Short, Supplied};

/// Bytes that an entry may unpack to; above every limit that the settings may name.
const LIMIT: u64 = 4 * 1024 * 1024 * 1024;

/// Files and what was left out: for each its kind, the lengths of path and content, and both.
pub(super) fn write(
    files: &Files,
    left_out: &BTreeMap<RepoPath, LeftOut>,
) -> Result<Vec<u8>, Short> {
    use std::io::Write as _;
    let failed = |error: std::io::Error| Short::Cache {
        reason: error.kind().to_string(),
    };
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    let mut put = |kind: u8, path: &RepoPath, content: &[u8]| {
        let length = |bytes: &[u8]| (bytes.len() as u64).to_be_bytes();
        out.write_all(&[kind])?;
        out.write_all(&length(path.as_str().as_bytes()))?;
        out.write_all(&length(content))?;
        out.write_all(path.as_str().as_bytes())?;
        out.write_all(content)
    };
    for (path, content) in files {
        put(0, path, content).map_err(failed)?;
    }
    for (path, reason) in left_out {
        let kind = match reason {
            LeftOut::Submodule => 1,
            LeftOut::Link => 2,
            LeftOut::TooLarge => 3,
        };
        put(kind, path, &[]).map_err(failed)?;
    }
    out.finish().map_err(failed)
}

/// The entry again; `None` when it is not one.
pub(super) fn read(bytes: &[u8], commit: &CommitSha, floating: bool) -> Option<Supplied> {
    let mut text = Vec::new();
    GzDecoder::new(bytes)
        .take(LIMIT)
        .read_to_end(&mut text)
        .ok()?;
    let mut rest = text.as_slice();
    let (mut files, mut left_out) = (Files::new(), BTreeMap::new());
    while let Some((kind, after)) = rest.split_first() {
        let (path_length, after) = take_length(after)?;
        let (length, after) = take_length(after)?;
        let (path, after) = after.split_at_checked(path_length)?;
        let (content, after) = after.split_at_checked(length)?;
        let path: RepoPath = std::str::from_utf8(path).ok()?.parse().ok()?;
        match kind {
            0 => {
                files.insert(path, Arc::from(content));
            }
            1 => {
                left_out.insert(path, LeftOut::Submodule);
            }
            2 => {
                left_out.insert(path, LeftOut::Link);
            }
            3 => {
                left_out.insert(path, LeftOut::TooLarge);
            }
            _ => return None,
        }
        rest = after;
    }
    Some(Supplied {
        digest: Supplied::digest_of(&files),
        files: Arc::new(files),
        left_out: Arc::new(left_out),
        version: commit.to_string(),
        floating,
    })
}

fn take_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    Some((usize::try_from(u64::from_be_bytes(*length)).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_state_comes_back_as_it_was() {
        let path = |text: &str| text.parse::<RepoPath>().unwrap();
        let files: Files = [("a.yaml", "a"), ("b/c.yaml", "")]
            .into_iter()
            .map(|(name, text)| (path(name), Arc::from(text.as_bytes())))
            .collect();
        let left_out = BTreeMap::from([
            (path("module"), LeftOut::Submodule),
            (path("link"), LeftOut::Link),
            (path("big"), LeftOut::TooLarge),
        ]);
        let bytes = write(&files, &left_out).unwrap();
        let commit = "a".repeat(40).parse().unwrap();
        let back = read(&bytes, &commit, false).unwrap();
        assert_eq!((&*back.files, &*back.left_out), (&files, &left_out));
        assert_eq!(read(&bytes[..bytes.len() / 2], &commit, false), None);
    }
}
