//! What is refused at load, because the engine would evaluate it silently differently, or not at all.

mod negation;

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Rule, RuleHead};

use super::builtins::{self, Known};
use super::problem::{Code, Problem};
use super::rewrite::walked;
use super::source::RegoVersion;
use super::syntax::{HeadKind, Parsed, Visit, head, static_path, visit_rule};

/// Checks all files of a source together; the problems are in file order.
pub(super) fn lint(files: &[Parsed]) -> Vec<Problem> {
    let functions = Functions::of(files);
    let mut problems = Vec::new();
    for parsed in files {
        for rule in &parsed.module.policy {
            let mut calls = Calls {
                parsed,
                functions: &functions,
                walks: BTreeSet::new(),
                problems: Vec::new(),
            };
            visit_rule(rule, &mut calls);
            problems.append(&mut calls.problems);
            check_head(parsed, rule, &mut problems);
            negation::check(parsed, &functions, rule, &mut problems);
        }
    }
    problems
}

/// A set below a computed key, as in `p[key].q contains x`, is empty when it is asked for by its full
/// path.
fn check_head(parsed: &Parsed, rule: &Rule, problems: &mut Vec<Problem>) {
    if let Rule::Spec {
        head: RuleHead::Set { refr, span, .. },
        ..
    } = rule
        && !static_path(refr).is_some_and(|(_, whole)| whole)
    {
        problems.push(parsed.problem(
            span,
            Code::Unsupported,
            "a set below a computed key is not supported: make it a value of an object",
        ));
    }
}

/// The functions and rules that a source defines, by full path without `data`.
struct Functions {
    arities: BTreeMap<String, BTreeSet<usize>>,
    rules: BTreeSet<String>,
}

impl Functions {
    fn of(files: &[Parsed]) -> Self {
        let mut arities: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut rules = BTreeSet::new();
        for parsed in files {
            for rule in &parsed.module.policy {
                let head = head(rule);
                let path = format!("{}.{}", parsed.package_name(), head.path.join("."));
                if let HeadKind::Function(arity) = head.kind {
                    arities.entry(path.clone()).or_default().insert(arity);
                }
                if let Rule::Default { args, .. } = rule.as_ref()
                    && !args.is_empty()
                {
                    arities.entry(path.clone()).or_default().insert(args.len());
                }
                if let Some(first) = head.path.first() {
                    rules.insert(format!("{}.{first}", parsed.package_name()));
                }
            }
        }
        Self { arities, rules }
    }

    /// The numbers of arguments of the function that a call in this file means.
    fn find(&self, parsed: &Parsed, path: &[String]) -> Option<&BTreeSet<usize>> {
        let (first, rest) = path.split_first()?;
        let full = if first == "data" {
            rest.join(".")
        } else if let Some(target) = parsed.import(first) {
            target
                .iter()
                .skip(1)
                .chain(rest)
                .cloned()
                .collect::<Vec<_>>()
                .join(".")
        } else {
            format!("{}.{}", parsed.package_name(), path.join("."))
        };
        self.arities.get(&full)
    }
}

struct Calls<'a> {
    parsed: &'a Parsed,
    functions: &'a Functions,
    /// Starts of `walk` calls that the rewriting takes care of.
    walks: BTreeSet<u32>,
    problems: Vec<Problem>,
}

impl Visit for Calls<'_> {
    fn statement(&mut self, statement: &LiteralStmt, _query: &Query) {
        if let Literal::Expr { expr, .. } = &statement.literal
            && let Expr::AssignExpr { rhs, .. } = expr.as_ref()
            && walked(rhs).is_some()
        {
            self.walks.insert(rhs.span().start);
        }
        for modifier in &statement.with_mods {
            self.with_target(&modifier.refr);
        }
    }

    fn expression(&mut self, expr: &Expr) {
        if let Expr::Call {
            fcn, params, span, ..
        } = expr
        {
            let Some((path, true)) = static_path(fcn) else {
                self.refuse(
                    span,
                    Code::Unsupported,
                    "the called function is not a plain name",
                );
                return;
            };
            self.call(expr, &path, params.len());
        }
    }
}

impl Calls<'_> {
    fn refuse(&mut self, span: &regorus::unstable::Span, code: Code, message: impl Into<String>) {
        self.problems.push(self.parsed.problem(span, code, message));
    }

    /// `with data.x as …` and `with input.x as …` set a document; `with f as …` replaces a function.
    fn with_target(&mut self, target: &Expr) {
        let Some((path, _)) = static_path(target) else {
            return;
        };
        if path
            .first()
            .is_some_and(|root| root == "data" || root == "input")
        {
            return;
        }
        let name = path.join(".");
        if self.functions.find(self.parsed, &path).is_none()
            && !matches!(builtins::find(&name), Known::Engine(_) | Known::Ours(_))
            && self
                .parsed
                .import(path.first().map_or("", String::as_str))
                .is_none()
        {
            self.refuse(
                target.span(),
                Code::Unsupported,
                format!("`with {name}` replaces nothing that is defined here"),
            );
        }
    }

    fn call(&mut self, expr: &Expr, path: &[String], arguments: usize) {
        let name = path.join(".");
        let span = expr.span();
        if let Some(arities) = self.functions.find(self.parsed, path) {
            if !arities.contains(&arguments) && !arities.contains(&(arguments.saturating_sub(1))) {
                self.refuse(
                    span,
                    Code::Arity,
                    format!(
                        "`{name}` is called with {arguments} arguments, but takes {}",
                        list(arities)
                    ),
                );
            }
            return;
        }
        match builtins::find(&name) {
            Known::Engine(_) if name == "walk" => self.walk(expr, arguments),
            Known::Engine(arity) => {
                if arguments != arity && arguments != arity + 1 {
                    self.arity(span, &name, arguments, arity);
                }
            }
            Known::Ours(arity) => {
                if builtins::is_old(&name) && self.parsed.file.rego == RegoVersion::V1 {
                    self.refuse(
                        span,
                        Code::Unsupported,
                        format!("`{name}` does not exist in Rego v1; write it as a comprehension or with `every`"),
                    );
                } else if arguments != arity {
                    self.arity(span, &name, arguments, arity);
                }
            }
            Known::Print => {}
            Known::Refused(reason) => {
                self.refuse(
                    span,
                    Code::Unsupported,
                    format!("`{name}` is refused: {reason}"),
                );
            }
            Known::Unknown => {
                let near = builtins::nearest(&name)
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                self.refuse(
                    span,
                    Code::Unsupported,
                    format!("there is no function `{name}` here{near}"),
                );
            }
        }
    }

    fn arity(&mut self, span: &regorus::unstable::Span, name: &str, given: usize, taken: usize) {
        self.refuse(
            span,
            Code::Arity,
            format!("`{name}` is called with {given} arguments, but takes {taken}"),
        );
    }

    fn walk(&mut self, expr: &Expr, arguments: usize) {
        let handled = self.walks.contains(&expr.span().start);
        if arguments != 2 && !handled {
            self.refuse(
                expr.span(),
                Code::Unsupported,
                "`walk` is only supported as `walk(x, [path, value])` or `[path, value] := walk(x)`",
            );
        }
    }
}

fn list(arities: &BTreeSet<usize>) -> String {
    let words: Vec<String> = arities.iter().map(ToString::to_string).collect();
    words.join(" or ")
}
