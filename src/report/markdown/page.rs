//! Sections that share a budget in bytes: whole items are shown or counted, never cut.

use crate::report::wording;

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
        let sections = wording::count(hidden, "section", "sections");
        let items = wording::count(hidden_items, "entry", "entries");
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
        let number = wording::grouped(number);
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
