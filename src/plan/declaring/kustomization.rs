//! Kustomizations: replacements, transformers and Flux's variables may write a group or a name.

use std::collections::BTreeSet;

use super::{Look, any_odd};
use crate::plan::hidden::{has, may_hide_letters};
use crate::plan::kustomization::{
    FILE_NAMES, Parsed, Replaces, find_replaced_fields, parse_kustomization,
};
use crate::plan::{KustomizeEdits, KustomizeInput, Substitution};

/// True where what a deployer adds to the kustomization may make a declaration.
pub(super) fn edits_may(edits: &KustomizeEdits, substitution: Option<&Substitution>) -> bool {
    edits
        .patches
        .iter()
        .any(|patch| any_odd(patch, substitution))
}

/// True where a line of a text puts a variable into a group or a key.
fn puts_variable(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| {
        let key = line.split(|byte| *byte == b':').next().unwrap_or_default();
        has(line, b"$") && (has(line, b"apiVersion") || has(key, b"$") || may_hide_letters(line))
    })
}

impl Look<'_> {
    pub(super) fn makes_group_of_kustomization(&self, input: &KustomizeInput) -> bool {
        let substitution = input.substitution.as_ref();
        edits_may(&input.edits, substitution)
            || self.any_kustomization(&|parsed| parsed.transforms)
            || self.replaces(&|fields| fields.group)
            || substitution.is_some() && self.puts_variables()
            || self.inflates_charts() && self.makes_group_of_chart(None)
    }

    /// True where a kustomization renders charts.
    pub(super) fn inflates_charts(&self) -> bool {
        self.any_kustomization(&|parsed| !parsed.charts.is_empty() || parsed.transforms)
    }

    /// True where an object may get one of these names.
    pub(super) fn makes_name(&self, input: &KustomizeInput, names: &BTreeSet<&str>) -> bool {
        let edits = [&input.edits.name_prefix, &input.edits.name_suffix];
        let is_part = |part: &String| names.iter().any(|name| name.contains(part.as_str()));
        edits.into_iter().flatten().any(is_part)
            || input.substitution.is_some()
            || self.any_kustomization(&|parsed| {
                parsed.transforms || !parsed.charts.is_empty() || parsed.affixes.iter().any(is_part)
            })
            || self.replaces(&|fields| fields.name)
    }

    fn any_kustomization(&self, test: &dyn Fn(&Parsed) -> bool) -> bool {
        let files = self.side.closure.iter();
        let mut files = files.filter(|path| FILE_NAMES.contains(&path.file_name()));
        let known = &self.planner.cache.kustomizations;
        files.any(|path| {
            let parsed = known.read(self.tree, self.reader, path, parse_kustomization);
            parsed.map_or(true, |parsed| test(&parsed))
        })
    }

    fn replaces(&self, test: &dyn Fn(Replaces) -> bool) -> bool {
        let known = &self.planner.cache.replaced;
        self.side.closure.iter().any(|path| {
            let fields = known.read(self.tree, self.reader, path, find_replaced_fields);
            fields.is_ok_and(|fields| test(*fields))
        })
    }

    fn puts_variables(&self) -> bool {
        let known = &self.planner.cache.variables;
        self.side.closure.iter().any(|path| {
            let found = known.read(self.tree, self.reader, path, puts_variable);
            found.is_ok_and(|found| *found)
        })
    }
}
