//! How long a run waits for one host, over all requests: a host that is always a little faster than the
//! limit of one request would hold it up as often as it is asked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::outside::Short;

/// Limits of a single request that a host may take in all.
const SHARE: u32 = 10;

/// Requests that may run into the limit before the host is not asked any more.
const SLOW_LIMIT: u32 = 4;

/// What hosts took so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Patience(Arc<Mutex<HashMap<String, Taken>>>);

#[derive(Debug, Default)]
struct Taken {
    /// Time in which requests were under way; those side by side count once.
    time: Duration,
    /// Requests under way, and since when there are any.
    under_way: u32,
    since: Option<Instant>,
    /// Requests that ran into their limit.
    slow: u32,
}

impl Taken {
    fn waited(&self, now: Instant) -> Duration {
        let open = self.since.map(|since| now.duration_since(since));
        self.time.saturating_add(open.unwrap_or_default())
    }

    fn begin(&mut self, now: Instant) {
        self.under_way = self.under_way.saturating_add(1);
        self.since.get_or_insert(now);
    }

    fn end(&mut self, now: Instant, is_slow: bool) {
        self.slow = self.slow.saturating_add(u32::from(is_slow));
        self.under_way = self.under_way.saturating_sub(1);
        if self.under_way == 0 {
            self.time = self.waited(now);
            self.since = None;
        }
    }

    fn refuse_spent(&self, host: &str, limit: Duration, now: Instant) -> Result<(), Short> {
        let waited = self.waited(now);
        if self.slow < SLOW_LIMIT && waited < limit * SHARE {
            return Ok(());
        }
        Err(Short::Spent {
            host: host.to_owned(),
            waited: waited.as_secs(),
            slow: self.slow,
            seconds: limit.as_secs(),
        })
    }
}

impl Patience {
    /// Refuses a host that took more than its share, where one request may take `limit`.
    pub(super) fn refuse_spent(&self, host: &str, limit: Duration) -> Result<(), Short> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(host).map_or(Ok(()), |taken| {
            taken.refuse_spent(host, limit, Instant::now())
        })
    }

    /// Counts a request from now on.
    pub(super) fn begin(&self, host: String) -> Waiting {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(host.clone()).or_default().begin(Instant::now());
        Waiting {
            patience: self.clone(),
            host,
            is_slow: false,
        }
    }
}

/// A request under way; what it took is counted when it is dropped.
#[derive(Debug)]
pub(super) struct Waiting {
    patience: Patience,
    host: String,
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
        let mut all = self
            .patience
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = all.get_mut(&self.host) {
            taken.end(Instant::now(), self.is_slow);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    #[test]
    fn a_host_has_its_share_of_time() {
        let mut taken = Taken::default();
        let mut now = Instant::now();
        for _ in 0..SHARE {
            assert!(taken.refuse_spent("a", LIMIT, now).is_ok());
            taken.begin(now);
            now += LIMIT;
            taken.end(now, false);
            // Between requests nobody waits for it.
            now += LIMIT;
        }
        let refused = taken.refuse_spent("a", LIMIT, now).unwrap_err().to_string();
        for part in ["`a`", "waiting for 10 s", "`outside.timeout_seconds`"] {
            assert!(refused.contains(part), "{refused}");
        }
    }

    #[test]
    fn a_thousand_quick_answers_side_by_side_take_their_time_once() {
        let mut taken = Taken::default();
        let now = Instant::now();
        let later = now + LIMIT * 7 / 10;
        (0..1_000).for_each(|_| taken.begin(now));
        (0..1_000).for_each(|_| taken.end(later, false));
        assert!(taken.refuse_spent("a", LIMIT, later).is_ok());
        assert_eq!(taken.waited(later), LIMIT * 7 / 10);
    }

    #[test]
    fn a_few_requests_without_an_answer_are_enough_and_other_hosts_are_not_meant() {
        let patience = Patience::default();
        for _ in 0..SLOW_LIMIT {
            assert!(patience.refuse_spent("a", LIMIT).is_ok());
            patience.begin("a".to_owned()).mark_slow();
        }
        assert!(patience.refuse_spent("a", LIMIT).is_err());
        assert!(patience.refuse_spent("b", LIMIT).is_ok());
    }
}
