//! The bounds of one reading.

/// What one call of [`read`](super::read) may take at most. Everything beyond is a
/// [`SyntaxError`](super::SyntaxError), never a cut value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Size of the text in bytes.
    pub max_bytes: usize,
    /// Documents in one stream.
    pub max_documents: usize,
    /// Values and keys of one document, with every alias counted as often as it is used.
    pub max_nodes: usize,
    /// Values that aliases and merges repeat, in the whole stream. It bounds streams of many small
    /// documents that each stay just below `max_nodes`.
    pub max_repeated: usize,
    /// Lists and maps inside one another.
    pub max_depth: usize,
}

impl Budget {
    /// Bytes of one file of a repository: the largest generated CustomResourceDefinition bundles
    /// that people commit stay below it.
    pub const FILE_BYTES: usize = 5 * 1024 * 1024;
    /// Bytes that one renderer run may print.
    pub const TOOL_OUTPUT_BYTES: usize = 64 * 1024 * 1024;
    /// Documents in one stream.
    pub const DOCUMENTS: usize = 20_000;
    /// Nodes of one document: etcd stores objects up to 1.5 MiB, which cannot hold as many.
    pub const NODES: usize = 250_000;
    /// Repeated nodes of one stream: four documents' worth.
    pub const REPEATED: usize = 1_000_000;
    /// Nested lists and maps. kubectl accepts 10,000; our values are also walked and dropped
    /// recursively, and 256 levels are safe on every thread's stack. No API object comes near.
    pub const DEPTH: usize = 256;

    /// For one file of a repository.
    pub const fn file() -> Self {
        Self {
            max_bytes: Self::FILE_BYTES,
            max_documents: Self::DOCUMENTS,
            max_nodes: Self::NODES,
            max_repeated: Self::REPEATED,
            max_depth: Self::DEPTH,
        }
    }

    /// For everything that one renderer run printed.
    pub const fn tool_output() -> Self {
        Self {
            max_bytes: Self::TOOL_OUTPUT_BYTES,
            ..Self::file()
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::file()
    }
}
