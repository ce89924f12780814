//! "This repository": which declared sources mean the tree under judgement.

/// The repository under judgement, as declarations name it. The default is nameless: nothing but what
/// is declared without a repository is its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its URLs, in any form that Git understands (HTTPS, SSH, `user@host:path`).
    pub urls: Vec<String>,
    /// The branch that the change goes to; `None` where it is not known.
    pub target: Option<String>,
    /// The repository's default branch; `None` where it is not known.
    pub default: Option<String>,
}

impl Origin {
    /// True when this URL names the repository: host and path are compared without case, scheme, user,
    /// port and a `.git` at the end.
    pub fn is_own(&self, url: &str) -> bool {
        let wanted = normalize(url);
        !wanted.is_empty() && self.urls.iter().any(|own| normalize(own) == wanted)
    }

    /// True when what follows this revision gets the change: the branch that the change goes to, or
    /// (`HEAD`, an empty text, none) the default branch where that is the one.
    pub fn tracks(&self, revision: Option<&str>) -> bool {
        let revision = revision.unwrap_or_default();
        let revision = revision.strip_prefix("refs/heads/").unwrap_or(revision);
        match (revision, &self.target, &self.default) {
            ("" | "HEAD", Some(target), Some(default)) => target == default,
            ("" | "HEAD", _, _) => true,
            (revision, Some(target), _) => revision == target,
            (revision, None, Some(default)) => revision == default,
            (_, None, None) => false,
        }
    }
}

/// `host/path`, in lower case.
fn normalize(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let (is_scp, rest) = match url.split_once("://") {
        Some((_, rest)) => (false, rest),
        None => (true, url.as_str()),
    };
    let rest = match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => rest,
        _ => rest,
    };
    let path_start = rest.find('/').unwrap_or(rest.len());
    let (host, path) = match rest.find(':').filter(|at| *at < path_start) {
        Some(at) => {
            let host = rest.get(..at).unwrap_or_default();
            let behind = rest.get(at + 1..).unwrap_or_default();
            // `host:path` in the short form; a port otherwise.
            let path = if is_scp {
                behind
            } else {
                behind
                    .find('/')
                    .map_or("", |at| behind.get(at..).unwrap_or_default())
            };
            (host, path)
        }
        None => rest.split_at(path_start),
    };
    let path = path.trim_matches('/');
    let path = path
        .strip_suffix(".git")
        .unwrap_or(path)
        .trim_end_matches('/');
    format!("{host}/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin() -> Origin {
        Origin {
            urls: vec!["https://github.example/acme/deploy".to_owned()],
            target: Some("main".to_owned()),
            default: Some("main".to_owned()),
        }
    }

    #[test]
    fn every_form_of_the_url_is_the_repository() {
        for url in [
            "https://github.example/acme/deploy.git",
            "https://user:secret@github.example/Acme/Deploy/",
            "git@github.example:acme/deploy.git",
            "ssh://git@github.example/acme/deploy",
            "ssh://git@github.example:22/acme/deploy.git",
            "http://github.example/acme/deploy",
        ] {
            assert!(origin().is_own(url), "{url}");
        }
        for url in [
            "https://github.example/acme/deploy-2",
            "https://other.example/acme/deploy",
            "acme/deploy",
            "",
        ] {
            assert!(!origin().is_own(url), "{url}");
        }
    }

    #[test]
    fn only_what_follows_the_target_branch_gets_the_change() {
        let tracks = |revision| origin().tracks(revision);
        assert!(tracks(None) && tracks(Some("HEAD")) && tracks(Some("main")));
        assert!(tracks(Some("refs/heads/main")));
        assert!(!tracks(Some("release-1")) && !tracks(Some("v1.0.0")));
        let release = Origin {
            target: Some("release-1".to_owned()),
            ..origin()
        };
        assert!(release.tracks(Some("release-1")));
        assert!(!release.tracks(None) && !release.tracks(Some("main")));
    }
}
