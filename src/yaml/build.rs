//! Parser events into nodes.

mod scalars;

use std::collections::HashMap;

use granit_parser::{Event, Marker, ScalarStyle, StructureStyle};

use super::map::MapBuilder;
use super::pointer;
use super::{Budget, Document, Duplicate, Node, NodeKind, Oddity, Position, Span, SyntaxError};
use scalars::tag_of;

/// Shares of a document that aliases may make up before go-yaml calls it excessive: 99 of 100, in
/// documents of more than 1,000 nodes.
const ALIASED_OF_100: usize = 99;

/// Builds one document from its events.
pub(super) struct Builder<'a> {
    text: &'a str,
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
    /// `text` is what the parser reads, `origin` where it starts in the file; `repeated` carries the
    /// count of the stream's earlier documents.
    pub(super) fn new(
        text: &'a str,
        budget: &'a Budget,
        origin: Position,
        repeated: usize,
    ) -> Self {
        Self {
            text,
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
                if style == ScalarStyle::Plain && self.flow_depth > 0 {
                    self.check_plain_in_flow(&text, span)
                        .map_err(|reason| error(place.start, reason.to_owned()))?;
                }
                let tag = tag_of(tag.as_deref(), style, &text);
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
