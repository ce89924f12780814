//! Findings about the text of a document rather than about the object in it.

use crate::finding::{Finding, Gate, Precision, Severity, Source};
use crate::ids::{AppId, ObjectRef, RepoPath};
use crate::yaml::{Duplicate, Oddity, Span};

use super::phrase;

/// The finding about a key that stands twice in one map. Readers keep the last value or refuse the
/// text, so that it is an error; it stands where the key is repeated.
pub fn duplicate_key_finding(
    app: Option<&AppId>,
    object: Option<&ObjectRef>,
    path: &RepoPath,
    duplicate: &Duplicate,
) -> Finding {
    Finding {
        gate: Gate::Schema,
        rule: "schema.duplicate-key".to_owned(),
        severity: Severity::Error,
        app: app.cloned(),
        object: object.cloned(),
        pointer: Some(duplicate.pointer.clone()),
        source: Some(source(path, duplicate.second)),
        message: format!(
            "`{}` is written twice in one map, first on line {}: a strict server refuses that, others keep the last value",
            phrase::shorten(&duplicate.key),
            duplicate.first.start.line
        ),
        fix: Some("remove one of the two".to_owned()),
        url: None,
        subject: duplicate.key.to_string(),
    }
}

/// The warning about a value that readers of YAML read differently.
pub fn oddity_finding(
    app: Option<&AppId>,
    object: Option<&ObjectRef>,
    path: &RepoPath,
    oddity: &Oddity,
) -> Finding {
    Finding {
        gate: Gate::Schema,
        rule: "yaml.ambiguous".to_owned(),
        severity: Severity::Warning,
        app: app.cloned(),
        object: object.cloned(),
        pointer: Some(oddity.pointer.clone()),
        source: Some(source(path, oddity.span)),
        message: oddity.message.clone(),
        fix: Some("write it in quotes, or as the value that is meant".to_owned()),
        url: None,
        subject: oddity.message.clone(),
    }
}

fn source(path: &RepoPath, span: Span) -> Source {
    let one_line = span.start.line == span.end.line;
    Source {
        path: path.clone(),
        line: span.start.line,
        column: span.start.column,
        width: if one_line {
            span.end.column.saturating_sub(span.start.column)
        } else {
            0
        },
        precision: Precision::Exact,
    }
}
