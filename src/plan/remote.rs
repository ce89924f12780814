//! Which references Kustomize would take for something on another host.
//!
//! The rules are those of Kustomize 5.8: they decide whether it would start Git or open a
//! connection, so a looser reading here would let a reference through.

/// True when Kustomize would download this instead of opening a file.
pub(super) fn is_remote_file(text: &str) -> bool {
    ["http:", "https:"]
        .into_iter()
        .any(|scheme| strip_prefix(text, scheme).is_some())
}

/// True when Kustomize would clone this with Git instead of opening a folder.
pub(super) fn is_repository(text: &str) -> bool {
    if text.starts_with('/') {
        return false;
    }
    let text = text.split_once('?').map_or(text, |(path, _)| path);
    let text = strip_prefix(text, "git::").unwrap_or(text);
    let (scheme, text) = split_scheme(text);
    let (has_user, rest) = split_user(text);
    if scheme == Some("file://") {
        // Everything behind the scheme is the path, all of it the repository where no marker
        // splits it.
        return names_repository(text, None);
    }
    let is_github = ["github.com/", "github.com:"]
        .into_iter()
        .any(|host| strip_prefix(rest, host).is_some());
    let is_scp = scheme.is_none() && (has_user || is_github);
    if scheme.is_none() && !is_scp {
        return false;
    }
    let slash = rest.find('/');
    let colon = rest.find(':').filter(|_| is_scp);
    let end = match (slash, colon) {
        (None, colon) => colon,
        (Some(slash), Some(colon)) if colon > 0 && colon < slash => Some(colon),
        (slash, _) => slash,
    };
    let path = end.map_or("", |end| rest.get(end + 1..).unwrap_or(""));
    !rest.is_empty() && names_repository(path, Some(2))
}

/// True for what is written like a remote reference though this Kustomize would look for a folder:
/// older ones took `host/org/repo?ref=…` for a repository.
pub(super) fn looks_remote(text: &str) -> bool {
    text.contains("://") || text.contains("?ref=") || text.contains("?version=")
}

/// True when `path` splits into a repository and a folder in it. `segments`: how many make the
/// repository where neither `_git/`, `//` nor `.git` says it; `None`: all.
fn names_repository(path: &str, segments: Option<usize>) -> bool {
    let (repository, folder) = if let Some(at) = path.find("_git/") {
        let rest = path.get(at + "_git/".len()..).unwrap_or("");
        (path, rest.split_once('/').map_or("", |(_, folder)| folder))
    } else if let Some((repository, folder)) = path.split_once("//") {
        (repository, folder)
    } else if let Some(at) = path.find(".git") {
        (path, path.get(at + ".git".len()..).unwrap_or(""))
    } else {
        match segments {
            None => (path, ""),
            Some(count) if path.split('/').count() >= count => {
                let end = path.match_indices('/').nth(count - 1).map(|(at, _)| at);
                (
                    end.and_then(|end| path.get(..end)).unwrap_or(path),
                    end.and_then(|end| path.get(end + 1..)).unwrap_or(""),
                )
            }
            Some(_) => return false,
        }
    };
    !repository.is_empty() && !leaves(folder)
}

/// True when a path in a repository climbs out of it, which Kustomize refuses to clone.
fn leaves(folder: &str) -> bool {
    let mut depth = 0_i64;
    for part in folder.split('/') {
        match part {
            "" | "." => {}
            ".." => depth -= 1,
            _ => depth += 1,
        }
        if depth < 0 {
            return true;
        }
    }
    false
}

fn split_scheme(text: &str) -> (Option<&'static str>, &str) {
    ["ssh://", "https://", "http://", "file://"]
        .into_iter()
        .find_map(|scheme| strip_prefix(text, scheme).map(|rest| (Some(scheme), rest)))
        .unwrap_or((None, text))
}

/// `user@` at the start: a letter, then letters, digits, hyphens.
fn split_user(text: &str) -> (bool, &str) {
    let Some((user, rest)) = text.split_once('@') else {
        return (false, text);
    };
    let fits = user.starts_with(|first: char| first.is_ascii_alphabetic())
        && user
            .chars()
            .all(|part| part.is_ascii_alphanumeric() || part == '-');
    if fits { (true, rest) } else { (false, text) }
}

fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kustomize_would_clone_is_a_repository() {
        for text in [
            "https://github.com/org/repo",
            "https://github.com/org/repo//path?ref=v1",
            "HTTPS://example.com/org/repo",
            "github.com/org/repo",
            "GitHub.com/org/repo/path?ref=main",
            "github.com:org/repo",
            "git@github.com:org/repo.git",
            "git@example.com:org/repo.git//path",
            "git::https://example.com/org/repo",
            "git::git@github.com:org/repo",
            "ssh://git@example.com:22/org/repo.git",
            "file:///srv/repo.git",
            "file:///srv/repo?ref=--upload-pack=sh",
            "https://user@dev.azure.com/org/project/_git/repo/path",
            "user@host:a/b",
        ] {
            assert!(is_repository(text), "{text}");
        }
    }

    #[test]
    fn what_kustomize_would_open_as_a_folder_is_none() {
        for text in [
            "base",
            "../base",
            "./github.com/org/repo",
            "/github.com/org/repo",
            "example.com/org/repo?ref=main",
            "github.com/org",
            "git@github.com",
            "https://example.com/one",
            "a:b/c",
            "my.git/base",
            "",
            "ü@host/a/b",
            "https://github.com/org/repo//../../etc",
        ] {
            assert!(!is_repository(text), "{text}");
        }
    }

    #[test]
    fn downloads_are_known_by_their_scheme() {
        assert!(is_remote_file("https://example.com/a.yaml"));
        assert!(is_remote_file("HTTP://169.254.169.254/"));
        assert!(!is_remote_file("httpd/deployment.yaml"));
        assert!(!is_remote_file("./https://x"));
    }
}
