//! The missing dependencies of one chart.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::explain::shortage;
use crate::finding::Blame;
use crate::ids::RepoPath;
use crate::outside::archive::pack;
use crate::outside::dependencies::{ChartTexts, Dependency, DependencyProblem, Origin, parse};
use crate::outside::{Files, Need, Supply};
use crate::plan::discover::{collect_chart, local_archive};
use crate::tree::{Tree, TreeError};

/// One dependency that is not in `charts/`.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) name: String,
    /// Line in `Chart.yaml`.
    pub(super) line: u32,
    origin: Origin,
}

/// The dependencies of these names of the chart in a folder.
pub(super) fn find(
    tree: &Tree,
    folder: &RepoPath,
    names: &BTreeSet<String>,
) -> Result<Vec<Found>, DependencyProblem> {
    let read = |name: &str| tree.read(&folder.join(name)?).ok();
    let texts = [
        "Chart.yaml",
        "Chart.lock",
        "requirements.yaml",
        "requirements.lock",
    ]
    .map(read);
    let [chart, lock, requirements, requirements_lock] = texts.each_ref().map(Option::as_deref);
    let texts = ChartTexts {
        chart,
        lock,
        requirements,
        requirements_lock,
    };
    let found = parse(texts, folder)?.into_iter();
    Ok(found
        .filter(|dependency| names.contains(&dependency.name))
        .map(
            |Dependency {
                 name, line, origin, ..
             }| Found { name, line, origin },
        )
        .collect())
}

impl Found {
    /// True for a chart of the same repository.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.origin, Origin::InTree(_))
    }

    /// What has to be fetched for it.
    pub(super) fn need(self) -> Option<Need> {
        match self.origin {
            Origin::Outside(need) => Some(need),
            _ => None,
        }
    }

    /// The archive in `charts/`, where it can be had.
    pub(super) fn archive(
        &self,
        tree: &Tree,
        folder: &RepoPath,
        supply: &Supply,
    ) -> Result<Files, TreeError> {
        let (place, files) = match &self.origin {
            Origin::Outside(need) => match supply.find(need) {
                Some(Ok(supplied)) => {
                    let name = format!("charts/{}-{}.tgz", self.name, supplied.version);
                    (folder.join(&name), Arc::clone(&supplied.files))
                }
                _ => return Ok(Files::new()),
            },
            Origin::InTree(local) if local != folder => {
                let mut files = Files::new();
                for path in collect_chart(tree, local) {
                    let rest = path
                        .as_str()
                        .strip_prefix(local.as_str())
                        .unwrap_or_default();
                    let Some(below) = RepoPath::root().join(rest.trim_start_matches('/')) else {
                        continue;
                    };
                    files.insert(below, Arc::from(tree.read(&path)?));
                }
                (local_archive(folder, &self.name), Arc::new(files))
            }
            _ => return Ok(Files::new()),
        };
        let packed = pack(&files, &self.name).map_err(|error| TreeError::NotWritten {
            path: folder.clone(),
            reason: error.to_string(),
        })?;
        let place = place.filter(|_| !files.is_empty());
        Ok(place
            .map(|place| BTreeMap::from([(place, Arc::from(packed))]))
            .unwrap_or_default())
    }

    /// Why it is still missing.
    pub(super) fn reason(&self, supply: &Supply) -> Option<(Blame, String)> {
        match &self.origin {
            Origin::Outside(need) => shortage(supply, need),
            Origin::Unusable(problem) => Some((
                Blame::Author,
                format!(
                    "the chart dependency `{}` cannot be fetched: {problem}",
                    self.name
                ),
            )),
            Origin::InTree(local) => Some((
                Blame::Author,
                format!("the chart dependency `{}` is not at `{local}`", self.name),
            )),
            Origin::Vendored => None,
        }
    }
}
