//! Kubernetes objects, as they name themselves and as two versions of them pair.

use std::fmt;

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
    /// Kind, such as `Deployment`.
    pub kind: String,
    /// Namespace, where there is one.
    pub namespace: Option<String>,
    /// `metadata.name`, or `metadata.generateName` followed by `*`.
    pub name: String,
}
