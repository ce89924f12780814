//! What the sets of one tree may take together. One set alone has limits of its own; many of them would
//! take as much as there are.

use std::cell::Cell;

/// Applications that all sets may give.
const APPLICATIONS: usize = 20_000;

/// Runs of generators and parameter sets.
const RUNS: usize = 1_000_000;

/// Steps of templates: three times those of one set.
const STEPS: u64 = 60_000_000;

/// What is left for further sets.
#[derive(Debug)]
pub struct SetBudget {
    applications: Cell<usize>,
    runs: Cell<usize>,
    steps: Cell<u64>,
}

impl Default for SetBudget {
    /// All of it: 20,000 applications.
    fn default() -> Self {
        Self {
            applications: Cell::new(APPLICATIONS),
            runs: Cell::new(RUNS),
            steps: Cell::new(STEPS),
        }
    }
}

impl SetBudget {
    /// True while a set may begin.
    pub(super) fn has_any(&self) -> bool {
        self.applications.get() > 0 && self.runs.get() > 0 && self.steps.get() > 0
    }

    /// Takes one application; false when none is left.
    pub(super) fn take_application(&self) -> bool {
        let left = self.applications.get();
        self.applications.set(left.saturating_sub(1));
        left > 0
    }

    /// Takes runs; false when they were more than is left.
    pub(super) fn take_runs(&self, runs: usize) -> bool {
        let left = self.runs.get();
        self.runs.set(left.saturating_sub(runs));
        runs <= left
    }

    /// Steps that one set may take, at most `wanted`.
    pub(super) fn steps(&self, wanted: u64) -> u64 {
        self.steps.get().min(wanted)
    }

    /// Takes the steps that one set took.
    pub(super) fn take_steps(&self, steps: u64) {
        self.steps.set(self.steps.get().saturating_sub(steps));
    }
}
