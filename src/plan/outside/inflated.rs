//! Charts that kustomizations inflate and that are not in the repository.

use super::mount_of;
use crate::ids::RepoPath;
use crate::outside::Need;
use crate::plan::Refusal;
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

/// The chart that a refusal is about, as its file names it in either tree.
pub(super) fn find_need(trees: [&Tree; 2], refusal: &Refusal) -> Option<Need> {
    let parse = if FILE_NAMES.contains(&refusal.path.file_name()) {
        parse_kustomization
    } else {
        parse_plugins
    };
    trees.into_iter().find_map(|tree| {
        let parsed = parse(&tree.read(&refusal.path).ok()?);
        let needs = parsed.charts.iter().filter_map(|found| found.chart.need());
        let mut named = needs.filter_map(Result::ok);
        named.find(|need| need.to_string() == refusal.text)
    })
}
