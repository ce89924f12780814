//! Going through everything below a rule.

use regorus::unstable::{Expr, LiteralStmt, Query, Rule, RuleHead};

use super::{children, comprehension, parts};

/// Everything that looks at a rule: called for each expression, statement and query below it.
pub(in crate::gate::policy) trait Visit {
    /// An expression, before its parts.
    fn expression(&mut self, _expr: &Expr) {}
    /// A statement, before its parts.
    fn statement(&mut self, _statement: &LiteralStmt, _query: &Query) {}
}

/// Visits a rule: its head's expressions, then its bodies.
pub(in crate::gate::policy) fn visit_rule(rule: &Rule, visitor: &mut impl Visit) {
    match rule {
        Rule::Default { value, .. } => visit_expression(value, visitor),
        Rule::Spec { head, bodies, .. } => {
            let (refr, assign) = match head {
                RuleHead::Compr { refr, assign, .. } => (refr, assign),
                RuleHead::Set { refr, key, .. } => {
                    if let Some(key) = key {
                        visit_expression(key, visitor);
                    }
                    (refr, &None)
                }
                RuleHead::Func {
                    refr, args, assign, ..
                } => {
                    for arg in args {
                        visit_expression(arg, visitor);
                    }
                    (refr, assign)
                }
            };
            visit_expression(refr, visitor);
            if let Some(assign) = assign {
                visit_expression(&assign.value, visitor);
            }
            for body in bodies {
                if let Some(assign) = &body.assign {
                    visit_expression(&assign.value, visitor);
                }
                visit_query(&body.query, visitor);
            }
        }
    }
}

/// Visits a query's statements with all their parts.
fn visit_query(query: &Query, visitor: &mut impl Visit) {
    for statement in &query.stmts {
        visitor.statement(statement, query);
        let (expressions, inner) = parts(statement);
        for expr in expressions {
            visit_expression(expr, visitor);
        }
        if let Some(inner) = inner {
            visit_query(inner, visitor);
        }
    }
}

/// Visits an expression with all its parts.
pub(in crate::gate::policy) fn visit_expression(expr: &Expr, visitor: &mut impl Visit) {
    visitor.expression(expr);
    for child in children(expr) {
        visit_expression(child, visitor);
    }
    if let Some(query) = comprehension(expr) {
        visit_query(query, visitor);
    }
}
