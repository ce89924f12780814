//! The Kubernetes reader: what `kubectl` reads from a text is what Drydock reads from it.
//!
//! Everything that comes from a repository, its configuration included, is read here. Values follow
//! the YAML 1.1 rules of go-yaml v2 as `sigs.k8s.io/yaml` uses it; every key and value keeps its
//! position; a repeated key keeps the last value and is reported; one broken document does not hide
//! the others; budgets bound time and memory. Nothing here knows what a manifest is.

mod node;

pub use node::{Document, Duplicate, Key, Located, Node, NodeKind, Oddity, Pair, Position, Span};
