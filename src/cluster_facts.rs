//! What is known of a destination cluster: its version, the APIs it serves, their schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::ids::{Digest, InvalidId};

/// A Kubernetes version by major and minor number; patch releases change no schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// Always 1 today.
    pub major: u32,
    /// Such as 36.
    pub minor: u32,
}

impl KubernetesVersion {
    /// The oldest version whose schemas are embedded.
    pub const OLDEST: Self = Self {
        major: 1,
        minor: 25,
    };
    /// The newest version whose schemas are embedded.
    pub const NEWEST: Self = Self {
        major: 1,
        minor: 37,
    };
}

impl Default for KubernetesVersion {
    /// 1.35: the version judged against where nothing says which.
    fn default() -> Self {
        Self {
            major: 1,
            minor: 35,
        }
    }
}

impl FromStr for KubernetesVersion {
    type Err = InvalidId;

    /// Accepts `1.36`, `v1.36`, `1.36.3`, `v1.36.3-gke.1`.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let wrong = || InvalidId {
            text: text.chars().take(200).collect(),
            expected: "a Kubernetes version such as 1.36",
        };
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let major = parts
            .next()
            .and_then(|part| part.parse().ok())
            .ok_or_else(wrong)?;
        let minor = parts
            .next()
            .map(|part| part.trim_end_matches('+'))
            .and_then(|part| part.parse().ok())
            .ok_or_else(wrong)?;
        Ok(Self { major, minor })
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// One kind that a cluster serves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServedKind {
    /// API group, empty for the core group.
    pub group: String,
    /// Version.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// Plural resource name of the URL.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// Facts about one cluster at one moment. Built by the cluster client or read from a recording.
#[derive(Debug, Clone, Default)]
pub struct ClusterFacts {
    /// The server's version; `None` when it could not be read.
    pub version: Option<KubernetesVersion>,
    /// Every kind that it serves.
    pub kinds: BTreeSet<ServedKind>,
    /// OpenAPI v3 documents by path, such as `apis/apps/v1`.
    pub openapi: BTreeMap<String, Arc<serde_json::Value>>,
}

impl ClusterFacts {
    /// The served kind of this group, version and kind.
    pub fn find_kind(&self, group: &str, version: &str, kind: &str) -> Option<&ServedKind> {
        self.kinds.iter().find(|served| {
            served.group == group && served.version == version && served.kind == kind
        })
    }

    /// Every version and kind that it serves, as charts ask for them (`apps/v1`,
    /// `apps/v1/Deployment`), in order.
    pub fn api_versions(&self) -> Vec<String> {
        let mut names = BTreeSet::new();
        for kind in &self.kinds {
            let version = if kind.group.is_empty() {
                kind.version.clone()
            } else {
                format!("{}/{}", kind.group, kind.version)
            };
            names.insert(format!("{version}/{}", kind.kind));
            names.insert(version);
        }
        names.into_iter().collect()
    }

    /// The path of the OpenAPI document of a group and version: `api/v1`, `apis/apps/v1`.
    pub fn openapi_path(group: &str, version: &str) -> String {
        if group.is_empty() {
            format!("api/{version}")
        } else {
            format!("apis/{group}/{version}")
        }
    }

    /// The digest that goes into the evaluation key: version and served kinds; schemas follow from
    /// these in all but custom resources, whose documents are mixed in.
    pub fn digest(&self) -> Digest {
        let version = self
            .version
            .map(|version| version.to_string())
            .unwrap_or_default();
        let kinds = format!("{:?}", self.kinds);
        let schemas: Vec<String> = self
            .openapi
            .iter()
            .map(|(path, doc)| format!("{path}{doc}"))
            .collect();
        let mut parts = vec![version.as_bytes(), kinds.as_bytes()];
        parts.extend(schemas.iter().map(String::as_bytes));
        Digest::of_parts(parts)
    }
}
