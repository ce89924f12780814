//! New, existing, fixed: what a change introduces is told from what was there before, and only what
//! the modes allow to block blocks.

use std::collections::BTreeMap;

use crate::config::repo::Mode;
use crate::finding::{Finding, Gate, Judged, Severity, State};
use crate::ids::Digest;

/// How findings are treated: the most each gate may do, and the mode of each rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modes {
    caps: BTreeMap<Gate, Mode>,
    rules: BTreeMap<(Gate, String), Mode>,
}

impl Modes {
    /// The most this gate may do. Without a cap a gate may block.
    pub fn cap(&mut self, gate: Gate, mode: Mode) {
        self.caps.insert(gate, mode);
    }

    /// The mode of one rule, such as its policy source's; where two sources share a rule id, the
    /// stricter one counts. A rule without a mode has its gate's cap.
    pub fn rule(&mut self, gate: Gate, rule: &str, mode: Mode) {
        self.rules
            .entry((gate, rule.to_owned()))
            .and_modify(|known| *known = (*known).max(mode))
            .or_insert(mode);
    }

    /// What a finding of this rule may do.
    pub fn mode_of(&self, gate: Gate, rule: &str) -> Mode {
        let cap = self.caps.get(&gate).copied().unwrap_or(Mode::Block);
        let own = self
            .rules
            .get(&(gate, rule.to_owned()))
            .copied()
            .unwrap_or(cap);
        own.min(cap)
    }
}

/// Compares the findings of both sides and says what each means. Fingerprints are counted: of three
/// equal findings where two were before, one is new. Findings of rules that are off or in shadow are
/// left out (see [`shadowed`]). A fixed finding never blocks, a warning never blocks. Sorted by
/// [`Finding::sort_key`], then state.
pub fn apply(base: Vec<Finding>, head: Vec<Finding>, modes: &Modes) -> Vec<Judged> {
    let shown = |finding: &Finding| modes.mode_of(finding.gate, &finding.rule) > Mode::Shadow;
    let mut before: BTreeMap<Digest, Vec<Finding>> = BTreeMap::new();
    let mut base: Vec<Finding> = base.into_iter().filter(shown).collect();
    let mut head: Vec<Finding> = head.into_iter().filter(shown).collect();
    base.sort_by_cached_key(Finding::sort_key);
    head.sort_by_cached_key(Finding::sort_key);
    for finding in base {
        before
            .entry(finding.fingerprint())
            .or_default()
            .push(finding);
    }
    let mut judged = Vec::new();
    for finding in head {
        let known = before
            .get_mut(&finding.fingerprint())
            .is_some_and(|same| same.pop().is_some());
        let state = if known { State::Existing } else { State::New };
        judged.push(Judged {
            blocks: blocks(&finding, state, modes),
            state,
            finding,
        });
    }
    let gone = before.into_values().flatten().map(|finding| Judged {
        finding,
        state: State::Fixed,
        blocks: false,
    });
    judged.extend(gone);
    judged.sort_by_cached_key(|judged| (judged.finding.sort_key(), judged.state));
    judged
}

/// The findings of the state after whose rules are in shadow: recorded, not shown.
pub fn shadowed(head: &[Finding], modes: &Modes) -> Vec<Finding> {
    let mut found: Vec<Finding> = head
        .iter()
        .filter(|finding| modes.mode_of(finding.gate, &finding.rule) == Mode::Shadow)
        .cloned()
        .collect();
    found.sort_by_cached_key(Finding::sort_key);
    found
}

fn blocks(finding: &Finding, state: State, modes: &Modes) -> bool {
    finding.severity == Severity::Error
        && match modes.mode_of(finding.gate, &finding.rule) {
            Mode::Off | Mode::Shadow | Mode::Warn => false,
            Mode::BlockNew => state == State::New,
            Mode::Block => matches!(state, State::New | State::Existing),
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &str, severity: Severity, subject: &str) -> Finding {
        Finding {
            gate: Gate::Policy,
            rule: rule.to_owned(),
            severity,
            app: None,
            object: None,
            pointer: None,
            source: None,
            message: subject.to_owned(),
            fix: None,
            url: None,
            subject: subject.to_owned(),
        }
    }

    fn error(subject: &str) -> Finding {
        finding("r", Severity::Error, subject)
    }

    fn states(judged: &[Judged]) -> Vec<(State, bool)> {
        judged
            .iter()
            .map(|judged| (judged.state, judged.blocks))
            .collect()
    }

    fn modes(cap: Mode, rule: Mode) -> Modes {
        let mut modes = Modes::default();
        modes.cap(Gate::Policy, cap);
        modes.rule(Gate::Policy, "r", rule);
        modes
    }

    #[test]
    fn equal_findings_are_counted_and_not_merged() {
        let judged = apply(
            vec![error("a"), error("a"), error("b")],
            vec![error("a"), error("a"), error("a")],
            &modes(Mode::Block, Mode::BlockNew),
        );
        assert_eq!(
            states(&judged),
            [
                (State::New, true),
                (State::Existing, false),
                (State::Existing, false),
                (State::Fixed, false)
            ]
        );
    }

    #[test]
    fn a_gate_caps_what_its_rules_may_do() {
        for (cap, rule, expected) in [
            (Mode::Warn, Mode::Block, false),
            (Mode::Block, Mode::Warn, false),
            (Mode::Block, Mode::Block, true),
            (Mode::BlockNew, Mode::Block, true),
        ] {
            let judged = apply(vec![], vec![error("a")], &modes(cap, rule));
            assert_eq!(states(&judged), [(State::New, expected)]);
        }
        let known = apply(
            vec![error("a")],
            vec![error("a")],
            &modes(Mode::Block, Mode::Block),
        );
        assert_eq!(states(&known), [(State::Existing, true)]);
    }

    #[test]
    fn a_warning_never_blocks() {
        let warning = finding("r", Severity::Warning, "a");
        let judged = apply(vec![], vec![warning], &modes(Mode::Block, Mode::Block));
        assert_eq!(states(&judged), [(State::New, false)]);
    }

    #[test]
    fn shadow_is_recorded_and_not_shown_off_is_neither() {
        for (mode, recorded) in [(Mode::Shadow, 1), (Mode::Off, 0)] {
            let modes = modes(Mode::Block, mode);
            assert_eq!(apply(vec![], vec![error("a")], &modes), []);
            assert_eq!(shadowed(&[error("a")], &modes).len(), recorded);
        }
    }

    #[test]
    fn of_two_sources_with_one_rule_the_stricter_counts() {
        let mut modes = modes(Mode::Block, Mode::Warn);
        modes.rule(Gate::Policy, "r", Mode::Block);
        modes.rule(Gate::Policy, "r", Mode::Shadow);
        assert_eq!(modes.mode_of(Gate::Policy, "r"), Mode::Block);
    }
}
