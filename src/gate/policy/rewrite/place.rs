//! Where something stands in a policy's text: offsets, lines and columns, and whole expressions.

use std::ops::Range;

use regorus::unstable::{Expr, Span};

/// Byte offset of line and column (both from 1); `None` beyond the last line.
pub(super) fn offset_of(text: &str, line: u32, column: u32) -> Option<usize> {
    let mut start = 0;
    for _ in 1..line {
        start += text.get(start..)?.find('\n')? + 1;
    }
    let rest = text.get(start..)?;
    let skip = usize::try_from(column).ok()?.saturating_sub(1);
    let inside = rest
        .char_indices()
        .nth(skip)
        .map_or(rest.len(), |(at, _)| at);
    Some(start + inside)
}

/// Line and column (both from 1) of a byte offset.
pub(in crate::gate::policy) fn place_of(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |last| last.chars().count())
        + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

/// The bytes of a span.
pub(super) fn range(span: &Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// The range of an expression with its quotes and brackets: regorus' spans leave out an opening
/// quote, and parentheses around a part of a larger expression.
pub(super) fn whole_range(text: &str, expr: &Expr) -> Range<usize> {
    let mut whole = range(expr.span());
    if begins_with_string(expr) {
        whole.start = whole.start.saturating_sub(1);
    }
    if matches!(expr, Expr::String { .. } | Expr::RawString { .. }) {
        whole.end += 1;
        return whole;
    }
    let (mut open, mut close) = unbalanced(text.get(whole.clone()).unwrap_or_default());
    while close > 0 {
        let Some(at) = text.get(..whole.start).and_then(|before| before.rfind('(')) else {
            break;
        };
        whole.start = at;
        close -= 1;
    }
    while open > 0 {
        let Some(at) = text.get(whole.end..).and_then(|after| after.find(')')) else {
            break;
        };
        whole.end += at + 1;
        open -= 1;
    }
    whole
}

fn begins_with_string(expr: &Expr) -> bool {
    match expr {
        Expr::String { .. } | Expr::RawString { .. } => true,
        Expr::BinExpr { lhs, .. }
        | Expr::BoolExpr { lhs, .. }
        | Expr::ArithExpr { lhs, .. }
        | Expr::AssignExpr { lhs, .. } => begins_with_string(lhs),
        Expr::Membership { key, value, .. } => begins_with_string(key.as_ref().unwrap_or(value)),
        Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } => begins_with_string(refr),
        _ => false,
    }
}

/// How many parentheses are opened and not closed, and closed without having been opened, outside
/// of strings.
fn unbalanced(text: &str) -> (usize, usize) {
    let (mut open, mut close) = (0_usize, 0_usize);
    let mut quote = None;
    let mut escaped = false;
    for character in text.chars() {
        if let Some(end) = quote {
            if escaped {
                escaped = false;
            } else if character == '\\' && end == '"' {
                escaped = true;
            } else if character == end {
                quote = None;
            }
            continue;
        }
        match character {
            '"' | '`' => quote = Some(character),
            '(' => open += 1,
            ')' if open > 0 => open -= 1,
            ')' => close += 1,
            _ => {}
        }
    }
    (open, close)
}
