//! Bounds of time, work and size.

use std::time::Duration;

use serde::Deserialize;

/// Bounds that keep one pull request from taking everything.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Text")]
pub struct Limits {
    /// Pull requests that are judged at the same time. Default 4, at least 1.
    pub lanes: usize,
    /// Renderers that run at the same time, over all lanes. Default 2, at least 1.
    pub renderers: usize,
    /// Bytes of a comment; what does not fit moves to the check and the page, and is counted.
    /// Default 30,000, from 2,000 to 65,000 (GitHub's own limit is 65,536 characters).
    pub comment_bytes: usize,
    /// How long one renderer may run. Default 60 seconds, at least 1.
    pub render_timeout: Duration,
    /// How long one evaluation may take. Default 900 seconds, at least 10.
    pub job_deadline: Duration,
    /// How old the proof of a cluster's fence may be when a preview relies on it. Default 120
    /// seconds, at most 3,600; 0: proven before every request.
    pub fence_age: Duration,
    /// How long a deployed application may take to become healthy. Default 600 seconds, the progress
    /// deadline that a Deployment has by default; at least 1.
    pub ready_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lanes: 4,
            renderers: 2,
            comment_bytes: 30_000,
            render_timeout: Duration::from_mins(1),
            job_deadline: Duration::from_mins(15),
            fence_age: Duration::from_mins(2),
            ready_timeout: Duration::from_mins(10),
        }
    }
}

/// The keys as the file has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    lanes: Option<usize>,
    renderers: Option<usize>,
    comment_bytes: Option<usize>,
    render_timeout_seconds: Option<u64>,
    job_deadline_seconds: Option<u64>,
    fence_age_seconds: Option<u64>,
    ready_timeout_seconds: Option<u64>,
}

impl TryFrom<Text> for Limits {
    type Error = String;

    fn try_from(text: Text) -> Result<Self, String> {
        let defaults = Self::default();
        let seconds =
            |value: Option<u64>, default: Duration| value.map_or(default, Duration::from_secs);
        let limits = Self {
            lanes: text.lanes.unwrap_or(defaults.lanes),
            renderers: text.renderers.unwrap_or(defaults.renderers),
            comment_bytes: text.comment_bytes.unwrap_or(defaults.comment_bytes),
            render_timeout: seconds(text.render_timeout_seconds, defaults.render_timeout),
            job_deadline: seconds(text.job_deadline_seconds, defaults.job_deadline),
            fence_age: seconds(text.fence_age_seconds, defaults.fence_age),
            ready_timeout: seconds(text.ready_timeout_seconds, defaults.ready_timeout),
        };
        if limits.lanes == 0 || limits.renderers == 0 {
            return Err("`lanes` and `renderers` must be at least 1".to_owned());
        }
        if !(2_000..=65_000).contains(&limits.comment_bytes) {
            return Err("`comment_bytes` must be from 2000 to 65000".to_owned());
        }
        if limits.render_timeout.as_secs() < 1 || limits.ready_timeout.as_secs() < 1 {
            return Err(
                "`render_timeout_seconds` and `ready_timeout_seconds` must be at least 1"
                    .to_owned(),
            );
        }
        if limits.fence_age.as_secs() > 3_600 {
            return Err("`fence_age_seconds` must be at most 3600".to_owned());
        }
        if limits.job_deadline.as_secs() < 10 {
            return Err("`job_deadline_seconds` must be at least 10".to_owned());
        }
        Ok(limits)
    }
}
