//! Names and labels of all metrics in one place; labels are closed enums, so that nothing from a
//! repository can become one.

use std::time::{Duration, Instant};

use metrics::{counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

const DELIVERIES: &str = "drydock_deliveries_total";
const INTAKE_SECONDS: &str = "drydock_intake_seconds";
const RUNS: &str = "drydock_runs_total";
const RUN_SECONDS: &str = "drydock_run_seconds";
const JOBS: &str = "drydock_jobs";
const EFFECTS: &str = "drydock_effects_total";
const CLUSTERS: &str = "drydock_clusters";
const EFFECTS_UNSENT: &str = "drydock_effects_unsent";

/// How a delivery was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intaken {
    /// Stored, with work to do.
    Stored,
    /// Stored; it asks for nothing.
    NothingToDo,
    /// Without a right signature.
    NotSigned,
    /// Above the size limit.
    TooLarge,
    /// Not a payload.
    Malformed,
    /// The database refused it.
    NotStored,
}

impl Intaken {
    fn word(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::NothingToDo => "nothing_to_do",
            Self::NotSigned => "not_signed",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
            Self::NotStored => "not_stored",
        }
    }
}

/// How an evaluation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunEnd {
    /// The change may merge.
    Pass,
    /// It is refused.
    Fail,
    /// It could not be judged.
    Error,
    /// A newer head made it pointless.
    Superseded,
    /// Nothing that decides the result had changed.
    Unchanged,
}

impl RunEnd {
    fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Superseded => "superseded",
            Self::Unchanged => "unchanged",
        }
    }
}

/// How an external write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectEnd {
    /// The object is as wanted.
    Sent,
    /// It will be tried again.
    Postponed,
}

impl EffectEnd {
    fn word(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Postponed => "postponed",
        }
    }
}

/// Makes metrics visible; called once per process. The function returned renders them.
pub fn install()
-> Result<impl Fn() -> String + Send + Sync, metrics_exporter_prometheus::BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(
            Matcher::Suffix("_seconds".to_owned()),
            &[0.005, 0.02, 0.1, 0.5, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0],
        )?
        .install_recorder()?;
    Ok(move || {
        handle.run_upkeep();
        handle.render()
    })
}

/// Counts a delivery and the time its answer took.
pub(crate) fn intake(end: Intaken, started: Instant) {
    counter!(DELIVERIES, "answer" => end.word()).increment(1);
    histogram!(INTAKE_SECONDS).record(started.elapsed().as_secs_f64());
}

/// Counts an evaluation and its time.
pub fn run_ended(end: RunEnd, took: Duration) {
    counter!(RUNS, "end" => end.word()).increment(1);
    histogram!(RUN_SECONDS).record(took.as_secs_f64());
}

/// Counts an external write.
pub fn effect_ended(end: EffectEnd) {
    counter!(EFFECTS, "end" => end.word()).increment(1);
}

/// Shows how much work there is.
pub fn backlog(queued: u64, running: u64, unsent: u64) {
    let gauge_of = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    gauge!(JOBS, "state" => "queued").set(gauge_of(queued));
    gauge!(JOBS, "state" => "running").set(gauge_of(running));
    gauge!(EFFECTS_UNSENT).set(gauge_of(unsent));
}

/// Shows on how many clusters previews are made, and on how many they are not: the fence does not
/// hold, or nobody answers.
pub fn previews(open: usize, stopped: usize) {
    let gauge_of = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    gauge!(CLUSTERS, "previews" => "open").set(gauge_of(open));
    gauge!(CLUSTERS, "previews" => "stopped").set(gauge_of(stopped));
}
