//! GitHub Markdown out of text by strangers: escaping, fences, and a budget in bytes.
//!
//! One idea carries the escaping: a code span or a fence shows everything as it is, so whatever is
//! not plainly a word goes into one. Nothing that comes in can then mention, link, format, or end the
//! structure it stands in.

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

/// A part of a page that can be shown in part: whole items only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Before the items; also opens what `closing` closes.
    pub opening: String,
    /// Whole lines or blocks, each ending in a line break.
    pub items: Vec<String>,
    /// After the items.
    pub closing: String,
    /// What an item is: one, several.
    pub noun: (&'static str, &'static str),
    /// Around the line that counts what is left out.
    pub rest: (&'static str, &'static str),
    /// The most it may take of the whole budget, in per cent.
    pub share: usize,
}

/// A page within its budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The text, never longer than the budget.
    pub text: String,
    /// How many items of its sections it leaves out.
    pub left_out: usize,
}

/// Room for the line that counts whole sections left out.
const TAIL: usize = 240;

/// Puts a page together within `budget` bytes: `head` and `foot` always (the caller keeps them
/// short), of each section as many whole items as fit, and a line for what does not, which names
/// `elsewhere`. No fence, `<details>` or character is ever cut.
pub fn compose(
    head: &str,
    sections: &[Section],
    foot: &str,
    budget: usize,
    elsewhere: &str,
) -> Page {
    let mut text = head.to_owned();
    let (mut left_out, mut hidden, mut hidden_items) = (0, 0, 0);
    let end = budget.saturating_sub(foot.len() + TAIL);
    for section in sections.iter().filter(|section| !section.items.is_empty()) {
        let free = end.saturating_sub(text.len());
        let room = free.min(budget * section.share.clamp(1, 100) / 100);
        if let Some((part, without)) = fit(section, room, elsewhere) {
            text.push_str(&part);
            left_out += without;
        } else {
            hidden += 1;
            hidden_items += section.items.len();
        }
    }
    if hidden > 0 {
        let sections = super::wording::count(hidden, "section", "sections");
        let items = super::wording::count(hidden_items, "entry", "entries");
        let tail = format!("\nLeft out here for length: {sections} with {items}; {elsewhere}\n");
        if tail.len() <= TAIL {
            text.push_str(&tail);
        }
    }
    text.push_str(foot);
    Page {
        text,
        left_out: left_out + hidden_items,
    }
}

/// As many items as fit into `room`, and how many do not; `None` when not one does.
fn fit(section: &Section, room: usize, elsewhere: &str) -> Option<(String, usize)> {
    let frame = section.opening.len() + section.closing.len();
    let whole = frame + section.items.iter().map(String::len).sum::<usize>();
    let rest = |number: usize| {
        let noun = if number == 1 {
            section.noun.0
        } else {
            section.noun.1
        };
        let number = super::wording::grouped(number);
        let (before, after) = section.rest;
        format!("{before}{number} more {noun}: {elsewhere}{after}\n")
    };
    let mut out = section.opening.clone();
    if whole <= room {
        out.extend(section.items.iter().map(String::as_str));
        out.push_str(&section.closing);
        return Some((out, 0));
    }
    let reserve = section.closing.len() + rest(section.items.len()).len();
    let mut shown = 0;
    for item in &section.items {
        if out.len() + item.len() + reserve > room {
            break;
        }
        out.push_str(item);
        shown += 1;
    }
    if shown == 0 || out.len() + reserve > room {
        return None;
    }
    let without = section.items.len() - shown;
    out.push_str(&rest(without));
    out.push_str(&section.closing);
    Some((out, without))
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
