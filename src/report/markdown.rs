//! GitHub Markdown out of text by strangers: escaping, fences, and a budget in bytes.
//!
//! One idea carries the escaping: a code span or a fence shows everything as it is, so whatever is
//! not plainly a word goes into one. Nothing that comes in can then mention, link, format, or end the
//! structure it stands in.

mod page;

pub use page::{Page, Section, compose};

use super::visible;

/// Characters of one stranger's text in a sentence; what is longer is cut and ends in `…`.
const PROSE_LIMIT: usize = 600;
/// Characters of one stranger's name.
const NAME_LIMIT: usize = 200;

/// A name as a code span, fenced by more back-ticks than it contains.
pub fn code(text: &str) -> String {
    span(&visible::shorten(&visible::line(text), NAME_LIMIT))
}

/// A sentence: its back-ticked parts stay code spans, plain words stay words, everything else
/// becomes code.
pub fn prose(text: &str) -> String {
    let text = visible::line(text);
    let text = visible::shorten(text.trim(), PROSE_LIMIT);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let text = without_marker(&text);
    let pieces: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    if pieces.len().is_multiple_of(2) || text.contains("``") {
        // Back-ticks that do not pair are part of their words.
        push_words(&mut out, &text);
        return out;
    }
    for (index, piece) in pieces.iter().enumerate() {
        if index % 2 == 1 {
            push_span(&mut out, piece);
        } else {
            push_words(&mut out, piece);
        }
    }
    if out.trim().is_empty() {
        return span(&text);
    }
    out
}

/// Makes inline Markdown of this module safe for a table cell: no bar ends it.
pub fn cell(markdown: &str) -> String {
    // A bar behind a backslash cannot be escaped reliably, so none is left.
    markdown.replace('|', "\\u{7c}")
}

/// A name inside raw HTML, where Markdown is not read: `<code>…</code>`.
pub fn html_code(text: &str) -> String {
    let mut out = String::from("<code>");
    for character in visible::shorten(&visible::line(text), NAME_LIMIT).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out.push_str("</code>");
    out
}

/// A sentence inside raw HTML: plain words stay, everything else becomes `<code>`.
pub fn html_text(text: &str) -> String {
    let words: Vec<String> = visible::shorten(&visible::line(text), NAME_LIMIT)
        .split(' ')
        .map(|word| {
            let core = word.trim_matches('`');
            let bare = core.trim_end_matches(CLOSING);
            let (_, after) = core.split_at(bare.len());
            if core.is_empty() || core == word && is_plain(bare) && !after.contains(['"', '\'']) {
                core.to_owned()
            } else {
                html_code(core)
            }
        })
        .collect();
    words.join(" ")
}

/// The fence for this text: longer than its longest run of back-ticks, at least three.
pub fn fence(text: &str) -> String {
    "`".repeat(longest_run(text).max(2) + 1)
}

/// Lines for inside a fence: hidden characters spelled out, comments of ours not forgeable.
pub fn fenced_text(text: &str) -> String {
    without_comments(&visible::block(text))
}

/// A link of ours: `label` is Markdown of this module, `url` a base of ours with
/// [`encode_path`]ed parts.
pub fn link(label: &str, url: &str) -> String {
    format!("[{label}]({url})")
}

/// A path for a URL: everything but letters, digits, `-._~` and `/` is percent-encoded.
pub fn encode_path(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            put!(out, "%{byte:02X}");
        }
    }
    out
}

/// A policy's address, where it is plainly a web page: `https`, no user, nothing that Markdown reads.
pub fn find_plain_url(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("https://")?;
    let plain = rest
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-._~/?#=&%+,:".contains(&byte));
    (plain && text.len() <= 500 && rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .then_some(text)
}

/// Keeps a text that starts like an item of a numbered list from becoming one.
fn without_marker(text: &str) -> String {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (number, _) = text.split_at(text.len() - rest.len());
    match rest.chars().next() {
        Some('.' | ')') if !number.is_empty() => format!("`{number}`{rest}"),
        _ => text.to_owned(),
    }
}

fn push_span(out: &mut String, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    // Two neighbouring spans would read as one.
    if out.ends_with('`') {
        out.push(' ');
    }
    out.push_str(&span(text));
}

fn push_words(out: &mut String, text: &str) {
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        let core = word.trim_start_matches(OPENING);
        let (before, _) = word.split_at(word.len() - core.len());
        let trimmed = core.trim_end_matches(CLOSING);
        let (_, after) = core.split_at(trimmed.len());
        out.push_str(before);
        if is_plain(trimmed) {
            out.push_str(trimmed);
        } else {
            push_span(out, trimmed);
        }
        out.push_str(after);
    }
}

/// Punctuation that may stand before a word.
const OPENING: [char; 3] = ['(', '"', '\''];
/// Punctuation that may follow a word.
const CLOSING: [char; 9] = [')', '"', '\'', ',', '.', ';', ':', '!', '?'];

/// True for a word that no Markdown reader and no GitHub filter makes anything of.
fn is_plain(word: &str) -> bool {
    let letters = word.chars().all(|c| {
        c.is_alphanumeric() || matches!(c, '-' | '\'' | '…' | '→' | '−' | '–' | '—' | '%')
    });
    let commit = word.len() >= 7 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ticket = word
        .rsplit_once('-')
        .is_some_and(|(_, end)| !end.is_empty() && end.bytes().all(|b| b.is_ascii_digit()));
    // A lone dash is a mark of structure at the start of a line.
    let dashes = word.starts_with('-');
    letters && !commit && !ticket && !dashes
}

fn span(text: &str) -> String {
    let text = without_comments(text);
    let text = text.trim();
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let ticks = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// Breaks what could pass for a hidden mark of ours in the raw text of a comment.
fn without_comments(text: &str) -> String {
    text.replace("<!--", "<! --")
}

fn longest_run(text: &str) -> usize {
    let (mut longest, mut run) = (0, 0);
    for character in text.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_stay_and_everything_else_becomes_code() {
        assert_eq!(
            prose("container `web` of shop/web runs as root (see @acme/ops, #12)."),
            "container `web` of `shop/web` runs as root (see `@acme/ops`, `#12`)."
        );
        assert_eq!(
            prose("must be an integer, is \"3\""),
            "must be an integer, is \"3\""
        );
        assert_eq!(
            prose("www.example.org deadbeef GH-12"),
            "`www.example.org` `deadbeef` `GH-12`"
        );
    }

    #[test]
    fn back_ticks_cannot_end_a_span_or_a_fence() {
        assert_eq!(code("a`b``c"), "```a`b``c```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(prose("a ` b"), "a `` ` `` b");
        assert_eq!(fence("x\n````\n"), "`````");
    }

    #[test]
    fn only_plain_web_addresses_become_links() {
        assert!(find_plain_url("https://policies.example/a?b=c#d").is_some());
        for wrong in [
            "http://a.example",
            "javascript:x",
            "https://u@a.example",
            "https://a)b",
            "https:///x",
        ] {
            assert_eq!(find_plain_url(wrong), None, "{wrong}");
        }
    }
}
