//! Variables under `not` that nothing binds.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Rule, RuleHead, Span};

use super::Functions;
use crate::gate::policy::problem::{Code, Problem};
use crate::gate::policy::syntax::{
    Parsed, Visit, children, comprehension, visit_expression, visit_rule,
};

/// A variable that only a negated expression mentions is unsafe: OPA refuses it, regorus evaluates
/// it as "for none of them".
pub(super) fn check(
    parsed: &Parsed,
    functions: &Functions,
    rule: &Rule,
    problems: &mut Vec<Problem>,
) {
    let mut negated = Negated::default();
    visit_rule(rule, &mut negated);
    if negated.found.is_empty() {
        return;
    }
    let mut all = Names::default();
    visit_rule(rule, &mut all);
    declared(rule, &mut all);
    let mut under_not: BTreeMap<String, usize> = BTreeMap::new();
    for names in &negated.found {
        for (name, count) in &names.counts {
            *under_not.entry(name.clone()).or_default() += count;
        }
    }
    for names in negated.found {
        for (name, span) in names.used {
            let inside = under_not.get(&name).copied().unwrap_or_default();
            let everywhere = all.counts.get(&name).copied().unwrap_or_default();
            let known = name == "input"
                || name == "data"
                || parsed.import(&name).is_some()
                || functions
                    .rules
                    .contains(&format!("{}.{name}", parsed.package_name()))
                || all.declared.contains(&name);
            let unsafe_name = name == "_" || (!known && everywhere <= inside);
            if unsafe_name {
                problems.push(parsed.problem(
                    &span,
                    Code::Unsafe,
                    if name == "_" {
                        "`_` under `not` is unsafe: move the iteration into a rule of its own, or use `every`"
                            .to_owned()
                    } else {
                        format!("variable `{name}` under `not` is bound nowhere: bind it before, or move the iteration into a rule of its own")
                    },
                ));
                break;
            }
        }
    }
}

#[derive(Default)]
struct Negated {
    found: Vec<Names>,
}

impl Visit for Negated {
    fn statement(&mut self, statement: &LiteralStmt, _query: &Query) {
        if let Literal::NotExpr { expr, .. } = &statement.literal {
            let mut names = Names::default();
            names.outside_comprehensions(expr);
            self.found.push(names);
        }
    }
}

/// Variables of a piece of a rule.
#[derive(Default)]
struct Names {
    counts: BTreeMap<String, usize>,
    used: Vec<(String, Span)>,
    declared: BTreeSet<String>,
}

impl Names {
    fn add(&mut self, expr: &Expr) {
        if let Expr::Var { span, .. } = expr {
            *self.counts.entry(span.text().to_owned()).or_default() += 1;
            self.used.push((span.text().to_owned(), span.clone()));
        }
    }

    fn outside_comprehensions(&mut self, expr: &Expr) {
        self.add(expr);
        if comprehension(expr).is_some() {
            return;
        }
        let skip_function = match expr {
            Expr::Call { fcn, .. } => Some(fcn.span().start),
            _ => None,
        };
        for child in children(expr) {
            if skip_function != Some(child.span().start) {
                self.outside_comprehensions(child);
            }
        }
    }
}

impl Visit for Names {
    fn expression(&mut self, expr: &Expr) {
        self.add(expr);
    }

    fn statement(&mut self, statement: &LiteralStmt, _query: &Query) {
        match &statement.literal {
            Literal::SomeVars { vars, .. } => {
                self.declared
                    .extend(vars.iter().map(|span| span.text().to_owned()));
            }
            Literal::Every { key, value, .. } => {
                self.declared
                    .extend(key.iter().chain([value]).map(|span| span.text().to_owned()));
            }
            _ => {}
        }
    }
}

/// Arguments of a function are bound by its caller.
fn declared(rule: &Rule, names: &mut Names) {
    if let Rule::Spec {
        head: RuleHead::Func { args, .. },
        ..
    } = rule
    {
        let mut inner = Names::default();
        for arg in args {
            visit_expression(arg, &mut inner);
        }
        names.declared.extend(inner.counts.into_keys());
    }
}
