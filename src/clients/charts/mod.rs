//! Charts from chart repositories and from registries.
//!
//! Finding a chart asks the server what its version means now; what is found is fixed by a digest
//! wherever the server gives one, and fetched only when it is not in the cache under that digest.

mod challenge;
mod index;
mod registry;
mod repository;
pub(crate) mod versions;

use crate::clients::web::Web;
use crate::ids::Digest;
use crate::outside::{ChartNeed, Short};

pub(crate) use registry::Registries;

/// Where a chart's archive is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The version that the server calls it.
    pub(crate) version: String,
    /// The archive's digest; `None` where the repository does not say it.
    pub(crate) digest: Option<Digest>,
    /// From where it comes.
    pub(crate) place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// An archive at an address.
    Archive(url::Url),
    /// A blob of a registry's repository.
    Blob { registry: url::Url, name: String },
}

/// Asks chart repositories and registries during one run.
pub(crate) struct Charts {
    indexes: repository::Indexes,
    registries: Registries,
}

impl Charts {
    pub(crate) fn new() -> Self {
        Self {
            indexes: repository::Indexes::default(),
            registries: Registries::default(),
        }
    }

    /// What a need means at the moment; the same question is asked once in a run.
    pub(crate) async fn find(&self, web: &Web, need: &ChartNeed) -> Result<Found, Short> {
        check_name(&need.name)?;
        if need.repository.starts_with("oci://") {
            self.registries.find(web, need).await
        } else {
            self.indexes.find(web, need).await
        }
    }

    /// The archive, checked by its digest where one is known.
    pub(crate) async fn fetch(&self, web: &Web, found: &Found) -> Result<Vec<u8>, Short> {
        let limit = web.outside.limits.archive_bytes;
        let bytes = match &found.place {
            Place::Archive(url) => {
                repository::fetch(web, url, found.digest.is_some(), limit).await?
            }
            Place::Blob { registry, name } => {
                self.registries
                    .fetch(web, registry, name, found.digest, limit)
                    .await?
            }
        };
        check_digest(found.digest, &bytes)?;
        Ok(bytes)
    }
}

/// Refuses a chart whose repository is not among the paths of its host. Whether the host itself may be
/// asked shows when it is: what is kept from it needs no asking.
pub(crate) fn refuse_outside(web: &Web, need: &ChartNeed) -> Result<(), Short> {
    check_name(&need.name)?;
    let url = if need.repository.starts_with("oci://") {
        registry::repository_url(web, &need.repository, &need.name)?
    } else {
        repository::parse_base(&need.repository)?
    };
    match web.refuse_outside(&url) {
        Err(short @ Short::PathNotAllowed { .. }) => Err(short),
        _ => Ok(()),
    }
}

/// Refuses what is not what was asked for.
fn check_digest(expected: Option<Digest>, bytes: &[u8]) -> Result<(), Short> {
    let found = Digest::of(bytes);
    match expected {
        Some(expected) if expected != found => Err(Short::Digest { expected, found }),
        _ => Ok(()),
    }
}

/// Helm's charts have lower-case names; anything that a path could misread is refused.
fn check_name(name: &str) -> Result<(), Short> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err(Short::Address {
            reason: "its name is not the name of a chart".to_owned(),
        })
    }
}

/// `sha256:` and the digits, or the digits alone.
fn parse_digest(text: &str) -> Result<Digest, Short> {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    digits.parse().map_err(|_| Short::Unreadable {
        subject: "the digest that the server names".to_owned(),
        reason: "it is not SHA-256".to_owned(),
    })
}
