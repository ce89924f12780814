//! What commands may fetch from other hosts.

use std::path::PathBuf;

use clap::Args;

use super::CommandError;
use crate::config::settings::Outside;

/// Where charts and remote bases may come from.
#[derive(Debug, Args)]
pub(super) struct OutsideArgs {
    /// A host that charts and remote bases may be fetched from, by https [default: none]; after a comma `http`, or `private` for a name that leads into an own network
    #[arg(long = "allow-host", value_name = "HOST[:PORT]")]
    allow_hosts: Vec<String>,
    /// Fetch nothing: take charts and remote bases from the cache
    #[arg(long)]
    offline: bool,
}

impl OutsideArgs {
    /// The flags as settings; what was fetched is kept in the user's cache folder.
    pub(super) fn read(&self) -> Result<Outside, CommandError> {
        let mut outside = Outside {
            offline: self.offline,
            ..Outside::default()
        };
        for text in &self.allow_hosts {
            let host = text.parse().map_err(|error| {
                CommandError::with_hint(
                    format!("`--allow-host {text}`: {error}"),
                    "write it as `charts.example.com` or `127.0.0.1:5000,http`",
                )
            })?;
            outside.hosts.push(host);
        }
        if self.offline || !outside.hosts.is_empty() {
            outside.cache = cache_folder();
        }
        Ok(outside)
    }
}

/// `$XDG_CACHE_HOME/drydock`, else `~/.cache/drydock`; none without either.
fn cache_folder() -> Option<PathBuf> {
    let folder = |name: &str| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
    Some(caches.join("drydock"))
}
