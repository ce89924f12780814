//! The value of expressions.

use std::collections::BTreeSet;

use super::pattern::{self, Pattern};
use super::syntax::{Call, Operator, Piece, Place};
use super::{SubstituteError, Substituted};
use crate::plan::{Substitution, unknown_value};

/// Bytes that the expressions of one object may give: far above what an API server takes.
const SIZE_LIMIT: usize = 16 << 20;

/// The text that the pieces give.
pub(super) fn evaluate(
    pieces: &[Piece],
    substitution: &Substitution,
) -> Result<Substituted, SubstituteError> {
    let mut evaluation = Evaluation {
        substitution,
        unknown: BTreeSet::new(),
    };
    let mut text = Vec::new();
    for piece in pieces {
        text.extend(evaluation.piece(piece)?);
        if text.len() > SIZE_LIMIT {
            return Err(SubstituteError::TooLarge);
        }
    }
    Ok(Substituted {
        // A part of a value may end inside a letter.
        text: String::from_utf8_lossy(&text).into_owned(),
        unknown: evaluation.unknown,
    })
}

struct Evaluation<'a> {
    substitution: &'a Substitution,
    unknown: BTreeSet<String>,
}

impl Evaluation<'_> {
    fn piece(&mut self, piece: &Piece) -> Result<Vec<u8>, SubstituteError> {
        match piece {
            Piece::Text(text) => Ok(text.clone().into_bytes()),
            Piece::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &Call) -> Result<Vec<u8>, SubstituteError> {
        let Substitution {
            variables,
            unknown,
            open,
            always: _,
        } = self.substitution;
        let value = match variables.get(&call.name) {
            _ if unknown.contains(&call.name) => return Ok(self.take_unknown(&call.name)),
            // Flux reads every value as one line.
            Some(value) => value.replace('\n', "").into_bytes(),
            None => {
                let has_default = call.operator == Operator::Default && !call.arguments.is_empty();
                if *open && !has_default {
                    return Ok(self.take_unknown(&call.name));
                }
                if *open {
                    // The default stands, and whether it does in the cluster is not known.
                    self.unknown.insert(call.name.clone());
                }
                Vec::new()
            }
        };
        if call.operator == Operator::Default {
            // What is not used is not asked for, so that it counts as unknown nowhere.
            if !value.is_empty() || call.arguments.is_empty() {
                return Ok(value);
            }
            let mut text = Vec::new();
            for argument in &call.arguments {
                text.extend(self.piece(argument)?);
            }
            return Ok(text);
        }
        let before = self.unknown.len();
        let mut arguments = Vec::new();
        for argument in &call.arguments {
            arguments.push(self.piece(argument)?);
        }
        if self.unknown.len() > before {
            // An expression on something unknown is unknown.
            return Ok(self.take_unknown(&call.name));
        }
        let result = apply(call.operator, value, &arguments)?;
        if result.len() > SIZE_LIMIT {
            return Err(SubstituteError::TooLarge);
        }
        Ok(result)
    }

    fn take_unknown(&mut self, name: &str) -> Vec<u8> {
        self.unknown.insert(name.to_owned());
        unknown_value(name).into_bytes()
    }
}

fn apply(
    operator: Operator,
    value: Vec<u8>,
    arguments: &[Vec<u8>],
) -> Result<Vec<u8>, SubstituteError> {
    let first = arguments.first().map(Vec::as_slice).unwrap_or_default();
    let second = arguments.get(1).map(Vec::as_slice);
    Ok(match operator {
        Operator::Plain | Operator::Default => value,
        Operator::Length => value.len().to_string().into_bytes(),
        Operator::Part => part(value, first, second),
        Operator::Upper { all } => change_case(&value, all, char::to_uppercase),
        Operator::Lower { all } => change_case(&value, all, char::to_lowercase),
        Operator::TrimStart { longest } => {
            let cut = find_start(&value, first, longest)?;
            value.get(cut..).unwrap_or_default().to_vec()
        }
        Operator::TrimEnd { longest } => {
            let cut = find_start(&reverse(&value), &reverse(first), longest)?;
            let end = value.len().saturating_sub(cut);
            value.get(..end).unwrap_or_default().to_vec()
        }
        Operator::Replace(place) => replace(value, first, second, place)?,
    })
}

/// Go's reading of an integer: no blanks.
fn parse_number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Offset and length count bytes; negative ones count from the end.
fn part(value: Vec<u8>, offset: &[u8], length: Option<&[u8]>) -> Vec<u8> {
    let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let Some(offset) = parse_number(offset) else {
        return value;
    };
    let start = if offset < 0 {
        size.saturating_add(offset).max(0)
    } else {
        offset
    };
    let end = match length.map(parse_number) {
        None => size,
        Some(None) => return value,
        Some(Some(length)) if length < 0 => size.saturating_add(length),
        Some(Some(length)) => start.saturating_add(length).min(size),
    };
    let place = |at: i64| usize::try_from(at).unwrap_or(0);
    if end < start {
        return Vec::new();
    }
    value
        .get(place(start)..place(end))
        .unwrap_or_default()
        .to_vec()
}

/// Letter by letter, as Go does: a letter that becomes several stays.
fn change_case<I: Iterator<Item = char>>(
    value: &[u8],
    all: bool,
    change: impl Fn(char) -> I,
) -> Vec<u8> {
    let text = String::from_utf8_lossy(value);
    let letter = |(index, letter): (usize, char)| {
        let mut changed = change(letter);
        match (changed.next(), changed.next()) {
            (Some(only), None) if all || index == 0 => only,
            _ => letter,
        }
    };
    let changed: String = text.chars().enumerate().map(letter).collect();
    changed.into_bytes()
}

/// Letters in reverse order.
fn reverse(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    text.chars().rev().collect::<String>().into_bytes()
}

/// How many bytes of the beginning match; 0 for none.
fn find_start(value: &[u8], wanted: &[u8], longest: bool) -> Result<usize, SubstituteError> {
    let value = String::from_utf8_lossy(value);
    let wanted = String::from_utf8_lossy(wanted);
    if value.len().saturating_mul(wanted.len()) > pattern::WORK_LIMIT {
        return Err(SubstituteError::TooLarge);
    }
    Ok(Pattern::parse(&wanted).map_or(0, |pattern| pattern.find_start(&value, longest)))
}

fn replace(
    value: Vec<u8>,
    old: &[u8],
    new: Option<&[u8]>,
    place: Place,
) -> Result<Vec<u8>, SubstituteError> {
    let new = match (place, new) {
        // Without a new text these two do nothing, the others remove.
        (Place::Start | Place::End, None) => return Ok(value),
        (_, new) => String::from_utf8_lossy(new.unwrap_or_default()),
    };
    let old = String::from_utf8_lossy(old);
    let text = String::from_utf8_lossy(&value);
    let replaced = match place {
        Place::Start if !text.starts_with(&*old) => text.into_owned(),
        Place::First | Place::Start => text.replacen(&*old, &new, 1),
        Place::End => match text.strip_suffix(&*old) {
            Some(rest) => format!("{rest}{new}"),
            None => text.into_owned(),
        },
        Place::All => {
            let count = text.matches(&*old).count();
            let size = count.saturating_mul(new.len()).saturating_add(text.len());
            if size > SIZE_LIMIT {
                return Err(SubstituteError::TooLarge);
            }
            text.replace(&*old, &new)
        }
    };
    Ok(replaced.into_bytes())
}
