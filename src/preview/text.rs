//! A difference as a unified diff of YAML.

use serde_json::Value;
use similar::TextDiff;

use crate::yaml;

/// Lines of both sides together up to which lines are compared one by one. Comparing costs the
/// product of length and differences; 12,000 lines that all differ take about a second, and the
/// largest real objects (definitions of custom resources) have as many, of which few differ.
const COMPARED_LINES: usize = 12_000;

/// The diff of two states; `None` is nothing. Empty when they are equal.
pub(super) fn unified(before: Option<&Value>, after: Option<&Value>) -> String {
    let text = |value: Option<&Value>| value.map(yaml::write).unwrap_or_default();
    let (before, after) = (text(before), text(after));
    if before == after {
        return String::new();
    }
    if before.is_empty() || after.is_empty() {
        return whole(&before, &after);
    }
    let (old_lines, new_lines) = (before.lines().count(), after.lines().count());
    if old_lines + new_lines > COMPARED_LINES {
        // A clock would make equal input give different bytes, so the bound is the size.
        return format!(
            "@@ -1,{old_lines} +1,{new_lines} @@ too large to compare by lines: see the fields\n"
        );
    }
    TextDiff::from_lines(&before, &after)
        .unified_diff()
        .context_radius(3)
        .to_string()
}

/// A state that appears or goes: every line, without searching for what stayed.
fn whole(before: &str, after: &str) -> String {
    let (sign, text) = if before.is_empty() {
        ('+', after)
    } else {
        ('-', before)
    };
    let lines = text.lines().count();
    let mut diff = match sign {
        '+' => format!("@@ -0,0 +1,{lines} @@\n"),
        _ => format!("@@ -1,{lines} +0,0 @@\n"),
    };
    for line in text.lines() {
        diff.push(sign);
        diff.push_str(line);
        diff.push('\n');
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_created_object_is_shown_whole() {
        assert_eq!(
            unified(None, Some(&json!({"a": 1}))),
            "@@ -0,0 +1,1 @@\n+a: 1\n"
        );
    }

    #[test]
    fn equal_states_have_no_diff() {
        assert_eq!(unified(Some(&json!({"a": 1})), Some(&json!({"a": 1}))), "");
    }
}
