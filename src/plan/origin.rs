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
    /// True when this URL names the repository: host and path are compared without case, user and a
    /// `.git` at the end, and it does not matter whether Git is spoken over HTTPS or SSH. Another port
    /// than the usual one, HTTP without encryption and everything that is not Git (`oci://`) may lead
    /// to another server: there the whole address has to be the same.
    pub fn is_own(&self, url: &str) -> bool {
        let Some(wanted) = Address::parse(url) else {
            return false;
        };
        self.urls
            .iter()
            .filter_map(|own| Address::parse(own))
            .any(|own| own == wanted)
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

/// What tells repositories apart.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    /// Scheme and port, where they are not those that everybody uses for Git.
    unusual: Option<(String, String)>,
    host: String,
    path: String,
}

impl Address {
    /// `None` for what names no repository.
    fn parse(url: &str) -> Option<Self> {
        let url = url.trim().to_lowercase();
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => (Some(scheme), rest),
            None => (None, url.as_str()),
        };
        let rest = match rest.split_once('@') {
            Some((user, rest)) if !user.contains('/') => rest,
            _ => rest,
        };
        let path_start = rest.find('/').unwrap_or(rest.len());
        let (host, port, path) = match rest.find(':').filter(|at| *at < path_start) {
            // `host:path` in the short form; a port otherwise.
            Some(at) if scheme.is_none() => (rest.get(..at)?, "", rest.get(at + 1..)?),
            Some(at) => (
                rest.get(..at)?,
                rest.get(at + 1..path_start)?,
                rest.get(path_start..)?,
            ),
            None => (rest.get(..path_start)?, "", rest.get(path_start..)?),
        };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let usual = matches!(
            (scheme, port),
            (None, "")
                | (Some("https"), "" | "443")
                | (Some("ssh" | "git+ssh" | "ssh+git"), "" | "22")
        );
        let unusual = || (scheme.unwrap_or_default().to_owned(), port.to_owned());
        (!host.is_empty() && !path.is_empty()).then(|| Self {
            unusual: (!usual).then(unusual),
            host: host.to_owned(),
            path: path.trim_end_matches('/').to_owned(),
        })
    }
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
            "https://github.example:443/acme/deploy",
        ] {
            assert!(origin().is_own(url), "{url}");
        }
        for url in [
            "https://github.example/acme/deploy-2",
            "https://other.example/acme/deploy",
            "acme/deploy",
            "",
            // Each may be another server, or another kind of it.
            "http://github.example/acme/deploy",
            "https://github.example:8443/acme/deploy",
            "ssh://git@github.example:2222/acme/deploy",
            "oci://github.example/acme/deploy",
            "file://github.example/acme/deploy",
        ] {
            assert!(!origin().is_own(url), "{url}");
        }
    }

    #[test]
    fn an_unusual_address_is_the_repository_where_it_is_named_so() {
        let origin = Origin {
            urls: vec![
                "http://git.local:3000/acme/deploy.git".to_owned(),
                "oci://registry.example/acme/deploy".to_owned(),
            ],
            ..Origin::default()
        };
        assert!(origin.is_own("http://git.local:3000/Acme/deploy"));
        assert!(!origin.is_own("https://git.local:3000/acme/deploy"));
        assert!(!origin.is_own("git@git.local:acme/deploy.git"));
        assert!(origin.is_own("oci://registry.example/acme/deploy"));
        assert!(!origin.is_own("https://registry.example/acme/deploy"));
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
