//! Manifests: the one place where renderer or API bytes become objects, and where Secrets are masked.
//!
//! Every value of a Secret is replaced by an equality tag, an HMAC under a key that lives as long as
//! the installation (or the process, on the command line): equal values have equal tags, and a tag
//! says nothing else. The original stays in a sealed field that two callers may open: the built-in
//! apply and `render --show-secrets`. Everything else, reports, caches, policies, logs, sees tags.

use std::sync::Arc;

use serde_json::Value;

use crate::ids::{Digest, ObjectRef, RepoPath};
use crate::yaml::Document;

/// What the deployer does with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Applied and kept.
    Object,
    /// Run by the deployer around an apply (Helm and Argo CD hooks).
    Hook,
    /// A CustomResourceDefinition.
    Crd,
    /// A chart test: never applied.
    Test,
}

impl Role {
    /// The word used in policy input and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Object => "object",
            Self::Hook => "hook",
            Self::Crd => "crd",
            Self::Test => "test",
        }
    }
}

/// Where a manifest's text came from, as well as it is known.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// The file of the repository; for Kustomize the resource file, for Helm the template.
    pub path: Option<RepoPath>,
    /// First line of the document in that file, from 1; 0 when unknown.
    pub line: u32,
    /// The positions of every field, only when the manifest *is* that document of the file (plain
    /// YAML); rendered output has no such positions.
    pub document: Option<Arc<Document>>,
    /// Pointer of the item inside `document` when it came out of a `List` (`/items/0`); else empty.
    pub prefix: String,
}

/// A Kubernetes object, masked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Manifest {
    object: ObjectRef,
    value: Arc<Value>,
    role: Role,
    provenance: Provenance,
    digest: Digest,
    sealed: Option<Sealed>,
}

/// The original of a masked object. Prints nothing of itself.
#[derive(Clone)]
pub struct Sealed(Arc<Value>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealed")
    }
}

impl Manifest {
    /// How it names itself.
    pub fn object(&self) -> &ObjectRef {
        &self.object
    }

    /// The object as JSON; Secret values are tags.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The same, shared.
    pub fn shared_value(&self) -> Arc<Value> {
        Arc::clone(&self.value)
    }

    /// What the deployer does with it.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Where its text came from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Digest of the masked object; tags make it change when a Secret's value changes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// True when some of its values are tags.
    pub fn is_masked(&self) -> bool {
        self.sealed.is_some()
    }

    /// The object with its Secret values. Only the built-in apply and `render --show-secrets` call
    /// this; a test holds the list of callers.
    pub fn unseal(&self) -> &Value {
        self.sealed.as_ref().map_or(&self.value, |sealed| &sealed.0)
    }
}
