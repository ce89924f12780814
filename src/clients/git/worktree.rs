//! The working directory as a tree: tracked files, and untracked ones that Git would not ignore.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gix::bstr::ByteSlice as _;
use gix::index::entry::{Flags, Mode, Stat, stat};

use super::{GitError, Repository, entry_path};
use crate::ids::RepoPath;
use crate::tree::{Entry, EntryKind, Tree, read_entry};

/// How a file's state is compared with the index: as strictly as possible, since a wrong "differs"
/// only costs a hash.
const STRICT: stat::Options = stat::Options {
    trust_ctime: true,
    check_stat: true,
    use_nsec: true,
    use_stdev: false,
};

impl Repository {
    /// The working tree as it is now. A file that the index knows and whose state on disk is the
    /// index's is not read again.
    pub fn worktree(&self) -> Result<Tree, GitError> {
        let root = self
            .worktree_root()
            .ok_or_else(|| GitError::NoWorktree {
                directory: self.objects.git_dir().to_owned(),
            })?
            .to_owned();
        let mut entries = self.tracked(&root)?;
        for path in untracked(&root, &entries)? {
            let full = root.join(path.as_str());
            let metadata =
                std::fs::symlink_metadata(&full).map_err(|error| failure(path.as_str(), &error))?;
            let entry = read_entry(&full, &path, metadata.is_symlink())
                .map_err(|error| failure(path.as_str(), &error))?;
            entries.insert(path, entry);
        }
        Ok(Tree::of_worktree(entries, root, self.objects.clone()))
    }

    fn tracked(&self, root: &Path) -> Result<BTreeMap<RepoPath, Entry>, GitError> {
        let repository = self.objects.to_thread_local();
        let index = repository
            .index_or_empty()
            .map_err(|error| failure("the index", &error))?;
        let timestamp = index.timestamp();
        let mut entries = BTreeMap::new();
        let mut folders = Folders::default();
        for item in index.entries() {
            let text = item.path(&index).to_str_lossy();
            let path = entry_path(&text)?;
            if item.mode == Mode::DIR {
                return Err(failure(&text, &"a sparse index is not supported"));
            }
            let indexed = |kind| Entry {
                kind,
                blob: item.id.to_string(),
            };
            if item.mode == Mode::COMMIT {
                entries.insert(path, indexed(EntryKind::Submodule));
                continue;
            }
            let kind = if item.mode == Mode::SYMLINK {
                EntryKind::Symlink
            } else {
                EntryKind::File
            };
            let full = root.join(path.as_str());
            let found = folders
                .are_real(root, &path.parent())
                .then(|| state_of(&full));
            let Some(found) = found.flatten() else {
                if item.flags.contains(Flags::SKIP_WORKTREE) {
                    entries.insert(path, indexed(kind));
                }
                continue;
            };
            let is_link = found.is_symlink();
            let unchanged = item.flags.stage_raw() == 0
                && is_link == (kind == EntryKind::Symlink)
                && Stat::from_fs(&found).is_ok_and(|now| item.stat.matches(&now, STRICT))
                && !item.stat.is_racy(timestamp, STRICT);
            let entry = if unchanged {
                indexed(kind)
            } else {
                read_entry(&full, &path, is_link).map_err(|error| failure(&text, &error))?
            };
            entries.insert(path, entry);
        }
        Ok(entries)
    }
}

/// Which folders are folders, and not links that lead elsewhere: what stands behind a link is no
/// file of this repository, whatever the index says.
#[derive(Default)]
struct Folders(BTreeMap<RepoPath, bool>);

impl Folders {
    /// True when this folder and all above it below `root` are real.
    fn are_real(&mut self, root: &Path, folder: &RepoPath) -> bool {
        if folder.is_root() {
            return true;
        }
        if let Some(known) = self.0.get(folder) {
            return *known;
        }
        let is_real = self.are_real(root, &folder.parent())
            && std::fs::symlink_metadata(root.join(folder.as_str()))
                .is_ok_and(|found| found.is_dir());
        self.0.insert(folder.clone(), is_real);
        is_real
    }
}

/// The file or link at a path; `None` when neither is there.
fn state_of(full: &Path) -> Option<gix::index::fs::Metadata> {
    let found = gix::index::fs::Metadata::from_path_no_follow(full).ok()?;
    (found.is_file() || found.is_symlink()).then_some(found)
}

/// Files that Git would offer to add: `.gitignore` and `.git/info/exclude` are obeyed, the user's
/// own ignore file is not, nested repositories are left out.
fn untracked(root: &Path, tracked: &BTreeMap<RepoPath, Entry>) -> Result<Vec<RepoPath>, GitError> {
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_ignore(true)
        .git_exclude(true)
        .require_git(false)
        .follow_links(false)
        .filter_entry({
            let root = root.to_owned();
            move |item| {
                item.file_name() != ".git"
                    && (item.path() == root
                        || !item.file_type().is_some_and(|kind| kind.is_dir())
                        || !item.path().join(".git").exists())
            }
        })
        .build();
    let mut found = Vec::new();
    for item in walk {
        let item = item.map_err(|error| failure(&root.to_string_lossy(), &error))?;
        if item.file_type().is_none_or(|kind| kind.is_dir()) {
            continue;
        }
        let path = relative(root, item.path())?;
        if !tracked.contains_key(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

fn relative(root: &Path, full: &Path) -> Result<RepoPath, GitError> {
    let relative: PathBuf = full.strip_prefix(root).unwrap_or(full).to_owned();
    match relative.to_str() {
        Some(text) => entry_path(text),
        None => Err(failure(
            &relative.to_string_lossy(),
            &"the name is not UTF-8",
        )),
    }
}

fn failure(path: &str, reason: &dyn std::fmt::Display) -> GitError {
    GitError::Worktree {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}
