//! The lines of a template's own text. A document's root is known where lines that stand together with
//! all others begin with a key in the first column, and every such key stands there as it is.

use std::rc::Rc;

/// Where something decides whether text stands there; nothing by itself.
pub(super) const CONTROL: char = '\u{e000}';
/// Where something is put out.
pub(super) const OUTPUT: char = '\u{e001}';
/// Where something is put out with blanks before every line of it.
pub(super) const INDENTED: char = '\u{e002}';

/// Text, or one of the marks.
pub(super) struct Piece {
    pub(super) text: String,
    /// The branches it stands in, outermost first: number, and which of its alternatives.
    pub(super) path: Rc<[(u32, u32)]>,
}

/// One document.
#[derive(Default)]
struct Document {
    /// Where its lines stand.
    lines: Vec<Rc<[(u32, u32)]>>,
    /// Where lines stand that make its root a map whose keys begin in the first column.
    anchors: Vec<Rc<[(u32, u32)]>>,
}

impl Document {
    /// True unless every line of it comes with an anchor.
    fn is_open(&self) -> bool {
        let holds =
            |anchor: &Rc<[(u32, u32)]>| self.lines.iter().all(|line| line.starts_with(anchor));
        !self.lines.is_empty() && !self.anchors.iter().any(holds)
    }
}

/// True where the text has a document whose group does not stand there, or whose root cannot be told.
pub(super) fn has_open_document(pieces: &[Piece]) -> bool {
    let mut reading = Reading::default();
    for (number, piece) in pieces.iter().enumerate() {
        for character in piece.text.chars() {
            if character == '\n' {
                reading.end_line(pieces);
                reading.broken_by = Some(number);
            } else {
                reading.line.push((character, number));
            }
        }
    }
    reading.end_line(pieces);
    reading.is_open || reading.document.is_open()
}

#[derive(Default)]
struct Reading {
    document: Document,
    line: Vec<(char, usize)>,
    /// The piece whose line break the line stands behind.
    broken_by: Option<usize>,
    is_open: bool,
}

impl Reading {
    fn end_line(&mut self, pieces: &[Piece]) {
        let line = std::mem::take(&mut self.line);
        let leads = |character: char| matches!(character, ' ' | '\t' | CONTROL);
        let start = line.iter().position(|(character, _)| !leads(*character));
        let Some((lead, rest)) = start.and_then(|start| line.split_at_checked(start)) else {
            return;
        };
        let text: String = rest.iter().map(|(character, _)| *character).collect();
        let text = text.trim_end_matches([' ', '\t', '\r', CONTROL]);
        if text.is_empty() {
            return;
        }
        let Some(piece) = rest.first().map(|(_, piece)| *piece) else {
            return;
        };
        let path = pieces.get(piece).map(|piece| Rc::clone(&piece.path));
        let path = path.unwrap_or_default();
        // What may stand there without the beginning of its line may begin one.
        self.is_open |= rest.iter().any(|(character, number)| {
            let comes_along = |piece: &Piece| piece.path.starts_with(&path);
            !character.is_whitespace()
                && *character != CONTROL
                && !pieces.get(*number).is_some_and(comes_along)
        });
        if text.starts_with('#') {
            return;
        }
        // Blanks before a control structure may go with it.
        let may_be_first =
            lead.is_empty() || lead.iter().any(|(character, _)| *character == CONTROL);
        self.is_open |= text.contains(['\r', '\u{85}', '\u{2028}', '\u{2029}']);
        if !may_be_first || text.starts_with("- ") || text == "-" || text.starts_with(INDENTED) {
            self.document.lines.push(path);
            return;
        }
        if let Some(behind) = text.strip_prefix("---").or(text.strip_prefix("...")) {
            let behind = behind.trim_matches([' ', '\t', CONTROL]);
            self.is_open |= !behind.is_empty() && !behind.starts_with('#');
            self.is_open |= std::mem::take(&mut self.document).is_open();
            return;
        }
        let Some((key, value)) = read_key(text) else {
            self.is_open = true;
            return;
        };
        self.is_open |= match key {
            "apiVersion" => !is_version(value),
            // The objects of a list.
            "items" => true,
            _ => false,
        };
        // It stands wherever its line break does.
        if lead.is_empty() && self.broken_by.is_none_or(|number| number == piece) {
            self.document.anchors.push(Rc::clone(&path));
        }
        self.document.lines.push(path);
    }
}

/// A key that is written without quotes or anything that is put out, and what stands behind it.
fn read_key(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let is_plain =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | '/');
    let is_key =
        key.starts_with(|first: char| first.is_ascii_alphabetic()) && key.chars().all(is_plain);
    let is_apart = value.is_empty() || value.starts_with([' ', '\t', CONTROL]);
    (is_key && is_apart).then_some((key, value))
}

/// True for a whole group and version as they stand.
fn is_version(value: &str) -> bool {
    let value = value.split(" #").next().unwrap_or_default().trim();
    let unquoted = ['"', '\''].iter().find_map(|quote| {
        let inner = value.strip_prefix(*quote)?;
        inner.strip_suffix(*quote)
    });
    let value = unquoted.unwrap_or(value);
    let (group, version) = value.split_once('/').unwrap_or(("", value));
    let is_name = |text: &str, more: &[char]| {
        text.chars().all(|letter| {
            letter.is_ascii_lowercase() || letter.is_ascii_digit() || more.contains(&letter)
        })
    };
    let digits = version.strip_prefix('v').unwrap_or_default();
    is_name(group, &['.', '-'])
        && is_name(digits, &[])
        && digits.starts_with(|first: char| first.is_ascii_digit())
}
