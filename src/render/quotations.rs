//! What tools repeat of the author's text, cut out of what they say: whole patches and
//! configurations, literals, values that a schema refuses. What is wrong, and where, stays.

/// Stands for what was cut.
const CUT: &str = "…";

/// The words of a tool without what they quote wholesale. `is_helm` is false for Kustomize, whose
/// own messages have one line.
pub(super) fn cut(said: &str, is_helm: bool) -> String {
    let text = cut_between(said, "cannot unmarshal !!", "`", "` into ");
    let text = cut_between(&text, "error parsing regexp: ", "`", "`");
    if is_helm {
        let lines: Vec<String> = text.lines().map(cut_refused_value).collect();
        return lines.join("\n");
    }
    let start = text.find("Error: ").unwrap_or(0);
    let (before, error) = text.split_at_checked(start).unwrap_or(("", &text));
    let error = cut_last(error, "with config: `", "`: ");
    let error = cut_last(&error, "from [patch: ", "]");
    let error = cut_literals(&error);
    let error = match error.split_once("node contents:") {
        Some((kept, _)) => format!("{kept}node contents: {CUT}"),
        None => error,
    };
    format!("{before}{}", cut_lines(error.trim_end()))
}

/// From the first `open` to the last `close`: what is quoted may have either in it.
fn cut_last(text: &str, open: &str, close: &str) -> String {
    let Some((kept, rest)) = text.split_once(open) else {
        return text.to_owned();
    };
    let tail = rest.rfind(close).and_then(|at| rest.get(at..));
    format!("{kept}{open}{CUT}{}", tail.unwrap_or_default())
}

/// Behind every `mark`, what stands from `open` to `close`.
fn cut_between(text: &str, mark: &str, open: &str, close: &str) -> String {
    let mut parts = text.split(mark);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(mark);
        let quoted = part
            .split_once(open)
            .and_then(|(before, rest)| Some((before, rest.split_once(close)?.1)));
        match quoted {
            Some((before, after)) => {
                kept.extend([before, open, CUT, close, after]);
            }
            None => kept.push_str(part),
        }
    }
    kept
}

/// A literal without `=` is repeated twice.
fn cut_literals(error: &str) -> String {
    const OPEN: &str = "literal sources [";
    let Some((kept, rest)) = error.split_once(OPEN) else {
        return error.to_owned();
    };
    if let Some(at) = rest.rfind(", expected key=value") {
        let tail = rest.get(at..).unwrap_or_default();
        return format!("{kept}{OPEN}{CUT}]: invalid literal source{tail}");
    }
    cut_last(&format!("{kept}{OPEN}{rest}"), OPEN, "]: ")
}

/// More than one line is a document that Kustomize took for a path. Lists of YAML's errors are not.
fn cut_lines(error: &str) -> String {
    let is_list = |line: &str| line.is_empty() || line.trim_start().starts_with("line ");
    let mut lines = error.lines();
    let first = lines.next().unwrap_or_default();
    if lines.clone().all(is_list) {
        return error.to_owned();
    }
    let kept = first.rfind(['\'', '`', '"', '[']);
    let kept = kept.and_then(|at| first.get(..=at)).unwrap_or_default();
    let last = lines.next_back().unwrap_or_default();
    let tail = ["no such file or directory", "file name too long"];
    let tail = tail.iter().find(|tail| last.ends_with(**tail));
    let tail = tail.map(|tail| format!(": {tail}")).unwrap_or_default();
    let kept = if kept.is_empty() { "Error: " } else { kept };
    format!("{kept}{CUT}{tail}")
}

/// `- at '/pointer': 'value' does not match pattern '…'` without the value.
fn cut_refused_value(line: &str) -> String {
    let Some((place, refusal)) = line
        .split_once("at '")
        .filter(|(before, _)| before.trim() == "-")
        .and_then(|(_, rest)| rest.split_once("': "))
    else {
        return line.to_owned();
    };
    let reason = [" does not match pattern ", " is not valid "]
        .iter()
        .find_map(|reason| {
            let at = refusal.rfind(reason)?;
            refusal.get(at..).filter(|_| refusal.starts_with('\''))
        });
    match reason {
        // Why it is not valid is told with parts of it.
        Some(reason) if reason.starts_with(" is not valid ") => {
            let format = reason.split(": ").next().unwrap_or_default();
            format!("- at '{place}': the value{format}")
        }
        Some(reason) => format!("- at '{place}': the value{reason}"),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_cut_and_the_error_stays() {
        for (said, expected) in [
            (
                "Error: trouble configuring builtin PatchTransformer with config: `\npatch: |-\n  a: `: x\n  b: [\n`: unable to parse SM or JSON patch from [patch: \"a: [1]\\nb: [\"]\n",
                "Error: trouble configuring builtin PatchTransformer with config: `…`: unable to parse SM or JSON patch from [patch: …]",
            ),
            (
                "Error: trouble with config: `\npath: p.yaml\n`: unable to parse SM or JSON patch from [path: \"p.yaml\"]\n",
                "Error: trouble with config: `…`: unable to parse SM or JSON patch from [path: \"p.yaml\"]",
            ),
            (
                "Error: loading KV pairs: literal sources [a]: invalid literal source b]: c, expected key=value",
                "Error: loading KV pairs: literal sources […]: invalid literal source, expected key=value",
            ),
            (
                "# Warning: old\nError: evalsymlink failure on '/w/kind: Secret\ndata: x: no such file or directory' : lstat /w/kind: Secret\ndata: x: no such file or directory",
                "# Warning: old\nError: evalsymlink failure on '…: no such file or directory",
            ),
            (
                "Error: wrong node kind: expected MappingNode but got SequenceNode: node contents:\n[a]\n",
                "Error: wrong node kind: expected MappingNode but got SequenceNode: node contents: …",
            ),
            (
                "Error: yaml: unmarshal errors:\n  line 3: key \"a\" already set\n  line 4: cannot unmarshal !!str `hunter2...` into bool",
                "Error: yaml: unmarshal errors:\n  line 3: key \"a\" already set\n  line 4: cannot unmarshal !!str `…` into bool",
            ),
        ] {
            assert_eq!(cut(said, false), expected);
        }
    }

    #[test]
    fn a_value_that_a_schema_refuses_is_cut_and_its_place_stays() {
        let said = "Error: values don't meet:\nc:\n- at '/a': 'x does not match pattern y' does not match pattern '^z$'\n- at '/b': 'q' is not valid uri: parse \"q\": x\n- at '/n': got string, want integer";
        assert_eq!(
            cut(said, true),
            "Error: values don't meet:\nc:\n- at '/a': the value does not match pattern '^z$'\n- at '/b': the value is not valid uri\n- at '/n': got string, want integer"
        );
    }
}
