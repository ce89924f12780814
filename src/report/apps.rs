//! The list of applications, as text.

use std::fmt::Write as _;

use super::wording;
use crate::plan::{Declared, UntouchedItem};

/// One line for each application and for each thing that is none, in order.
pub fn compose(declared: &Declared) -> String {
    let mut text = String::new();
    for (id, app) in &declared.apps {
        let source = app.sources.first();
        let renderer = source.map_or("", |source| source.renderer.kind().word());
        let path = source
            .map(|source| source.path.to_string())
            .unwrap_or_default();
        let files = wording::count(app.closure.len(), "file", "files");
        let _ = writeln!(text, "{id}  {renderer} of {path}, reads {files}");
        for refusal in &app.refusals {
            let _ = writeln!(
                text,
                "  cannot be rendered: {}:{} {}",
                refusal.path, refusal.line, refusal.text
            );
        }
    }
    for item in &declared.left_out {
        let what = match &item.what {
            UntouchedItem::App(id) => id.to_string(),
            UntouchedItem::Path(path) => path.to_string(),
        };
        let _ = writeln!(text, "{what}  left out: {}", wording::left_out(item.reason));
    }
    text
}
