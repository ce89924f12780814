//! The operands that OPA takes out of an expression before it negates it.

use regorus::unstable::{BoolOp, Expr};

use crate::gate::policy::syntax::{children, comprehension};

/// What OPA takes out of a negated expression, for the expression itself: an equality or a bare
/// reference keeps its own references (`not input.a == 1` is true without `input.a`), every other
/// operator and call is undefined when an operand is.
pub(super) fn collect_top<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    match expr {
        Expr::BoolExpr {
            op: BoolOp::Eq,
            lhs,
            rhs,
            ..
        }
        | Expr::AssignExpr { lhs, rhs, .. } => {
            collect_side(lhs, out);
            collect_side(rhs, out);
        }
        Expr::Call { params, .. } => {
            for param in params {
                collect_operand(param, out);
            }
        }
        Expr::RefDot { .. } | Expr::RefBrack { .. } => collect_reference(expr, out),
        _ if comprehension(expr).is_some() => {}
        _ => {
            for child in children(expr) {
                collect_operand(child, out);
            }
        }
    }
}

/// One side of an equality.
fn collect_side<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    match expr {
        Expr::RefDot { .. } | Expr::RefBrack { .. } => collect_reference(expr, out),
        _ => collect_operand(expr, out),
    }
}

/// A reference that stays: its computed indices and a call at its head are taken out.
fn collect_reference<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    match expr {
        Expr::RefDot { refr, .. } => collect_reference(refr, out),
        Expr::RefBrack { refr, index, .. } => {
            collect_reference(refr, out);
            collect_operand(index, out);
        }
        Expr::Var { .. } => {}
        _ => collect_operand(expr, out),
    }
}

/// An operand: taken out whole unless it is a constant, a name or a comprehension.
fn collect_operand<'a>(expr: &'a Expr, out: &mut Vec<&'a Expr>) {
    match expr {
        Expr::String { .. }
        | Expr::RawString { .. }
        | Expr::Number { .. }
        | Expr::Bool { .. }
        | Expr::Null { .. }
        | Expr::Var { .. } => {}
        _ if comprehension(expr).is_some() => {}
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            for item in items {
                collect_operand(item, out);
            }
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                collect_operand(key, out);
                collect_operand(value, out);
            }
        }
        _ => out.push(expr),
    }
}
