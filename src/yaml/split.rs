//! A stream into its documents, at the places where kubectl cuts.

use serde::de::IgnoredAny;

use super::Position;

/// One document's text, not yet parsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chunk<'a> {
    /// The text, without the separator lines around it.
    pub(super) text: &'a str,
    /// Where it starts.
    pub(super) start: Position,
    /// True when it is one value of a JSON stream.
    pub(super) is_json: bool,
    /// Why it cannot be read at all, found while cutting.
    pub(super) refused: Option<&'static str>,
}

/// Cuts a stream. kubectl tries JSON first when the text starts with `{`, and goes on as YAML when
/// that fails after at most one value; YAML is cut at lines that start with `---`. Cutting ends once
/// there are more than `most` pieces.
pub(super) fn split(text: &str, most: usize) -> Vec<Chunk<'_>> {
    let mut cursor = Cursor::new(text);
    let mut chunks = Vec::new();
    if text.trim_start().starts_with('{') {
        split_json(&mut cursor, &mut chunks, most);
    }
    split_yaml(&mut cursor, &mut chunks, most);
    chunks
}

/// Where reading stands. Only whole pieces are passed, so that lines are counted once.
struct Cursor<'a> {
    text: &'a str,
    position: Position,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            position: Position {
                line: 1,
                column: 1,
                offset: 0,
            },
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position.offset..).unwrap_or_default()
    }

    /// Passes `length` bytes and gives them.
    fn pass(&mut self, length: usize) -> &'a str {
        let piece = self.rest().get(..length).unwrap_or_default();
        self.position = behind(self.position, piece);
        piece
    }
}

/// The position behind `piece`, which starts at `start`.
pub(super) fn behind(start: Position, piece: &str) -> Position {
    let lines = piece.bytes().filter(|byte| *byte == b'\n').count();
    let last = piece.rsplit_once('\n').map_or(piece, |(_, last)| last);
    let width = u32::try_from(last.chars().count()).unwrap_or(u32::MAX);
    Position {
        line: start
            .line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX)),
        column: if lines == 0 {
            start.column.saturating_add(width)
        } else {
            width.saturating_add(1)
        },
        offset: start.offset + piece.len(),
    }
}

fn split_json<'a>(cursor: &mut Cursor<'a>, chunks: &mut Vec<Chunk<'a>>, most: usize) {
    let text = cursor.rest();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    while chunks.len() <= most
        && let Some(Ok(_)) = values.next()
    {
        let passed = cursor.position.offset;
        let gap = text
            .get(passed..)
            .map_or(0, |rest| rest.len() - rest.trim_start().len());
        cursor.pass(gap);
        let start = cursor.position;
        let value = cursor.pass(values.byte_offset().saturating_sub(start.offset));
        chunks.push(Chunk {
            text: value,
            start,
            is_json: true,
            refused: None,
        });
    }
    let rest = cursor.rest();
    let blank = rest.len() - rest.trim_start().len();
    if blank == rest.len() {
        cursor.pass(blank);
        return;
    }
    if chunks.len() > 1 {
        cursor.pass(blank);
        let start = cursor.position;
        let text = cursor.pass(rest.len() - blank);
        chunks.push(Chunk {
            text,
            start,
            is_json: true,
            refused: Some("the text began as a sequence of JSON values, and this is not one"),
        });
        return;
    }
    let line = rest
        .find('\n')
        .map_or(blank, |newline| blank.min(newline + 1));
    cursor.pass(line);
}

/// A separator ends the document before it; where none stands before it, kubectl keeps the line as
/// the document's first.
fn split_yaml<'a>(cursor: &mut Cursor<'a>, chunks: &mut Vec<Chunk<'a>>, most: usize) {
    let mut broken = false;
    while chunks.len() <= most && !cursor.rest().is_empty() {
        let rest = cursor.rest();
        let newline = rest.find("\n---");
        let start = cursor.position;
        let text = cursor.pass(newline.map_or(rest.len(), |newline| newline + 1));
        // What follows a broken separator belongs to it.
        if !std::mem::take(&mut broken) {
            chunks.push(Chunk {
                text,
                start,
                is_json: false,
                refused: refuse_separator(text),
            });
        }
        if newline.is_none() {
            return;
        }
        let rest = cursor.rest();
        let start = cursor.position;
        let line = cursor.pass(rest.find('\n').map_or(rest.len(), |newline| newline + 1));
        let refused = refuse_separator(line);
        if refused.is_some() {
            broken = true;
            chunks.push(Chunk {
                text: line,
                start,
                is_json: false,
                refused,
            });
        }
    }
}

/// Why a text that starts with `---` cannot be read, if so.
fn refuse_separator(text: &str) -> Option<&'static str> {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let tail = line.strip_prefix("---")?.trim();
    if !tail.is_empty() && !tail.starts_with('#') {
        return Some(
            "kubectl allows only a comment behind `---`; start the document on the next line",
        );
    }
    rest.starts_with('\u{FEFF}')
        .then_some("a byte order mark stands inside the document; remove it")
}
