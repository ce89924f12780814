//! Answers of a recording in JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SnapshotError;
use super::wire::Why;
use crate::object::{Manifest, Role};
use crate::observe::{DryRun, Live, Refusal};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedLive {
    NotAsked,
    Absent,
    Present(Value),
    Unanswered(Why),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RecordedDryRun {
    NotAsked,
    Accepted {
        object: Value,
        warnings: Vec<String>,
        takes_over: Vec<(String, String)>,
    },
    Refused {
        code: u16,
        reason: String,
        causes: Vec<(String, String)>,
        message: String,
    },
    NamespaceMissing,
    KindMissing,
    Unanswered(Why),
}

/// A recorded object is masked already: masking it again would make a tag of a tag, which equals
/// nothing. Secrets are never recorded, so one that is there was put there by hand, unmasked.
fn read_manifest(value: Value) -> Result<Manifest, SnapshotError> {
    let unusable = |reason: String| SnapshotError::Unusable {
        what: "a recorded object".to_owned(),
        reason,
    };
    let manifest =
        Manifest::from_masked(value, Role::Object).map_err(|error| unusable(error.to_string()))?;
    if manifest.object().kind == "Secret" {
        return Err(unusable(format!(
            "{} is a Secret, which a recording never holds",
            manifest.object()
        )));
    }
    Ok(manifest)
}

impl RecordedLive {
    pub(super) fn of(live: &Live) -> Self {
        match live {
            Live::NotAsked => Self::NotAsked,
            Live::Absent => Self::Absent,
            Live::Present(manifest) => Self::Present(manifest.value().clone()),
            Live::Unanswered(why) => Self::Unanswered(Why::of(why)),
        }
    }

    pub(super) fn read(self) -> Result<Live, SnapshotError> {
        Ok(match self {
            Self::NotAsked => Live::NotAsked,
            Self::Absent => Live::Absent,
            Self::Present(value) => Live::Present(read_manifest(value)?),
            Self::Unanswered(why) => Live::Unanswered(why.read()),
        })
    }
}

impl RecordedDryRun {
    pub(super) fn of(answer: &DryRun) -> Self {
        match answer {
            DryRun::NotAsked => Self::NotAsked,
            DryRun::Accepted {
                object,
                warnings,
                takes_over,
            } => Self::Accepted {
                object: object.value().clone(),
                warnings: warnings.clone(),
                takes_over: takes_over.clone(),
            },
            DryRun::Refused(refusal) => Self::Refused {
                code: refusal.code,
                reason: refusal.reason.clone(),
                causes: refusal.causes.clone(),
                message: refusal.message.clone(),
            },
            DryRun::NamespaceMissing => Self::NamespaceMissing,
            DryRun::KindMissing => Self::KindMissing,
            DryRun::Unanswered(why) => Self::Unanswered(Why::of(why)),
        }
    }

    pub(super) fn read(self) -> Result<DryRun, SnapshotError> {
        Ok(match self {
            Self::NotAsked => DryRun::NotAsked,
            Self::Accepted {
                object,
                warnings,
                takes_over,
            } => DryRun::Accepted {
                object: read_manifest(object)?,
                warnings,
                takes_over,
            },
            Self::Refused {
                code,
                reason,
                causes,
                message,
            } => DryRun::Refused(Refusal {
                code,
                reason,
                causes,
                message,
            }),
            Self::NamespaceMissing => DryRun::NamespaceMissing,
            Self::KindMissing => DryRun::KindMissing,
            Self::Unanswered(why) => DryRun::Unanswered(why.read()),
        })
    }
}
