//! Field changes in words: where in the object, from what, to what.

use serde_json::Value;

use crate::preview::{Action, Basis, Change, FieldChange, Origin, Step};

use super::visible;

/// A path as people write it: `spec.containers[web].image`,
/// `metadata.annotations["example.org/owner"]`.
pub(super) fn path(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        match step {
            Step::Field(key) => push_key(&mut out, key),
            Step::Item(name) => put!(out, "[{}]", visible::line(name)),
            Step::Index(index) => put!(out, "[{index}]"),
        }
    }
    if out.is_empty() {
        "the whole object".to_owned()
    } else {
        out
    }
}

/// A JSON pointer as steps; names of items are not known.
pub(super) fn steps(pointer: &str) -> Vec<Step> {
    let segments = pointer.split('/').skip(1);
    segments
        .map(|segment| match segment.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Field(segment.replace("~1", "/").replace("~0", "~")),
        })
        .collect()
}

fn push_key(out: &mut String, key: &str) {
    let key = visible::line(key);
    let letter = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    if key.is_empty() || !key.chars().all(letter) {
        put!(out, "[\"{key}\"]");
        return;
    }
    if !out.is_empty() {
        out.push('.');
    }
    out.push_str(&key);
}

/// A value on one line of at most `limit` characters: strings that look like nothing else stand
/// without quotes, a text of several lines is named by its size.
pub(super) fn value(value: &Value, limit: usize) -> String {
    let text = match value {
        Value::String(text) if is_several_lines(value) => {
            return format!("a text of {} lines", text.lines().count());
        }
        Value::String(text) if stands_bare(text) => text.clone(),
        other => other.to_string(),
    };
    visible::shorten(&visible::line(&text), limit)
}

/// True for a text that does not fit on one line.
pub(super) fn is_several_lines(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.trim_end_matches('\n').contains('\n'))
}

/// True when a one-line list of fields would hide what changed, so that the unified diff says more.
pub(super) fn needs_diff(change: &Change) -> bool {
    !change.diff.is_empty()
        && change
            .fields
            .iter()
            .flat_map(|field| [&field.before, &field.after])
            .flatten()
            .any(is_several_lines)
}

/// The lines of a unified diff that a person reads: no file names, `…` between two places.
pub(super) fn diff_lines(diff: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    for line in diff.lines() {
        if line.starts_with("@@") {
            if !lines.is_empty() {
                lines.push(" …");
            }
        } else if !(lines.is_empty() && (line.starts_with("---") || line.starts_with("+++"))) {
            lines.push(line);
        }
    }
    lines
}

fn stands_bare(text: &str) -> bool {
    let ambiguous = text.is_empty()
        || text.trim() != text
        || text.parse::<f64>().is_ok()
        || matches!(text, "true" | "false" | "null" | "~")
        || text.starts_with(['"', '{', '[']);
    !ambiguous
}

/// Both values of a field: `3 → 5`, `set to 5`, `3 is removed`.
pub(super) fn transition(field: &FieldChange, limit: usize) -> String {
    match (&field.before, &field.after) {
        (Some(before), Some(after)) => {
            format!("{} → {}", value(before, limit), value(after, limit))
        }
        (None, Some(after)) => format!("+ {}", value(after, limit)),
        (Some(before), None) => format!("− {}", value(before, limit)),
        (None, None) => String::new(),
    }
}

/// The mark of an action in lists.
pub(super) fn mark(action: Action) -> &'static str {
    match action {
        Action::Create => "+",
        Action::Update => "~",
        Action::Delete => "−",
        Action::Unchanged => "=",
    }
}

/// How well most changes of a list are known, which is then said once, above them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Usual {
    basis: Basis,
    note: Option<String>,
    /// True when the live state is known of none of them.
    unknown: bool,
}

impl Usual {
    /// What most of the changes share.
    pub(super) fn of(changes: &[&Change]) -> Self {
        let basis = usual_basis(changes.iter().copied()).unwrap_or(Basis::Server);
        let alike = || changes.iter().filter(|change| change.basis == basis);
        let note = alike()
            .filter_map(|change| change.note.as_deref())
            .find(|note| {
                let same = alike().filter(|change| change.note.as_deref() == Some(note));
                same.count() * 2 > alike().count()
            })
            .map(str::to_owned);
        let unknown = changes
            .iter()
            .all(|change| change.origin == Origin::Unknown);
        Self {
            basis,
            note,
            unknown,
        }
    }

    /// In words: `estimated: from a recording`; nothing for what needs no word.
    pub(super) fn words(&self) -> String {
        let basis = match self.basis {
            Basis::Server => "the server's answer",
            Basis::Schema => "checked by schema only",
            Basis::Estimated => "estimated",
        };
        match (&self.note, self.unknown) {
            (Some(note), _) => format!("{basis}: {}", visible::line(note)),
            (None, true) => format!("{basis}: live state not known"),
            (None, false) => basis.to_owned(),
        }
    }

    /// True when every such change is the server's own answer and no more is to be said.
    pub(super) fn is_plain(&self) -> bool {
        self.basis == Basis::Server && self.note.is_none() && !self.unknown
    }
}

/// What a reader must know of a change besides its fields: where it comes from and how well it is
/// known, as far as that is not usual for its list.
pub(super) fn remark(change: &Change, usual: &Usual) -> Option<String> {
    let origin = match change.origin {
        Origin::ThisPr => None,
        Origin::Drift => Some("drifted, not by this change"),
        Origin::OverwritesDrift => Some("overwrites what drifted"),
        Origin::AlreadyLive => Some("already live"),
        Origin::Unknown if usual.unknown => None,
        Origin::Unknown => Some("live state not known"),
    };
    let basis = match change.basis {
        same if same == usual.basis => None,
        Basis::Server => Some("answered by the server"),
        Basis::Schema => Some("checked by schema only"),
        Basis::Estimated => Some("estimated"),
    };
    let words: Vec<&str> = [origin, basis].into_iter().flatten().collect();
    let note = change
        .note
        .as_ref()
        .filter(|note| usual.note.as_ref() != Some(note))
        .map(|note| visible::line(note));
    match (words.is_empty(), note) {
        (true, None) => None,
        (false, None) => Some(words.join(", ")),
        (true, Some(note)) => Some(note),
        (false, Some(note)) => Some(format!("{}: {note}", words.join(", "))),
    }
}

/// True when there is a preview that says what merging does to the application.
pub(super) fn is_known(app: &super::model::AppReport) -> bool {
    app.preview
        .as_ref()
        .is_some_and(|preview| !preview.withheld)
}

/// The basis of most changes, which a list then names once.
pub(super) fn usual_basis<'a>(changes: impl Iterator<Item = &'a Change>) -> Option<Basis> {
    let mut counts = [
        (Basis::Server, 0usize),
        (Basis::Schema, 0),
        (Basis::Estimated, 0),
    ];
    for change in changes {
        for (basis, count) in &mut counts {
            if *basis == change.basis {
                *count += 1;
            }
        }
    }
    counts
        .into_iter()
        .rev()
        .filter(|(_, count)| *count > 0)
        .max_by_key(|(_, count)| *count)
        .map(|(basis, _)| basis)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn items_of_lists_are_called_by_their_names() {
        let field = |key: &str| Step::Field(key.to_owned());
        let item = Step::Item("web".to_owned());
        let image = [field("spec"), field("containers"), item, field("image")];
        assert_eq!(path(&image), "spec.containers[web].image");
        let owner = [field("metadata"), field("example.org/owner")];
        assert_eq!(path(&owner), "metadata[\"example.org/owner\"]");
        let rule = [field("spec"), field("rules"), Step::Index(0)];
        assert_eq!(path(&rule), "spec.rules[0]");
        assert_eq!(path(&steps("/a~1b/0")), "[\"a/b\"][0]");
        assert_eq!(path(&[]), "the whole object");
    }

    #[test]
    fn a_string_keeps_its_quotes_where_it_would_read_as_something_else() {
        assert_eq!(value(&json!("web:1.5"), 40), "web:1.5");
        assert_eq!(value(&json!("3"), 40), "\"3\"");
        assert_eq!(value(&json!(3), 40), "3");
        assert_eq!(value(&json!("a\nb\n"), 40), "a text of 2 lines");
        assert_eq!(value(&json!({"a": 1}), 40), "{\"a\":1}");
    }
}
