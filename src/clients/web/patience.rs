//! How long a run waits for one host, over all requests: a host that is always a little faster than the
//! limit of one request would hold it up as often as it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Limits of a single request that a host may take in all.
const SHARE: u32 = 10;

/// Requests that may run into the limit before the host is not asked any more.
const SLOW_LIMIT: u32 = 4;

/// What hosts took so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Patience(Arc<Mutex<HashMap<String, Taken>>>);

#[derive(Debug, Default)]
struct Taken {
    time: Duration,
    /// Requests that ran into their limit.
    slow: u32,
}

impl Patience {
    /// True when a host took more than its share, where one request may take `limit`.
    pub(super) fn is_spent(&self, host: &str, limit: Duration) -> bool {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_spent = |taken: &Taken| taken.slow >= SLOW_LIMIT || taken.time >= limit * SHARE;
        taken.get(host).is_some_and(is_spent)
    }

    fn count(&self, host: String, time: Duration, is_slow: bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(host).or_default();
        taken.time = taken.time.saturating_add(time);
        taken.slow = taken.slow.saturating_add(u32::from(is_slow));
    }

    /// Counts a request from now on.
    pub(super) fn begin(&self, host: String) -> Waiting {
        Waiting {
            patience: self.clone(),
            host,
            begun: Instant::now(),
            is_slow: false,
        }
    }
}

/// A request under way; what it took is counted when it is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    patience: Patience,
    host: String,
    begun: Instant,
    is_slow: bool,
}

impl Waiting {
    /// It ran into its limit.
    pub(super) fn mark_slow(&mut self) {
        self.is_slow = true;
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let host = std::mem::take(&mut self.host);
        self.patience
            .count(host, self.begun.elapsed(), self.is_slow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_has_its_share_of_time_and_others_have_theirs() {
        let (patience, limit) = (Patience::default(), Duration::from_secs(1));
        for _ in 0..SHARE {
            assert!(!patience.is_spent("a", limit));
            patience.count("a".to_owned(), limit, false);
        }
        assert!(patience.is_spent("a", limit));
        assert!(!patience.is_spent("b", limit));
    }
}
