//! Sources of applications that are not the tree under judgement: charts and folders that
//! declarations name.

use super::{FOLDER, split_fetched};
use crate::ids::RepoPath;
use crate::outside::{BaseNeed, BaseRevision, ChartNeed, Need};
use crate::plan::AppSource;

/// What has to be fetched for a source; `None` for the tree under judgement.
pub(super) fn need_of(source: &AppSource) -> Option<Need> {
    let repository = source.repository.as_deref()?.trim_end_matches('/');
    let revision = source.revision.as_deref().unwrap_or_default();
    let has_scheme = repository.contains("://");
    if let Some(name) = &source.chart {
        // Argo CD writes registries without a scheme.
        let repository = if has_scheme {
            repository.to_owned()
        } else {
            format!("oci://{repository}")
        };
        return Some(chart(repository, name, revision));
    }
    if let Some(rest) = repository.strip_prefix("oci://") {
        let (folder, name) = rest.rsplit_once('/')?;
        return Some(chart(format!("oci://{folder}"), name, revision));
    }
    // What is not an address was not found by its declaration.
    if !has_scheme || repository.starts_with("ssh://") {
        return None;
    }
    let revision = match revision {
        "" | "HEAD" => BaseRevision::Newest,
        text => text.parse().map_or_else(
            |_| BaseRevision::Named(text.to_owned()),
            BaseRevision::Commit,
        ),
    };
    Some(Need::Base(BaseNeed {
        url: repository.to_owned(),
        revision,
    }))
}

fn chart(repository: String, name: &str, revision: &str) -> Need {
    let digest = revision
        .strip_prefix("sha256:")
        .and_then(|digits| digits.parse().ok());
    Need::Chart(ChartNeed {
        repository,
        name: name.to_owned(),
        version: if digest.is_some() {
            String::new()
        } else {
            revision.to_owned()
        },
        digest,
    })
}

/// True for a source's folder that was fetched.
pub fn is_fetched(path: &RepoPath) -> bool {
    path.as_str().starts_with(FOLDER)
}

/// A source's folder as its repository has it.
pub fn own_path(path: &RepoPath) -> RepoPath {
    match split_fetched(path) {
        Some((_, rest)) if is_fetched(path) => rest.parse().unwrap_or_default(),
        _ => path.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{HelmInput, RendererInput, Waiting};

    #[test]
    fn declarations_of_every_deployer_name_what_has_to_be_fetched() {
        for (repository, chart, revision, expected) in [
            (
                "https://charts.example.com/",
                Some("web"),
                Some("1.2.*"),
                "chart web 1.2.* of https://charts.example.com/",
            ),
            (
                "registry.example.com/team",
                Some("web"),
                None,
                "chart web * of oci://registry.example.com/team",
            ),
            (
                "oci://registry.example.com/team/web",
                None,
                Some("1.0.0"),
                "chart web 1.0.0 of oci://registry.example.com/team",
            ),
            (
                "https://example.com/org/repo.git",
                None,
                Some("main"),
                "main of https://example.com/org/repo.git",
            ),
            (
                "https://example.com/org/repo",
                None,
                Some("HEAD"),
                "the default branch of https://example.com/org/repo",
            ),
        ] {
            let source = AppSource {
                repository: Some(repository.to_owned()),
                revision: revision.map(str::to_owned),
                chart: chart.map(str::to_owned),
                path: RepoPath::root(),
                renderer: RendererInput::Helm(HelmInput::new("a", "b")),
                waiting: Waiting::default(),
            };
            assert_eq!(need_of(&source).unwrap().to_string(), expected);
        }
    }
}
