//! Rendered output by content: what a tool made of the same files, with the same inputs, in the same
//! version, is not made again, in this process or another one.
//!
//! An entry's name is made of everything that decides a rendering ([`key`]); its content is the
//! masked output, signed under the masking key ([`entry`]). Secret values are never in it, failures
//! are not kept, and what is broken or was written by somebody else is rendered again. Plain files
//! are read natively, with their positions, as fast as an entry would be: they are not kept.

mod bucket;
mod entry;
mod evict;
mod key;
mod storage;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::plan::RendererInput;

use super::{Output, Problem, Renderer, Request};

pub use storage::{CacheError, Place};

/// Rendered output of earlier runs. Cheap to clone; clones share storage and counts.
#[derive(Debug, Clone)]
pub struct Cache {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    storage: storage::Storage,
    found: AtomicUsize,
    asked: AtomicUsize,
}

/// How often the cache was asked, and how often it had the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Renderings that came from the cache.
    pub found: usize,
    /// Renderings that were looked for.
    pub asked: usize,
}

impl Cache {
    /// The default of the bytes that a folder may take: 1 GiB, some 100,000 renderings of usual size.
    pub const DEFAULT_BYTES: u64 = 1 << 30;

    /// Opens the storage. A folder is made where there is none, and kept below `max_bytes` by
    /// leaving out what was not used for longest; the size of a bucket is its owner's matter.
    pub fn open(place: &Place, max_bytes: u64) -> Result<Self, CacheError> {
        Ok(Self {
            inner: Arc::new(Inner {
                storage: storage::Storage::open(place, max_bytes)?,
                found: AtomicUsize::new(0),
                asked: AtomicUsize::new(0),
            }),
        })
    }

    /// What came of it so far.
    pub fn counts(&self) -> Counts {
        Counts {
            found: self.inner.found.load(Ordering::Relaxed),
            asked: self.inner.asked.load(Ordering::Relaxed),
        }
    }
}

/// What the renderer gives for this request, from the cache where it has been made before.
pub(super) fn render(
    request: &Request<'_>,
    input: &RendererInput,
    renderer: &dyn Renderer,
) -> Result<Output, Vec<Problem>> {
    let settings = request.settings;
    let Some(Cache { inner }) = &settings.cache else {
        return renderer.render(request);
    };
    let Some(key) = key::build(request, input) else {
        return renderer.render(request);
    };
    inner.asked.fetch_add(1, Ordering::Relaxed);
    let kept = inner.storage.read(&key);
    if let Some(output) = kept.and_then(|bytes| entry::read(&bytes, &key, &settings.masker)) {
        inner.found.fetch_add(1, Ordering::Relaxed);
        return Ok(output);
    }
    let output = renderer.render(request)?;
    // A working tree may have changed between being listed and being read.
    if request.tree.holds_what_it_lists(request.closure)
        && let Some(bytes) = entry::write(&output, &key, &settings.masker)
    {
        inner.storage.write(&key, bytes);
    }
    Ok(output)
}
