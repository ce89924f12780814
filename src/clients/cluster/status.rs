//! What a server's refusal means.

use serde::Deserialize;

use super::wire::{Call, Connection, Reply};
use super::{Answer, ClusterError, Rejection};
use crate::object::{Manifest, Masker};

/// A Kubernetes `Status`, as far as it is used; empty when the body is none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) kind: String,
    pub(super) message: String,
    pub(super) reason: String,
    pub(super) details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Details {
    pub(super) kind: String,
    pub(super) causes: Vec<Cause>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Cause {
    pub(super) reason: String,
    pub(super) field: String,
    pub(super) message: String,
}

/// The longest message that is kept: a refused Job template is 2,000 characters and more.
const MESSAGE_LIMIT: usize = 1_000;

impl Status {
    /// Reads a body. What is no `Status` becomes an empty one with the text as its message.
    pub(super) fn parse(body: &[u8]) -> Self {
        match serde_json::from_slice::<Self>(body) {
            Ok(status) if status.kind == "Status" => status,
            _ => Self {
                message: String::from_utf8_lossy(body)
                    .chars()
                    .take(MESSAGE_LIMIT)
                    .collect(),
                ..Self::default()
            },
        }
    }

    /// The message, on one line, at most [`MESSAGE_LIMIT`] characters.
    pub(super) fn short_message(&self) -> String {
        shorten(&self.message)
    }

    fn causes(&self) -> Vec<(String, String)> {
        self.details
            .iter()
            .flat_map(|details| &details.causes)
            .map(|cause| (cause.field.clone(), shorten(&cause.message)))
            .collect()
    }

    /// True when the namespace of the request is what is missing.
    fn misses_namespace(&self) -> bool {
        self.details
            .as_ref()
            .is_some_and(|details| details.kind == "namespaces")
    }

    fn is_webhook_denial(&self) -> bool {
        self.message.contains("admission webhook \"") && self.message.contains("denied the request")
    }

    fn into_refusal(self, code: u16) -> Rejection {
        Rejection::Refused {
            code,
            causes: self.causes(),
            message: self.short_message(),
            reason: self.reason,
        }
    }

    /// True when authorisation refuses, not admission. RBAC says `User "…" cannot patch resource …`;
    /// its guard against escalation says `… is attempting to grant RBAC permissions not currently
    /// held`.
    pub(super) fn is_authorisation(&self) -> bool {
        (self.message.contains("is forbidden: User \"") && self.message.contains("\" cannot "))
            || self
                .message
                .contains("is attempting to grant RBAC permissions not currently held")
    }
}

/// One line of at most [`MESSAGE_LIMIT`] characters; what is longer says so.
fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let length = line.chars().count();
    if length <= MESSAGE_LIMIT {
        return line;
    }
    let kept: String = line.chars().take(MESSAGE_LIMIT).collect();
    format!("{kept}… ({} more characters)", length - MESSAGE_LIMIT)
}

/// What an answer to an apply means.
pub(super) fn classify(
    connection: &Connection,
    call: &Call,
    reply: Reply,
    masker: &Masker,
) -> Result<Answer, ClusterError> {
    if matches!(reply.code, 200 | 201) {
        let object = read_object(connection, call, &reply, masker)?;
        return Ok(Answer::Accepted {
            object,
            warnings: reply.warnings,
        });
    }
    let status = Status::parse(&reply.body);
    let rejection = match reply.code {
        // A webhook chooses the code of its refusal.
        400..=499 if status.is_webhook_denial() => status.into_refusal(reply.code),
        404 if status.misses_namespace() => Rejection::NamespaceMissing,
        // Text without a Status where the group is unknown, a Status without a name where only the
        // kind is: an apply makes what is missing, so nothing else can be.
        404 => Rejection::KindMissing,
        409 if is_conflict(&status) => Rejection::Conflict(status.causes()),
        500 if status
            .message
            .contains("failed to create typed patch object") =>
        {
            Rejection::DoesNotFitSchema
        }
        400 if status.message.contains("does not support dry run") => {
            Rejection::WebhookWithoutDryRun(status.short_message())
        }
        403 if status.is_authorisation() => return Err(connection.unexpected(call, &reply)),
        400 | 403 | 413 | 422 => status.into_refusal(reply.code),
        _ => return Err(connection.unexpected(call, &reply)),
    };
    Ok(Answer::Rejected(rejection))
}

fn is_conflict(status: &Status) -> bool {
    status
        .details
        .iter()
        .flat_map(|details| &details.causes)
        .any(|cause| cause.reason == "FieldManagerConflict")
}

/// Reads and masks the object of an answer.
pub(super) fn read_object(
    connection: &Connection,
    call: &Call,
    reply: &Reply,
    masker: &Masker,
) -> Result<Manifest, ClusterError> {
    let unreadable = |message: String| ClusterError::Unexpected {
        cluster: connection.cluster.clone(),
        code: reply.code,
        what: call.what.clone(),
        message,
    };
    // The parser's own text could quote a Secret's value: only its place is told.
    let value: serde_json::Value = serde_json::from_slice(&reply.body)
        .map_err(|error| unreadable(format!("no JSON at column {}", error.column())))?;
    Manifest::from_api(value, masker).map_err(|error| unreadable(error.to_string()))
}
