//! What rendering needs beside plan and trees.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::cluster_facts::KubernetesVersion;
use crate::ids::ClusterName;
use crate::object::Masker;
use crate::sandbox::{Cancel, Limits, Sandbox};

use super::{Cache, Tools};

/// How to render. Cheap to clone; clones share tools and permits.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The renderers' programs.
    pub tools: Arc<Tools>,
    /// How processes are started.
    pub sandbox: Sandbox,
    /// What one run of a tool may use.
    pub limits: Limits,
    /// How many renderings run at once, over everything that shares these settings.
    pub permits: Permits,
    /// The version charts are told where the destination's is not known.
    pub default_version: KubernetesVersion,
    /// The versions of the destinations.
    pub versions: BTreeMap<ClusterName, KubernetesVersion>,
    /// What the destinations serve, as `.Capabilities.APIVersions` names it (`apps/v1`,
    /// `apps/v1/Deployment`), for charts whose declaration names none.
    pub api_versions: BTreeMap<ClusterName, Arc<Vec<String>>>,
    /// Masks Secrets as they are read.
    pub masker: Masker,
    /// Stops every rendering.
    pub cancel: Cancel,
    /// Output of earlier renderings, masked. Without one everything is rendered, and only then can
    /// Secrets be unsealed: what is applied or shown is rendered afresh.
    pub cache: Option<Cache>,
}

impl Settings {
    /// Defaults for everything but the tools, how to start them, and the masking key.
    pub fn new(tools: Arc<Tools>, sandbox: Sandbox, masker: Masker) -> Self {
        Self {
            tools,
            sandbox,
            limits: Limits::default(),
            permits: Permits::default(),
            default_version: KubernetesVersion::default(),
            versions: BTreeMap::new(),
            api_versions: BTreeMap::new(),
            masker,
            cancel: Cancel::default(),
            cache: None,
        }
    }

    /// The version that a chart for this destination is told.
    pub(super) fn version_for(&self, cluster: &ClusterName) -> KubernetesVersion {
        self.versions
            .get(cluster)
            .copied()
            .unwrap_or(self.default_version)
    }
}

/// A bound on what runs at once. Clones share it.
#[derive(Debug, Clone)]
pub struct Permits {
    total: usize,
    free: Arc<(Mutex<usize>, Condvar)>,
}

impl Permits {
    /// At least one permit.
    pub fn new(total: usize) -> Self {
        let total = total.max(1);
        Self {
            total,
            free: Arc::new((Mutex::new(total), Condvar::new())),
        }
    }

    /// How many there are in all.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Waits for one; dropping the answer gives it back.
    pub(super) fn acquire(&self) -> Permit<'_> {
        let (count, returned) = &*self.free;
        let mut free = lock(count);
        while *free == 0 {
            free = returned.wait(free).unwrap_or_else(PoisonError::into_inner);
        }
        *free = free.saturating_sub(1);
        Permit(self)
    }
}

impl Default for Permits {
    /// As many as the machine has processors.
    fn default() -> Self {
        Self::new(std::thread::available_parallelism().map_or(1, usize::from))
    }
}

fn lock(count: &Mutex<usize>) -> MutexGuard<'_, usize> {
    // A number is whole at any time, also when a holder panicked.
    count.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The right to render once.
pub(super) struct Permit<'a>(&'a Permits);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let (count, returned) = &*self.0.free;
        let mut free = lock(count);
        *free = free.saturating_add(1);
        returned.notify_one();
    }
}
