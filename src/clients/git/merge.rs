//! The merge of a change into its target, in memory: what the target branch would hold.

use std::collections::BTreeSet;

use gix::merge::blob::builtin_driver::text::Labels;
use gix::merge::tree::TreatAsUnresolved;

use super::{GitError, Repository, commit_sha, object_id};
use crate::ids::{CommitSha, RepoPath};
use crate::tree::{Revision, Tree};

/// What came of a merge.
#[derive(Debug, Clone)]
pub enum Merge {
    /// It merged. The tree's revision is the id of the merged tree, whose objects are in the
    /// repository's object database.
    Clean {
        /// The merged state.
        tree: Tree,
    },
    /// Git would ask for help.
    Conflict {
        /// The files in conflict, in order.
        paths: BTreeSet<RepoPath>,
    },
}

impl Repository {
    /// Merges `head` into `base_tip` as `git merge-tree --write-tree` does; the merge base is found
    /// in the history that is here.
    pub fn merge_into(&self, base_tip: &CommitSha, head: &CommitSha) -> Result<Merge, GitError> {
        if self.merge_base(base_tip, head)?.is_none() {
            return Err(GitError::Unrelated {
                one: base_tip.clone(),
                other: head.clone(),
            });
        }
        let repository = self.objects.to_thread_local();
        let failed = |error: gix::Error| failure(base_tip, head, &error);
        let options = repository.tree_merge_options().map_err(failed)?;
        let outcome = repository
            .merge_commits(
                object_id(base_tip)?,
                object_id(head)?,
                labels(),
                options.into(),
            )
            .map_err(failed)?;
        self.conclude(outcome.tree_merge, base_tip, head)
    }

    /// The same with a known merge base: needs no history, only the three commits. Where two
    /// branches crossed several times, any one of the merge bases may be given; the result then is
    /// a merge, though not always the one that Git makes.
    pub fn merge_with_base(
        &self,
        merge_base: &CommitSha,
        base_tip: &CommitSha,
        head: &CommitSha,
    ) -> Result<Merge, GitError> {
        let repository = self.objects.to_thread_local();
        let failed = |error: gix::Error| failure(base_tip, head, &error);
        let options = repository.tree_merge_options().map_err(failed)?;
        let outcome = repository
            .merge_trees(
                self.tree_id(merge_base)?,
                self.tree_id(base_tip)?,
                self.tree_id(head)?,
                labels(),
                options,
            )
            .map_err(failed)?;
        self.conclude(outcome, base_tip, head)
    }

    fn conclude(
        &self,
        mut outcome: gix::merge::tree::Outcome<'_>,
        base_tip: &CommitSha,
        head: &CommitSha,
    ) -> Result<Merge, GitError> {
        let how = TreatAsUnresolved::git();
        if outcome.has_unresolved_conflicts(how) || outcome.failed_on_first_unresolved_conflict {
            let paths = outcome
                .conflicts
                .iter()
                .filter(|conflict| conflict.is_unresolved(how))
                .flat_map(|conflict| [conflict.ours.location(), conflict.theirs.location()])
                .filter_map(|path| path.to_string().parse().ok())
                .collect();
            return Ok(Merge::Conflict { paths });
        }
        let id = outcome
            .tree
            .write()
            .map_err(|error| failure(base_tip, head, &error))?
            .detach();
        let tree = self.tree_of(id, Revision::Commit(commit_sha(id)?))?;
        Ok(Merge::Clean { tree })
    }
}

fn labels() -> Labels<'static> {
    Labels {
        ancestor: Some("merge base".into()),
        current: Some("base".into()),
        other: Some("head".into()),
    }
}

fn failure(base: &CommitSha, head: &CommitSha, error: &gix::Error) -> GitError {
    GitError::Merge {
        base: base.clone(),
        head: head.clone(),
        reason: error.to_string(),
    }
}
