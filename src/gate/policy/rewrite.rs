//! Where regorus evaluates valid Rego differently from OPA, and a rewriting of the text makes it equal.
//!
//! Two forms are rewritten, both silent in the engine otherwise:
//!
//! - `not f(input.a)`: OPA takes nested references and calls out of a negated expression before it
//!   is evaluated, so an undefined `input.a` makes the whole body undefined; regorus makes the
//!   negation true. The text becomes `__dd0 := input.a; not f(__dd0)`.
//! - `[path, value] := walk(x)` yields nothing in regorus; the text becomes
//!   `some path, value; walk(x, [path, value])`.
//!
//! Positions in the rewritten text lead back to the text as its owner wrote it.

mod operands;
mod place;

use std::ops::Range;

use regorus::unstable::{AssignOp, Expr, Literal, LiteralStmt, Query, Rule};

use super::problem::{Code, Problem};
use super::syntax::{Parsed, Visit, static_path, visit_rule};
use operands::collect_top;
pub(super) use place::place_of;
use place::{offset_of, range, whole_range};

/// A text made of pieces of another one.
#[derive(Debug, Clone, Default)]
pub(super) struct Rewritten {
    /// The new text.
    pub(super) text: String,
    /// (offset in the new text, offset in the original) where each piece begins, ascending.
    origins: Vec<(usize, usize)>,
}

impl Rewritten {
    /// Line and column in `original` (both from 1) of a place in the new text.
    pub(super) fn locate(&self, original: &str, line: u32, column: u32) -> (u32, u32) {
        let Some(offset) = offset_of(&self.text, line, column) else {
            return (line, column);
        };
        let (new, old) = self
            .origins
            .iter()
            .rev()
            .find(|(new, _)| *new <= offset)
            .copied()
            .unwrap_or_default();
        place_of(original, old + (offset - new))
    }
}

/// What replaces a range of the original.
struct Edit {
    range: Range<usize>,
    pieces: Vec<Piece>,
}

enum Piece {
    New(String),
    Copy(Range<usize>),
}

/// Rewrites a file, or says what in it cannot be evaluated as OPA would.
pub(super) fn rewrite(parsed: &Parsed) -> Result<Rewritten, Vec<Problem>> {
    let mut rewriter = Rewriter {
        parsed,
        edits: Vec::new(),
        problems: Vec::new(),
        names: 0,
        prefix: fresh_prefix(&parsed.file.text),
        unbraced: Vec::new(),
    };
    for rule in &parsed.module.policy {
        rewriter.unbraced = unbraced_bodies(rule, &parsed.file.text);
        visit_rule(rule, &mut rewriter);
    }
    if !rewriter.problems.is_empty() {
        return Err(rewriter.problems);
    }
    apply(parsed, rewriter.edits)
}

/// A prefix of names that the text does not use.
fn fresh_prefix(text: &str) -> String {
    let mut prefix = "__dd".to_owned();
    while text.contains(&prefix) {
        prefix.push('_');
    }
    prefix
}

/// Bodies written without braces, as in `allow if not f(input.x)`: an insertion must add them.
fn unbraced_bodies(rule: &Rule, text: &str) -> Vec<Range<usize>> {
    let Rule::Spec { bodies, .. } = rule else {
        return Vec::new();
    };
    bodies
        .iter()
        .map(|body| range(&body.query.span))
        .filter(|range| {
            text.get(range.clone())
                .is_some_and(|body| body.starts_with("not"))
        })
        .collect()
}

fn apply(parsed: &Parsed, mut edits: Vec<Edit>) -> Result<Rewritten, Vec<Problem>> {
    let original = &parsed.file.text;
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut out = Rewritten::default();
    let mut at = 0;
    let nested = || {
        vec![Problem::of_file(
            &parsed.file.path,
            Code::Unsupported,
            "a negation inside a negated expression is not supported: give the inner one a rule of its own",
        )]
    };
    for edit in edits {
        if edit.range.start < at {
            return Err(nested());
        }
        out.copy(original, at..edit.range.start);
        for piece in edit.pieces {
            match piece {
                Piece::New(text) => {
                    out.origins.push((out.text.len(), edit.range.start));
                    out.text.push_str(&text);
                }
                Piece::Copy(range) => out.copy(original, range),
            }
        }
        at = edit.range.end;
    }
    out.copy(original, at..original.len());
    Ok(out)
}

impl Rewritten {
    fn copy(&mut self, original: &str, range: Range<usize>) {
        self.origins.push((self.text.len(), range.start));
        self.text.push_str(original.get(range).unwrap_or_default());
    }
}

struct Rewriter<'a> {
    parsed: &'a Parsed,
    edits: Vec<Edit>,
    problems: Vec<Problem>,
    names: usize,
    prefix: String,
    unbraced: Vec<Range<usize>>,
}

impl Visit for Rewriter<'_> {
    fn statement(&mut self, statement: &LiteralStmt, query: &Query) {
        match &statement.literal {
            Literal::NotExpr { expr, .. } => self.negation(statement, expr, query),
            Literal::Expr { expr, .. } => self.walk(expr),
            _ => {}
        }
    }
}

impl Rewriter<'_> {
    fn negation(&mut self, statement: &LiteralStmt, expr: &Expr, query: &Query) {
        let mut operands = Vec::new();
        collect_top(expr, &mut operands);
        if operands.is_empty() {
            return;
        }
        let text = &self.parsed.file.text;
        let with: String = statement
            .with_mods
            .iter()
            .filter_map(|modifier| {
                let target = text.get(range(&modifier.refr.span().clone()))?;
                let value = text.get(whole_range(text, &modifier.r#as))?;
                Some(format!(" with {target} as {value}"))
            })
            .collect();
        let mut insertion = Vec::new();
        let mut replacements = Vec::new();
        for operand in operands {
            let range = whole_range(text, operand);
            let name = format!("{}{}", self.prefix, self.names);
            self.names += 1;
            insertion.push(Piece::New(format!("{name} := ")));
            insertion.push(Piece::Copy(range.clone()));
            insertion.push(Piece::New(format!("{with}; ")));
            replacements.push(Edit {
                range,
                pieces: vec![Piece::New(name)],
            });
        }
        let start = statement.span.start as usize;
        let body = range(&query.span);
        if self.unbraced.contains(&body) {
            insertion.insert(0, Piece::New("{ ".to_owned()));
            replacements.push(Edit {
                range: body.end..body.end,
                pieces: vec![Piece::New(" }".to_owned())],
            });
        }
        self.edits.push(Edit {
            range: start..start,
            pieces: insertion,
        });
        self.edits.append(&mut replacements);
    }

    fn walk(&mut self, expr: &Expr) {
        let Expr::AssignExpr {
            op, lhs, rhs, span, ..
        } = expr
        else {
            return;
        };
        let Some(walked) = walked(rhs) else { return };
        let text = &self.parsed.file.text;
        let mut names = Vec::new();
        if !pattern_names(lhs, &mut names) {
            self.problems.push(self.parsed.problem(
                span,
                Code::Unsupported,
                "the result of walk can only be taken apart as `[path, value] := walk(x)`",
            ));
            return;
        }
        let mut pieces = Vec::new();
        if *op == AssignOp::ColEq && !names.is_empty() {
            pieces.push(Piece::New(format!("some {}; ", names.join(", "))));
        }
        pieces.push(Piece::New("walk(".to_owned()));
        pieces.push(Piece::Copy(whole_range(text, walked)));
        pieces.push(Piece::New(", ".to_owned()));
        pieces.push(Piece::Copy(whole_range(text, lhs)));
        pieces.push(Piece::New(")".to_owned()));
        let whole = whole_range(text, lhs).start..whole_range(text, rhs).end;
        self.edits.push(Edit {
            range: whole,
            pieces,
        });
    }
}

/// The argument of a `walk` with one argument.
pub(super) fn walked(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Call { fcn, params, .. }
            if params.len() == 1
                && static_path(fcn).is_some_and(|(path, whole)| whole && path == ["walk"]) =>
        {
            params.first().map(AsRef::as_ref)
        }
        _ => None,
    }
}

/// True for a name or an array of names and constants; collects the names.
fn pattern_names(expr: &Expr, names: &mut Vec<String>) -> bool {
    match expr {
        Expr::Var { span, .. } => {
            let name = span.text();
            if name != "_" {
                names.push(name.to_owned());
            }
            true
        }
        Expr::Array { items, .. } => items.iter().all(|item| pattern_names(item, names)),
        Expr::String { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => true,
        _ => false,
    }
}
