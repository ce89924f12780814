//! Chart repositories: an `index.yaml` and archives, over http.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use url::Url;

use super::index::{self, Entry};
use super::{Found, Place, parse_digest, versions};
use crate::clients::web::{Call, Web};
use crate::outside::{ChartNeed, Short};

/// The bytes of an index, once fetched.
type Index = Arc<OnceCell<Result<Arc<[u8]>, Short>>>;

/// The indexes of one run: each is fetched once, so that all charts see the same state.
#[derive(Default)]
pub(super) struct Indexes(Mutex<HashMap<Url, Index>>);

impl Indexes {
    pub(super) async fn find(&self, web: &Web, need: &ChartNeed) -> Result<Found, Short> {
        let base = parse_base(&need.repository)?;
        let bytes = self.fetch(web, &base).await?;
        let name = need.name.clone();
        // Large indexes take a moment to read.
        let entries = tokio::task::spawn_blocking(move || index::parse(&bytes, &name))
            .await
            .map_err(|error| Short::Unreadable {
                subject: "the repository's `index.yaml`".to_owned(),
                reason: error.to_string(),
            })??
            .ok_or(Short::NoChart)?;
        let entry = choose(&entries, &need.version)?;
        let url = entry.url.as_deref().ok_or_else(|| Short::Unreadable {
            subject: "the repository's `index.yaml`".to_owned(),
            reason: format!("version {} has no address", entry.version),
        })?;
        let listed = match entry.digest.as_str() {
            "" => None,
            text => Some(parse_digest(text)?),
        };
        if let (Some(expected), Some(found)) = (need.digest, listed)
            && expected != found
        {
            return Err(Short::Digest { expected, found });
        }
        Ok(Found {
            version: entry.version.clone(),
            digest: need.digest.or(listed),
            place: Place::Archive(resolve(&base, url)?),
        })
    }

    async fn fetch(&self, web: &Web, base: &Url) -> Result<Arc<[u8]>, Short> {
        let cell = {
            let mut indexes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(indexes.entry(base.clone()).or_default())
        };
        cell.get_or_init(|| async {
            let limit = web.outside.limits.index_bytes;
            let bytes = fetch(web, &resolve(base, "index.yaml")?, false, limit).await?;
            Ok(Arc::from(bytes))
        })
        .await
        .clone()
    }
}

/// Fetches what stands at an address, with the credentials of its host.
pub(super) async fn fetch(
    web: &Web,
    url: &Url,
    is_checked: bool,
    limit: u64,
) -> Result<Vec<u8>, Short> {
    let call = Call {
        authorization: web.basic(url)?,
        is_checked,
        ..Call::get(url.clone(), web.deadline())
    };
    let subject = url
        .path_segments()
        .and_then(Iterator::last)
        .unwrap_or_default();
    web.ask(call)
        .await?
        .read(limit, &format!("`{subject}`"))
        .await
}

fn choose<'a>(entries: &'a [Entry], wanted: &str) -> Result<&'a Entry, Short> {
    let all = || entries.iter().map(|entry| entry.version.as_str());
    let chosen = versions::select(wanted, all()).map_err(|()| Short::Version {
        text: wanted.to_owned(),
    })?;
    chosen
        .and_then(|version| entries.iter().find(|entry| entry.version == version))
        .ok_or_else(|| Short::NoVersion {
            wanted: wanted.to_owned(),
            newest: versions::newest(all()).map(str::to_owned),
        })
}

/// The repository's address as a folder.
pub(super) fn parse_base(text: &str) -> Result<Url, Short> {
    let wrong = |_| Short::Address {
        reason: "it is not an address".to_owned(),
    };
    let mut url = Url::parse(text).map_err(wrong)?;
    let path = format!("{}/", url.path().trim_end_matches('/'));
    url.set_path(&path);
    url.set_fragment(None);
    Ok(url)
}

/// An address of the index; what is relative counts from the repository and keeps its query.
fn resolve(base: &Url, text: &str) -> Result<Url, Short> {
    let wrong = |_| Short::Unreadable {
        subject: "the repository's `index.yaml`".to_owned(),
        reason: "it names an address that cannot be read".to_owned(),
    };
    if let Ok(absolute) = Url::parse(text) {
        return Ok(absolute);
    }
    let mut url = base.join(text).map_err(wrong)?;
    if url.origin() == base.origin() {
        url.set_query(base.query());
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_an_index_count_from_the_repository() {
        let base = parse_base("https://example.com/charts?key=1").unwrap();
        for (text, expected) in [
            (
                "web-1.0.0.tgz",
                "https://example.com/charts/web-1.0.0.tgz?key=1",
            ),
            ("a/web.tgz", "https://example.com/charts/a/web.tgz?key=1"),
            ("/web.tgz", "https://example.com/web.tgz?key=1"),
            (
                "https://cdn.example.com/web.tgz",
                "https://cdn.example.com/web.tgz",
            ),
            (
                "//cdn.example.com/web.tgz",
                "https://cdn.example.com/web.tgz",
            ),
        ] {
            assert_eq!(resolve(&base, text).unwrap().as_str(), expected);
        }
    }
}
