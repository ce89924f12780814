//! Which texts YAML reads as what they are without quotes.

/// True for a text that needs no quotes for its signs.
pub(super) fn is_plain(text: &str) -> bool {
    if text.starts_with("---") || text.starts_with("...") {
        return false;
    }
    let chars: Vec<char> = text.chars().collect();
    chars.iter().enumerate().all(|(index, c)| {
        let next = chars.get(index + 1);
        let ends = next.is_none_or(|next| *next == ' ');
        let begins = index == 0;
        let behind_space = index > 0 && chars.get(index - 1) == Some(&' ');
        match c {
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`' => !begins,
            '#' => !begins && !behind_space,
            '?' | '-' => !(begins && ends),
            ':' => !ends,
            _ => true,
        }
    })
}

/// True for a text that would be read as something else without quotes.
pub(super) fn resolves(text: &str) -> bool {
    const WORDS: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let lower = text.to_ascii_lowercase();
    let upper = text.to_ascii_uppercase();
    let mut capital = lower.clone();
    if let Some(first) = capital.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let as_usual = text == lower || text == upper || text == capital;
    if WORDS.contains(&lower.as_str()) && as_usual || matches!(text, "~" | "") {
        return true;
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    is_number(text) || is_date(text)
}

fn is_number(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != '_').collect();
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) {
        return false;
    }
    let digits = plain.trim_start_matches(['-', '+']);
    // Numbers to the base of sixty, which older readers know.
    let sixty = digits.contains(':')
        && digits
            .split(':')
            .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit() || c == '.'));
    super::super::super::number::parse_int(&plain).is_some()
        || plain.parse::<u64>().is_ok()
        || sixty
        || digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && plain.parse::<f64>().is_ok()
}

/// A date, with or without a time.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let year = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if year != 4 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => text.split_at_checked(at).unwrap_or((text, "")),
        None => (text, ""),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let [_, month, day] = parts.as_slice() else {
        return false;
    };
    let within = |part: &str, most: u32| {
        (1..=2).contains(&part.len())
            && part
                .parse::<u32>()
                .is_ok_and(|number| (1..=most).contains(&number))
    };
    within(month, 12) && within(day, 31) && (time.is_empty() || time.contains(':'))
}
