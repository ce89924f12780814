//! Typed identifiers: what is named, never what is done with it.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// Why a text is not the identifier it was taken for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidId {
    /// The text as it was given.
    pub text: String,
    /// What would have been right, as a noun phrase.
    pub expected: &'static str,
}

fn invalid(text: &str, expected: &'static str) -> InvalidId {
    InvalidId {
        text: text.chars().take(200).collect(),
        expected,
    }
}

/// A full Git commit or tree id: 40 (SHA-1) or 64 (SHA-256) lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitSha(String);

impl CommitSha {
    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, as people write them.
    pub fn short(&self) -> &str {
        self.0.get(..7).unwrap_or(&self.0)
    }
}

impl FromStr for CommitSha {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && matches!(text.len(), 40 | 64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(invalid(
                text,
                "a full commit id (40 or 64 lower-case hexadecimal digits)",
            ))
        }
    }
}

impl fmt::Display for CommitSha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// GitHub's numeric repository id: stays the same when a repository is renamed or transferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryId(pub u64);

impl fmt::Display for RepositoryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A pull request's number within its repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrNumber(pub u64);

impl fmt::Display for PrNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// `owner/name` of a repository, checked strictly: exactly two segments of GitHub's alphabet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoName {
    owner: String,
    name: String,
}

impl RepoName {
    /// The account or organisation.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The repository's own name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl FromStr for RepoName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let fits = |part: &str| {
            !part.is_empty()
                && part.len() <= 100
                && part != "."
                && part != ".."
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match text.split_once('/') {
            Some((owner, name)) if fits(owner) && fits(name) => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(invalid(text, "a repository name (`owner/name`)")),
        }
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

/// The id of one evaluation or deployment, unique within a store; opaque text of `[0-9a-z-]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub String);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A cluster by the name that configuration and settings give it; empty where none is configured.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterName(pub String);

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A path inside a repository: relative, `/` between segments, without `.`, `..`, empty segments
/// or NUL. The empty path is the root.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(String);

impl RepoPath {
    /// The repository's root.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path as text; empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Follows `reference` from this folder, resolving `.` and `..`; `None` when it is absolute or
    /// leaves the repository.
    pub fn join(&self, reference: &str) -> Option<Self> {
        if reference.starts_with('/') || reference.contains('\0') {
            return None;
        }
        let mut segments: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in reference.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    segments.pop()?;
                }
                name => segments.push(name),
            }
        }
        Some(Self(segments.join("/")))
    }

    /// The folder that holds this path; the root's parent is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        Self(
            self.0
                .rsplit_once('/')
                .map_or_else(String::new, |(parent, _)| parent.to_owned()),
        )
    }

    /// The last segment; empty for the root.
    pub fn file_name(&self) -> &str {
        self.0
            .rsplit_once('/')
            .map_or(self.0.as_str(), |(_, name)| name)
    }

    /// True when this path is `folder` or lies below it.
    pub fn is_within(&self, folder: &Self) -> bool {
        folder.is_root()
            || self.0 == folder.0
            || self
                .0
                .strip_prefix(&folder.0)
                .is_some_and(|rest| rest.starts_with('/'))
    }
}

// Equal, ordered and hashed like its text: lets a map of paths be searched by text.
impl std::borrow::Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepoPath {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::root()
            .join(text)
            .ok_or_else(|| invalid(text, "a path inside the repository"))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}

/// A SHA-256 digest; shown as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// No digest of anything: stands for "made from something else".
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of one text.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of a list of parts; each part's length is mixed in, so that moving a boundary
    /// changes the result.
    pub fn of_parts<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize().into())
    }

    /// The first twelve hexadecimal digits, as reports show it.
    pub fn short(&self) -> String {
        hex::encode(self.0).chars().take(12).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        hex::decode(text)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| invalid(text, "a SHA-256 digest (64 hexadecimal digits)"))
    }
}

/// A Kubernetes object as it names itself. The group is empty for the core group; the namespace is
/// `None` when the manifest names none (cluster-scoped, or left to the deployer).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// API group, empty for the core group.
    pub group: String,
    /// API version, such as `v1`.
    pub version: String,
    /// Kind, such as `Deployment`.
    pub kind: String,
    /// Namespace, where the manifest names one.
    pub namespace: Option<String>,
    /// `metadata.name`, or `metadata.generateName` followed by `*`.
    pub name: String,
}

impl ObjectRef {
    /// Splits `apiVersion` into group and version: `apps/v1` is (`apps`, `v1`), `v1` is (``, `v1`).
    pub fn split_api_version(api_version: &str) -> (String, String) {
        api_version.split_once('/').map_or_else(
            || (String::new(), api_version.to_owned()),
            |(g, v)| (g.to_owned(), v.to_owned()),
        )
    }

    /// `apiVersion` as a manifest writes it.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// The identity that pairs two versions of one object: the API version is left out.
    pub fn key(&self) -> ObjectKey {
        ObjectKey {
            group: self.group.clone(),
            kind: self.kind.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// What makes two manifests the same object: group, kind, namespace, name. Two API groups that
/// share a kind are two objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    /// API group, empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace, where there is one.
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
}

/// What declares an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeclaredBy {
    /// A kustomization that no other refers to.
    Kustomization,
    /// A chart in the repository.
    Chart,
    /// A folder of plain manifests.
    Directory,
    /// An entry of `apps` in `.drydock.yaml`.
    Config,
    /// An Argo CD `Application`.
    ArgoApplication,
    /// An Argo CD `ApplicationSet`.
    ArgoApplicationSet,
    /// A Flux `Kustomization`.
    FluxKustomization,
    /// A Flux `HelmRelease`.
    FluxHelmRelease,
    /// Files named on the command line.
    Files,
}

impl DeclaredBy {
    /// The declarer of a word.
    pub fn find(word: &str) -> Option<Self> {
        [
            Self::Kustomization,
            Self::Chart,
            Self::Directory,
            Self::Config,
            Self::ArgoApplication,
            Self::ArgoApplicationSet,
            Self::FluxKustomization,
            Self::FluxHelmRelease,
            Self::Files,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }

    /// The word used in ids and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Kustomization => "kustomization",
            Self::Chart => "chart",
            Self::Directory => "directory",
            Self::Config => "config",
            Self::ArgoApplication => "argocd",
            Self::ArgoApplicationSet => "argocd-set",
            Self::FluxKustomization => "flux",
            Self::FluxHelmRelease => "flux-helm",
            Self::Files => "files",
        }
    }
}

/// An application's identity; both sides of a change pair by it.
///
/// Shown as `kind:name[#variant][@cluster[/namespace]]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AppId {
    /// What declares it.
    pub kind: DeclaredBy,
    /// Where it goes; empty without a configured cluster.
    pub cluster: ClusterName,
    /// Namespace of the declaring object; empty where the declaration has none.
    pub namespace: String,
    /// Name of the declaring object, or the root path of what was found by its files.
    pub name: String,
    /// One of several renderings of the same root, such as a `ci/` values file.
    pub variant: Option<String>,
}

impl AppId {
    /// What people call it: the last segment of the name, with the variant.
    pub fn display_name(&self) -> String {
        let last = self
            .name
            .rsplit('/')
            .find(|part| !part.is_empty())
            .unwrap_or("root");
        match &self.variant {
            Some(variant) => format!("{last} ({variant})"),
            None => last.to_owned(),
        }
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.is_empty() {
            "."
        } else {
            &self.name
        };
        write!(f, "{}:{name}", self.kind.word())?;
        if let Some(variant) = &self.variant {
            write!(f, "#{variant}")?;
        }
        if !self.cluster.0.is_empty() {
            write!(f, "@{}", self.cluster)?;
            if !self.namespace.is_empty() {
                write!(f, "/{}", self.namespace)?;
            }
        }
        Ok(())
    }
}

/// Which of the two states of a change something belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Before.
    Base,
    /// After.
    Head,
}

impl Side {
    /// The word used in JSON and sentences.
    pub fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Head => "head",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_refuse_extra_segments() {
        assert!("a/b".parse::<RepoName>().is_ok());
        for wrong in ["a", "a/b/c", "/b", "a/", "../b", "a b/c", "a/b?x"] {
            assert!(wrong.parse::<RepoName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_joined_path_never_leaves_the_repository() {
        let folder: RepoPath = "a/b".parse().unwrap();
        assert_eq!(folder.join("../c/./d").unwrap().as_str(), "a/c/d");
        assert_eq!(folder.join("../../../etc"), None);
        assert_eq!(folder.join("/etc"), None);
    }

    #[test]
    fn moving_a_boundary_between_parts_changes_the_digest() {
        let one = Digest::of_parts([b"ab".as_slice(), b"c"]);
        let two = Digest::of_parts([b"a".as_slice(), b"bc"]);
        assert_ne!(one, two);
    }
}
