//! Charts that kustomizations inflate and that are not in the repository.

use std::collections::BTreeMap;

use super::mount_of;
use crate::ids::RepoPath;
use crate::outside::Need;
use crate::plan::kustomization::{FILE_NAMES, parse_kustomization, parse_plugins};
use crate::tree::Tree;

/// The folder of a fetched chart in this tree; `None` where it was not fetched.
pub fn find_chart(tree: &Tree, need: &Need) -> Option<RepoPath> {
    let mount = mount_of(need);
    let description = mount.join("Chart.yaml")?;
    tree.is_supplied(&description).then_some(mount)
}

/// The path below `folder`; `None` for one that is not below it.
pub fn rest_within(path: &RepoPath, folder: &RepoPath) -> Option<String> {
    let rest = path.as_str().strip_prefix(folder.as_str())?;
    rest.strip_prefix('/').map(str::to_owned)
}

/// The charts that a file names in either tree, as refusals name them. Reads the file once for each tree.
pub(super) fn read_needs(trees: [&Tree; 2], file: &RepoPath) -> BTreeMap<String, Need> {
    let parse = if FILE_NAMES.contains(&file.file_name()) {
        parse_kustomization
    } else {
        parse_plugins
    };
    let contents = trees.into_iter().filter_map(|tree| tree.read(file).ok());
    let mut needs = BTreeMap::new();
    for content in contents {
        let charts = parse(&content).charts;
        for need in charts.iter().filter_map(|found| found.chart.need()?.ok()) {
            needs.entry(need.to_string()).or_insert(need);
        }
    }
    needs
}
