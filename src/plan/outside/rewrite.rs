//! Replacing references in the text of a kustomization, and nothing else of it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::yaml::{self, Budget, Node, NodeKind};

/// The text with every value that is one of these references replaced. `None` where that cannot be
/// done so that everything else stays as it reads: the reference then stays refused.
pub(super) fn rewrite(bytes: &[u8], placed: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let before = first(bytes)?;
    // Who names the reserved folder wants to be mistaken for a reference that was replaced.
    if text.contains(super::FOLDER) {
        return None;
    }
    let mut spots = Vec::new();
    collect(&before, placed, &mut spots);
    spots.sort_unstable();
    spots.dedup();
    let mut out = String::with_capacity(text.len());
    let mut passed = 0;
    for (start, end, target) in spots {
        out.push_str(text.get(passed..start)?);
        // JSON's quotes are YAML's, too.
        out.push_str(&Value::from(target).to_string());
        passed = end;
    }
    out.push_str(text.get(passed..)?);
    let after = first(out.as_bytes())?;
    let mut wanted = before.to_json();
    replace(&mut wanted, placed);
    (after.to_json() == wanted).then(|| out.into_bytes())
}

fn first(bytes: &[u8]) -> Option<Node> {
    let stream = yaml::read(bytes, &Budget::file());
    let is_whole = stream.errors.is_empty() && stream.documents.len() == 1;
    let document = stream.documents.into_iter().next();
    document.filter(|_| is_whole).map(|document| document.root)
}

fn collect(
    node: &Node,
    placed: &BTreeMap<String, String>,
    spots: &mut Vec<(usize, usize, String)>,
) {
    match &node.kind {
        NodeKind::String(text) => {
            if let Some(target) = placed.get(&**text) {
                let (start, end) = (node.span.start.offset, node.span.end.offset);
                spots.push((start, end, target.clone()));
            }
        }
        NodeKind::Sequence(items) => items.iter().for_each(|item| collect(item, placed, spots)),
        NodeKind::Mapping(pairs) => pairs
            .iter()
            .for_each(|pair| collect(&pair.value, placed, spots)),
        _ => {}
    }
}

fn replace(value: &mut Value, placed: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(target) = placed.get(text) {
                text.clone_from(target);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, placed)),
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, placed)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reference_changes() {
        let placed = BTreeMap::from([("https://example.com/a/b".to_owned(), "../x/y".to_owned())]);
        let rewritten = |text: &str| {
            rewrite(text.as_bytes(), &placed).map(|bytes| String::from_utf8(bytes).unwrap())
        };
        for (before, after) in [
            (
                "resources:\n- https://example.com/a/b # why\n- c\n",
                "resources:\n- \"../x/y\" # why\n- c\n",
            ),
            (
                "resources: ['https://example.com/a/b', \"https://example.com/a/b\"]\n",
                "resources: [\"../x/y\", \"../x/y\"]\n",
            ),
            (
                "# ü\nresources:\n- ünder\n- https://example.com/a/b\n",
                "# ü\nresources:\n- ünder\n- \"../x/y\"\n",
            ),
            (
                "resources:\n- &x https://example.com/a/b\n- *x\n",
                "resources:\n- &x \"../x/y\"\n- *x\n",
            ),
            (
                "a: https://example.com/a/bc\n",
                "a: https://example.com/a/bc\n",
            ),
        ] {
            assert_eq!(rewritten(before).as_deref(), Some(after), "{before}");
        }
        for hopeless in [
            "resources:\n- >-\n  https://example.com/a/b\n",
            "a: 1\n---\nb: 2\n",
            "a: [",
        ] {
            let result = rewritten(hopeless);
            assert!(
                result.is_none() || !result.unwrap().contains("example.com"),
                "{hopeless}"
            );
        }
    }
}
