//! What a chart's own files say: type and dependencies.

use crate::ids::RepoPath;
use crate::plan::kustomization::Closure;
use crate::plan::{Refusal, RefusalKind};
use crate::tree::{EntryKind, Tree};
use crate::yaml::{self, Budget};

/// A chart's description.
pub(in crate::plan) const FILE_NAME: &str = "Chart.yaml";

/// Files that one chart may hold, as many as one rendering may have objects.
const FILE_LIMIT: usize = 20_000;

/// Links to folders inside one another.
const DEPTH_LIMIT: usize = 32;

/// What `Chart.yaml` or `requirements.yaml` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(super) name: String,
    /// True for a chart that renders nothing by itself.
    pub(super) is_library: bool,
    /// Names of the charts it needs, with their lines.
    pub(super) dependencies: Vec<(String, u32)>,
    /// Those of them that are charts of this repository: name, and path from the chart.
    pub(super) local: Vec<(String, String)>,
    /// Why it cannot be read, with its line.
    pub(super) error: Option<(u32, String)>,
}

impl Chart {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let stream = yaml::read(bytes, &Budget::file());
        let mut chart = Self {
            error: stream
                .errors
                .first()
                .map(|error| (error.position.line, error.message.clone())),
            ..Self::default()
        };
        let Some(document) = stream.documents.first() else {
            return chart;
        };
        let text = |key: &str| document.root.find(key).and_then(|pair| pair.value.as_str());
        text("name").unwrap_or_default().clone_into(&mut chart.name);
        chart.is_library = text("type") == Some("library");
        let items = document
            .root
            .find("dependencies")
            .and_then(|pair| pair.value.as_sequence());
        for item in items.unwrap_or_default() {
            if let Some(name) = item.find("name").and_then(|pair| pair.value.as_str()) {
                chart
                    .dependencies
                    .push((name.to_owned(), item.span.start.line));
                let repository = item.find("repository");
                let repository = repository.and_then(|pair| pair.value.as_str());
                if let Some(path) = repository.and_then(|text| text.strip_prefix("file://")) {
                    chart.local.push((name.to_owned(), path.to_owned()));
                }
            }
        }
        chart
    }
}

/// Every file of a folder, folders behind links included; what cannot be taken is refused.
pub(in crate::plan) fn collect(tree: &Tree, root: &RepoPath) -> Closure {
    let mut closure = Closure::default();
    let mut folders = vec![(root.clone(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let refuse = |path: &RepoPath, kind| Refusal {
            kind,
            path: path.clone(),
            line: 0,
            text: path.as_str().to_owned(),
        };
        let real = match tree.resolve(&folder) {
            Ok(real) if depth <= DEPTH_LIMIT => real,
            _ => {
                let refusal = refuse(&folder, RefusalKind::UnsafeEntry);
                closure.refusals.insert(refusal);
                continue;
            }
        };
        for (path, entry) in tree.below(&real) {
            // The path as it shows in the chart, where the folder was reached by a link.
            let rest = path.as_str().get(real.as_str().len()..).unwrap_or_default();
            let Some(shown) = folder.join(rest.trim_start_matches('/')) else {
                continue;
            };
            match entry.kind {
                EntryKind::File => {}
                EntryKind::Submodule => {
                    let refusal = refuse(&shown, RefusalKind::UnsafeEntry);
                    closure.refusals.insert(refusal);
                    continue;
                }
                EntryKind::Symlink if tree.is_folder(&shown) => {
                    folders.push((shown.clone(), depth + 1));
                }
                EntryKind::Symlink => {
                    let Ok((target, _)) = tree.find_file(&shown) else {
                        let refusal = refuse(&shown, RefusalKind::UnsafeEntry);
                        closure.refusals.insert(refusal);
                        continue;
                    };
                    closure.files.insert(target);
                }
            }
            if shown != *path {
                closure.files.insert(path.clone());
            }
            closure.files.insert(shown);
            if closure.files.len() > FILE_LIMIT {
                let refusal = refuse(root, RefusalKind::TooLarge);
                closure.refusals.insert(refusal);
                return closure;
            }
        }
    }
    closure
}
