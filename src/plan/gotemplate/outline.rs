//! What can be told of a chart's template without running it: whether the group of every object that it
//! makes stands in it as it is, or whether only rendering tells.

mod functions;
mod lines;
mod reach;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::lexer::lex;
use super::token::{Keyword, Kind};
use functions::{FLAT, KEEPING};
use lines::{CONTROL, INDENTED, OUTPUT, Piece};
use reach::{Variables, names_raw_files};

/// Functions whose text has no line break but the one that is indented behind it.
const WRITTEN: [&str; 5] = ["toYaml", "include", "toJson", "quote", "b64enc"];

/// Functions that make any character out of ordinary ones.
const DECODING: [&str; 7] = [
    "b64dec",
    "b32dec",
    "fromJson",
    "fromJsonArray",
    "fromToml",
    "urlParse",
    "decryptAES",
];

/// What a template says of its objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a finding of its own"
)]
pub(in crate::plan) struct Outline {
    /// True where a document of the text may be of any group, or have any root.
    pub(in crate::plan) has_open_document: bool,
    /// True where anything in it makes that unknowable.
    pub(in crate::plan) is_opaque: bool,
    /// True where values are put out as they stand, line breaks included.
    pub(in crate::plan) puts_out: bool,
    /// True where an action may make line breaks.
    pub(in crate::plan) breaks: bool,
    /// Definitions whose text is put out as it stands.
    pub(in crate::plan) calls: BTreeSet<String>,
    /// What it defines.
    pub(in crate::plan) definitions: BTreeMap<String, Definition>,
}

/// A definition: text that stands where it is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::plan) struct Definition {
    /// True for more than one line.
    pub(in crate::plan) breaks: bool,
    /// Definitions whose text it puts out as it stands.
    pub(in crate::plan) calls: BTreeSet<String>,
}

impl Outline {
    /// Reads a template. What is no template can be anything.
    pub(in crate::plan) fn read(bytes: &[u8]) -> Self {
        let tokens = std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| lex(text).ok());
        let Some(tokens) = tokens else {
            return Self {
                is_opaque: true,
                ..Self::default()
            };
        };
        let mut reading = Reading::default();
        let mut action: Option<Vec<Kind>> = None;
        let mut goes_on = false;
        for token in tokens {
            let may_go_on = matches!(
                token.kind,
                Kind::Field(_) | Kind::Variable(_) | Kind::CloseParen
            );
            match (token.kind, &mut action) {
                (Kind::Left, _) => action = Some(Vec::new()),
                (Kind::Right, taken) => {
                    let words = taken.take().unwrap_or_default();
                    reading.act(&words);
                }
                (Kind::Space, _) => {}
                // The first of a path keeps its dot.
                (Kind::Field(name), Some(words)) if !goes_on => {
                    words.push(Kind::Field(format!(".{name}")));
                }
                (kind, Some(words)) => words.push(kind),
                (Kind::Text(text), None) => reading.text(&text),
                (_, None) => {}
            }
            goes_on = may_go_on;
        }
        reading.finish()
    }
}

/// What an `end` ends.
enum Block {
    Branch {
        number: u32,
        branch: u32,
        /// True where the dot cannot hold the chart's files.
        dot: bool,
    },
    Definition(String),
}

#[derive(Default)]
struct Reading {
    found: Outline,
    pieces: Vec<Piece>,
    blocks: Vec<Block>,
    /// Branches that were opened so far.
    count: u32,
    variables: Variables,
}

impl Reading {
    fn finish(mut self) -> Outline {
        self.found.has_open_document = lines::has_open_document(&self.pieces);
        self.found
    }

    /// The branches in which the next piece stands.
    fn path(&self) -> Rc<[(u32, u32)]> {
        let branches = self.blocks.iter().filter_map(|block| match block {
            Block::Branch { number, branch, .. } => Some((*number, *branch)),
            Block::Definition(_) => None,
        });
        branches.collect()
    }

    fn definition(&mut self) -> Option<&mut Definition> {
        let name = self.blocks.iter().rev().find_map(|block| match block {
            Block::Definition(name) => Some(name.clone()),
            Block::Branch { .. } => None,
        })?;
        Some(self.found.definitions.entry(name).or_default())
    }

    fn text(&mut self, text: &str) {
        let ends_lines = text.replace("\r\n", "\n").contains('\r');
        if ends_lines || text.contains([CONTROL, OUTPUT, INDENTED]) {
            self.found.is_opaque = true;
        }
        if let Some(definition) = self.definition() {
            definition.breaks |= text.contains(['\n', '\r']);
            return;
        }
        let path = self.path();
        self.pieces.push(Piece {
            text: text.to_owned(),
            path,
        });
    }

    fn mark(&mut self, mark: char) {
        match self.definition() {
            Some(definition) => definition.breaks |= mark == INDENTED,
            None => {
                let path = self.path();
                self.pieces.push(Piece {
                    text: mark.to_string(),
                    path,
                });
            }
        }
    }

    fn act(&mut self, words: &[Kind]) {
        let Some(first) = words.first() else {
            self.found.is_opaque = true;
            return;
        };
        let rest = words.get(1..).unwrap_or_default();
        match first {
            Kind::Keyword(keyword @ (Keyword::If | Keyword::Range | Keyword::With)) => {
                self.note(rest);
                let is_clean = self.bind(rest);
                // Step by step through everything there is.
                self.found.is_opaque |= *keyword == Keyword::Range && !is_clean;
                let dot = if *keyword == Keyword::If {
                    self.dot()
                } else {
                    is_clean
                };
                self.mark(CONTROL);
                self.count += 1;
                let number = self.count;
                self.blocks.push(Block::Branch {
                    number,
                    branch: 0,
                    dot,
                });
            }
            Kind::Keyword(Keyword::Else) => {
                self.note(rest);
                self.bind(rest);
                self.mark(CONTROL);
                let (_, above) = self.blocks.split_last().unzip();
                let outer = above.is_some_and(dot_of);
                if let Some(Block::Branch { branch, dot, .. }) = self.blocks.last_mut() {
                    *branch += 1;
                    *dot &= outer;
                }
            }
            Kind::Keyword(Keyword::End) => {
                if let Some(Block::Branch { .. }) = self.blocks.pop() {
                    self.mark(CONTROL);
                }
            }
            Kind::Keyword(Keyword::Define) => {
                let name = rest.first().and_then(literal).unwrap_or_default();
                self.blocks.push(Block::Definition(name.to_owned()));
                self.definition();
            }
            Kind::Keyword(Keyword::Template) => {
                self.call(rest.first());
                self.found.puts_out = true;
                self.mark(OUTPUT);
            }
            // A loop that ends early leaves out any part of a document.
            Kind::Keyword(_) => self.found.is_opaque = true,
            Kind::Variable(_)
                if words
                    .iter()
                    .any(|word| matches!(word, Kind::Assign | Kind::Declare)) =>
            {
                self.note(rest);
                self.bind(words);
                self.mark(CONTROL);
            }
            _ => self.put_out(words),
        }
    }

    fn put_out(&mut self, words: &[Kind]) {
        let last = words.rsplit(|word| *word == Kind::Pipe).next();
        let last = last.unwrap_or_default();
        match last {
            [Kind::Identifier(name), Kind::Number(number), ..]
                if matches!(name.as_str(), "indent" | "nindent")
                    && number.parse::<u32>().is_ok_and(|number| number > 0) =>
            {
                self.note_indented(words);
                self.mark(INDENTED);
            }
            [Kind::Identifier(name), ..] if FLAT.contains(&name.as_str()) => {
                self.note_decoding(words);
                self.mark(OUTPUT);
            }
            _ => {
                self.note(words);
                self.found.puts_out = true;
                self.mark(OUTPUT);
            }
        }
    }

    /// Looks at what is put out with blanks before every line: what ends lines in another way is not.
    fn note_indented(&mut self, words: &[Kind]) {
        self.note_decoding(words);
        for word in words {
            if let Kind::Identifier(name) = word {
                let is_known = ["toYaml", "include", "indent", "nindent", "omit", "pick"];
                let name = plain(name);
                self.found.is_opaque |= !is_known.contains(&name) && !KEEPING.contains(&name);
            }
        }
        let mut steps = words.rsplit(|word| *word == Kind::Pipe).skip(1);
        let is_written = matches!(steps.next(), Some([Kind::Identifier(name), ..])
            if WRITTEN.contains(&plain(name)));
        self.found.puts_out |= !is_written;
        self.found.breaks |= names_raw_files(words);
    }

    /// True where the dot cannot hold the chart's files.
    fn dot(&self) -> bool {
        dot_of(&self.blocks)
    }

    /// Takes up the variables of an action; true where what it is about cannot hold the chart's files.
    fn bind(&mut self, words: &[Kind]) -> bool {
        let sign = |word: &Kind| matches!(word, Kind::Assign | Kind::Declare);
        let place = words.iter().position(sign);
        let (names, subject) = match place {
            Some(place) => (words.get(..place), words.get(place + 1..)),
            None => (None, Some(words)),
        };
        let dot = self.dot();
        let is_clean = self.variables.are_clean(subject.unwrap_or_default(), dot);
        for name in names.unwrap_or_default() {
            if let Kind::Variable(name) = name {
                self.found.is_opaque |= !self.variables.declare(name, is_clean);
            }
        }
        is_clean
    }

    /// Looks at words whose result may come to stand in a document.
    fn note(&mut self, words: &[Kind]) {
        self.note_decoding(words);
        for (place, word) in words.iter().enumerate() {
            let next = words.get(place + 1);
            match word {
                Kind::Identifier(name) => match plain(name) {
                    "include" => self.call(next),
                    "printf" => self.found.breaks |= next.and_then(literal).is_none(),
                    name => self.found.breaks |= !KEEPING.contains(&name),
                },
                // The chart's files.
                Kind::Field(name) => self.found.breaks |= name.contains("Files"),
                Kind::Quoted(text) => {
                    self.found.breaks |= text.contains('\\') || text.contains("Files");
                }
                Kind::RawQuoted(text) => self.found.breaks |= text.contains(['\n', '\r']),
                Kind::CharConstant(_) => self.found.breaks = true,
                _ => {}
            }
        }
    }

    fn note_decoding(&mut self, words: &[Kind]) {
        let dot = self.dot();
        self.found.is_opaque |= self.variables.may_reach(words, dot);
        for word in words {
            self.found.is_opaque |= match word {
                Kind::Identifier(name) => DECODING.contains(&plain(name)),
                Kind::Quoted(text) => ["%c", "\\r", "\\x", "\\u", "\\U", "\\0", "\\1", "\\2"]
                    .iter()
                    .any(|sign| text.contains(sign)),
                Kind::RawQuoted(text) => text.contains("%c") || text.contains('\r'),
                _ => false,
            };
        }
    }

    /// A call of the definition of this name; a whole file has a path for its name.
    fn call(&mut self, name: Option<&Kind>) {
        let Some(name) = name.and_then(literal).filter(|name| !name.contains('/')) else {
            self.found.is_opaque = true;
            return;
        };
        let name = name.to_owned();
        match self.definition() {
            Some(definition) => definition.calls.insert(name),
            None => self.found.calls.insert(name),
        };
    }
}

/// The same for what stands in these blocks. What a definition is given, nobody knows.
fn dot_of(blocks: &[Block]) -> bool {
    match blocks.last() {
        Some(Block::Branch { dot, .. }) => *dot,
        Some(Block::Definition(_)) | None => false,
    }
}

/// A function without what says that it must succeed.
fn plain(name: &str) -> &str {
    match name.strip_prefix("must") {
        Some("ToYaml") => "toYaml",
        Some("FromJson") => "fromJson",
        _ => name,
    }
}

/// The text of a constant without escapes.
fn literal(word: &Kind) -> Option<&str> {
    match word {
        Kind::Quoted(text) if !text.contains('\\') => Some(text.trim_matches('"')),
        Kind::RawQuoted(text) => Some(text.trim_matches('`')),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
