//! Manifests: the one place where renderer or API bytes become objects, and where Secrets are masked.
//!
//! Every value of a Secret is replaced by an equality tag, an HMAC under a key that lives as long as
//! the installation (or the user's cache, on the command line): equal values have equal tags, and a tag
//! says nothing else. The original stays in a sealed field that two callers may open: the built-in
//! apply and `render --show-secrets`. Everything else, reports, caches, policies, logs, sees tags.

mod canonical;
mod ingest;
mod mask;
mod role;
mod unstable;

use std::sync::Arc;

use serde_json::Value;

use crate::ids::{Digest, ObjectRef, RepoPath};
use crate::yaml::Document;

pub use ingest::{IngestError, IngestSource, Ingested, MAX_DEPTH, ingest};
pub use mask::{LAST_APPLIED, Masker, is_tag};
pub use unstable::{PLACEHOLDER, Unstable};

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
    /// First line of the object in that file, from 1; 0 when unknown.
    pub line: u32,
    /// The positions of every field, only when the manifest *is* that document of the file (plain
    /// YAML); rendered output has no such positions. Secret values are tags here, too, and a
    /// document with a Secret keeps no comments.
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
    original: Original,
    unstable: Option<Arc<Unstable>>,
}

/// The object before its Secret values became tags. Prints nothing of itself.
#[derive(Clone)]
enum Original {
    /// It had none: the object is its own original.
    Shown,
    /// Kept for the two callers that may open it.
    Sealed(Arc<Value>),
    /// Not here: the object came masked, from the cache or the store.
    Withheld,
}

impl Original {
    fn of_masked(value: &Value) -> Self {
        if mask::holds_secret(value) {
            Self::Withheld
        } else {
            Self::Shown
        }
    }
}

impl std::fmt::Debug for Original {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Original")
    }
}

impl Manifest {
    /// An object that an API server gave: its Secret values become tags, `managedFields` and
    /// kubectl's last-applied copy are left out. Lists are not unpacked.
    pub fn from_api(value: Value, masker: &Masker) -> Result<Self, IngestError> {
        ingest::build(value, masker, Provenance::default())
    }

    /// An object whose Secret values Drydock masked earlier, such as one read back from the worker,
    /// the store, the cache or a recorded snapshot. Nothing is masked again: a tag of a tag would
    /// equal nothing. The role comes along, because a Secret's annotations no longer tell it. What was
    /// masked cannot be unsealed.
    pub fn from_masked(value: Value, role: Role) -> Result<Self, IngestError> {
        let object = ingest::identify(&value).map_err(ingest::Flaw::without_place)?;
        let original = Original::of_masked(&value);
        let manifest = Self::assemble(object, value, Provenance::default(), None);
        Ok(Self {
            role,
            original,
            ..manifest
        })
    }

    fn assemble(
        object: ObjectRef,
        value: Value,
        provenance: Provenance,
        sealed: Option<Value>,
    ) -> Self {
        // Annotations of a Secret are tags by now, so the role comes from the original.
        let role = role::role_of(&object, sealed.as_ref().unwrap_or(&value));
        Self {
            digest: canonical::digest(&value),
            role,
            object,
            value: Arc::new(value),
            provenance,
            unstable: None,
            original: sealed.map_or(Original::Shown, |value| Original::Sealed(Arc::new(value))),
        }
    }

    /// The same object in another namespace: what a deployer does to objects that name none.
    #[must_use]
    pub fn with_namespace(&self, namespace: &str) -> Self {
        let place = |value: &Value| {
            let mut value = value.clone();
            if let Some(metadata) = value
                .pointer_mut("/metadata")
                .and_then(Value::as_object_mut)
            {
                metadata.insert("namespace".to_owned(), Value::from(namespace));
            }
            value
        };
        let value = place(&self.value);
        let mut object = self.object.clone();
        object.namespace = Some(namespace.to_owned());
        Self {
            object,
            digest: digest(&value, self.unstable.as_deref()),
            value: Arc::new(value),
            role: self.role,
            provenance: self.provenance.clone(),
            unstable: self.unstable.clone(),
            original: match &self.original {
                Original::Sealed(value) => Original::Sealed(Arc::new(place(value))),
                other => other.clone(),
            },
        }
    }

    /// The same object with what is known about its source.
    #[must_use]
    pub fn with_provenance(mut self, provenance: Provenance) -> Self {
        self.provenance = provenance;
        self
    }

    /// The same object with what of it differs from render to render: that is no part of its digest,
    /// nor of how it names itself.
    #[must_use]
    pub fn with_unstable(mut self, unstable: Unstable) -> Self {
        if unstable.is_empty() {
            return self;
        }
        if let Some(stem) = &unstable.stem {
            self.object.name = format!("{stem}*");
        }
        self.digest = digest(&self.value, Some(&unstable));
        self.unstable = Some(Arc::new(unstable));
        self
    }

    /// The same object, an ordinary one where Helm would see a chart test: for manifests that no
    /// chart rendered, whose deployer applies them all.
    #[must_use]
    pub fn without_tests(mut self) -> Self {
        if self.role == Role::Test {
            self.role = Role::Object;
        }
        self
    }

    /// The same object as Argo CD sees it in what no chart rendered: to it, the annotation of a chart
    /// test is one of a hook without an event.
    #[must_use]
    pub fn with_tests_as_hooks(mut self) -> Self {
        if self.role == Role::Test {
            self.role = Role::Hook;
        }
        self
    }

    /// True where this object was applied and its next form is a hook: deployers that run hooks then
    /// take it out of what they apply, and remove it. Argo CD's `Skip` lets it stay as it is.
    pub fn becomes_hook(&self, next: &Self) -> bool {
        matches!(self.role, Role::Object | Role::Crd)
            && matches!(next.role, Role::Hook | Role::Test)
            && !role::is_skipped(&next.value)
    }

    /// The same object as a deployer sees it that knows neither chart tests nor hooks.
    #[must_use]
    pub fn without_hooks(mut self) -> Self {
        self.role = role::role_without_hooks(&self.object);
        self
    }

    /// How it names itself; with a `*` in the place of what the server or the renderer makes up.
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

    /// What of it differs from render to render, where something does.
    pub fn unstable(&self) -> Option<&Unstable> {
        self.unstable.as_deref()
    }

    /// Where its text came from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Digest of the masked object without what is unstable in it; tags make it change when a Secret's
    /// value changes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// True when some of its values are tags.
    pub fn is_masked(&self) -> bool {
        !matches!(self.original, Original::Shown)
    }

    /// The object with its Secret values; `None` where they are not at hand, because it came masked.
    /// Only the built-in apply and `render --show-secrets` call this; a test holds the list of callers.
    pub fn unseal(&self) -> Option<&Value> {
        match &self.original {
            Original::Shown => Some(&self.value),
            Original::Sealed(original) => Some(original),
            Original::Withheld => None,
        }
    }
}

fn digest(value: &Value, unstable: Option<&Unstable>) -> Digest {
    let Some(unstable) = unstable else {
        return canonical::digest(value);
    };
    let mut value = value.clone();
    unstable.cover(&mut value);
    canonical::digest(&value)
}

#[cfg(test)]
mod tests;
