//! The tree that reading gives: values with positions.

use std::sync::Arc;

/// A place in a text. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset in the whole file, from 0.
    pub offset: usize,
}

/// From the first character to behind the last one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First character.
    pub start: Position,
    /// Behind the last character.
    pub end: Position,
}

/// A value and where it stands. Values that an alias or merge brought in keep the position of the
/// anchor's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// A value after Kubernetes' resolution of plain scalars and tags.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `yes`, `on`, … and their opposites.
    Bool(bool),
    /// A number as JSON writes it (integers exact up to 64 bits, else as binary64).
    Number(serde_json::Number),
    /// Text. Shared, because aliases repeat it.
    String(Arc<str>),
    /// A list.
    Sequence(Arc<[Node]>),
    /// A map in source order, merges applied, each key once (the last value wins).
    Mapping(Arc<[Pair]>),
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// A map's key: always text, whatever scalar it was written as.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The text, such as `true` for the key `y`.
    pub text: Arc<str>,
    /// Where it stands.
    pub span: Span,
}

/// One key written twice in one map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duplicate {
    /// JSON pointer of the map entry.
    pub pointer: String,
    /// The key's text.
    pub key: Arc<str>,
    /// Where it stands first.
    pub first: Span,
    /// Where it stands again; this value wins.
    pub second: Span,
}

/// Something that readers disagree about, though `kubectl` accepts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    /// JSON pointer of the value (or of the map entry, for a key).
    pub pointer: String,
    /// Where it stands.
    pub span: Span,
    /// What it is, as a sentence without a final period: "`on` is read as the boolean true".
    pub message: String,
}

/// One document of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Its place in the stream, from 0; empty documents are counted and left out.
    pub index: usize,
    /// Its value.
    pub root: Node,
    /// Repeated keys, in source order.
    pub duplicates: Vec<Duplicate>,
    /// Values that other readers read differently, in source order.
    pub oddities: Vec<Oddity>,
    /// Comments, in source order: text without `#`, and where it stands.
    pub comments: Vec<(Span, String)>,
}

/// What a JSON pointer leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located {
    /// The key that names the value; `None` for the root and for list items.
    pub key: Option<Span>,
    /// The value.
    pub value: Span,
    /// How many of the pointer's segments exist; all of them when the place is exact.
    pub depth: usize,
    /// True when every segment exists.
    pub exact: bool,
}
