//! What a tool says when it fails, as a problem with a place.

use std::collections::BTreeSet;

use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::sandbox::SandboxError;

use super::{Problem, quotations};

/// Longest message in characters until Secret values are hidden in it: cut off before, one might
/// lose the part that it is known by.
const LONGEST: usize = 64 << 10;

/// What a tool was about when it failed.
pub(super) struct Context<'a> {
    /// The files it could read.
    pub(super) closure: &'a BTreeSet<RepoPath>,
    /// The root that was rendered.
    pub(super) root: &'a RepoPath,
    /// The file to blame when none is named.
    pub(super) fallback: Option<RepoPath>,
    /// True when paths begin with a chart's name instead of its folder, as Helm writes them.
    pub(super) by_chart_name: bool,
}

/// A failed run as a problem of the author: the tool ran, and refused the content. Secret values may
/// still be in the message.
pub(super) fn build_problem(said: &str, context: &Context<'_>) -> Problem {
    let message = shorten(&quotations::cut(said, context.by_chart_name));
    let (path, mut line) = find_place(&message, context)
        .or_else(|| find_place(&shorten(said), context))
        .unwrap_or_else(|| (context.fallback.clone(), 0));
    let is_template = path
        .as_ref()
        .is_some_and(|path| path.as_str().contains("/templates/"));
    if line == 0 && !is_template && path != context.fallback {
        // Of a template this would be a line of its output.
        line = find_line(&message);
    }
    Problem {
        message,
        path,
        line,
        blame: Blame::Author,
    }
}

/// The line of a field that a tool does not know, in the text of the file it blames; 0 when the
/// message is about something else.
pub(super) fn find_unknown_field(message: &str, text: &str) -> u32 {
    let field = message
        .split_once("unknown field \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map(|(field, _)| format!("{field}:"));
    let Some(field) = field else {
        return 0;
    };
    text.lines()
        .position(|line| line.trim_start_matches([' ', '-']).starts_with(&field))
        .and_then(|index| u32::try_from(index.saturating_add(1)).ok())
        .unwrap_or(0)
}

/// A run that gave no result.
pub(super) fn build_sandbox_problem(error: &SandboxError, root: &RepoPath) -> Problem {
    Problem {
        message: error.to_string(),
        path: (error.blame() == Blame::Author).then(|| root.clone()),
        line: 0,
        blame: error.blame(),
    }
}

/// The error alone, on one line: without warnings before it, advice about flags after it, and the
/// chain of folders that Kustomize puts in front.
fn shorten(said: &str) -> String {
    let start = said.find("Error: ").map_or(0, |at| at + "Error: ".len());
    let text = said.get(start..).unwrap_or(said);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("Use --debug flag"))
        .collect();
    let mut message = lines.join(" ");
    for link in [
        "must resolve to a file': ",
        "recursed accumulation of path '",
    ] {
        if let Some(at) = message.rfind(link) {
            message = message
                .get(at + link.len()..)
                .unwrap_or_default()
                .to_owned();
        }
    }
    if let Some((_, rest)) = message.split_once("': accumulating resources: ") {
        message = rest.to_owned();
    }
    if message.chars().count() > LONGEST {
        message = message.chars().take(LONGEST).chain(['…']).collect();
    }
    // What a file says must not move the cursor of whoever reads it.
    message = message.replace(char::is_control, "\u{FFFD}");
    if message.is_empty() {
        message.push_str("the tool failed and did not say why");
    }
    message.trim_end_matches('.').to_owned()
}

/// The file that a message names, and the line when it is written behind the name. Helm names the
/// file that failed first, Kustomize last.
fn find_place(message: &str, context: &Context<'_>) -> Option<(Option<RepoPath>, u32)> {
    if message.starts_with("values don't meet the specifications of the schema")
        && let Some(schema) = context.root.join("values.schema.json")
        && context.closure.contains(&schema)
    {
        return Some((Some(schema), 0));
    }
    let is_edge = |letter: char| letter.is_whitespace() || "'\"`()<>,;[]{}".contains(letter);
    let mut named = message
        .split(is_edge)
        .filter_map(|word| find_file(word.trim_end_matches([':', '.']), context));
    let place = if context.by_chart_name {
        named.next()
    } else {
        named.next_back()
    };
    place.map(|(path, line)| (Some(path), line))
}

fn find_file(word: &str, context: &Context<'_>) -> Option<(RepoPath, u32)> {
    let mut parts = word.split(':');
    let name = parts.next().filter(|name| !name.is_empty())?;
    let line = parts.next().and_then(|text| text.parse().ok()).unwrap_or(0);
    let from_root = RepoPath::root().join(name);
    let in_root = context.root.join(name);
    let in_archives = context
        .by_chart_name
        .then(|| context.root.join("charts")?.join(name))
        .flatten();
    let in_chart = context
        .by_chart_name
        .then(|| name.split_once('/'))
        .flatten()
        .and_then(|(_, rest)| context.root.join(rest));
    let found = [in_chart, from_root, in_root, in_archives]
        .into_iter()
        .flatten()
        .find_map(|path| {
            if context.closure.contains(&path) {
                return Some(path);
            }
            // Kustomize names a base by its folder.
            ["kustomization.yaml", "kustomization.yml", "Kustomization"]
                .iter()
                .filter_map(|file| path.join(file))
                .find(|file| !path.is_root() && context.closure.contains(file))
        })?;
    Some((found, line))
}

/// The number behind the last ` line `.
fn find_line(message: &str) -> u32 {
    message
        .rsplit_once("line ")
        .map(|(_, rest)| {
            rest.chars()
                .take_while(char::is_ascii_digit)
                .collect::<String>()
        })
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(said: &str, files: &[&str], root: &str, helm: bool) -> (String, Option<String>, u32) {
        let closure = files.iter().map(|file| file.parse().unwrap()).collect();
        let problem = build_problem(
            said,
            &Context {
                closure: &closure,
                root: &root.parse().unwrap(),
                fallback: None,
                by_chart_name: helm,
            },
        );
        let path = problem.path.map(|path| path.to_string());
        (problem.message, path, problem.line)
    }

    #[test]
    fn a_template_error_names_the_template_and_its_line() {
        let said = "level=WARN msg=\"old\"\nError: events/templates/gateway.yaml:36:20\n  executing \"events/templates/gateway.yaml\" at <.Values.x>:\n    nil pointer\n\nUse --debug flag to render out invalid YAML\n";
        let (message, path, line) =
            place(said, &["charts/e/templates/gateway.yaml"], "charts/e", true);
        assert_eq!(path.as_deref(), Some("charts/e/templates/gateway.yaml"));
        assert_eq!(line, 36);
        assert!(message.ends_with("nil pointer"), "{message}");
    }

    #[test]
    fn a_line_of_a_templates_output_is_not_a_line_of_the_template() {
        let said = "Error: YAML parse error on c/templates/d.yaml: error converting YAML to JSON: yaml: line 102: did not find expected key";
        let (_, path, line) = place(said, &["c/templates/d.yaml"], "c", true);
        assert_eq!((path.as_deref(), line), (Some("c/templates/d.yaml"), 0));
        let said = "Error: cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to JSON: yaml: line 214: did not find expected key";
        let (_, path, line) = place(said, &["c/values.yaml"], "c", true);
        assert_eq!((path.as_deref(), line), (Some("c/values.yaml"), 214));
    }

    #[test]
    fn an_unknown_field_is_found_in_its_file() {
        let message = "invalid Kustomization: json: unknown field \"ugly\"";
        assert_eq!(find_unknown_field(message, "a: b\n# ugly:\nugly: c\n"), 3);
        assert_eq!(find_unknown_field("something else", "ugly: c\n"), 0);
    }

    #[test]
    fn the_innermost_kustomization_is_named() {
        let said = "Error: accumulating resources: accumulation err='accumulating resources from '../../base': 'w/base' must resolve to a file': couldn't make target for path 'w/base': invalid Kustomization: json: unknown field \"ugly\"\n";
        let (message, path, _) = place(
            said,
            &["w/base/kustomization.yaml", "w/over/kustomization.yaml"],
            "w/over",
            false,
        );
        assert_eq!(path.as_deref(), Some("w/base/kustomization.yaml"));
        assert!(message.starts_with("couldn't make target"), "{message}");
    }
}
