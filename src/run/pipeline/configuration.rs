//! A change of Drydock's own configuration: the base's judges, the head's has to be one that can.

use crate::config::repo;
use crate::finding::{Finding, Gate, Precision, Severity, Source};
use crate::tree::Tree;

use super::Rules;
use super::gates::Gated;

/// Refuses a configuration that nothing could be judged by after the merge, its repair included.
pub(super) fn find(base: &Tree, head: &Tree, gated: &mut Gated) {
    let Ok(path) = repo::FILE_NAME.parse() else {
        return;
    };
    if base.find_blob(&path) == head.find_blob(&path) && head.is_file(&path) {
        return;
    }
    let errors = Rules::read_config(head).err().unwrap_or_default();
    let findings = errors.into_iter().map(|error| Finding {
        gate: Gate::Render,
        rule: "configuration.invalid".to_owned(),
        severity: Severity::Error,
        app: None,
        object: None,
        pointer: None,
        source: Some(Source {
            path: path.clone(),
            line: error.line.max(1),
            column: error.column.max(1),
            width: 0,
            precision: Precision::Exact,
        }),
        message: format!(
            "{}; after the merge no change could be judged, a repair of this file included",
            error.message
        ),
        fix: error.hint.map(|hint| format!("`{hint}` is probably meant")),
        url: None,
        subject: error.message,
    });
    gated.head.extend(findings);
}
