//! Changes that could not be judged to the end: the author's mistake, and the operator's.

use std::collections::BTreeMap;

use crate::finding::{Blame, Gate};
use crate::ids::Side;
use crate::render::Problem;
use crate::report::model::{Report, Trouble};
use crate::verdict::{AppOutcome, GateResult, Verdict};

use super::pieces::{app, path};
use super::quiet::nothing;

/// The head of one application does not render; the base of another did not either.
pub(in crate::report) fn broken() -> Report {
    let problem = |message: &str, line| Problem {
        message: message.to_owned(),
        path: Some(path("apps/shop/kustomization.yaml")),
        line,
        blame: Blame::Author,
    };
    let mut shop = app("shop", "");
    shop.head = None;
    shop.outcome = AppOutcome::Fail;
    shop.gates = BTreeMap::from([(Gate::Render, GateResult::Fail)]);
    shop.problems = vec![(
        Side::Head,
        problem("`web.yml` does not exist\nresources are read in order", 4),
    )];
    let mut repaired = app("repaired", "");
    repaired.base = None;
    repaired.problems = vec![(Side::Base, problem("base `../common` does not exist", 0))];
    Report {
        verdict: Verdict::Fail,
        gates: BTreeMap::from([
            (Gate::Render, GateResult::Fail),
            (Gate::Schema, GateResult::Error),
            (Gate::Policy, GateResult::Error),
            (Gate::Preview, GateResult::Off),
        ]),
        apps: vec![repaired, shop],
        rendered: 4,
        ..nothing()
    }
}

/// A cluster did not answer.
pub(in crate::report) fn undecided() -> Report {
    let mut shop = app("shop", "production");
    shop.outcome = AppOutcome::Error;
    shop.gates.insert(Gate::Preview, GateResult::Error);
    let mut gates = nothing().gates;
    gates.insert(Gate::Preview, GateResult::Error);
    Report {
        verdict: Verdict::Error,
        gates,
        apps: vec![shop],
        rendered: 2,
        confined: false,
        troubles: vec![Trouble {
            what: "cluster `production` did not answer within 10 s".to_owned(),
            app: None,
            place: None,
            blame: Blame::Operator,
            hint: Some("check that its API server can be reached from here".to_owned()),
        }],
        ..nothing()
    }
}
