//! Git, without a Git binary: repositories on disk, trees, merges, fetches.
//!
//! Nothing here runs a program: repository-local configuration (merge drivers, filters, credential
//! helpers, URL rewrites), hooks, and the configuration of user and system are never used.

mod error;
mod fetch;
mod merge;
mod remotes;
mod worktree;

pub use error::GitError;
pub(crate) use fetch::fetch_through;
pub use fetch::{FetchRequest, Fetched, Want, fetch};
pub use merge::Merge;

use std::collections::BTreeMap;
use std::path::Path;

use gix::bstr::ByteSlice as _;

use crate::ids::{CommitSha, RepoPath};
use crate::tree::{Entry, EntryKind, Revision, Tree};

/// Files that a tree may list: ten times the largest manifest repository known to the project. A
/// tree object may name itself many times, so that a few kilobytes stand for billions of files.
const FILE_COUNT_LIMIT: usize = 500_000;

/// Levels of folders that a tree may have; the longest path that Linux opens has fewer.
const DEPTH_LIMIT: usize = 256;

/// A repository on disk. Cheap to clone, usable from any thread.
#[derive(Clone)]
pub struct Repository {
    objects: gix::ThreadSafeRepository,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository")
            .field("directory", &self.objects.git_dir())
            .finish_non_exhaustive()
    }
}

/// A branch and what it points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// Short name, such as `main` or `origin/main`.
    pub name: String,
    /// Its newest commit.
    pub commit: CommitSha,
}

/// Options that keep gix from reading anything outside the repository, and from acting on what the
/// repository's own configuration says.
fn options() -> gix::open::Options {
    gix::open::Options::isolated().filter_config_section(|section| {
        section.source.kind() != gix::config::source::Kind::Repository
    })
}

impl Repository {
    /// Opens the repository that `dir` is, or is in.
    pub fn open(dir: &Path) -> Result<Self, GitError> {
        let trust = gix::sec::trust::Mapping {
            full: options(),
            reduced: options(),
        };
        gix::ThreadSafeRepository::discover_opts(
            dir,
            gix::discover::upwards::Options::default(),
            trust,
        )
        .map(|objects| Self { objects })
        .map_err(|error| GitError::Open {
            directory: dir.to_owned(),
            reason: error.to_string(),
        })
    }

    /// Opens the bare repository at exactly `dir`, making it when the folder is missing or empty.
    pub fn open_bare(dir: &Path) -> Result<Self, GitError> {
        open_bare_with(dir, options()).map(|objects| Self { objects })
    }

    /// The root of the working tree; `None` for a bare repository.
    pub fn worktree_root(&self) -> Option<&Path> {
        self.objects.work_dir()
    }

    /// The commit that a revision text names: a branch, tag, id, `HEAD~2`, `@{upstream}` and so on.
    pub fn resolve(&self, revision: &str) -> Result<CommitSha, GitError> {
        let unknown = |reason: String| GitError::UnknownRevision {
            revision: revision.to_owned(),
            reason,
        };
        let repository = self.objects.to_thread_local();
        let id = repository
            .rev_parse_single(revision)
            .and_then(|id| id.object())
            .and_then(gix::Object::peel_to_commit)
            .map_err(|error| unknown(error.to_string()))?
            .id;
        commit_sha(id)
    }

    /// The tree of a commit.
    pub fn tree(&self, commit: &CommitSha) -> Result<Tree, GitError> {
        let id = self.tree_id(commit)?;
        self.tree_of(id, Revision::Commit(commit.clone()))
    }

    /// The newest common ancestor; `None` when the histories are unrelated.
    pub fn merge_base(
        &self,
        one: &CommitSha,
        other: &CommitSha,
    ) -> Result<Option<CommitSha>, GitError> {
        let repository = self.objects.to_thread_local();
        repository
            .merge_base(object_id(one)?, object_id(other)?)
            .map_err(|error| GitError::history(one, other, &error))?
            .map(|id| commit_sha(id.detach()))
            .transpose()
    }

    /// The branch that changes go to: what `origin/HEAD` points to, else `main`, else `master`
    /// (of `origin` first), else the branch that is checked out where there is no other one: with more of
    /// them a change would be compared with itself.
    pub fn default_branch(&self) -> Result<Branch, GitError> {
        let repository = self.objects.to_thread_local();
        let names = [
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/main",
            "refs/heads/main",
            "refs/remotes/origin/master",
            "refs/heads/master",
        ];
        let only = self.only_branch().then_some("HEAD");
        for name in names.into_iter().chain(only) {
            let Ok(Some(reference)) = repository.try_find_reference(name) else {
                continue;
            };
            let reached = match reference.follow() {
                Some(Ok(target)) => target,
                Some(Err(_)) => continue,
                None => reference,
            };
            let short = reached.name().shorten().to_string();
            if let Ok(id) = reached.into_fully_peeled_id() {
                return Ok(Branch {
                    name: short,
                    commit: commit_sha(id.detach())?,
                });
            }
        }
        Err(GitError::NoDefaultBranch)
    }

    /// True where one branch is all there is, and it is checked out.
    fn only_branch(&self) -> bool {
        let repository = self.objects.to_thread_local();
        let count = |prefix: &str| -> Option<usize> {
            let references = repository.references().ok()?;
            Some(references.prefixed(prefix).ok()?.count())
        };
        matches!(repository.head_name(), Ok(Some(_)))
            && count("refs/heads/") == Some(1)
            && count("refs/remotes/") == Some(0)
    }

    /// True when this commit is here.
    pub fn has_commit(&self, commit: &CommitSha) -> bool {
        object_id(commit).is_ok_and(|id| self.objects.to_thread_local().find_commit(id).is_ok())
    }

    fn tree_id(&self, commit: &CommitSha) -> Result<gix::ObjectId, GitError> {
        let repository = self.objects.to_thread_local();
        let missing = |error: gix::Error| GitError::MissingCommit {
            commit: commit.clone(),
            reason: error.to_string(),
        };
        let commit = repository
            .find_commit(object_id(commit)?)
            .map_err(missing)?;
        commit.tree_id().map(gix::Id::detach).map_err(missing)
    }

    /// How many parents a commit names; they need not be here.
    pub fn parent_count(&self, commit: &CommitSha) -> Result<usize, GitError> {
        let repository = self.objects.to_thread_local();
        let found = repository
            .find_commit(object_id(commit)?)
            .map_err(|error| GitError::MissingCommit {
                commit: commit.clone(),
                reason: error.to_string(),
            })?;
        Ok(found.parent_ids().count())
    }

    /// Lists a tree object.
    fn tree_of(&self, root: gix::ObjectId, revision: Revision) -> Result<Tree, GitError> {
        self.tree_within(root, revision, FILE_COUNT_LIMIT)
    }

    fn tree_within(
        &self,
        root: gix::ObjectId,
        revision: Revision,
        limit: usize,
    ) -> Result<Tree, GitError> {
        let repository = self.objects.to_thread_local();
        let mut entries = BTreeMap::new();
        let mut folders = vec![(String::new(), root, 0)];
        while let Some((prefix, id, depth)) = folders.pop() {
            let unreadable = |reason: String| GitError::Tree {
                path: prefix.clone(),
                reason,
            };
            let tree = repository
                .find_tree(id)
                .map_err(|error| unreadable(error.to_string()))?;
            for item in tree.iter() {
                let item = item.map_err(|error| unreadable(error.to_string()))?;
                let name = item.filename().to_str_lossy();
                let path = format!("{prefix}{name}");
                let mode = item.mode();
                if mode.is_tree() {
                    if depth >= DEPTH_LIMIT {
                        return Err(unreadable(format!("more than {DEPTH_LIMIT} levels")));
                    }
                    folders.push((format!("{path}/"), item.oid().to_owned(), depth + 1));
                    continue;
                }
                let kind = match () {
                    () if mode.is_link() => EntryKind::Symlink,
                    () if mode.is_commit() => EntryKind::Submodule,
                    () => EntryKind::File,
                };
                let blob = item.oid().to_string();
                if entries
                    .insert(entry_path(&path)?, Entry { kind, blob })
                    .is_some()
                {
                    // Names that are not UTF-8 may look alike; which of the two a tool would read
                    // cannot be told.
                    return Err(unreadable(format!("two files are named `{name}`")));
                }
                if entries.len() > limit {
                    return Err(unreadable(format!("more than {limit} files")));
                }
            }
        }
        Ok(Tree::of_git(revision, entries, self.objects.clone()))
    }
}

/// A tree's path, refused when it is not what it looks like (`..`, an empty name).
fn entry_path(text: &str) -> Result<RepoPath, GitError> {
    match text.parse::<RepoPath>() {
        Ok(path) if path.as_str() == text => Ok(path),
        _ => Err(GitError::Tree {
            path: text.to_owned(),
            reason: "the path is malformed".to_owned(),
        }),
    }
}

fn open_bare_with(
    dir: &Path,
    options: gix::open::Options,
) -> Result<gix::ThreadSafeRepository, GitError> {
    let failed = |error: gix::Error| GitError::Open {
        directory: dir.to_owned(),
        reason: error.to_string(),
    };
    let is_new = std::fs::read_dir(dir).map_or(true, |mut items| items.next().is_none());
    if is_new {
        gix::ThreadSafeRepository::init_opts(
            dir,
            gix::create::Kind::Bare,
            gix::create::Options::default(),
            options,
        )
        .map_err(failed)
    } else {
        gix::ThreadSafeRepository::open_opts(dir, options.open_path_as_is(true)).map_err(failed)
    }
}

fn object_id(commit: &CommitSha) -> Result<gix::ObjectId, GitError> {
    gix::ObjectId::from_hex(commit.as_str().as_bytes()).map_err(|error| GitError::UnknownRevision {
        revision: commit.to_string(),
        reason: error.to_string(),
    })
}

fn commit_sha(id: gix::ObjectId) -> Result<CommitSha, GitError> {
    id.to_string()
        .parse()
        .map_err(|error: crate::ids::InvalidId| GitError::UnknownRevision {
            revision: error.text.clone(),
            reason: error.to_string(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_that_stands_for_billions_of_files_is_refused() {
        use gix::objs::tree::{Entry, EntryKind};
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::open_bare(dir.path()).unwrap();
        let objects = repository.objects.to_thread_local();
        let mut id = objects.write_blob(b"x").unwrap().detach();
        for level in 0..10 {
            let kind = if level == 0 {
                EntryKind::Blob
            } else {
                EntryKind::Tree
            };
            let entries = (0..10)
                .map(|name| Entry {
                    mode: kind.into(),
                    filename: name.to_string().into(),
                    oid: id,
                })
                .collect();
            let tree = gix::objs::Tree { entries };
            id = objects.write_object(&tree).unwrap().detach();
        }
        let error = repository
            .tree_within(id, Revision::Empty, 5_000)
            .unwrap_err();
        assert!(
            error.to_string().contains("more than 5000 files"),
            "{error}"
        );
    }
}
