//! Parser events into nodes.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Marker, ScalarStyle, StructureStyle};

use super::map::MapBuilder;
use super::scalar::{Meaning, Tag, key_of, number_of, resolve};
use super::{
    Budget, Document, Duplicate, Key, Node, NodeKind, Oddity, Position, Span, SyntaxError,
};
use super::{oddity, pointer};

/// Shares of a document that aliases may make up before go-yaml calls it excessive: 99 of 100, in
/// documents of more than 1,000 nodes.
const ALIASED_OF_100: usize = 99;

/// Builds one document from its events.
pub(super) struct Builder<'a> {
    budget: &'a Budget,
    origin: Position,
    stack: Vec<Frame>,
    anchors: HashMap<usize, (Node, usize)>,
    root: Option<Node>,
    nodes: usize,
    aliased: usize,
    /// Values that aliases repeated, in the stream so far.
    repeated: usize,
    duplicates: Vec<Duplicate>,
    oddities: Vec<Oddity>,
    comments: Vec<(Span, String)>,
    /// Byte ranges in which a line may start with a tab: scalars and outermost flow collections.
    sheltered: Vec<(usize, usize)>,
    flow_depth: usize,
}

struct Frame {
    span: Span,
    anchor: usize,
    /// Nodes below, and the collection itself.
    weight: usize,
    is_flow: bool,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(MapBuilder),
}

/// What the builder wants next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    DocumentEnded,
}

impl<'a> Builder<'a> {
    /// `origin` is where the parser's text starts in the file; `repeated` carries the count of the
    /// stream's earlier documents.
    pub(super) fn new(budget: &'a Budget, origin: Position, repeated: usize) -> Self {
        Self {
            budget,
            origin,
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            nodes: 0,
            aliased: 0,
            repeated,
            duplicates: Vec::new(),
            oddities: Vec::new(),
            comments: Vec::new(),
            sheltered: Vec::new(),
            flow_depth: 0,
        }
    }

    /// A parser's marker as a position in the file.
    pub(super) fn position(&self, marker: Marker) -> Position {
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        let first_line = marker.line() <= 1;
        Position {
            line: self
                .origin
                .line
                .saturating_add(number(marker.line().saturating_sub(1))),
            column: number(marker.col()).saturating_add(if first_line {
                self.origin.column
            } else {
                1
            }),
            offset: self.origin.offset + marker.byte_offset().unwrap_or_default(),
        }
    }

    fn span(&self, span: &granit_parser::Span) -> Span {
        Span {
            start: self.position(span.start),
            end: self.position(span.end),
        }
    }

    /// Takes one event.
    pub(super) fn take(
        &mut self,
        event: Event<'_>,
        span: &granit_parser::Span,
    ) -> Result<Progress, SyntaxError> {
        let place = self.span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.charge(place.start)?;
                let tag = tag_of(tag.as_deref(), style);
                self.take_scalar(&text, tag, anchor, place)?;
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(style, anchor, place, Content::Sequence(Vec::new()))?;
            }
            Event::MappingStart(style, anchor, _) => {
                self.open(style, anchor, place, Content::Mapping(MapBuilder::new()))?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(place)?,
            Event::Alias(anchor) => self.take_alias(anchor, place)?,
            Event::Comment(text, _) => self.comments.push((place, text.into_owned())),
            Event::DocumentEnd => return Ok(Progress::DocumentEnded),
            _ => {}
        }
        Ok(Progress::More)
    }

    fn charge(&mut self, at: Position) -> Result<(), SyntaxError> {
        self.nodes += 1;
        if self.nodes > self.budget.max_nodes {
            return Err(error(
                at,
                format!(
                    "the document has more than {} values",
                    self.budget.max_nodes
                ),
            ));
        }
        Ok(())
    }

    fn open(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        place: Span,
        content: Content,
    ) -> Result<(), SyntaxError> {
        self.charge(place.start)?;
        if self.expects_key() {
            return Err(error(
                place.start,
                "a list or map cannot be a key".to_owned(),
            ));
        }
        if self.stack.len() >= self.budget.max_depth {
            return Err(error(
                place.start,
                format!(
                    "lists and maps are nested more than {} deep",
                    self.budget.max_depth
                ),
            ));
        }
        let is_flow = style == StructureStyle::Flow;
        self.flow_depth += usize::from(is_flow);
        self.stack.push(Frame {
            span: Span {
                start: place.start,
                end: place.start,
            },
            anchor,
            weight: 1,
            is_flow,
            content,
        });
        Ok(())
    }

    fn close(&mut self, place: Span) -> Result<(), SyntaxError> {
        let Some(mut frame) = self.stack.pop() else {
            return Err(error(
                place.start,
                "a list or map ends that never began".to_owned(),
            ));
        };
        if frame.is_flow {
            frame.span.end = place.end;
            self.flow_depth -= 1;
            if self.flow_depth == 0 {
                self.shelter(frame.span);
            }
        }
        let kind = match frame.content {
            Content::Sequence(items) => NodeKind::Sequence(items.into()),
            Content::Mapping(map) => NodeKind::Mapping(map.finish()),
        };
        let node = Node {
            span: frame.span,
            kind,
        };
        let end = frame.span.end;
        self.remember(frame.anchor, &node, frame.weight);
        self.store(node, frame.weight, end, false)
    }

    fn shelter(&mut self, span: Span) {
        self.sheltered.push((span.start.offset, span.end.offset));
    }

    fn remember(&mut self, anchor: usize, node: &Node, weight: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), weight));
        }
    }

    fn expects_key(&self) -> bool {
        match self.stack.last() {
            Some(Frame {
                content: Content::Mapping(map),
                ..
            }) => map.expects_key(),
            _ => false,
        }
    }

    fn take_scalar(
        &mut self,
        text: &str,
        tag: Tag,
        anchor: usize,
        place: Span,
    ) -> Result<(), SyntaxError> {
        if self.flow_depth == 0 && place.start.line != place.end.line {
            self.shelter(place);
        }
        if self.expects_key() {
            if text == "<<" && matches!(tag, Tag::Plain | Tag::Merge) {
                return self.take_key_of(place, MapBuilder::take_merge);
            }
            let meaning =
                resolve(text, tag).map_err(|reason| error(place.start, reason.to_owned()))?;
            let node = self.node_of(text, &meaning, place);
            // An anchored key may be used as a value elsewhere, so it is kept as one.
            if anchor != 0
                && let Ok(node) = node
            {
                self.remember(anchor, &node, 1);
            }
            return self.take_key(text, tag, &meaning, place);
        }
        let meaning = resolve(text, tag).map_err(|reason| error(place.start, reason.to_owned()))?;
        if let Some(message) = oddity::find_in_value(text, tag, &meaning) {
            self.note(self.pointer(), place, message);
        }
        let node = self.node_of(text, &meaning, place)?;
        self.remember(anchor, &node, 1);
        self.store(node, 1, place.end, false)
    }

    fn node_of(&self, text: &str, meaning: &Meaning, span: Span) -> Result<Node, SyntaxError> {
        let kind = match meaning {
            Meaning::Null => NodeKind::Null,
            Meaning::Bool(bool) => NodeKind::Bool(*bool),
            Meaning::Text => NodeKind::String(Arc::from(text)),
            Meaning::Decoded(decoded) => NodeKind::String(Arc::from(decoded.as_str())),
            number => match number_of(number) {
                Some(number) => NodeKind::Number(number),
                None => {
                    return Err(error(
                        span.start,
                        "infinity and `.nan` cannot be written as JSON".to_owned(),
                    ));
                }
            },
        };
        Ok(Node { span, kind })
    }

    fn take_key(
        &mut self,
        text: &str,
        tag: Tag,
        meaning: &Meaning,
        place: Span,
    ) -> Result<(), SyntaxError> {
        let key = key_of(meaning, text).map_err(|reason| error(place.start, reason.to_owned()))?;
        let key = key.map_or_else(|| Arc::from(text), Arc::from);
        if let Some(message) = oddity::find_in_key(text, tag, meaning) {
            let pointer = pointer::push(self.pointer(), &key);
            self.note(pointer, place, message);
        }
        let key = Key {
            text: key,
            span: place,
        };
        self.take_key_of(place, |map| map.take_key(key))
    }

    fn take_key_of(
        &mut self,
        place: Span,
        take: impl FnOnce(&mut MapBuilder),
    ) -> Result<(), SyntaxError> {
        match self.stack.last_mut() {
            Some(Frame {
                content: Content::Mapping(map),
                span,
                weight,
                ..
            }) => {
                take(map);
                span.end = place.end;
                *weight += 1;
                Ok(())
            }
            _ => Err(error(
                place.start,
                "a key stands outside of a map".to_owned(),
            )),
        }
    }

    fn take_alias(&mut self, anchor: usize, place: Span) -> Result<(), SyntaxError> {
        let Some((node, weight)) = self.anchors.get(&anchor).cloned() else {
            return Err(error(place.start, "the value contains itself".to_owned()));
        };
        self.nodes = self.nodes.saturating_add(weight);
        self.aliased = self.aliased.saturating_add(weight);
        self.repeated = self.repeated.saturating_add(weight);
        let excessive = self.nodes > 1_000
            && self.aliased.saturating_mul(100) > self.nodes.saturating_mul(ALIASED_OF_100);
        if excessive
            || self.nodes > self.budget.max_nodes
            || self.repeated > self.budget.max_repeated
        {
            return Err(error(
                place.start,
                "aliases repeat too many values".to_owned(),
            ));
        }
        if self.expects_key() {
            return self.take_alias_as_key(&node, place);
        }
        self.store(node, weight, place.end, true)
    }

    fn take_alias_as_key(&mut self, node: &Node, place: Span) -> Result<(), SyntaxError> {
        let meaning = match &node.kind {
            NodeKind::String(text) => {
                return self.take_key(text, Tag::Quoted, &Meaning::Text, place);
            }
            NodeKind::Null => Meaning::Null,
            NodeKind::Bool(bool) => Meaning::Bool(*bool),
            NodeKind::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Meaning::Int(int),
                (None, Some(float)) => Meaning::Float(float),
                (None, None) => Meaning::Null,
            },
            NodeKind::Sequence(_) | NodeKind::Mapping(_) => {
                return Err(error(
                    place.start,
                    "a list or map cannot be a key".to_owned(),
                ));
            }
        };
        self.take_key("*", Tag::Plain, &meaning, place)
    }

    /// Puts a finished value where it belongs.
    fn store(
        &mut self,
        node: Node,
        weight: usize,
        end: Position,
        is_alias: bool,
    ) -> Result<(), SyntaxError> {
        let start = node.span.start;
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.weight = frame.weight.saturating_add(weight);
        frame.span.end = frame.span.end.max(end);
        let repeated = match &mut frame.content {
            Content::Sequence(items) => {
                items.push(node);
                None
            }
            Content::Mapping(map) => map
                .take_value(node, is_alias)
                .map_err(|reason| error(start, reason.to_owned()))?,
        };
        if let Some(repeated) = repeated {
            self.duplicates.push(Duplicate {
                pointer: pointer::push(self.pointer(), &repeated.key),
                key: repeated.key,
                first: repeated.first,
                second: repeated.second,
            });
        }
        Ok(())
    }

    /// JSON pointer of the value that comes next (of the map itself, while a key comes next).
    fn pointer(&self) -> String {
        self.stack
            .iter()
            .fold(String::new(), |path, frame| match &frame.content {
                Content::Sequence(items) => pointer::push(path, &items.len().to_string()),
                Content::Mapping(map) => match map.pending_key() {
                    Some(key) => pointer::push(path, key),
                    None => path,
                },
            })
    }

    fn note(&mut self, pointer: String, span: Span, message: String) {
        self.oddities.push(Oddity {
            pointer,
            span,
            message,
        });
    }

    /// How many values aliases repeated so far, in the stream.
    pub(super) fn repeated(&self) -> usize {
        self.repeated
    }

    /// True when a line may start with a tab at this place of the file.
    pub(super) fn shelters(&self, offset: usize) -> bool {
        self.sheltered
            .iter()
            .any(|(start, end)| (*start..*end).contains(&offset))
    }

    /// The document, unless it is empty.
    pub(super) fn finish(self, index: usize) -> Option<Document> {
        let root = self.root?;
        if root.kind == NodeKind::Null {
            return None;
        }
        Some(Document {
            index,
            root,
            duplicates: self.duplicates,
            oddities: self.oddities,
            comments: self.comments,
        })
    }
}

pub(super) fn error(position: Position, message: String) -> SyntaxError {
    SyntaxError { message, position }
}

fn tag_of(tag: Option<&granit_parser::Tag>, style: ScalarStyle) -> Tag {
    let Some(tag) = tag else {
        return if style == ScalarStyle::Plain {
            Tag::Plain
        } else {
            Tag::Quoted
        };
    };
    match tag.suffix_in_namespace("tag:yaml.org,2002:").as_deref() {
        Some("str") => Tag::Str,
        Some("bool") => Tag::Bool,
        Some("int") => Tag::Int,
        Some("float") => Tag::Float,
        Some("null") => Tag::Null,
        Some("timestamp") => Tag::Timestamp,
        Some("binary") => Tag::Binary,
        Some("merge") => Tag::Merge,
        Some(_) => Tag::Other,
        None if tag.original() == "!" => Tag::Plain,
        None => Tag::Other,
    }
}
