//! `test_` rules: a test holds when its rule is true; undefined, false and errors fail it.

use std::time::Duration;

use crate::gate::policy::{Conditions, run_tests};
use crate::gate::wire::{Response, Tests};

/// Runs the tests of all sources; a source that cannot be loaded refuses all.
pub(super) fn run(tests: &Tests) -> Response {
    let conditions = Conditions {
        now_ns: tests.now_ns,
        rule_limit: Duration::from_millis(tests.rule_limit_ms),
    };
    let mut results = Vec::new();
    let mut problems = Vec::new();
    for source in &tests.sources {
        match run_tests(source, conditions) {
            Ok(more) => results.extend(more),
            Err(more) => problems.extend(more),
        }
    }
    if problems.is_empty() {
        Response::Tested(results)
    } else {
        Response::Refused(problems)
    }
}
