//! Parsed policies: regorus' tree, and the questions that the checks ask of it.
//!
//! The tree comes from regorus' `unstable` module. The version is pinned exactly, so a change there
//! is a change here, made on purpose.

mod visit;

use std::num::NonZeroU32;

use regorus::unstable::{Expr, Literal, LiteralStmt, Module, Query, Ref, Rule, RuleHead, Span};
use regorus::{Engine, Value};

use super::problem::{Code, Problem};
use super::source::{PolicyFile, RegoVersion};

pub(super) use visit::{Visit, visit_expression, visit_rule};

/// Rewriting adds at most a few names to a line, so lines twice the parser's limit are enough.
pub(super) const REWRITTEN_COLUMNS: NonZeroU32 = NonZeroU32::MIN.saturating_add(16 * 1024);

/// One parsed file.
#[derive(Clone)]
pub(super) struct Parsed {
    /// The file.
    pub(super) file: PolicyFile,
    /// Its tree.
    pub(super) module: Ref<Module>,
    /// Its package, as path segments without `data`.
    pub(super) package: Vec<String>,
}

impl Parsed {
    /// The package as conftest and reports write it: segments joined by dots.
    pub(super) fn package_name(&self) -> String {
        self.package.join(".")
    }

    /// A problem at a place of this file.
    pub(super) fn problem(&self, span: &Span, code: Code, message: impl Into<String>) -> Problem {
        // The column of a span is its operator's or parenthesis'; its offset is its beginning.
        let (line, column) = super::rewrite::place_of(&self.file.text, span.start as usize);
        Problem {
            path: self.file.path.clone(),
            line,
            column,
            code,
            message: message.into(),
        }
    }

    /// What an identifier at the head of a reference stands for by way of imports: the full path.
    pub(super) fn import(&self, name: &str) -> Option<Vec<String>> {
        self.module.imports.iter().find_map(|import| {
            let path = static_path(&import.refr)?.0;
            let alias = import
                .r#as
                .as_ref()
                .map_or_else(|| path.last().cloned(), |span| Some(span.text().to_owned()))?;
            (alias == name
                && path
                    .first()
                    .is_some_and(|root| root == "data" || root == "input"))
            .then_some(path)
        })
    }
}

/// Parses one file in the syntax of its version.
pub(super) fn parse(file: &PolicyFile) -> Result<Parsed, Problem> {
    let (module, _) = parse_text(&file.path, &file.text, file.rego, None).map_err(|text| {
        let mut problem = Problem::of_engine(&file.path, &text, Code::Parse);
        let other = match file.rego {
            RegoVersion::V0 => RegoVersion::V1,
            RegoVersion::V1 => RegoVersion::V0,
        };
        if parse_text(&file.path, &file.text, other, None).is_ok() {
            problem.message = format!(
                "{}: this is Rego {} in a source read as {}; write it in {} or set the Rego version",
                problem.message,
                other.word(),
                file.rego.word(),
                file.rego.word(),
            );
        }
        problem
    })?;
    let package = static_path(&module.package.refr)
        .filter(|(path, whole)| *whole && path.iter().all(|part| !part.contains(['.', '"', '\\'])))
        .map(|(path, _)| path)
        .ok_or_else(|| {
            Problem::of_file(
                &file.path,
                Code::Unsupported,
                "a package name with dots or quotes inside a segment is not supported",
            )
        })?;
    Ok(Parsed {
        file: file.clone(),
        module,
        package,
    })
}

/// Parses a text; the error is the engine's own text.
pub(super) fn parse_text(
    path: &str,
    text: &str,
    rego: RegoVersion,
    columns: Option<NonZeroU32>,
) -> Result<(Ref<Module>, Engine), String> {
    let mut engine = Engine::new();
    if let Some(columns) = columns {
        let limits = regorus::PolicyLengthConfig {
            max_col: columns,
            ..Default::default()
        };
        engine.set_policy_length_config(limits);
    }
    engine.set_rego_v0(rego == RegoVersion::V0);
    engine
        .add_policy(path.to_owned(), text.to_owned())
        .map_err(|error| error.to_string())?;
    let module = engine.get_modules().last().cloned();
    module
        .map(|module| (module, engine))
        .ok_or_else(|| "the file holds no module".to_owned())
}

/// A rule's head in the terms of the checks.
pub(super) struct Head<'a> {
    /// The path below the package, as far as it is plain text.
    pub(super) path: Vec<String>,
    /// What it defines.
    pub(super) kind: HeadKind,
    /// Where it stands.
    pub(super) span: &'a Span,
}

/// What a rule defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadKind {
    /// `name contains …`, or `name[x]` in v0.
    Set,
    /// A function of so many arguments.
    Function(usize),
    /// `name := value`, `name[x] := value`.
    Value,
    /// `name if …`: true or undefined.
    Condition,
    /// `default name := …`.
    Default,
}

impl Head<'_> {
    /// The last segment.
    pub(super) fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }
}

/// The head of a rule.
pub(super) fn head(rule: &Rule) -> Head<'_> {
    let (refr, kind, span) = match rule {
        Rule::Default { refr, span, .. } => (refr, HeadKind::Default, span),
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, assign, span } => (
                refr,
                if assign.is_some() {
                    HeadKind::Value
                } else {
                    HeadKind::Condition
                },
                span,
            ),
            RuleHead::Set { refr, span, .. } => (refr, HeadKind::Set, span),
            RuleHead::Func {
                refr, args, span, ..
            } => (refr, HeadKind::Function(args.len()), span),
        },
    };
    Head {
        path: static_path(refr).map(|(path, _)| path).unwrap_or_default(),
        kind,
        span,
    }
}

/// The leading plain-text segments of a reference, and whether that is all of it. `None` when it does
/// not begin with an identifier.
pub(super) fn static_path(expr: &Expr) -> Option<(Vec<String>, bool)> {
    match expr {
        Expr::Var { span, .. } => Some((vec![span.text().to_owned()], true)),
        Expr::RefDot { refr, field, .. } => {
            let (mut path, whole) = static_path(refr)?;
            if whole {
                path.push(text_of(&field.1).unwrap_or_else(|| field.0.text().to_owned()));
            }
            Some((path, whole))
        }
        Expr::RefBrack { refr, index, .. } => {
            let (mut path, whole) = static_path(refr)?;
            match (whole, index.as_ref()) {
                (true, Expr::String { value, .. } | Expr::RawString { value, .. }) => {
                    path.push(text_of(value)?);
                    Some((path, true))
                }
                _ => Some((path, false)),
            }
        }
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    value.as_string().ok().map(ToString::to_string)
}

/// The direct parts of an expression, in source order; bodies of comprehensions are queries and not
/// among them.
pub(super) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => Vec::new(),
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().map(AsRef::as_ref).collect()
        }
        Expr::Object { fields, .. } => fields
            .iter()
            .flat_map(|(_, key, value)| [key.as_ref(), value.as_ref()])
            .collect(),
        Expr::ArrayCompr { term, .. } | Expr::SetCompr { term, .. } => vec![term],
        Expr::ObjectCompr { key, value, .. } => vec![key, value],
        Expr::Call { fcn, params, .. } => std::iter::once(fcn)
            .chain(params)
            .map(AsRef::as_ref)
            .collect(),
        Expr::UnaryExpr { expr, .. } => vec![expr],
        Expr::RefDot { refr, .. } => vec![refr],
        Expr::RefBrack { refr, index, .. } => vec![refr, index],
        Expr::BinExpr { lhs, rhs, .. }
        | Expr::BoolExpr { lhs, rhs, .. }
        | Expr::ArithExpr { lhs, rhs, .. }
        | Expr::AssignExpr { lhs, rhs, .. } => vec![lhs, rhs],
        Expr::Membership {
            key,
            value,
            collection,
            ..
        } => key
            .iter()
            .chain([value, collection])
            .map(AsRef::as_ref)
            .collect(),
    }
}

/// The query of a comprehension.
pub(super) fn comprehension(expr: &Expr) -> Option<&Query> {
    match expr {
        Expr::ArrayCompr { query, .. }
        | Expr::SetCompr { query, .. }
        | Expr::ObjectCompr { query, .. } => Some(query),
        _ => None,
    }
}

/// The expressions of a statement, its `with` values included, and the query of an `every`.
pub(super) fn parts(statement: &LiteralStmt) -> (Vec<&Expr>, Option<&Query>) {
    let mut expressions: Vec<&Expr> = Vec::new();
    let mut query = None;
    match &statement.literal {
        Literal::SomeVars { .. } => {}
        Literal::SomeIn {
            key,
            value,
            collection,
            ..
        } => expressions.extend(key.iter().chain([value, collection]).map(AsRef::as_ref)),
        Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => expressions.push(expr),
        Literal::Every {
            domain,
            query: body,
            ..
        } => {
            expressions.push(domain);
            query = Some(body.as_ref());
        }
    }
    for modifier in &statement.with_mods {
        expressions.push(&modifier.r#as);
    }
    (expressions, query)
}
