//! Where the text of a field stands, said no more exactly than it is known.

#[cfg(test)]
mod tests;

use crate::finding::{Precision, Source};
use crate::object::{Manifest, Provenance};
use crate::yaml::{Located, Span};

/// The place of a field in the repository; `None` when not even the file is known.
///
/// A document that *is* the manifest (plain YAML) gives the exact key or value, or, where the field
/// does not exist, the nearest enclosing key. Rendered output gives the file, and the first line of
/// the document in it where that is known.
pub fn place(pointer: &str, at_key: bool, manifest: &Manifest) -> Option<Source> {
    let provenance = manifest.provenance();
    let path = provenance.path.clone()?;
    let Some(document) = &provenance.document else {
        return Some(of_file(provenance));
    };
    let located = document.locate(&format!("{}{pointer}", provenance.prefix));
    let (span, precision) = choose(located, at_key);
    Some(Source {
        path,
        line: span.start.line,
        column: span.start.column,
        width: width(span),
        precision,
    })
}

fn of_file(provenance: &Provenance) -> Source {
    Source {
        path: provenance.path.clone().unwrap_or_default(),
        line: provenance.line.max(1),
        column: 1,
        width: 0,
        precision: Precision::File,
    }
}

/// The key where it is meant or where only a parent exists: the value of a key such as `spec:`
/// begins a line further down, and nobody looks there.
fn choose(located: Located, at_key: bool) -> (Span, Precision) {
    let precision = if located.exact {
        Precision::Exact
    } else {
        Precision::Parent
    };
    let key = located.key.filter(|_| at_key || !located.exact);
    (key.unwrap_or(located.value), precision)
}

fn width(span: Span) -> u32 {
    if span.start.line == span.end.line {
        span.end.column.saturating_sub(span.start.column)
    } else {
        0
    }
}
