//! Everything that rendering needs from outside, fetched by the controller: charts, remote bases,
//! single files.
//!
//! One [`Supplier`] serves one run: the same need has the same answer however often it is asked for,
//! and what an index, a tag or a branch means is asked once. Between runs only content is kept, by
//! its digest; what a version means is remembered for offline runs alone.

mod base;
mod cache;
mod kept;
mod transport;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt as _;
use tokio::sync::Mutex;
use url::Url;

use crate::clients::charts::{self, Charts, versions};
use crate::clients::web::{Call, Web};
use crate::config::settings::{FloatingBases, Outside};
use crate::ids::{Digest, RepoPath};
use crate::outside::archive::{ArchiveLimits, unpack};
use crate::outside::reference::names_commit;
use crate::outside::{
    BaseNeed, BaseRevision, ChartNeed, Files, Need, Short, Shortage, Supplied, Supply,
};
use cache::Cache;

/// Needs that are fetched at the same time.
const LANES: usize = 4;

/// Fetches for one run.
pub struct Supplier {
    web: Arc<Web>,
    charts: Charts,
    cache: Cache,
    answered: Mutex<Supply>,
}

impl std::fmt::Debug for Supplier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supplier")
            .field("hosts", &self.web.outside.hosts.len())
            .field("offline", &self.web.outside.offline)
            .finish_non_exhaustive()
    }
}

impl Supplier {
    /// Fetches within what `outside` allows. A cache that cannot be opened is an error, because a
    /// run without it would silently ask every host again.
    pub fn new(outside: Outside) -> Result<Self, Shortage> {
        let cache = Cache::open(outside.cache.as_deref(), outside.cache_bytes)
            .map_err(|short| short.of(&"the cache"))?;
        Ok(Self {
            web: Arc::new(Web::new(outside)),
            charts: Charts::new(),
            cache,
            answered: Mutex::default(),
        })
    }

    /// The answer to each of these needs, fetched where it was not asked for before. Dropping the
    /// future stops what is under way. Needs a runtime with threads for blocking work.
    pub async fn fetch_all(&self, needs: &BTreeSet<Need>) -> Supply {
        // One call at a time: two that overlap would ask for the same thing twice.
        let mut answered = self.answered.lock().await;
        let missing = answered.missing(needs);
        let mut answers = futures::stream::iter(missing)
            .map(|need| async {
                let answer = self.fetch(&need).await;
                let answer = answer.map_err(|short| short.of(&need));
                (need, answer)
            })
            .buffer_unordered(LANES);
        while let Some((need, answer)) = answers.next().await {
            answered.insert(need, answer);
        }
        let mut supply = Supply::default();
        for need in needs {
            if let Some(answer) = answered.find(need) {
                supply.insert(need.clone(), answer.clone());
            }
        }
        supply
    }

    async fn fetch(&self, need: &Need) -> Result<Supplied, Short> {
        match need {
            Need::Chart(chart) => self.fetch_chart(chart).await,
            Need::Base(base) => self.fetch_base(base).await,
            Need::File { url } => self.fetch_file(url).await,
        }
    }

    async fn fetch_chart(&self, need: &ChartNeed) -> Result<Supplied, Short> {
        let is_exact = need.digest.is_some() || versions::Version::is_exact(&need.version);
        // What is in the cache may have come for somebody who may ask more.
        charts::refuse_outside(&self.web, need)?;
        let name = Cache::name(&["chart", &need.repository, &need.name, &need.version]);
        let (version, bytes) = if self.web.outside.offline {
            if !is_exact {
                return Err(Short::Offline);
            }
            self.remembered_chart(need, name)?
        } else {
            let found = self.charts.find(&self.web, need).await?;
            let cached = found
                .digest
                .and_then(|digest| self.cache.find_content(digest));
            let bytes = match cached {
                Some(bytes) => bytes,
                None => {
                    let bytes = self.charts.fetch(&self.web, &found).await?;
                    self.cache.store_content(&bytes)?;
                    bytes
                }
            };
            if is_exact {
                let digest = Digest::of(&bytes).to_string();
                let meaning = format!("{digest} {}", found.version);
                self.cache.store(name, meaning.as_bytes())?;
            }
            (found.version, bytes)
        };
        let limits = ArchiveLimits {
            total_bytes: self.web.outside.limits.unpacked_bytes,
            ..ArchiveLimits::default()
        };
        let digest = Digest::of(&bytes);
        let files = blocking(move || unpack(&bytes, &limits)).await?;
        if !files.contains_key("Chart.yaml") {
            return Err(Short::Unreadable {
                subject: "the archive".to_owned(),
                reason: "it holds no `Chart.yaml`".to_owned(),
            });
        }
        Ok(Supplied {
            files: Arc::new(files),
            left_out: Arc::default(),
            version,
            digest,
            floating: !is_exact,
        })
    }

    /// What an exact version meant when it was fetched last. Only an offline run believes it.
    fn remembered_chart(&self, need: &ChartNeed, name: Digest) -> Result<(String, Vec<u8>), Short> {
        let meaning = self.cache.find(name).ok_or(Short::Offline)?;
        let meaning = String::from_utf8(meaning).map_err(|_| Short::Offline)?;
        let (digest, version) = meaning.split_once(' ').ok_or(Short::Offline)?;
        let digest = digest.parse().map_err(|_| Short::Offline)?;
        let is_registry = need.repository.starts_with("oci://");
        // The digest of a need for a registry is that of the manifest, which was checked then.
        if let Some(expected) = need.digest
            && expected != digest
            && !is_registry
        {
            return Err(Short::Offline);
        }
        let bytes = self.cache.find_content(digest).ok_or(Short::Offline)?;
        Ok((version.to_owned(), bytes))
    }

    async fn fetch_base(&self, need: &BaseNeed) -> Result<Supplied, Short> {
        let url = parse_address(&need.url)?;
        let floating = !matches!(need.revision, BaseRevision::Commit(_));
        self.refuse_floating(floating, &url, &need.to_string())?;
        let name = |commit: &str| Cache::name(&["base", url.as_str(), commit]);
        if let BaseRevision::Commit(commit) = &need.revision
            && let Some(kept) = self.cache.find(name(commit.as_str()))
            && let Some(supplied) = kept::read(&kept, commit, floating)
        {
            return Ok(supplied);
        }
        if self.web.outside.offline {
            return Err(Short::Offline);
        }
        let base = base::fetch(Arc::clone(&self.web), url.clone(), need.revision.clone()).await?;
        let supplied = base.supply(floating);
        self.cache.store(
            name(base.commit.as_str()),
            &kept::write(&base.files, &base.left_out)?,
        )?;
        Ok(supplied)
    }

    async fn fetch_file(&self, address: &str) -> Result<Supplied, Short> {
        let url = parse_address(address)?;
        let floating = !names_commit(address);
        self.refuse_floating(floating, &url, "its address")?;
        let name = Cache::name(&["file", url.as_str()]);
        let cached = (!floating).then(|| self.cache.find(name)).flatten();
        let bytes = match cached {
            Some(bytes) => bytes,
            None if self.web.outside.offline => return Err(Short::Offline),
            None => {
                let call = Call {
                    authorization: self.web.basic(&url)?,
                    ..Call::get(url.clone(), self.web.deadline())
                };
                let limit = self.web.outside.limits.file_bytes;
                let bytes = self.web.ask(call).await?.read(limit, "the file").await?;
                if !floating {
                    self.cache.store(name, &bytes)?;
                }
                bytes
            }
        };
        let last = url
            .path_segments()
            .and_then(Iterator::last)
            .unwrap_or_default();
        let path: RepoPath = last.parse().map_err(|_| wrong_address())?;
        let digest = Digest::of(&bytes);
        Ok(Supplied {
            files: Arc::new(Files::from([(path, Arc::from(bytes))])),
            left_out: Arc::default(),
            version: digest.short(),
            digest,
            floating,
        })
    }

    /// Refuses what nothing fixes, unless the settings want it; a host that may not be asked is the
    /// first reason in any case.
    fn refuse_floating(&self, floating: bool, url: &Url, reference: &str) -> Result<(), Short> {
        self.web.refuse_outside(url)?;
        if floating && self.web.outside.floating_bases == FloatingBases::Refuse {
            return Err(Short::Floating {
                reference: reference.to_owned(),
            });
        }
        Ok(())
    }
}

fn wrong_address() -> Short {
    Short::Address {
        reason: "it is not an address that can be asked".to_owned(),
    }
}

fn parse_address(text: &str) -> Result<Url, Short> {
    let mut url = Url::parse(text).map_err(|_| wrong_address())?;
    url.set_fragment(None);
    Ok(url)
}

/// Work that would hold up the other tasks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Short> + Send + 'static,
) -> Result<T, Short> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| {
            Err(Short::Unreadable {
                subject: "what was fetched".to_owned(),
                reason: error.to_string(),
            })
        })
}
