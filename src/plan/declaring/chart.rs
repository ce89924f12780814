//! Charts: the group of an object may be computed, come from a value, or be part of a text that is put
//! out as it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Look;
use crate::ids::RepoPath;
use crate::plan::HelmInput;
use crate::plan::gotemplate::{Definition, Outline};
use crate::plan::hidden::{any_in, breaks, has_broken_texts};

/// True for a file that Helm takes for a template.
pub(super) fn is_template(path: &RepoPath) -> bool {
    let path = path.as_str();
    path.starts_with("templates/") || path.contains("/templates/")
}

/// A file that brings definitions alone, or that is shown to people.
fn is_partial(path: &RepoPath) -> bool {
    path.file_name().starts_with('_') || path.file_name().ends_with("NOTES.txt")
}

impl Look<'_> {
    /// The same for the templates among the files; `input` is what the deployer tells the chart.
    pub(super) fn makes_group_of_chart(&self, input: Option<&HelmInput>) -> bool {
        let known = &self.planner.cache.outlines;
        let mut outlines = Vec::new();
        let templates = self.side.closure.iter().filter(|path| is_template(path));
        for path in templates {
            let Ok(outline) = known.read(self.tree, self.reader, path, Outline::read) else {
                return true;
            };
            if outline.is_opaque || outline.has_open_document && !is_partial(path) {
                return true;
            }
            outlines.push(outline);
        }
        let puts_out = outlines.iter().any(|outline| outline.puts_out);
        puts_out
            && (outlines.iter().any(|outline| outline.breaks)
                || calls_lines(&outlines)
                || self.has_broken_values(input))
    }

    /// True where a value has a text of several lines: put out as it stands it may be any document.
    fn has_broken_values(&self, input: Option<&HelmInput>) -> bool {
        let is_value = |path: &&RepoPath| {
            let name = path.as_str();
            let holds_values = [".yaml", ".yml", ".json"]
                .iter()
                .any(|end| name.ends_with(end));
            holds_values && !is_template(path) && !name.contains("crds/")
        };
        let known = &self.planner.cache.broken;
        let mut values = self.side.closure.iter().filter(is_value);
        let given = input.is_some_and(|input| {
            !input.file_parameters.is_empty()
                || input.inline.iter().any(|value| any_in(value, &breaks))
                || input.parameters.iter().any(|single| breaks(&single.value))
        });
        given
            || values.any(|path| {
                let found = known.read(self.tree, self.reader, path, has_broken_texts);
                found.map_or(true, |found| *found)
            })
    }
}

/// True where a definition of several lines is put out as it stands.
fn calls_lines(outlines: &[Arc<Outline>]) -> bool {
    let mut definitions: BTreeMap<&str, Vec<&Definition>> = BTreeMap::new();
    for (name, definition) in outlines.iter().flat_map(|outline| &outline.definitions) {
        definitions.entry(name).or_default().push(definition);
    }
    let mut open: Vec<&str> = outlines
        .iter()
        .flat_map(|outline| outline.calls.iter().map(String::as_str))
        .collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = open.pop() {
        if !reached.insert(name) {
            continue;
        }
        for definition in definitions.get(name).into_iter().flatten() {
            if definition.breaks {
                return true;
            }
            open.extend(definition.calls.iter().map(String::as_str));
        }
    }
    false
}
