//! Changes that block nothing: none touched, and one application that passes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::config::repo::Mode;
use crate::finding::Gate;
use crate::plan::{Untouched, UntouchedItem, UntouchedReason};
use crate::preview::Action;
use crate::report::model::Report;
use crate::tree::Revision;
use crate::verdict::{Evidence, GateResult, Verdict, conclude};

use super::pieces::{app, change, field, object, path, preview, sha};

fn passed() -> Verdict {
    let touched = BTreeSet::new();
    let (modes, results) = (BTreeMap::new(), BTreeMap::new());
    conclude(&Evidence {
        touched: &touched,
        rendered: &[],
        modes: &modes,
        results: &results,
        findings: &[],
        preview_tolerated: &touched,
        unevaluable_before: &touched,
        unevaluable: Mode::Block,
        whole: &[],
    })
    .verdict
}

pub(in crate::report) fn nothing() -> Report {
    let pass = |gate| (gate, GateResult::Pass);
    Report {
        verdict: passed(),
        base_name: Some("main".to_owned()),
        gates: Gate::ALL.into_iter().map(pass).collect(),
        declared: 41,
        untouched: vec![Untouched {
            what: UntouchedItem::Path(path("README.md")),
            reason: UntouchedReason::NoApplicationReadsIt,
        }],
        ..Report::of_troubles(
            Some(Revision::Commit(sha('9'))),
            Some(Revision::Worktree),
            Vec::new(),
        )
    }
}

/// One application, one change, nothing wrong.
pub(in crate::report) fn passing() -> Report {
    let mut shop = app("shop", "");
    shop.preview = preview(
        &shop,
        vec![change(
            object("Deployment", Some("shop"), "web"),
            Action::Update,
            vec![field("/spec/replicas", Some(json!(2)), Some(json!(3)))],
        )],
    );
    Report {
        apps: vec![shop],
        rendered: 2,
        ..nothing()
    }
}
