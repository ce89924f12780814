//! One query over one source.

use std::time::Duration;

use crate::gate::policy::{Conditions, evaluate_query};
use crate::gate::wire::{Eval, Response};

/// Evaluates it.
pub(super) fn evaluate(eval: &Eval) -> Response {
    let conditions = Conditions {
        now_ns: eval.now_ns,
        rule_limit: Duration::from_millis(eval.rule_limit_ms),
    };
    match evaluate_query(&eval.source, conditions, &eval.query, eval.input.as_ref()) {
        Ok((result, prints)) => Response::Evaluated { result, prints },
        Err(problems) => Response::Refused(problems),
    }
}
