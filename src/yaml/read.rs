//! Reading a whole stream.

use granit_parser::{Event, Parser, options};

use super::build::{Builder, Progress, error};
use super::decode::{decode, find_forbidden, find_indenting_tabs};
use super::split::{Chunk, behind, split};
use super::{Budget, Document, Position, SyntaxError};

/// kubectl reads the first document between two separators and skips the rest without a word.
const BEHIND: &str = "the document has ended before this, so kubectl would skip it; start a new \
                      document with `---`, or mend the indentation";

/// Pieces between separators, empty ones counted, for each document that a text may have.
const SEPARATORS: usize = 4;

/// Every document of a text that can be read, and why the others cannot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stream {
    /// The documents, in source order; empty ones are left out.
    pub documents: Vec<Document>,
    /// What could not be read, in source order. kubectl stops at the first of these.
    pub errors: Vec<SyntaxError>,
}

/// Reads a text as kubectl does. A document that cannot be read is an error of the stream, and
/// reading goes on behind the next `---`.
///
/// Stricter than kubectl, each with an error: UTF-16; Unicode line separators outside JSON; text
/// behind the end of a document, which kubectl skips silently; a `?` in unquoted text and a `:`
/// before a bracket or comma inside `[]` and `{}`, which YAML 1.2 reads differently; quoted text that
/// goes on left of its key; a tab in a blank line; more than [`Budget`] allows. Laxer, without any
/// value read differently: the escape `\/`, and names of anchors.
///
/// Offsets count bytes of the file, in a file with bytes that are not UTF-8 bytes of the text after
/// each of them became U+FFFD.
pub fn read(bytes: &[u8], budget: &Budget) -> Stream {
    let mut stream = Stream::default();
    let start = Position {
        line: 1,
        column: 1,
        offset: 0,
    };
    if bytes.len() > budget.max_bytes {
        let message = format!(
            "the text has {} bytes, more than the {} that are read",
            bytes.len(),
            budget.max_bytes
        );
        stream.errors.push(error(start, message));
        return stream;
    }
    let (text, skipped) = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(refused) => {
            stream.errors.push(refused);
            return stream;
        }
    };
    let mut repeated = 0;
    let most = budget.max_documents.saturating_mul(SEPARATORS);
    for (index, mut chunk) in split(&text, most).into_iter().enumerate() {
        chunk.start.offset += skipped;
        if index >= most {
            let message = format!("the text has more than {most} separators");
            stream.errors.push(error(chunk.start, message));
            break;
        }
        if stream.documents.len() >= budget.max_documents {
            let message = format!("the text has more than {} documents", budget.max_documents);
            stream.errors.push(error(chunk.start, message));
            break;
        }
        match read_chunk(&chunk, budget, index, &mut repeated) {
            Ok(document) => stream.documents.extend(document),
            Err(refused) => stream.errors.push(refused),
        }
    }
    stream
}

fn read_chunk(
    chunk: &Chunk<'_>,
    budget: &Budget,
    index: usize,
    repeated: &mut usize,
) -> Result<Option<Document>, SyntaxError> {
    if let Some(reason) = chunk.refused {
        return Err(error(chunk.start, reason.to_owned()));
    }
    let place_of =
        |offset: usize| behind(chunk.start, chunk.text.get(..offset).unwrap_or_default());
    if let Some((offset, reason)) = find_forbidden(chunk.text, chunk.is_json) {
        return Err(error(place_of(offset), reason.to_owned()));
    }
    if chunk.text.ends_with('\n') || chunk.is_json {
        return parse(chunk, chunk.text, budget, index, repeated);
    }
    // kubectl ends every last line, which a block scalar at the end of a file keeps.
    let text = format!("{}\n", chunk.text);
    parse(chunk, &text, budget, index, repeated)
}

fn parse(
    chunk: &Chunk<'_>,
    text: &str,
    budget: &Budget,
    index: usize,
    repeated: &mut usize,
) -> Result<Option<Document>, SyntaxError> {
    let options = options! {
        disallow_directives: true,
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: budget.max_depth,
        block_nesting_limit: budget.max_depth,
        simple_key_max_lookahead: if chunk.is_json { budget.max_bytes } else { 1024 },
    };
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut builder = Builder::new(text, budget, chunk.start, *repeated);
    let mut ended = false;
    while let Some(next) = parser.next_event() {
        let (event, span) = match next {
            Ok(next) => next,
            Err(refused) => {
                let reason = if ended {
                    BEHIND.to_owned()
                } else {
                    refused.info()
                };
                let place = builder.position(*refused.marker());
                return Err(error(place, reason));
            }
        };
        if ended {
            if matches!(event, Event::DocumentStart(..)) {
                return Err(error(builder.position(span.start), BEHIND.to_owned()));
            }
            continue;
        }
        let progress = builder.take(event, &span);
        *repeated = builder.repeated();
        ended = progress? == Progress::DocumentEnded;
    }
    if !chunk.is_json {
        for tab in find_indenting_tabs(text) {
            if !builder.shelters(chunk.start.offset + tab) {
                let place = behind(chunk.start, text.get(..tab).unwrap_or_default());
                return Err(error(place, "a tab cannot indent a line".to_owned()));
            }
        }
    }
    Ok(builder.finish(index))
}
