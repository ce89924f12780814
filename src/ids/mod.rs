//! Typed identifiers: what is named, never what is done with it.

mod app;
mod commit;
mod digest;
mod object;
mod path;
mod repository;
mod run;

pub use app::{AppId, ClusterName, DeclaredBy};
pub use commit::CommitSha;
pub use digest::Digest;
pub use object::{ObjectKey, ObjectRef};
pub use path::RepoPath;
pub use repository::{PrNumber, RepoName, RepositoryId};
pub use run::{RunId, Side};

/// Why a text is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidId {
    /// The text as it was given.
    pub text: String,
    /// What would have been right, as a noun phrase.
    pub expected: &'static str,
}

/// Keeps the start of the text only: it may be anybody's, of any length.
fn invalid(text: &str, expected: &'static str) -> InvalidId {
    InvalidId {
        text: text.chars().take(200).collect(),
        expected,
    }
}
