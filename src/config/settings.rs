//! The operator's settings: a trusted file, read once at start.
//!
//! Unknown keys are errors with file, line and column. Secrets stay in files of their own, which are
//! read when they are asked for. Relative paths count from the folder of the settings file. Nothing
//! here reads the environment.

mod cache;
mod cluster;
mod github;
mod host_path;
mod limits;
mod outside;
mod patterns;
mod secret;
mod store;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretBox;
use serde::{Deserialize, Deserializer};
use url::Url;

use crate::config::argocd::ArgoInstallation;
use crate::ids::RepoName;
use crate::yaml::{self, Budget, Span, pointer};

pub use cache::{Cache, CachePlace};
pub use cluster::{Access, Allow, ClusterSettings};
pub use github::GitHub;
pub use host_path::HostPath;
pub use limits::Limits;
pub use outside::{AllowedHost, Credentials, FetchLimits, FloatingBases, Outside};
pub use patterns::{InvalidPattern, Patterns};
pub use store::Store;

/// Why the settings cannot be used. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The settings file says something that it may not say.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Line, from 1; 0 when the place is not known.
        line: usize,
        /// Column, from 1; 0 when the place is not known.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A secret's file holds no such secret.
    #[error("`{}` must hold {expected}", path.display())]
    NotASecret {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        expected: &'static str,
    },
}

/// Everything the operator decides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The GitHub App. Required.
    pub github: GitHub,
    /// Repositories that are served, as patterns of `owner/name`; all others are refused. Required.
    #[serde(deserialize_with = "parse_repositories")]
    pub repositories: Patterns,
    /// Where webhooks and pages are served, as address and port. Default `0.0.0.0:8080`.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where results are kept. Default `sqlite:/var/lib/drydock/drydock.db`.
    #[serde(default)]
    pub store: Store,
    /// Address under which people reach the pages, without a trailing path. Default: none, and
    /// comments link to no page.
    #[serde(default, deserialize_with = "parse_optional_url")]
    pub page_url: Option<Url>,
    /// File with the key of Secret tags, 64 hexadecimal digits. Default: none; then a key is derived
    /// from the App's private key, and tags made before that key was replaced cannot be compared.
    #[serde(default)]
    pub masker_key_file: Option<PathBuf>,
    /// Clusters by the names that repositories use. Default: none.
    #[serde(default)]
    pub clusters: BTreeMap<String, ClusterSettings>,
    /// The Argo CD that Applications are for. Default: an installation as it comes.
    #[serde(default)]
    pub argocd: ArgoInstallation,
    /// Programs that render. Default: those found on the search path that the caller gives.
    #[serde(default)]
    pub tools: ToolPaths,
    /// Where charts and remote bases may be fetched from. Default: nowhere.
    #[serde(default)]
    pub outside: Outside,
    /// Where rendered output is kept. Default: a folder beside the database.
    #[serde(default)]
    pub cache: Cache,
    /// Bounds of time, work and size.
    #[serde(default)]
    pub limits: Limits,
}

/// Paths of the programs that render.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToolPaths {
    /// Helm 4. Default: `helm` of the search path.
    #[serde(default)]
    pub helm: Option<PathBuf>,
    /// Helm 3, for applications that ask for it. Default: `helm3` of the search path.
    #[serde(default)]
    pub helm3: Option<PathBuf>,
    /// Kustomize 5. Default: `kustomize` of the search path.
    #[serde(default)]
    pub kustomize: Option<PathBuf>,
}

/// A pattern that can match no repository would silently serve nobody.
fn parse_repositories<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Patterns, D::Error> {
    let patterns = Patterns::deserialize(deserializer)?;
    let is_hopeless = |text: &&String| !text.contains('/') && !text.contains("**");
    match patterns.texts().iter().find(is_hopeless) {
        Some(text) => Err(serde::de::Error::custom(format!(
            "`{text}` matches nothing: write `owner/name`, or `owner/*` for all of an owner"
        ))),
        None => Ok(patterns),
    }
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 8080))
}

fn parse_optional_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let url: Url = text.parse().map_err(serde::de::Error::custom)?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(serde::de::Error::custom(format!(
            "`{text}` is not an http or https address"
        )));
    }
    Ok(Some(url))
}

/// Reads and checks the settings file. The files of secrets are not opened.
pub fn load(path: &Path) -> Result<Settings, SettingsError> {
    let bytes = std::fs::read(path).map_err(|source| SettingsError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let mut settings = parse(&bytes, path)?;
    settings.resolve_paths(path.parent().unwrap_or(Path::new("")));
    Ok(settings)
}

fn parse(bytes: &[u8], path: &Path) -> Result<Settings, SettingsError> {
    let reader = serde_yaml::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let (key, value) = locate(bytes, error.path());
        let error = error.into_inner();
        let text = error.to_string();
        let by_reader = error
            .location()
            .map_or((0, 0), |place| (place.line(), place.column()));
        // The reader places what it does not understand well, and a value that we refuse at the
        // start of the file.
        let unknown = text.contains("unknown field");
        let (line, column) = if unknown { key } else { value.max(by_reader) };
        // The reader puts its own place behind the message; ours stands before it.
        let message = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(message, _)| message)
            .to_owned();
        SettingsError::Invalid {
            path: path.to_owned(),
            line,
            column,
            message,
        }
    })
}

/// Where a key and its value stand, as line and column.
fn locate(bytes: &[u8], path: &serde_path_to_error::Path) -> ((usize, usize), (usize, usize)) {
    use serde_path_to_error::Segment;
    let pointer = path
        .iter()
        .fold(String::new(), |pointer, segment| match segment {
            Segment::Seq { index } => pointer::push(pointer, &index.to_string()),
            Segment::Map { key } => pointer::push(pointer, key),
            Segment::Enum { .. } | Segment::Unknown => pointer,
        });
    let stream = yaml::read(bytes, &Budget::file());
    let Some(document) = stream.documents.first() else {
        return ((0, 0), (0, 0));
    };
    let located = document.locate(&pointer);
    let number = |number: u32| usize::try_from(number).unwrap_or_default();
    let place = |span: Span| (number(span.start.line), number(span.start.column));
    (
        place(located.key.unwrap_or(located.value)),
        place(located.value),
    )
}

impl Settings {
    /// True when this repository is served.
    pub fn serves(&self, repository: &RepoName) -> bool {
        self.repositories.matches(&repository.to_string())
    }

    /// The key of Secret tags, if the settings name one.
    pub fn read_masker_key(&self) -> Result<Option<SecretBox<[u8; 32]>>, SettingsError> {
        self.masker_key_file
            .as_deref()
            .map(secret::read_key)
            .transpose()
    }

    fn resolve_paths(&mut self, folder: &Path) {
        let resolve = |path: &mut PathBuf| *path = folder.join(&*path);
        self.github.files_mut().into_iter().for_each(resolve);
        self.masker_key_file.iter_mut().for_each(resolve);
        for cluster in self.clusters.values_mut() {
            cluster.files_mut().into_iter().for_each(resolve);
        }
        self.outside.files_mut().for_each(resolve);
        let tools = &mut self.tools;
        [&mut tools.helm, &mut tools.helm3, &mut tools.kustomize]
            .into_iter()
            .flatten()
            .for_each(resolve);
        if let Some(CachePlace::Folder(path)) = &mut self.cache.url {
            resolve(path);
        }
        if let Store::Sqlite(path) = &mut self.store {
            resolve(path);
        }
    }
}

#[cfg(test)]
mod tests;
