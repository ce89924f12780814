//! From which file a tool's document came: best effort, never a claim about a line of a field.
//!
//! Helm writes the template's name above each document. Kustomize does not say, so the files it
//! read are searched for the kind and name as an author would do; objects that Kustomize generates
//! or renames beyond recognition stay without a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{ObjectRef, RepoPath};

/// A document of a file, as far as a look at its lines tells.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    path: RepoPath,
    line: u32,
    /// Lines with content.
    length: u32,
    name: String,
}

/// Where the objects of a set of files stand, by kind.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_kind: BTreeMap<String, Vec<Place>>,
}

impl Index {
    /// Adds one file's documents. Only block style is seen, one key per line: what nearly every
    /// manifest is, and quick enough to be done for every rendering.
    pub(super) fn add(&mut self, path: &RepoPath, text: &str) {
        let mut document = Scan::default();
        let mut number = 0_u32;
        for line in text.lines() {
            number = number.saturating_add(1);
            if line.starts_with("---") {
                self.push(path, &mut document);
            } else {
                document.see(line, number);
            }
        }
        self.push(path, &mut document);
    }

    fn push(&mut self, path: &RepoPath, scan: &mut Scan) {
        let scan = std::mem::take(scan);
        if let (Some(kind), Some(name)) = (scan.kind, scan.name) {
            self.by_kind.entry(kind).or_default().push(Place {
                path: path.clone(),
                line: scan.first,
                length: scan.length,
                name,
            });
        }
    }

    /// The file and first line of the document that became this object: the longest with the same
    /// name, else the only one whose name the object's contains (prefixes, suffixes, hashes).
    pub(super) fn find(&self, object: &ObjectRef) -> Option<(&RepoPath, u32)> {
        let places = self.by_kind.get(&object.kind)?;
        let same = places.iter().filter(|place| place.name == object.name);
        // One name in several files is an object and its patches: patches are the shorter ones.
        let place = if let Some(longest) = same.max_by_key(|place| place.length) {
            longest
        } else {
            let mut renamed = places
                .iter()
                .filter(|place| !place.name.is_empty() && object.name.contains(&place.name));
            match (renamed.next(), renamed.next()) {
                (Some(place), None) => place,
                _ => return None,
            }
        };
        Some((&place.path, place.line))
    }
}

#[derive(Default)]
struct Scan {
    first: u32,
    length: u32,
    kind: Option<String>,
    name: Option<String>,
    in_metadata: bool,
}

impl Scan {
    fn see(&mut self, line: &str, number: u32) {
        let body = line.trim_end();
        if body.is_empty() || body.starts_with('#') {
            return;
        }
        self.length = self.length.saturating_add(1);
        if self.first == 0 {
            self.first = number;
        }
        if !body.starts_with([' ', '\t', '-']) {
            self.in_metadata = body == "metadata:";
            if let Some(braces) = body.strip_prefix("metadata:") {
                // A mapping inside it may have a name of its own.
                let own = braces.trim().trim_start_matches('{');
                let fields = own.split('{').next().unwrap_or_default().split(',');
                let mut names = fields.filter_map(|field| field.trim().strip_prefix("name:"));
                if let Some(name) = names.next() {
                    let name = read_scalar(name.trim_end_matches('}'));
                    self.name.get_or_insert(name);
                }
            }
            if let Some(kind) = body.strip_prefix("kind:") {
                self.kind.get_or_insert_with(|| read_scalar(kind));
            }
        } else if self.in_metadata
            && let Some(name) = body.trim_start().strip_prefix("name:")
            && indent_of(body) <= 4
        {
            self.name.get_or_insert_with(|| read_scalar(name));
        }
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn read_scalar(text: &str) -> String {
    let text = text.split(" #").next().unwrap_or(text).trim();
    text.trim_matches(['"', '\'']).to_owned()
}

/// A chunk of Helm's output with the template it says it comes from.
pub(super) struct Chunk<'a> {
    pub(super) source: Option<&'a str>,
    pub(super) text: &'a str,
}

/// Splits Helm's output at the lines by which it names templates: `---` and `# Source: `. A
/// document that spans several `---` (a file of CRDs) stays one chunk. A template can fake such
/// lines only between documents, where they change nothing but its own attribution.
pub(super) fn split_helm_output(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    const MARK: &str = "---\n# Source: ";
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = text.get(start..)?;
        let end = rest.find("\n---\n# Source: ").map(|newline| newline + 1);
        next = end.map(|end| start + end);
        let text = rest.get(..end.unwrap_or(rest.len()))?;
        let source = text
            .strip_prefix(MARK)
            .and_then(|rest| rest.lines().next())
            .map(str::trim);
        Some(Chunk { source, text })
    })
}

/// The repository's file for a name as Helm writes it, `chart/templates/x.yaml`; `None` for a file
/// inside a chart archive.
pub(super) fn find_template(
    source: &str,
    chart: &RepoPath,
    closure: &BTreeSet<RepoPath>,
) -> Option<RepoPath> {
    let (_, inside) = source.split_once('/')?;
    chart.join(inside).filter(|path| closure.contains(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str) -> ObjectRef {
        ObjectRef {
            group: String::new(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: name.to_owned(),
        }
    }

    #[test]
    fn an_object_is_found_by_kind_and_name_and_after_renaming() {
        let mut index = Index::default();
        let path: RepoPath = "base/all.yaml".parse().unwrap();
        index.add(
            &path,
            "# web\napiVersion: v1\nkind: Service\nmetadata:\n  labels: {a: b}\n  name: web # main\n---\nkind: ConfigMap\nmetadata:\n  name: \"settings\"\n",
        );
        assert_eq!(index.find(&object("Service", "web")), Some((&path, 2)));
        assert_eq!(
            index.find(&object("ConfigMap", "dev-settings-abc12")),
            Some((&path, 8))
        );
        assert_eq!(index.find(&object("Secret", "web")), None);
    }

    #[test]
    fn helm_output_is_split_at_its_own_marks_only() {
        let text = "---\n# Source: c/templates/a.yaml\na: |\n  ---\n  # Source: fake\n---\n# Source: c/crds/b.yaml\nb: 1\n---\nc: 2\n";
        let chunks = split_helm_output(text).collect::<Vec<_>>();
        let sources: Vec<_> = chunks.iter().map(|chunk| chunk.source).collect();
        assert_eq!(sources, [Some("c/templates/a.yaml"), Some("c/crds/b.yaml")]);
        assert!(chunks[1].text.ends_with("c: 2\n"));
    }
}
