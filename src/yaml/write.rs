//! Values to text that a Kubernetes reader reads back as the same values.

use serde_json::Value;

/// One document, ending with a newline, without `---`. Keys keep their order. Text that some reader
/// would take for a boolean, number, date or null is quoted.
pub fn write(value: &Value) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: true };
    let mut text = serde_saphyr::to_string_with_options(value, options)
        // Only values that are not JSON cannot be written; JSON itself is YAML, too.
        .unwrap_or_else(|_| value.to_string());
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

/// Several documents, with `---` before each.
pub fn write_all<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    let mut text = String::new();
    for value in values {
        text.push_str("---\n");
        text.push_str(&write(value));
    }
    text
}
