//! Actions timed in turns: least and median of each.
#![allow(dead_code, reason = "each bench uses a part of it")]

use std::fmt;
use std::time::{Duration, Instant};

/// What one action took over all rounds.
pub(crate) struct Times {
    name: &'static str,
    sorted: Vec<Duration>,
}

impl Times {
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn least(&self) -> Duration {
        self.sorted[0]
    }

    pub(crate) fn median(&self) -> Duration {
        self.sorted[self.sorted.len() / 2]
    }

    /// How much more this took than another, by the least and by the median of each.
    pub(crate) fn above(&self, other: &Self) -> String {
        let least = self.least().saturating_sub(other.least());
        let median = self.median().saturating_sub(other.median());
        format!("least {least:.2?}, median {median:.2?}")
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (least, median) = (self.least(), self.median());
        write!(
            f,
            "{:<44} least {least:>9.2?}  median {median:>9.2?}",
            self.name
        )
    }
}

/// Runs every action once per round; the first round only warms the caches.
pub(crate) fn take(rounds: usize, actions: &mut [(&'static str, &mut dyn FnMut())]) -> Vec<Times> {
    let mut times: Vec<Times> = actions
        .iter()
        .map(|(name, _)| Times {
            name,
            sorted: Vec::new(),
        })
        .collect();
    for round in 0..=rounds {
        for ((_, action), times) in actions.iter_mut().zip(&mut times) {
            let started = Instant::now();
            action();
            if round > 0 {
                times.sorted.push(started.elapsed());
            }
        }
    }
    for times in &mut times {
        times.sorted.sort();
    }
    times
}
