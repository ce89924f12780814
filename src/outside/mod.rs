//! What rendering needs from outside the repository, and what came of asking for it: values only.
//!
//! A plan lists each [`Need`]; `clients::supply` fetches them, always in the controller and never in
//! the sandbox; rendering takes the [`Supply`]. The same need asked for twice in one run has one
//! answer. Nothing here opens a connection or a file.

mod address;
pub mod archive;
pub mod dependencies;
pub mod reference;
mod shortage;

pub use address::{CutAddress, shown};
pub use shortage::{Short, Shortage};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::ids::{CommitSha, Digest, RepoPath};
use crate::tree::{Revision, Tree, TreeError};

/// One thing that is not in the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A Helm chart.
    Chart(ChartNeed),
    /// A Git repository that a Kustomize base lies in, whole: a base may refer to its neighbours.
    Base(BaseNeed),
    /// One file at an http or https address.
    File {
        /// The address as it was written.
        url: String,
    },
}

/// Which chart, from where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChartNeed {
    /// Address of the chart repository (`https://…`, the folder of `index.yaml`) or of the folder
    /// in a registry (`oci://host/folder`, without the chart's name).
    pub repository: String,
    /// The chart's name.
    pub name: String,
    /// An exact version, or a range as Helm reads it; empty: the newest that is no pre-release.
    pub version: String,
    /// What must come: the digest of the archive, from a registry that of the manifest. Default:
    /// what the repository's index or the tag says now.
    pub digest: Option<Digest>,
}

/// Which state of which Git repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseNeed {
    /// Address of the repository, without folder and query.
    pub url: String,
    /// Which state of it.
    pub revision: BaseRevision,
}

/// A state of a Git repository as a reference names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BaseRevision {
    /// Exactly this commit: the content can never change.
    Commit(CommitSha),
    /// A tag or branch, or a shortened commit id: whatever it means at the moment.
    Named(String),
    /// Whatever the repository's default branch holds at the moment.
    Newest,
}

/// Files by their path: below the chart's folder, the repository's root, or the one file under its
/// own name. Regular files only.
pub type Files = BTreeMap<RepoPath, Arc<[u8]>>;

/// Why an entry of a repository was not taken. A tool that reads it finds no file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// A Git submodule: another repository.
    Submodule,
    /// A symbolic link that leads out of the repository, to nothing, or in a circle.
    Link,
    /// A file larger than [`Tree::FILE_LIMIT`].
    TooLarge,
}

/// What came for one need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplied {
    /// The files.
    pub files: Arc<Files>,
    /// Entries that were not taken, in path order; only a Git repository has such.
    pub left_out: Arc<BTreeMap<RepoPath, LeftOut>>,
    /// A chart's version, a repository's commit; of a file its digest.
    pub version: String,
    /// Decides the content: of a chart's archive, of a single file, of all files of a repository.
    pub digest: Digest,
    /// True when the same need may bring something else tomorrow: a range, a tag, a branch, an
    /// address without a commit.
    pub floating: bool,
}

impl Supplied {
    /// The files as a tree, for whoever walks trees. Its revision is the digest.
    pub fn tree(&self) -> Result<Tree, TreeError> {
        let revision = self
            .digest
            .to_string()
            .parse()
            .map_or(Revision::Empty, Revision::Commit);
        Tree::of_memory(revision, Arc::clone(&self.files))
    }

    /// The digest of files, names included.
    pub fn digest_of(files: &Files) -> Digest {
        Digest::of_parts(
            files
                .iter()
                .flat_map(|(path, content)| [path.as_str().as_bytes(), &**content]),
        )
    }
}

/// The answer to every need that was asked for, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supply(BTreeMap<Need, Result<Supplied, Shortage>>);

impl Supply {
    /// Adds an answer; an earlier one to the same need stays.
    pub fn insert(&mut self, need: Need, answer: Result<Supplied, Shortage>) {
        self.0.entry(need).or_insert(answer);
    }

    /// The answer to a need; `None` when it was not asked for.
    pub fn find(&self, need: &Need) -> Option<&Result<Supplied, Shortage>> {
        self.0.get(need)
    }

    /// True when nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every need with its answer, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Need, &Result<Supplied, Shortage>)> {
        self.0.iter()
    }

    /// Those of `needs` that were not asked for yet.
    pub fn missing(&self, needs: &BTreeSet<Need>) -> BTreeSet<Need> {
        needs
            .iter()
            .filter(|need| !self.0.contains_key(need))
            .cloned()
            .collect()
    }

    /// Takes the answers of another supply; an earlier one to the same need stays.
    pub fn extend(&mut self, other: Self) {
        for (need, answer) in other.0 {
            self.insert(need, answer);
        }
    }
}

/// As a person would name it, without credentials and without a query.
impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chart(chart) => chart.fmt(f),
            Self::Base(base) => base.fmt(f),
            Self::File { url } => shown(url).fmt(f),
        }
    }
}

impl fmt::Display for ChartNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, .. } = self;
        let version = if version.is_empty() { "*" } else { version };
        write!(f, "chart {name} {version} of {}", shown(&self.repository))
    }
}

impl fmt::Display for BaseNeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = shown(&self.url);
        match &self.revision {
            BaseRevision::Commit(commit) => write!(f, "commit {commit} of {url}"),
            BaseRevision::Named(name) => write!(f, "{name} of {url}"),
            BaseRevision::Newest => write!(f, "the default branch of {url}"),
        }
    }
}
