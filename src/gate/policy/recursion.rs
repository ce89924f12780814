//! Recursion is refused: OPA refuses it at load, regorus overflows the stack of the process.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Literal, LiteralStmt, Query, Rule, RuleHead};

use super::problem::{Code, Problem};
use super::syntax::{Parsed, Visit, head, static_path, visit_expression, visit_rule};

/// One problem per circle of rules, at the first rule of it.
pub(super) fn find_recursion(files: &[Parsed]) -> Vec<Problem> {
    let mut graph: BTreeMap<Vec<String>, BTreeSet<Vec<String>>> = BTreeMap::new();
    let mut places: BTreeMap<Vec<String>, Problem> = BTreeMap::new();
    let mut rules: Vec<(&Parsed, &Rule, Vec<String>)> = Vec::new();
    for parsed in files {
        for rule in &parsed.module.policy {
            let head = head(rule);
            let mut path = parsed.package.clone();
            path.extend(head.path.iter().cloned());
            places
                .entry(path.clone())
                .or_insert_with(|| parsed.problem(head.span, Code::Recursion, String::new()));
            graph.entry(path.clone()).or_default();
            rules.push((parsed, rule, path));
        }
    }
    let known: Vec<Vec<String>> = graph.keys().cloned().collect();
    for (parsed, rule, path) in rules {
        let mut references = References {
            parsed,
            known: &known,
            locals: locals(rule),
            inner: BTreeSet::new(),
            found: BTreeSet::new(),
        };
        visit_bodies(rule, &mut references);
        graph.entry(path).or_default().extend(references.found);
    }
    circles(&graph)
        .into_iter()
        .filter_map(|circle| {
            let mut problem = places.get(circle.first()?)?.clone();
            let names: Vec<String> = circle.iter().map(|path| path.join(".")).collect();
            problem.message = format!(
                "`{}` depends on itself: recursion is not allowed in Rego",
                names.join("` → `")
            );
            Some(problem)
        })
        .collect()
}

/// The rule's head reference names the rule itself and is no use of it.
fn visit_bodies(rule: &Rule, visitor: &mut References<'_>) {
    match rule {
        Rule::Spec {
            head:
                RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. },
            ..
        } => {
            let own = refr.span().start..=refr.span().end;
            let mut inner = SkipHead { own, visitor };
            visit_rule(rule, &mut inner);
        }
        Rule::Default { value, .. } => visit_expression(value, visitor),
    }
}

struct SkipHead<'a, 'b> {
    own: std::ops::RangeInclusive<u32>,
    visitor: &'a mut References<'b>,
}

impl Visit for SkipHead<'_, '_> {
    fn expression(&mut self, expr: &Expr) {
        if !self.own.contains(&expr.span().start) {
            self.visitor.expression(expr);
        }
    }
}

/// Names that a rule binds itself and that hide rules of the same name.
fn locals(rule: &Rule) -> BTreeSet<String> {
    struct Locals(BTreeSet<String>);
    impl Locals {
        fn pattern(&mut self, expr: &Expr) {
            if let Expr::Var { span, .. } = expr {
                self.0.insert(span.text().to_owned());
            }
            if matches!(expr, Expr::Array { .. } | Expr::Object { .. }) {
                for child in super::syntax::children(expr) {
                    self.pattern(child);
                }
            }
        }
    }
    impl Visit for Locals {
        fn statement(&mut self, statement: &LiteralStmt, _query: &Query) {
            match &statement.literal {
                Literal::SomeVars { vars, .. } => {
                    self.0
                        .extend(vars.iter().map(|span| span.text().to_owned()));
                }
                Literal::SomeIn { key, value, .. } => {
                    for part in key.iter().chain([value]) {
                        self.pattern(part);
                    }
                }
                Literal::Every { key, value, .. } => self
                    .0
                    .extend(key.iter().chain([value]).map(|span| span.text().to_owned())),
                Literal::Expr { expr, .. } => {
                    if let Expr::AssignExpr {
                        op: regorus::unstable::AssignOp::ColEq,
                        lhs,
                        ..
                    } = expr.as_ref()
                    {
                        self.pattern(lhs);
                    }
                }
                Literal::NotExpr { .. } => {}
            }
        }
    }
    let mut locals = Locals(BTreeSet::new());
    if let Rule::Spec {
        head: RuleHead::Func { args, .. },
        ..
    } = rule
    {
        for arg in args {
            locals.pattern(arg);
        }
    }
    visit_rule(rule, &mut locals);
    locals.0
}

struct References<'a> {
    parsed: &'a Parsed,
    known: &'a [Vec<String>],
    locals: BTreeSet<String>,
    /// Heads of longer references, which say less than the whole.
    inner: BTreeSet<u32>,
    found: BTreeSet<Vec<String>>,
}

impl Visit for References<'_> {
    fn expression(&mut self, expr: &Expr) {
        if let Expr::RefDot { refr, .. } | Expr::RefBrack { refr, .. } = expr {
            self.inner.insert(refr.eidx());
        }
        if self.inner.contains(&expr.eidx()) {
            return;
        }
        let Some((path, _)) = static_path(expr) else {
            return;
        };
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let full: Vec<String> = if first == "data" {
            rest.to_vec()
        } else if self.locals.contains(first) {
            return;
        } else if let Some(target) = self.parsed.import(first) {
            target.iter().skip(1).chain(rest).cloned().collect()
        } else {
            self.parsed.package.iter().chain(&path).cloned().collect()
        };
        let more = self
            .known
            .iter()
            .filter(|rule| full.starts_with(rule) || rule.starts_with(&full));
        self.found.extend(more.cloned());
    }
}

/// The groups of rules that reach each other, each in order of path.
fn circles(graph: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>) -> Vec<Vec<Vec<String>>> {
    let reaches: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = graph
        .keys()
        .map(|start| {
            let mut seen: BTreeSet<&Vec<String>> = BTreeSet::new();
            let mut open: Vec<&Vec<String>> = graph.get(start).into_iter().flatten().collect();
            while let Some(next) = open.pop() {
                if seen.insert(next) {
                    open.extend(graph.get(next).into_iter().flatten());
                }
            }
            (start, seen)
        })
        .collect();
    let mut done: BTreeSet<&Vec<String>> = BTreeSet::new();
    let mut found = Vec::new();
    for (start, seen) in &reaches {
        if !seen.contains(*start) || done.contains(*start) {
            continue;
        }
        let circle: Vec<Vec<String>> = seen
            .iter()
            .filter(|other| {
                reaches
                    .get(**other)
                    .is_some_and(|back| back.contains(*start))
            })
            .map(|path| (*path).clone())
            .collect();
        for path in &circle {
            if let Some((path, _)) = graph.get_key_value(path) {
                done.insert(path);
            }
        }
        found.push(circle);
    }
    found
}
