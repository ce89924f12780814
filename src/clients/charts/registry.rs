//! Registries: charts by the OCI distribution protocol.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::header;
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::OnceCell;
use tokio::time::Instant;
use url::Url;

use super::challenge::{self, Challenge};
use super::{Found, Place, check_digest, parse_digest, versions};
use crate::clients::web::{Answer, Call, Web, host_of};
use crate::ids::Digest;
use crate::outside::{ChartNeed, Short};

/// The form of manifests that Helm writes.
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What Helm calls a chart's archive; the second in its first registries.
const CHART: [&str; 2] = [
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
    "application/tar+gzip",
];
/// Bytes of a manifest, of a page of tags, of a token.
const MANIFEST_LIMIT: u64 = 4 * 1024 * 1024;
/// Pages of tags that are read: a hundred thousand versions.
const PAGE_LIMIT: usize = 100;
const PAGE_SIZE: usize = 1_000;

/// Tags of a repository, once listed.
type Tags = Arc<OnceCell<Result<Arc<Vec<String>>, Short>>>;

/// The registries of one run: tags are listed once, and a token serves one repository.
#[derive(Default)]
pub(crate) struct Registries {
    tags: Mutex<HashMap<Url, Tags>>,
    tokens: Mutex<HashMap<Url, SecretString>>,
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    #[serde(default)]
    media_type: String,
    digest: String,
    #[serde(default)]
    size: u64,
}

#[derive(Deserialize)]
struct TagList {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl Registries {
    pub(super) async fn find(&self, web: &Web, need: &ChartNeed) -> Result<Found, Short> {
        let base = repository_url(web, &need.repository, &need.name)?;
        let version = match need.digest {
            Some(_) => need.version.clone(),
            // As Helm does: what reads as a version is a tag as it stands.
            None if versions::Version::parse(&need.version).is_some() => need.version.clone(),
            None => self.choose(web, &base, &need.version).await?,
        };
        let reference = match need.digest {
            Some(digest) => format!("sha256:{digest}"),
            // A tag cannot hold a plus sign.
            None => version.replace('+', "_"),
        };
        let bytes = self.fetch_manifest(web, &base, &reference).await?;
        check_digest(need.digest, &bytes)?;
        let layer = find_chart(&bytes, web.outside.limits.archive_bytes)?;
        let digest = parse_digest(&layer.digest)?;
        Ok(Found {
            version,
            digest: Some(digest),
            place: Place::Blob {
                registry: base,
                name: format!("sha256:{digest}"),
            },
        })
    }

    async fn fetch_manifest(
        &self,
        web: &Web,
        base: &Url,
        reference: &str,
    ) -> Result<Vec<u8>, Short> {
        let call = Call {
            accept: MANIFEST,
            ..Call::get(below(base, &["manifests", reference])?, web.deadline())
        };
        let answer = self.ask(web, base, call).await?;
        let announced = answer
            .headers
            .get("docker-content-digest")
            .and_then(|value| value.to_str().ok())
            .map(parse_digest)
            .transpose()?;
        let bytes = answer.read(MANIFEST_LIMIT, "the manifest").await?;
        check_digest(announced, &bytes)?;
        Ok(bytes)
    }

    pub(super) async fn fetch(
        &self,
        web: &Web,
        base: &Url,
        name: &str,
        digest: Option<Digest>,
        limit: u64,
    ) -> Result<Vec<u8>, Short> {
        let call = Call {
            // Registries send blobs from elsewhere; the digest says whether it is the same.
            is_checked: digest.is_some(),
            ..Call::get(below(base, &["blobs", name])?, web.deadline())
        };
        let answer = self.ask(web, base, call).await?;
        answer.read(limit, "the chart's archive").await
    }

    /// The highest version among the tags that fits.
    async fn choose(&self, web: &Web, base: &Url, wanted: &str) -> Result<String, Short> {
        let tags = self.list(web, base).await?;
        if tags.iter().any(|tag| tag == wanted) {
            return Ok(wanted.to_owned());
        }
        // Helm writes a plus sign of a version as an underscore.
        let all: Vec<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
        let all = || all.iter().map(String::as_str);
        versions::select(wanted, all())
            .map_err(|()| Short::Version {
                text: wanted.to_owned(),
            })?
            .map(str::to_owned)
            .ok_or_else(|| Short::NoVersion {
                wanted: wanted.to_owned(),
                newest: versions::newest(all()).map(str::to_owned),
            })
    }

    async fn list(&self, web: &Web, base: &Url) -> Result<Arc<Vec<String>>, Short> {
        let cell = {
            let mut tags = self.tags.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(tags.entry(base.clone()).or_default())
        };
        cell.get_or_init(|| async { self.fetch_tags(web, base).await.map(Arc::new) })
            .await
            .clone()
    }

    async fn fetch_tags(&self, web: &Web, base: &Url) -> Result<Vec<String>, Short> {
        let mut url = below(base, &["tags", "list"])?;
        url.set_query(Some(&format!("n={PAGE_SIZE}")));
        let deadline = web.deadline();
        let mut tags = Vec::new();
        for _ in 0..PAGE_LIMIT {
            let answer = self
                .ask(web, base, Call::get(url.clone(), deadline))
                .await?;
            let next = next_page(&answer);
            let bytes = answer.read(MANIFEST_LIMIT, "a page of tags").await?;
            let page: TagList = read_json(&bytes, "a page of tags")?;
            tags.extend(page.tags.unwrap_or_default());
            match next {
                None => return Ok(tags),
                Some(next) if next.origin() == base.origin() => url = next,
                Some(next) => {
                    return Err(Short::Redirected {
                        host: host_of(base),
                        to: host_of(&next),
                    });
                }
            }
        }
        Err(Short::TooMany {
            subject: "the list of tags".to_owned(),
            limit: PAGE_LIMIT * PAGE_SIZE,
        })
    }

    /// Asks a repository; says who asks when the registry wants to know.
    async fn ask(&self, web: &Web, base: &Url, mut call: Call) -> Result<Answer, Short> {
        call.authorization = self.token_of(base);
        let answer = web.ask(call.clone()).await?;
        if answer.status != http::StatusCode::UNAUTHORIZED || answer.url.origin() != base.origin() {
            return Ok(answer);
        }
        let values = answer.headers.get_all(header::WWW_AUTHENTICATE);
        let values = values.iter().filter_map(|value| value.to_str().ok());
        call.authorization = match challenge::parse(values) {
            Some(Challenge::Basic) => web.basic(base)?,
            Some(Challenge::Bearer {
                realm,
                service,
                scope,
            }) => {
                let wanted = [("service", service), ("scope", scope)];
                let token = fetch_token(web, base, &realm, &wanted, call.deadline).await?;
                let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
                tokens.insert(base.clone(), token.clone());
                Some(token)
            }
            None => None,
        };
        if call.authorization.is_none() {
            return Ok(answer);
        }
        web.ask(call).await
    }

    fn token_of(&self, base: &Url) -> Option<SecretString> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(base).cloned()
    }
}

/// Asks for a token, with the credentials of the host that gives it.
async fn fetch_token(
    web: &Web,
    base: &Url,
    realm: &str,
    wanted: &[(&str, Option<String>)],
    deadline: Instant,
) -> Result<SecretString, Short> {
    let upstream = |reason: &str| Short::Upstream {
        host: host_of(base),
        reason: reason.to_owned(),
    };
    let mut url = Url::parse(realm)
        .map_err(|_| upstream("it names no address for tokens that can be read"))?;
    for (key, value) in wanted {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(key, value);
        }
    }
    let call = Call {
        authorization: web.basic(&url)?,
        is_token: url.origin() == base.origin(),
        ..Call::get(url, deadline)
    };
    let bytes = web
        .ask(call)
        .await?
        .read(MANIFEST_LIMIT, "the token")
        .await?;
    let answer: Token = read_json(&bytes, "the token")?;
    let token = answer.token.or(answer.access_token);
    let token = token.ok_or_else(|| upstream("it gave no token"))?;
    Ok(SecretString::from(format!("Bearer {token}")))
}

/// The one layer that is a chart.
fn find_chart(bytes: &[u8], limit: u64) -> Result<Layer, Short> {
    let manifest: Manifest = read_json(bytes, "the manifest")?;
    let mut charts = manifest
        .layers
        .into_iter()
        .filter(|layer| CHART.contains(&layer.media_type.as_str()));
    match (charts.next(), charts.next()) {
        (Some(layer), None) if layer.size > limit => Err(Short::TooLarge {
            subject: "the chart's archive".to_owned(),
            limit,
        }),
        (Some(layer), None) => Ok(layer),
        _ => Err(Short::Unreadable {
            subject: "the manifest".to_owned(),
            reason: "it is not that of one Helm chart".to_owned(),
        }),
    }
}

fn read_json<T: for<'de> Deserialize<'de>>(bytes: &[u8], subject: &str) -> Result<T, Short> {
    serde_json::from_slice(bytes).map_err(|error| Short::Unreadable {
        subject: subject.to_owned(),
        // The reader's own words may repeat a token.
        reason: format!(
            "it is not the JSON that was expected (line {})",
            error.line()
        ),
    })
}

/// `oci://host/folder` and a name as the root of its addresses, by the scheme the settings say.
pub(super) fn repository_url(web: &Web, repository: &str, name: &str) -> Result<Url, Short> {
    let wrong = || Short::Address {
        reason: "it is not the address of a folder in a registry".to_owned(),
    };
    let rest = repository.strip_prefix("oci://").ok_or_else(wrong)?;
    let (host, folder) = rest.split_once('/').unwrap_or((rest, ""));
    let folder = folder.trim_matches('/');
    let fits = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric())
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    };
    if !folder.is_empty() && !folder.split('/').all(fits) {
        return Err(wrong());
    }
    let path: Vec<&str> = [folder, name]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let with = |scheme: &str| {
        Url::parse(&format!("{scheme}://{host}/v2/{}", path.join("/"))).map_err(|_| wrong())
    };
    let plain = with("http")?;
    match web.outside.find(&plain) {
        Some(allowed) if allowed.http => Ok(plain),
        _ => with("https"),
    }
}

fn below(base: &Url, parts: &[&str]) -> Result<Url, Short> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Short::Address {
            reason: "it is not the address of a registry".to_owned(),
        })?
        .extend(parts);
    Ok(url)
}

/// Where the next page of a list is: `Link: <…>; rel="next"`.
fn next_page(answer: &Answer) -> Option<Url> {
    let links = answer.headers.get_all(header::LINK);
    links.iter().find_map(|value| {
        let (target, parameters) = value
            .to_str()
            .ok()?
            .trim()
            .strip_prefix('<')?
            .split_once('>')?;
        let is_next = parameters
            .split(';')
            .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then(|| answer.url.join(target).ok()).flatten()
    })
}
