//! The verdict: the only place that can construct a pass. Pure; it must never read "nothing was said"
//! as "nothing is wrong".

use std::collections::BTreeMap;

use crate::finding::Gate;
use crate::ids::{AppId, Digest};

mod conclude;
#[cfg(test)]
mod tests;

pub use conclude::{AppConclusion, Concluded, Evidence, conclude};

/// What one gate concluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GateResult {
    /// Not asked for.
    Off,
    /// Nothing blocks.
    Pass,
    /// A finding blocks.
    Fail,
    /// It could not be judged.
    Error,
}

impl GateResult {
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// What came of one application; ordered, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AppOutcome {
    /// Every required gate passed it.
    Pass,
    /// A gate refuses it.
    Fail,
    /// It cannot be evaluated by this version.
    NotEvaluable,
    /// It could not be judged.
    Error,
}

impl AppOutcome {
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotEvaluable => "not_evaluable",
            Self::Error => "error",
        }
    }
}

/// The answer to "may this merge".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Pass(Passed),
    /// The change is refused.
    Fail,
    /// It could not be judged.
    Error,
}

impl Verdict {
    /// The word of JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pass(_) => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
        }
    }
}

/// Proof that every touched application has a passing result of every required gate. The field is
/// private: only this module makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    heads: BTreeMap<AppId, Option<Digest>>,
}

impl Passed {
    /// Digest of each application's head rendering, as it was judged; `None` where it is removed.
    pub fn heads(&self) -> &BTreeMap<AppId, Option<Digest>> {
        &self.heads
    }
}

/// Gate results by application; a missing entry is not a pass.
pub type Results = BTreeMap<(AppId, Gate), GateResult>;
