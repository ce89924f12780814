//! Kustomizations: every file that a build reads, and every reason not to start one. The reference
//! graph is walked once; affected set and refusals use its value.

mod charts;
mod entry;
mod parse;
mod replacements;
mod walk;

pub use entry::InflatedChart;
pub(super) use parse::{Parsed, Role, parse_kustomization, parse_plugins};
pub(super) use replacements::{Replaces, find_replaced_fields};
pub(super) use walk::{Closure, Walk};

use crate::ids::RepoPath;
use crate::tree::Tree;

/// The names Kustomize looks for; more than one in a folder is an error to it.
pub(super) const FILE_NAMES: [&str; 3] =
    ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The kustomization files of a folder, and what stands in the place of one.
pub(super) fn find_files(tree: &Tree, folder: &RepoPath) -> Vec<RepoPath> {
    FILE_NAMES
        .into_iter()
        .filter_map(|name| folder.join(name))
        .filter(|path| tree.claims_file(path))
        .collect()
}
