//! Text by strangers, made harmless for one line of output: what cannot be seen is spelled out.

/// The text on one line: line breaks and tabs become spaces, every other control, direction or
/// zero-width character becomes its code (`\u{202e}`), so that nothing hides or reorders what is read.
pub fn line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' => out.push(' '),
            other => push(&mut out, other),
        }
    }
    out
}

/// The text with its line breaks kept; a tab becomes four spaces.
pub fn block(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            other => push(&mut out, other),
        }
    }
    out
}

/// At most `limit` characters; what is longer ends in `…`.
pub fn shorten(text: &str, limit: usize) -> String {
    if text.chars().nth(limit).is_none() {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(limit.saturating_sub(1)).collect();
    short.push('…');
    short
}

/// True for a character that changes what is seen without being seen.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

fn push(out: &mut String, character: char) {
    if is_hidden(character) {
        out.extend(character.escape_unicode());
    } else {
        out.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_spelled_out() {
        assert_eq!(
            line("a\u{202e}b\u{1b}[31m\u{200b}\n\tc"),
            "a\\u{202e}b\\u{1b}[31m\\u{200b}  c"
        );
        assert_eq!(block("a\r\n\tb"), "a\\u{d}\n    b");
        assert_eq!(line("Größe 日本 ✅"), "Größe 日本 ✅");
    }

    #[test]
    fn shortening_counts_characters_and_shows_that_it_happened() {
        assert_eq!(shorten("größer", 6), "größer");
        assert_eq!(shorten("größer!", 6), "größe…");
    }
}
