use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::config::repo::Mode;
use crate::finding::{Blame, Finding, Judged, Severity, State};
use crate::ids::{ClusterName, DeclaredBy};
use crate::render::{Outcome, Problem, RenderedApp, Rendering};

fn id(name: &str) -> AppId {
    AppId {
        kind: DeclaredBy::Kustomization,
        cluster: ClusterName::default(),
        namespace: String::new(),
        name: name.to_owned(),
        variant: None,
    }
}

fn rendered() -> Outcome {
    Outcome::Rendered(Rendering {
        manifests: Vec::new(),
        digest: Digest::of(b"head"),
        duplicates: Vec::new(),
        oddities: Vec::new(),
        placeholders: Vec::new(),
        repeated: Vec::new(),
        others: Vec::new(),
        fails_elsewhere: None,
    })
}

fn failed(blame: Blame) -> Outcome {
    Outcome::Failed(vec![Problem {
        message: "it does not render".to_owned(),
        path: None,
        line: 0,
        blame,
    }])
}

fn finding(app: Option<AppId>, gate: Gate, blocks: bool) -> Judged {
    Judged {
        finding: Finding {
            gate,
            rule: "rule".to_owned(),
            severity: Severity::Error,
            app,
            object: None,
            pointer: None,
            source: None,
            message: "message".to_owned(),
            fix: None,
            url: None,
            subject: String::new(),
        },
        state: State::New,
        blocks,
    }
}

/// Evidence that owns its parts; starts as one application that passes every gate.
#[derive(Debug, Clone)]
struct Case {
    touched: BTreeSet<AppId>,
    rendered: Vec<RenderedApp>,
    modes: BTreeMap<Gate, Mode>,
    results: Results,
    findings: Vec<Judged>,
    preview_tolerated: BTreeSet<AppId>,
    unevaluable: Mode,
    whole: Vec<Blame>,
}

impl Case {
    fn passing() -> Self {
        let judged = [Gate::Schema, Gate::Policy, Gate::Preview];
        Self {
            touched: BTreeSet::from([id("shop")]),
            rendered: vec![RenderedApp {
                id: id("shop"),
                base: rendered(),
                head: rendered(),
            }],
            modes: Gate::ALL
                .into_iter()
                .map(|gate| (gate, Mode::Block))
                .collect(),
            results: judged
                .into_iter()
                .map(|gate| ((id("shop"), gate), GateResult::Pass))
                .collect(),
            findings: Vec::new(),
            preview_tolerated: BTreeSet::new(),
            unevaluable: Mode::BlockNew,
            whole: Vec::new(),
        }
    }

    fn with_sides(base: Outcome, head: Outcome) -> Self {
        let mut case = Self::passing();
        case.rendered = vec![RenderedApp {
            id: id("shop"),
            base,
            head,
        }];
        case
    }

    fn conclude(&self) -> Concluded {
        conclude(&Evidence {
            touched: &self.touched,
            rendered: &self.rendered,
            modes: &self.modes,
            results: &self.results,
            findings: &self.findings,
            preview_tolerated: &self.preview_tolerated,
            unevaluable_before: &self.touched,
            unevaluable: self.unevaluable,
            whole: &self.whole,
        })
    }

    fn word(&self) -> &'static str {
        self.conclude().verdict.word()
    }
}

#[test]
fn a_change_passes_when_every_gate_passed_every_app() {
    let Verdict::Pass(passed) = Case::passing().conclude().verdict else {
        panic!("it should pass");
    };
    assert_eq!(
        passed.heads().get(&id("shop")),
        Some(&Some(Digest::of(b"head")))
    );
}

#[test]
fn a_change_that_touches_no_app_passes() {
    let mut case = Case::passing();
    case.touched.clear();
    assert_eq!(case.word(), "pass");
    assert_eq!(
        case.conclude().gates.get(&Gate::Policy),
        Some(&GateResult::Pass)
    );
}

#[test]
fn a_missing_result_is_an_error() {
    for gate in [Gate::Schema, Gate::Policy, Gate::Preview] {
        let mut case = Case::passing();
        case.results.remove(&(id("shop"), gate));
        assert_eq!(case.word(), "error", "{gate:?}");
        assert_eq!(case.conclude().gates.get(&gate), Some(&GateResult::Error));
    }
    let mut case = Case::passing();
    case.rendered.clear();
    assert_eq!(case.word(), "error");
}

#[test]
fn a_gate_that_is_off_is_not_needed_and_says_off() {
    let mut case = Case::passing();
    case.modes.insert(Gate::Preview, Mode::Off);
    case.results.remove(&(id("shop"), Gate::Preview));
    assert_eq!(case.word(), "pass");
    assert_eq!(
        case.conclude().gates.get(&Gate::Preview),
        Some(&GateResult::Off)
    );
}

#[test]
fn a_result_of_off_does_not_satisfy_a_gate_that_is_on() {
    let mut case = Case::passing();
    case.results
        .insert((id("shop"), Gate::Schema), GateResult::Off);
    assert_eq!(case.word(), "error");
}

#[test]
fn a_head_that_the_author_broke_fails_whatever_base_does() {
    for base in [Outcome::Absent, rendered(), failed(Blame::Author)] {
        let case = Case::with_sides(base, failed(Blame::Author));
        assert_eq!(case.word(), "fail");
        let concluded = case.conclude();
        assert_eq!(concluded.gates.get(&Gate::Render), Some(&GateResult::Fail));
        assert_eq!(concluded.gates.get(&Gate::Schema), Some(&GateResult::Error));
    }
}

#[test]
fn a_head_that_an_operator_or_a_service_kept_from_rendering_is_an_error() {
    for blame in [Blame::Operator, Blame::Upstream] {
        assert_eq!(Case::with_sides(rendered(), failed(blame)).word(), "error");
    }
    assert_eq!(
        Case::with_sides(rendered(), Outcome::Failed(Vec::new())).word(),
        "error"
    );
}

#[test]
fn a_change_that_repairs_a_broken_base_may_pass() {
    assert_eq!(
        Case::with_sides(failed(Blame::Author), rendered()).word(),
        "pass"
    );
    assert_eq!(
        Case::with_sides(failed(Blame::Operator), rendered()).word(),
        "error"
    );
}

#[test]
fn an_app_that_exists_on_neither_side_or_is_rendered_twice_is_an_error() {
    assert_eq!(
        Case::with_sides(Outcome::Absent, Outcome::Absent).word(),
        "error"
    );
    let mut case = Case::passing();
    case.rendered.push(RenderedApp {
        id: id("shop"),
        base: rendered(),
        head: failed(Blame::Author),
    });
    assert_eq!(case.word(), "error");
}

#[test]
fn a_blocking_finding_refuses_even_outside_every_touched_app() {
    for app in [None, Some(id("shop")), Some(id("elsewhere"))] {
        let mut case = Case::passing();
        case.findings.push(finding(app, Gate::Policy, true));
        assert_eq!(case.word(), "fail");
        assert_eq!(
            case.conclude().gates.get(&Gate::Policy),
            Some(&GateResult::Fail)
        );
    }
    let mut case = Case::passing();
    case.findings.push(finding(None, Gate::Policy, false));
    assert_eq!(case.word(), "pass");
}

#[test]
fn a_missing_preview_passes_only_where_configuration_tolerates_it() {
    let mut case = Case::passing();
    case.results
        .insert((id("shop"), Gate::Preview), GateResult::Error);
    assert_eq!(case.word(), "error");
    case.preview_tolerated.insert(id("shop"));
    assert_eq!(case.word(), "pass");
    assert_eq!(
        case.conclude().gates.get(&Gate::Preview),
        Some(&GateResult::Error)
    );
    case.results
        .insert((id("shop"), Gate::Schema), GateResult::Error);
    assert_eq!(case.word(), "error");
}

#[test]
fn a_preview_that_nobody_asked_for_is_off_and_passes_only_where_nothing_demands_it() {
    let mut case = Case::passing();
    case.results
        .insert((id("shop"), Gate::Preview), GateResult::Off);
    assert_eq!(case.word(), "error");
    assert_eq!(
        case.conclude().gates.get(&Gate::Preview),
        Some(&GateResult::Error)
    );
    case.preview_tolerated.insert(id("shop"));
    assert_eq!(case.word(), "pass");
    assert_eq!(
        case.conclude().gates.get(&Gate::Preview),
        Some(&GateResult::Off),
        "it does not read as verified"
    );
    case.findings
        .push(finding(Some(id("shop")), Gate::Preview, true));
    assert_eq!(case.word(), "fail");
}

#[test]
fn an_app_that_cannot_be_evaluated_follows_the_configuration() {
    let elsewhere = || Outcome::NotEvaluable(Vec::new());
    let mut case = Case::with_sides(Outcome::Absent, elsewhere());
    assert_eq!(case.word(), "fail");
    case.unevaluable = Mode::Warn;
    assert_eq!(case.word(), "pass");
    let mut case = Case::with_sides(failed(Blame::Author), elsewhere());
    assert_eq!(case.word(), "fail", "a failure before is no excuse");
    case = Case::with_sides(elsewhere(), elsewhere());
    assert_eq!(case.word(), "pass");
    case.unevaluable = Mode::Block;
    assert_eq!(case.word(), "fail");
}

#[test]
fn what_keeps_the_whole_from_being_judged_is_never_a_pass() {
    for (blame, word) in [
        (Blame::Author, "fail"),
        (Blame::Operator, "error"),
        (Blame::Upstream, "error"),
    ] {
        let mut case = Case::passing();
        case.whole.push(blame);
        assert_eq!(case.word(), word);
    }
}

fn any_blame() -> impl Strategy<Value = Blame> {
    prop_oneof![
        Just(Blame::Author),
        Just(Blame::Operator),
        Just(Blame::Upstream)
    ]
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Absent),
        Just(rendered()),
        any_blame().prop_map(failed)
    ]
}

fn any_result() -> impl Strategy<Value = Option<GateResult>> {
    prop_oneof![
        1 => Just(None),
        1 => Just(Some(GateResult::Off)),
        6 => Just(Some(GateResult::Pass)),
        1 => Just(Some(GateResult::Fail)),
        1 => Just(Some(GateResult::Error)),
    ]
}

prop_compose! {
    fn any_case()(
        apps in prop::collection::vec((any_outcome(), any_outcome(), any_result(), any_result(), any_result(), any::<bool>(), prop::bool::weighted(0.1)), 1..4),
        modes in prop::collection::vec(prop_oneof![Just(Mode::Off), Just(Mode::Shadow), Just(Mode::Warn), Just(Mode::Block)], 4),
        whole in prop::collection::vec(any_blame(), 0..2),
        unevaluable in prop_oneof![Just(Mode::Warn), Just(Mode::BlockNew), Just(Mode::Block)],
    ) -> Case {
        let mut case = Case::passing();
        case.touched.clear();
        case.rendered.clear();
        case.results.clear();
        case.whole = whole;
        case.unevaluable = unevaluable;
        case.modes = Gate::ALL.into_iter().zip(modes).collect();
        for (number, (base, head, schema, policy, preview, tolerated, odd)) in apps.into_iter().enumerate() {
            let id = id(&format!("app-{number}"));
            case.touched.insert(id.clone());
            let head = if odd { Outcome::NotEvaluable(Vec::new()) } else { head };
            case.rendered.push(RenderedApp { id: id.clone(), base, head });
            for (gate, result) in [(Gate::Schema, schema), (Gate::Policy, policy), (Gate::Preview, preview)] {
                if let Some(result) = result {
                    case.results.insert((id.clone(), gate), result);
                }
            }
            if tolerated {
                case.preview_tolerated.insert(id.clone());
            }
        }
        case
    }
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Pass(_) => 0,
        Verdict::Fail => 1,
        Verdict::Error => 2,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn a_pass_never_hides_a_missing_or_failing_required_result(case in any_case()) {
        if let Verdict::Pass(passed) = case.conclude().verdict {
            prop_assert!(case.whole.is_empty());
            for id in &case.touched {
                let app = case.rendered.iter().find(|app| app.id == *id).unwrap();
                if matches!(app.head, Outcome::NotEvaluable(_)) {
                    continue;
                }
                prop_assert!(!matches!(app.head, Outcome::Failed(_)));
                prop_assert!(passed.heads().contains_key(id));
                for gate in [Gate::Schema, Gate::Policy, Gate::Preview] {
                    let free = matches!(case.modes[&gate], Mode::Off | Mode::Shadow)
                        || gate == Gate::Preview && case.preview_tolerated.contains(id);
                    let result = case.results.get(&(id.clone(), gate));
                    prop_assert!(free || result == Some(&GateResult::Pass), "{gate:?} {result:?}");
                }
            }
        }
    }

    #[test]
    fn a_further_failing_result_or_finding_never_improves_the_verdict(case in any_case(), which in 0usize..8, gate in 0usize..4) {
        let before = rank(&case.conclude().verdict);
        let mut worse = case.clone();
        let touched: Vec<AppId> = case.touched.iter().cloned().collect();
        let app = touched[which % touched.len()].clone();
        worse.findings.push(finding(Some(app.clone()), Gate::ALL[gate], true));
        prop_assert!(rank(&worse.conclude().verdict) >= before);
        prop_assert!(!matches!(worse.conclude().verdict, Verdict::Pass(_)));
        if case.results.get(&(app.clone(), Gate::ALL[gate])) == Some(&GateResult::Pass) {
            let mut failing = case.clone();
            failing.results.insert((app, Gate::ALL[gate]), GateResult::Fail);
            prop_assert!(rank(&failing.conclude().verdict) >= before);
        }
        let mut undecided = case.clone();
        undecided.whole.push(Blame::Operator);
        prop_assert!(rank(&undecided.conclude().verdict) >= before);
    }
}
