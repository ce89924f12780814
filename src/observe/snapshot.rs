//! A recorded observation: what `--record` writes and `--live-snapshot` reads.
//!
//! Only masked values are in it, so a recording can be shared. A recording proves nothing about the
//! cluster of today: what is read from one is marked as recorded, and its basis is never "server".

mod answers;
mod wire;

use serde_json::Value;

use super::Observation;

/// The format's name and version, first field of the file.
pub const SCHEMA: &str = "drydock.snapshot/1";

/// Why a text is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// No JSON, or not of this form.
    #[error("line {line}, column {column}: {reason}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// Another format or a later version.
    #[error("the file says `{found}`; this version reads `{SCHEMA}`")]
    OtherSchema {
        /// What it says it is.
        found: String,
    },
    /// A part of it cannot be.
    #[error("{what} is not usable: {reason}")]
    Unusable {
        /// Which part.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The recording as JSON, one entry per line of an answer, equal observations giving equal bytes.
pub fn write(observation: &Observation) -> String {
    let wire = wire::Snapshot::of(observation);
    // Plain values with text keys always serialise.
    let mut text = serde_json::to_string_pretty(&wire).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads a recording.
pub fn parse(text: &str) -> Result<Observation, SnapshotError> {
    let malformed = |error: serde_json::Error| SnapshotError::Malformed {
        line: error.line(),
        column: error.column(),
        reason: error.to_string(),
    };
    let value: Value = serde_json::from_str(text).map_err(malformed)?;
    let found = value
        .get("schema")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if found != SCHEMA {
        return Err(SnapshotError::OtherSchema {
            found: found.chars().take(100).collect(),
        });
    }
    let wire: wire::Snapshot = serde_json::from_str(text).map_err(malformed)?;
    wire.into_observation()
}

#[cfg(test)]
mod tests;
