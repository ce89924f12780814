//! The Kubernetes reader: what `kubectl` reads from a text is what Drydock reads from it.
//!
//! Everything that comes from a repository, its configuration included, is read here. Values follow
//! the YAML 1.1 rules of go-yaml v2 as `sigs.k8s.io/yaml` uses it; every key and value keeps its
//! position; a repeated key keeps the last value and is reported; one broken document does not hide
//! the others; budgets bound time and memory. Nothing here knows what a manifest is.

mod budget;
mod build;
mod decode;
mod map;
mod node;
mod oddity;
mod pick;
pub mod pointer;
mod read;
mod scalar;
mod split;
mod write;

pub use budget::Budget;
pub use node::{Document, Duplicate, Key, Located, Node, NodeKind, Oddity, Pair, Position, Span};
pub use pick::read_at;
pub use read::{Stream, read};
pub use write::{write, write_all};

/// Why a document could not be read. The message never repeats text of the document, which may be
/// secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// One sentence, without a final period.
    pub message: String,
    /// Where reading stopped.
    pub position: Position,
}

#[cfg(test)]
mod tests;
