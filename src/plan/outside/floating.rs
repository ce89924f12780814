//! What may be something else tomorrow.

use std::collections::BTreeSet;

use super::{Mounts, charts, sources};
use crate::ids::RepoPath;
use crate::outside::{Need, Supply};
use crate::plan::AppSide;
use crate::tree::Tree;

/// Something fetched that may be something else tomorrow.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Floating {
    /// The file that refers to it.
    pub path: RepoPath,
    /// Line in it, from 1; 0 when unknown.
    pub line: u32,
    /// As it was written.
    pub text: String,
    /// What it meant when it was fetched: a commit, a version, a digest.
    pub now: String,
}

impl Mounts {
    /// What this side of an application reads that may be something else tomorrow, in order.
    pub fn floating(&self, side: &AppSide, tree: &Tree, supply: &Supply) -> BTreeSet<Floating> {
        let mut found = BTreeSet::new();
        let floats = |need: &Need| match supply.find(need) {
            Some(Ok(supplied)) if supplied.floating => Some(supplied.version.clone()),
            _ => None,
        };
        for named in self.named() {
            if side.closure.contains(named.path)
                && let Some(now) = floats(named.need)
            {
                found.insert(Floating {
                    path: named.path.clone(),
                    line: named.line,
                    text: named.text.to_owned(),
                    now,
                });
            }
        }
        let declaration = side.declaration.as_ref();
        if let Some(declaration) = declaration
            && let Some(path) = &declaration.path
        {
            for need in side.sources.iter().filter_map(sources::need_of) {
                if let Some(now) = floats(&need) {
                    found.insert(Floating {
                        path: path.clone(),
                        line: declaration.line,
                        text: need.to_string(),
                        now,
                    });
                }
            }
        }
        for (folder, names) in &self.charts {
            let Some(path) = folder
                .join("Chart.yaml")
                .filter(|path| side.closure.contains(path))
            else {
                continue;
            };
            for dependency in charts::find(tree, folder, names).unwrap_or_default() {
                let (line, text) = (dependency.line, dependency.name.clone());
                if let Some(now) = dependency.need().as_ref().and_then(floats) {
                    found.insert(Floating {
                        path: path.clone(),
                        line,
                        text,
                        now,
                    });
                }
            }
        }
        found
    }
}
