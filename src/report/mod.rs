//! All wording: one report, printed for the terminal, the check, the comment, JSON, Markdown and
//! GitHub workflow commands. Pure: equal input, equal bytes. Nothing else in Drydock makes sentences
//! for people.
//!
//! What a report quotes was written by strangers: every name and message goes through
//! [`visible`](mod@visible) or [`markdown`], which keep it from forging a line, a link, a mention or a
//! mark of ours.

/// Appends formatted text to a `String`, which cannot fail.
macro_rules! put {
    ($out:expr, $($argument:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($out, $($argument)*);
    }};
}

pub mod apps;
pub mod check_run;
pub mod comment;
pub mod demo;
pub mod deployed;
pub mod deployment;
pub mod github;
pub mod json;
pub mod markdown;
pub mod markdown_report;
pub mod model;
pub mod standing;
pub mod text;

mod groups;
mod membership;
mod sections;
mod tally;
mod values;
pub mod visible;
mod wording;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
