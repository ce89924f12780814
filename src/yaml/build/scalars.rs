//! Scalars into keys and values.

use std::sync::Arc;

use granit_parser::ScalarStyle;

use super::{Builder, Content, Frame, error};
use crate::yaml::map::MapBuilder;
use crate::yaml::scalar::{Meaning, Tag, key_of, number_of, resolve};
use crate::yaml::{Key, Node, NodeKind, Span, SyntaxError, oddity, pointer};

impl Builder<'_> {
    /// Inside `[]` and `{}`, go-yaml ends unquoted text at `?`, and ends a key only at a `:` with
    /// white space behind it; what YAML 1.2 reads there is something else or nothing at all.
    pub(super) fn check_plain_in_flow(
        &self,
        text: &str,
        span: &granit_parser::Span,
    ) -> Result<(), &'static str> {
        if text.contains('?') {
            return Err("text with `?` needs quotes inside `[]` and `{}`");
        }
        let behind = span
            .byte_range()
            .and_then(|range| self.text.get(range.end..))
            .map(|rest| rest.trim_start_matches([' ', '\t']));
        match behind.and_then(|rest| rest.strip_prefix(':')) {
            Some(rest) if rest.starts_with([',', '[', ']', '{', '}']) => {
                Err("a `:` needs a space behind it")
            }
            _ => Ok(()),
        }
    }

    pub(super) fn take_scalar(
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
            let node = Self::node_of(text, &meaning, place);
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
        let node = Self::node_of(text, &meaning, place)?;
        self.remember(anchor, &node, 1);
        self.store(node, 1, place.end, false)
    }

    fn node_of(text: &str, meaning: &Meaning, span: Span) -> Result<Node, SyntaxError> {
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

    pub(super) fn take_alias_as_key(
        &mut self,
        node: &Node,
        place: Span,
    ) -> Result<(), SyntaxError> {
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
}

pub(super) fn tag_of(tag: Option<&granit_parser::Tag>, style: ScalarStyle, text: &str) -> Tag {
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
        None if tag.original() == "!" && !text.is_empty() => Tag::Plain,
        _ => Tag::Other,
    }
}
