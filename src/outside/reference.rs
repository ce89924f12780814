//! References to other hosts in a kustomization, read as Kustomize 5.8 reads them.

use crate::ids::RepoPath;

use super::{BaseNeed, BaseRevision, Need};

/// What a reference in a kustomization asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteReference {
    /// What has to be fetched.
    pub need: Need,
    /// The folder in the repository; the root for a single file.
    pub folder: RepoPath,
}

impl RemoteReference {
    /// True when nothing fixes what comes: no full commit id.
    pub fn is_floating(&self) -> bool {
        match &self.need {
            Need::Base(base) => !matches!(base.revision, BaseRevision::Commit(_)),
            Need::File { url } => !names_commit(url),
            Need::Chart(_) => false,
        }
    }
}

/// Why a reference to another host cannot be fetched, whatever the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum BadReference {
    /// `ssh://` or `user@host:path`.
    #[error("it is read over ssh, and Drydock fetches by https only")]
    Ssh,
    /// `file://`.
    #[error("it names a folder of the machine that renders")]
    File,
    /// `https://user:password@…`.
    #[error("it carries a password")]
    Password,
    /// The folder climbs out of the repository.
    #[error("its folder leaves the repository")]
    Leaves,
    /// No host, or no repository on it.
    #[error("it names no repository")]
    NoRepository,
}

/// Reads a reference that is known to lead to another host. A path that ends like a YAML or JSON
/// file is one file, as Kustomize would find by asking for it; everything else is a repository.
pub fn parse(text: &str) -> Result<RemoteReference, BadReference> {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let (is_forced, path) = match strip_prefix(path, "git::") {
        Some(rest) => (true, rest),
        None => (false, path),
    };
    if strip_prefix(path, "file://").is_some() {
        return Err(BadReference::File);
    }
    if strip_prefix(path, "ssh://").is_some() {
        return Err(BadReference::Ssh);
    }
    let (scheme, rest) = match (
        strip_prefix(path, "https://"),
        strip_prefix(path, "http://"),
    ) {
        (Some(rest), _) => ("https", rest),
        (None, Some(rest)) => ("http", rest),
        (None, None) => ("", path),
    };
    let (user, rest) = split_user(rest);
    if user.contains(':') {
        return Err(BadReference::Password);
    }
    let is_github = ["github.com/", "github.com:"]
        .into_iter()
        .any(|host| strip_prefix(rest, host).is_some());
    if scheme.is_empty() && (!user.is_empty() || !is_github) {
        return Err(if user.is_empty() {
            BadReference::NoRepository
        } else {
            BadReference::Ssh
        });
    }
    // Kustomize clones GitHub by https whatever scheme stands there.
    let scheme = if is_github { "https" } else { scheme };
    let end = match (rest.find('/'), rest.find(':')) {
        (slash, Some(colon)) if is_github && slash.is_none_or(|slash| colon < slash) => Some(colon),
        (slash, _) => slash,
    };
    let (host, path) = end
        .and_then(|end| Some((rest.get(..end)?, rest.get(end + 1..)?)))
        .ok_or(BadReference::NoRepository)?;
    if host.is_empty() {
        return Err(BadReference::NoRepository);
    }
    if !is_forced && !path.contains("//") && !path.contains(".git/") && is_file_name(path) {
        let host = host.to_ascii_lowercase();
        let query = query_of(text);
        return Ok(RemoteReference {
            need: Need::File {
                url: format!("{scheme}://{host}/{path}{query}"),
            },
            folder: RepoPath::root(),
        });
    }
    let (repository, folder) = split_repository(path).ok_or(BadReference::NoRepository)?;
    let folder = folder.trim_start_matches('/');
    Ok(RemoteReference {
        need: Need::Base(BaseNeed {
            url: format!("{scheme}://{}/{repository}", host.to_ascii_lowercase()),
            revision: parse_revision(query),
        }),
        folder: RepoPath::root().join(folder).ok_or(BadReference::Leaves)?,
    })
}

fn query_of(text: &str) -> &str {
    text.find('?').and_then(|at| text.get(at..)).unwrap_or("")
}

/// True when a segment of the address is a full commit id.
pub fn names_commit(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|part| {
        part.len() == 40
            && part
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// `ref` wins over `version`; `timeout` and `submodules` change nothing here: Drydock has limits of
/// its own and takes no submodule.
fn parse_revision(query: &str) -> BaseRevision {
    let (mut by_ref, mut by_version) = (None, None);
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let slot = match &*key {
            "ref" => &mut by_ref,
            "version" => &mut by_version,
            _ => continue,
        };
        if slot.is_none() {
            *slot = Some(value.into_owned());
        }
    }
    let name = by_ref
        .filter(|name| !name.is_empty())
        .or(by_version)
        .unwrap_or_default();
    if name.is_empty() {
        return BaseRevision::Newest;
    }
    name.parse()
        .map_or_else(|_| BaseRevision::Named(name), BaseRevision::Commit)
}

/// Splits a path into repository and folder: at `_git/<name>`, at `//`, behind `.git`, else behind
/// two segments.
fn split_repository(path: &str) -> Option<(&str, &str)> {
    let split = |at: usize, skip: usize| Some((path.get(..at)?, path.get(at + skip..)?));
    let (repository, folder) = if let Some(at) = path.find("_git/") {
        let name = at + "_git/".len();
        match path.get(name..)?.find('/') {
            Some(slash) => split(name + slash, 1)?,
            None => (path, ""),
        }
    } else if let Some(at) = path.find("//") {
        split(at, 2)?
    } else if let Some(at) = path.find(".git") {
        split(at + ".git".len(), 0)?
    } else {
        match path
            .match_indices('/')
            .map(|(at, _)| at)
            .take(2)
            .collect::<Vec<_>>()[..]
        {
            [] => return None,
            [_] => (path, ""),
            [_, second, ..] => split(second, 1)?,
        }
    };
    (!repository.trim_matches('/').is_empty()).then_some((repository, folder))
}

fn is_file_name(path: &str) -> bool {
    [".yaml", ".yml", ".json"]
        .into_iter()
        .any(|ending| path.ends_with(ending))
}

/// What stands before an `@` of the host.
fn split_user(text: &str) -> (&str, &str) {
    let host = text.split('/').next().unwrap_or_default();
    match host.rsplit_once('@') {
        Some((user, _)) => (user, text.get(user.len() + 1..).unwrap_or_default()),
        None => ("", text),
    }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn every_form_of_a_remote_base_is_split_as_kustomize_splits_it() {
        for (text, url, folder, revision) in [
            (
                "https://github.com/org/repo",
                "https://github.com/org/repo",
                "",
                "",
            ),
            (
                "https://github.com/org/repo//a/b?ref=v1",
                "https://github.com/org/repo",
                "a/b",
                "v1",
            ),
            (
                "github.com/org/repo/a/b?ref=main&timeout=90s",
                "https://github.com/org/repo",
                "a/b",
                "main",
            ),
            ("GitHub.com:org/repo", "https://github.com/org/repo", "", ""),
            (
                "http://github.com/org/repo",
                "https://github.com/org/repo",
                "",
                "",
            ),
            (
                "git::https://example.com/org/repo//x?version=v2&submodules=false",
                "https://example.com/org/repo",
                "x",
                "v2",
            ),
            (
                "https://example.com/a/b/c/repo.git/x?version=v2&ref=v3",
                "https://example.com/a/b/c/repo.git",
                "x",
                "v3",
            ),
            (
                "https://example.com/a/b/c/repo.git",
                "https://example.com/a/b/c/repo.git",
                "",
                "",
            ),
            (
                "https://user@dev.azure.com/org/project/_git/repo/x/y",
                "https://dev.azure.com/org/project/_git/repo",
                "x/y",
                "",
            ),
            (
                "http://127.0.0.1:80/org/repo//a/../b?ref=",
                "http://127.0.0.1:80/org/repo",
                "b",
                "",
            ),
        ] {
            let found = parse(text).unwrap();
            let revision = match revision {
                "" => BaseRevision::Newest,
                name => BaseRevision::Named(name.to_owned()),
            };
            let need = Need::Base(BaseNeed {
                url: url.to_owned(),
                revision,
            });
            assert_eq!(
                (found.need.clone(), found.folder.as_str()),
                (need, folder),
                "{text}"
            );
            assert!(found.is_floating());
        }
    }

    #[test]
    fn a_full_commit_id_is_the_only_reference_that_does_not_float() {
        let pinned = parse(&format!("https://example.com/org/repo?ref={COMMIT}")).unwrap();
        assert!(!pinned.is_floating());
        for name in [
            &COMMIT[..12],
            "v1.0.0",
            "refs/heads/main",
            &COMMIT.to_uppercase(),
        ] {
            assert!(
                parse(&format!("https://example.com/org/repo?ref={name}"))
                    .unwrap()
                    .is_floating()
            );
        }
        let file = format!("https://raw.example.com/org/repo/{COMMIT}/crds.yaml");
        assert!(!parse(&file).unwrap().is_floating());
        assert!(
            parse("https://raw.example.com/org/repo/main/crds.yaml")
                .unwrap()
                .is_floating()
        );
    }

    #[test]
    fn what_is_not_fetched_by_https_has_a_reason() {
        for (text, reason) in [
            ("git@github.com:org/repo.git", BadReference::Ssh),
            ("git::ssh://git@example.com/org/repo", BadReference::Ssh),
            ("file:///srv/repo?ref=--upload-pack=sh", BadReference::File),
            (
                "https://user:secret@example.com/org/repo",
                BadReference::Password,
            ),
            ("https://example.com/one", BadReference::NoRepository),
            (
                "https://github.com/org/repo//../../etc",
                BadReference::Leaves,
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), reason, "{text}");
        }
    }
}
