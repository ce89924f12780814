//! What readers disagree about though kubectl accepts it.

use super::scalar::{Meaning, Tag, number_of};

/// Characters of a message's quotation at most.
const QUOTED: usize = 40;

/// Says what is odd about a value; `None` for what every reader reads alike.
pub(super) fn find_in_value(text: &str, tag: Tag, meaning: &Meaning) -> Option<String> {
    match (tag, meaning) {
        (Tag::Plain, _) => find_in_plain(text, meaning),
        (Tag::Quoted | Tag::Str, _) => None,
        (Tag::Other, _) => {
            Some("the tag of this value is ignored; the value is read as text".to_owned())
        }
        _ => Some(format!(
            "the tag of this value makes it {}; not every reader follows tags",
            noun(meaning)
        )),
    }
}

/// Says what is odd about a key.
pub(super) fn find_in_key(text: &str, tag: Tag, meaning: &Meaning) -> Option<String> {
    if !text.is_ascii() && text.chars().any(is_invisible) {
        return Some("the key contains invisible or direction-changing characters".to_owned());
    }
    match meaning {
        Meaning::Text if matches!(tag, Tag::Plain | Tag::Quoted | Tag::Str) => None,
        Meaning::Text | Meaning::Decoded(_) => {
            Some("the key has a tag; not every reader follows tags".to_owned())
        }
        Meaning::Bool(bool) => Some(format!("the key `{}` is read as `{bool}`", quote(text))),
        _ => Some(format!(
            "the key `{}` is a number, which not every reader takes for text",
            quote(text)
        )),
    }
}

fn find_in_plain(text: &str, meaning: &Meaning) -> Option<String> {
    match meaning {
        Meaning::Bool(bool)
            if !matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") =>
        {
            Some(format!("`{text}` is read as the boolean {bool}"))
        }
        Meaning::Int(_) | Meaning::Uint(_) | Meaning::Float(_) if is_disputed(text, meaning) => {
            let number = number_of(meaning)?;
            Some(format!("`{}` is read as the number {number}", quote(text)))
        }
        _ => None,
    }
}

/// Numbers that YAML 1.2 reads as another number or as text, and those that lose digits.
fn is_disputed(text: &str, meaning: &Meaning) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    let leading_zero = digits.len() > 1
        && digits.starts_with('0')
        && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit);
    let prefixed = digits.starts_with("0b")
        || digits.starts_with("0B")
        || digits.starts_with("0o")
        || digits.starts_with("0O")
        || digits.starts_with("0X");
    let rounded = matches!(meaning, Meaning::Uint(_))
        || (matches!(meaning, Meaning::Float(_))
            && digits.len() > 18
            && !text.contains(['.', 'e', 'E']));
    leading_zero || prefixed || rounded || text.contains('_')
}

fn noun(meaning: &Meaning) -> &'static str {
    match meaning {
        Meaning::Null => "null",
        Meaning::Bool(_) => "a boolean",
        Meaning::Int(_) | Meaning::Uint(_) | Meaning::Float(_) => "a number",
        Meaning::Text | Meaning::Decoded(_) => "text",
    }
}

fn quote(text: &str) -> String {
    if text.chars().count() <= QUOTED {
        return text.to_owned();
    }
    text.chars().take(QUOTED).chain(['…']).collect()
}

/// Zero-width and bidirectional controls.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}
