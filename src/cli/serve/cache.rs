//! Where the App keeps rendered output.

use std::path::Path;

use crate::cli::describe;
use crate::config::settings;
use crate::render::{Cache, Place};

/// What the names of credentials begin with in the environment of a process that uses a bucket.
const PREFIXES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// The cache of the settings; `folder` is the database's. Without one everything is rendered: that
/// is slower and no reason not to serve.
pub(super) fn open(settings: &settings::Cache, folder: &Path) -> Option<Cache> {
    let max_bytes = settings.max_bytes.unwrap_or(Cache::DEFAULT_BYTES);
    if max_bytes == 0 {
        return None;
    }
    let place = match &settings.url {
        None => Place::Folder(folder.join("renders")),
        Some(settings::CachePlace::Folder(path)) => Place::Folder(path.clone()),
        Some(settings::CachePlace::Bucket(url)) => Place::Bucket {
            url: url.clone(),
            options: std::env::vars_os()
                .filter_map(|(name, value)| {
                    let name = name.into_string().ok()?;
                    let is_known = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
                    is_known.then_some((name, value.into_string().ok()?))
                })
                .collect(),
        },
    };
    match Cache::open(&place, max_bytes) {
        Ok(cache) => Some(cache),
        Err(error) => {
            tracing::warn!(error = describe(&error), "rendered output is not kept");
            None
        }
    }
}
