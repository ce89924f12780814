//! The tree that reading gives: values with positions.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::pointer::{parse_index, segments};

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

impl Node {
    /// The pair with this key; `None` for what is not a map, too.
    pub fn find(&self, key: &str) -> Option<&Pair> {
        self.as_mapping()?
            .iter()
            .find(|pair| *pair.key.text == *key)
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            NodeKind::Bool(bool) => Some(bool),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The pairs, if it is a map.
    pub fn as_mapping(&self) -> Option<&[Pair]> {
        match &self.kind {
            NodeKind::Mapping(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// True for `null`, `~` and nothing.
    pub fn is_null(&self) -> bool {
        self.kind == NodeKind::Null
    }

    /// What it is, as a noun phrase for messages.
    pub fn noun(&self) -> &'static str {
        match self.kind {
            NodeKind::Null => "nothing",
            NodeKind::Bool(_) => "a boolean",
            NodeKind::Number(_) => "a number",
            NodeKind::String(_) => "text",
            NodeKind::Sequence(_) => "a list",
            NodeKind::Mapping(_) => "a map",
        }
    }

    /// The value without positions; keys keep their order.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(bool) => Value::Bool(*bool),
            NodeKind::Number(number) => Value::Number(number.clone()),
            NodeKind::String(text) => Value::String(text.to_string()),
            NodeKind::Sequence(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeKind::Mapping(pairs) => {
                let mut map = Map::with_capacity(pairs.len());
                for pair in pairs.iter() {
                    map.insert(pair.key.text.to_string(), pair.value.to_json());
                }
                Value::Object(map)
            }
        }
    }

    /// The same positions with the values of `value`: what `value` lacks is left out, and what
    /// differs is taken from it. Nothing of this node's own text stays where they differ.
    #[must_use]
    pub fn with_values_of(&self, value: &Value) -> Self {
        let kind = match (&self.kind, value) {
            (NodeKind::Mapping(pairs), Value::Object(map)) => NodeKind::Mapping(
                pairs
                    .iter()
                    .filter_map(|pair| {
                        Some(Pair {
                            key: pair.key.clone(),
                            value: pair.value.with_values_of(map.get(&*pair.key.text)?),
                        })
                    })
                    .collect(),
            ),
            (NodeKind::Sequence(items), Value::Array(values)) => NodeKind::Sequence(
                items
                    .iter()
                    .zip(values)
                    .map(|(item, value)| item.with_values_of(value))
                    .collect(),
            ),
            (_, Value::Bool(bool)) => NodeKind::Bool(*bool),
            (_, Value::Number(number)) => NodeKind::Number(number.clone()),
            (NodeKind::String(text), Value::String(same)) if **text == **same => {
                NodeKind::String(Arc::clone(text))
            }
            (_, Value::String(text)) => NodeKind::String(Arc::from(text.as_str())),
            (_, Value::Null | Value::Array(_) | Value::Object(_)) => NodeKind::Null,
        };
        Self {
            span: self.span,
            kind,
        }
    }
}

impl Document {
    /// The value without positions.
    pub fn to_json(&self) -> Value {
        self.root.to_json()
    }

    /// Where a JSON pointer leads; where segments are missing, the deepest place that exists.
    pub fn locate(&self, pointer: &str) -> Located {
        let mut node = &self.root;
        let mut located = Located {
            key: None,
            value: node.span,
            depth: 0,
            exact: true,
        };
        for segment in segments(pointer) {
            let (key, value) = match &node.kind {
                NodeKind::Mapping(_) => match node.find(&segment) {
                    Some(pair) => (Some(pair.key.span), &pair.value),
                    None => {
                        return Located {
                            exact: false,
                            ..located
                        };
                    }
                },
                NodeKind::Sequence(items) => {
                    match parse_index(&segment).and_then(|index| items.get(index)) {
                        Some(item) => (None, item),
                        None => {
                            return Located {
                                exact: false,
                                ..located
                            };
                        }
                    }
                }
                _ => {
                    return Located {
                        exact: false,
                        ..located
                    };
                }
            };
            node = value;
            located = Located {
                key,
                value: node.span,
                depth: located.depth + 1,
                exact: true,
            };
        }
        located
    }
}
