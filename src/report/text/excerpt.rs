//! The offending source line with the offending text underlined.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::finding::{Precision, Source};
use crate::ids::RepoPath;

use super::super::model::Report;
use super::super::visible;
use super::paint::{Colour, Ink};

/// Columns of a source line that are shown; a longer line is shown around the place.
const COLUMNS: usize = 110;

/// Writes the place and, where the line may be shown, the line with `label` under the offending text.
/// Returns the width of the margin, for the notes that follow.
pub(super) fn write(
    out: &mut String,
    report: &Report,
    source: &Source,
    secret: bool,
    label: &str,
    colour: Colour,
) -> usize {
    let margin = source.line.to_string().len();
    let arrow = colour.paint(Ink::Faint, &format!("{}-->", " ".repeat(margin)));
    put!(out, "{arrow} {}\n", place(source));
    let shown = (source.precision != Precision::File)
        .then(|| find_line(report, &source.path, source.line, secret))
        .flatten();
    if let Some(line) = shown {
        let bar = colour.paint(Ink::Faint, "|");
        let number = colour.paint(Ink::Faint, &source.line.to_string());
        let (text, indent, carets) = underline(line, source);
        let marks = colour.paint(Ink::Error, &"^".repeat(carets));
        let gap = " ".repeat(margin);
        let label = if label.is_empty() {
            String::new()
        } else {
            format!(" {label}")
        };
        put!(out, "{gap} {bar}\n{number} {bar} {text}\n");
        put!(out, "{gap} {bar} {}{marks}{label}\n", " ".repeat(indent));
    } else if !label.is_empty() {
        note(out, margin, "object", label, colour);
    }
    margin
}

/// Writes one note line under a finding: `   = fix: write 3 without quotes`.
pub(super) fn note(out: &mut String, margin: usize, name: &str, text: &str, colour: Colour) {
    let sign = colour.paint(Ink::Faint, &format!("{} =", " ".repeat(margin)));
    let name = colour.paint(Ink::Strong, &format!("{name}:"));
    put!(out, "{sign} {name} {text}\n");
}

/// `path:line:column`, as far as each is known.
pub(super) fn place(source: &Source) -> String {
    let path = visible::line(&source.path.to_string());
    match (source.line, source.column, source.precision) {
        (0, _, _) => path,
        (line, 0, _) | (line, _, Precision::File) => format!("{path}:{line}"),
        (line, column, _) => format!("{path}:{line}:{column}"),
    }
}

/// The line's text, where there is one that may be shown: not from a Secret, and from a file that
/// holds Secrets only when the object is known to be none.
fn find_line<'a>(report: &'a Report, path: &RepoPath, line: u32, secret: bool) -> Option<&'a str> {
    if secret {
        return None;
    }
    let index = usize::try_from(line).ok()?.checked_sub(1)?;
    report.excerpts.get(path)?.lines().nth(index)
}

/// The visible text of a line (or the part of it around the place), and where the carets go.
fn underline(line: &str, source: &Source) -> (String, usize, usize) {
    let characters: Vec<char> = line.trim_end().chars().collect();
    let given = usize::try_from(source.column)
        .unwrap_or(1)
        .saturating_sub(1)
        .min(characters.len());
    let blank = characters
        .iter()
        .skip(given)
        .take_while(|c| c.is_whitespace())
        .count();
    let start = (given + blank).min(characters.len());
    let width = match usize::try_from(source.width).unwrap_or(0) {
        // The line as a whole is meant.
        0 if given == 0 => characters.len() - start,
        0 => word_length(&characters, start),
        known => known.min(characters.len().saturating_sub(start)),
    };
    let from = if characters.len() <= COLUMNS {
        0
    } else {
        start.saturating_sub(COLUMNS / 3)
    };
    let to = (from + COLUMNS).min(characters.len());
    let shown = |range: std::ops::Range<usize>| -> String {
        let text: String = characters.get(range).unwrap_or_default().iter().collect();
        visible::block(&text)
    };
    let end = (start + width).min(to).max(start);
    let lead = if from > 0 { "…" } else { "" };
    let tail = if to < characters.len() { "…" } else { "" };
    let before = format!("{lead}{}", shown(from..start));
    let marked = shown(start..end);
    let after = format!("{}{tail}", shown(end..to));
    let carets = marked.width().max(1);
    (format!("{before}{marked}{after}"), before.width(), carets)
}

/// How many characters from `start` look like one word; a quoted text is one word.
fn word_length(characters: &[char], start: usize) -> usize {
    let rest = characters.get(start..).unwrap_or_default();
    let quote = rest.first().copied().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => rest
            .iter()
            .skip(1)
            .position(|c| *c == quote)
            .map(|at| at + 2),
        None => rest
            .iter()
            .position(|c| c.is_whitespace() || *c == ':' || c.width().is_none()),
    };
    end.unwrap_or(rest.len()).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(column: u32, width: u32) -> Source {
        Source {
            path: RepoPath::root(),
            line: 1,
            column,
            width,
            precision: Precision::Exact,
        }
    }

    #[test]
    fn carets_stand_under_wide_characters_and_tabs() {
        let (text, indent, carets) = underline("\t日本: \"größe\"  ", &source(6, 0));
        assert_eq!(text, "    日本: \"größe\"");
        assert_eq!((indent, carets), (10, 7));
    }

    #[test]
    fn a_place_behind_the_end_still_gets_one_caret() {
        assert_eq!(underline("ab", &source(9, 4)), ("ab".to_owned(), 2, 1));
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let line = format!("{}HERE{}", "a".repeat(300), "b".repeat(300));
        let (text, indent, carets) = underline(&line, &source(301, 4));
        assert_eq!(carets, 4);
        assert_eq!(
            text.chars().skip(indent).take(4).collect::<String>(),
            "HERE"
        );
        assert!(text.starts_with('…') && text.ends_with('…'));
        assert!(text.width() <= COLUMNS + 2);
    }
}
