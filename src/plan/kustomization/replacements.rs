//! What replacements write to.

use super::parse::{fold, values};
use crate::plan::hidden::{has, may_hide_letters};
use crate::yaml::{self, Budget, Node, NodeKind};

/// Which fields of an object replacements write to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Replaces {
    /// Its group or kind, or all of it.
    pub(crate) group: bool,
    /// Its name.
    pub(crate) name: bool,
}

/// Reads the replacements of a kustomization, or of a file of them.
pub(crate) fn find_replaced_fields(bytes: &[u8]) -> Replaces {
    let named = bytes.to_ascii_lowercase();
    // The other letters that Go reads as those of the key.
    let is_there =
        has(&named, b"fieldpath") || has(bytes, "\u{17f}".as_bytes()) || may_hide_letters(bytes);
    let mut found = Replaces::default();
    if is_there {
        let stream = yaml::read(bytes, &Budget::file());
        for document in &stream.documents {
            look(&document.root, &mut found);
        }
    }
    found
}

fn look(node: &Node, found: &mut Replaces) {
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().for_each(|item| look(item, found)),
        NodeKind::Mapping(pairs) => {
            for paths in values(node, "fieldPaths") {
                let paths = paths.as_sequence().unwrap_or_default();
                for path in paths.iter().filter_map(Node::as_str) {
                    found.take(path);
                }
            }
            for pair in pairs.iter() {
                look(&pair.value, found);
            }
        }
        // Configurations of plugins stand in texts.
        NodeKind::String(text) if fold(text).contains("fieldpaths") => {
            let stream = yaml::read(text.as_bytes(), &Budget::file());
            for document in &stream.documents {
                look(&document.root, found);
            }
        }
        _ => {}
    }
}

impl Replaces {
    fn take(&mut self, path: &str) {
        let first: String = path
            .split(['.', '/'])
            .next()
            .unwrap_or_default()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || *letter == '*')
            .collect();
        self.group |= matches!(first.as_str(), "apiVersion" | "kind" | "items" | "*" | "");
        self.name |= matches!(first.as_str(), "metadata" | "*" | "")
            && (path.contains("name") || path.contains('*'));
    }
}
