//! One request: authority, limits of time and size, and what a status means.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{GitHub, GitHubError, REQUEST_TIME, RepositoryRef, Scope};

/// The largest answer that is read: a page of a hundred comments of the largest size fits.
const ANSWER_LIMIT: usize = 32 * 1024 * 1024;

/// The most entries GitHub puts on a page.
const PER_PAGE: usize = 100;

/// The longest list that is read: ten thousand entries.
const PAGE_LIMIT: u32 = 100;

/// GitHub asks for a minute when it limits without saying how long.
const LIMITED_WITHOUT_TIME: Duration = Duration::from_secs(60);

/// In whose name a request is made.
#[derive(Clone, Copy)]
pub(super) enum Authority<'a> {
    /// The App itself.
    App,
    /// An installation, over all its repositories.
    Installation(u64),
    /// An installation, narrowed to one repository.
    Repository(&'a RepositoryRef, Scope),
}

/// A successful answer.
pub(super) struct Answer {
    call: String,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|error| GitHubError::Unreadable {
            call: self.call.clone(),
            reason: error.to_string(),
        })
    }
}

impl GitHub {
    pub(super) async fn fetch<T: DeserializeOwned>(
        &self,
        authority: Authority<'_>,
        path: String,
    ) -> Result<T, GitHubError> {
        self.send(authority, Method::GET, path, None).await?.read()
    }

    pub(super) async fn post(
        &self,
        authority: Authority<'_>,
        path: String,
        body: &Value,
    ) -> Result<Answer, GitHubError> {
        self.send(authority, Method::POST, path, Some(body)).await
    }

    pub(super) async fn patch(
        &self,
        authority: Authority<'_>,
        path: String,
        body: &Value,
    ) -> Result<Answer, GitHubError> {
        self.send(authority, Method::PATCH, path, Some(body)).await
    }

    /// Every page of a list. `key` names the list inside an object; `None`: the answer is the list.
    pub(super) async fn fetch_all<T: DeserializeOwned>(
        &self,
        authority: Authority<'_>,
        path: &str,
        key: Option<&'static str>,
    ) -> Result<Vec<T>, GitHubError> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut all = Vec::new();
        for page in 1..=PAGE_LIMIT {
            let address = format!("{path}{joint}per_page={PER_PAGE}&page={page}");
            let answer = self.send(authority, Method::GET, address, None).await?;
            let entries: Vec<T> = match key {
                None => answer.read()?,
                Some(key) => {
                    let mut object: serde_json::Map<String, Value> = answer.read()?;
                    let list = object.remove(key).unwrap_or_default();
                    serde_json::from_value(list).map_err(|error| GitHubError::Unreadable {
                        call: answer.call.clone(),
                        reason: error.to_string(),
                    })?
                }
            };
            let last = entries.len() < PER_PAGE;
            all.extend(entries);
            if last {
                return Ok(all);
            }
        }
        Err(GitHubError::TooMany {
            call: format!("GET {path}"),
            pages: PAGE_LIMIT,
        })
    }

    /// Sends once; a second time only after a 401, which says that nothing was done.
    async fn send(
        &self,
        authority: Authority<'_>,
        method: Method,
        path: String,
        body: Option<&Value>,
    ) -> Result<Answer, GitHubError> {
        let token = self.credential(authority).await?;
        let first = self.send_with(&token, &method, &path, body).await;
        let Err(Refused::Credentials { error, date }) = first else {
            return first.map_err(Refused::into_error);
        };
        match authority {
            Authority::App => {
                let Some(date) = date else { return Err(error) };
                self.learn_skew(date);
            }
            Authority::Installation(installation) => {
                self.inner.tokens.forget(&(installation, None, Scope::List));
            }
            Authority::Repository(repository, scope) => {
                let key = (repository.installation, Some(repository.id), scope);
                self.inner.tokens.forget(&key);
            }
        }
        let token = self.credential(authority).await?;
        self.send_with(&token, &method, &path, body)
            .await
            .map_err(Refused::into_error)
    }

    async fn credential(&self, authority: Authority<'_>) -> Result<SecretString, GitHubError> {
        match authority {
            Authority::App => self.app_token(),
            Authority::Installation(installation) => {
                Box::pin(self.token(installation, None, Scope::List)).await
            }
            Authority::Repository(repository, scope) => {
                Box::pin(self.mint_token(repository, scope)).await
            }
        }
    }

    fn learn_skew(&self, date: SystemTime) {
        let seconds = |time: SystemTime| {
            time.duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
        };
        let skew = seconds(date) - seconds(SystemTime::now());
        self.inner.skew.store(skew, Ordering::Relaxed);
    }

    async fn send_with(
        &self,
        token: &SecretString,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Refused> {
        let call = format!("{method} {}", path.split('?').next().unwrap_or(path));
        let no_answer = |reason: String| GitHubError::NoAnswer {
            call: call.clone(),
            reason,
        };
        let builder = http::Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/vnd.github+json")
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", token.expose_secret()),
            );
        let request = self
            .inner
            .http
            .build_request(builder, body)
            .map_err(|error| no_answer(error.to_string()))?;
        let exchange = async {
            let answer = self
                .inner
                .http
                .execute(request)
                .await
                .map_err(|error| no_answer(chain(&error)))?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, ANSWER_LIMIT)
                .collect()
                .await
                .map_err(|error| no_answer(error.to_string()))?
                .to_bytes()
                .to_vec();
            Ok::<_, GitHubError>((parts, body))
        };
        let (parts, body) = tokio::time::timeout(REQUEST_TIME, exchange)
            .await
            .map_err(|_| no_answer(format!("no answer within {} s", REQUEST_TIME.as_secs())))??;
        if parts.status.is_success() {
            return Ok(Answer { call, body });
        }
        Err(refusal(call, parts.status, &parts.headers, &body))
    }
}

/// A refusal, with what the server's clock said where credentials were refused.
enum Refused {
    Credentials {
        error: GitHubError,
        date: Option<SystemTime>,
    },
    Other(GitHubError),
}

impl Refused {
    fn into_error(self) -> GitHubError {
        match self {
            Self::Credentials { error, .. } | Self::Other(error) => error,
        }
    }
}

impl From<GitHubError> for Refused {
    fn from(error: GitHubError) -> Self {
        Self::Other(error)
    }
}

fn refusal(call: String, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused {
    let message = serde_json::from_slice::<Value>(body)
        .ok()
        .and_then(|body| Some(body.get("message")?.as_str()?.chars().take(300).collect()))
        .unwrap_or_else(|| "no reason given".to_owned());
    if let Some(wait) = limited(status, headers, &message) {
        return GitHubError::Limited { call, wait }.into();
    }
    match status {
        StatusCode::UNAUTHORIZED => Refused::Credentials {
            error: GitHubError::Credentials { call, message },
            date: text(headers, "date").and_then(parse_http_date),
        },
        StatusCode::FORBIDDEN => GitHubError::Forbidden { call, message }.into(),
        StatusCode::NOT_FOUND => GitHubError::NotFound { call }.into(),
        status if status.is_server_error() => GitHubError::Failed {
            call,
            status: status.as_u16(),
        }
        .into(),
        status => GitHubError::Rejected {
            call,
            status: status.as_u16(),
            message,
        }
        .into(),
    }
}

/// How long to wait, when the answer is about a limit: `retry-after`, else the reset of an exhausted
/// limit, else a minute. GitHub limits with 403 and with 429.
fn limited(status: StatusCode, headers: &HeaderMap, message: &str) -> Option<Duration> {
    if !matches!(
        status,
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    ) {
        return None;
    }
    let number = |name: &str| text(headers, name)?.parse::<u64>().ok();
    if let Some(seconds) = number("retry-after") {
        return Some(Duration::from_secs(seconds));
    }
    if number("x-ratelimit-remaining") == Some(0) {
        let reset = UNIX_EPOCH + Duration::from_secs(number("x-ratelimit-reset").unwrap_or(0));
        let wait = reset.duration_since(SystemTime::now()).unwrap_or_default();
        return Some(wait.max(Duration::from_secs(1)));
    }
    let said = message.to_ascii_lowercase().contains("rate limit");
    (status == StatusCode::TOO_MANY_REQUESTS || said).then_some(LIMITED_WITHOUT_TIME)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the only form in use.
fn parse_http_date(text: &str) -> Option<SystemTime> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let mut words = text.split_ascii_whitespace().skip(1);
    let day: u64 = words.next()?.parse().ok()?;
    let month = u64::try_from(MONTHS.find(words.next()?)? / 3 + 1).ok()?;
    let year: u64 = words.next()?.parse().ok()?;
    let mut clock = words.next()?.split(':').map(str::parse::<u64>);
    let (hour, minute, second) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    // Days from the civil calendar: years start in March, so that leap days come last.
    let shifted = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day.checked_sub(1)?;
    let days = (365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year)
        .checked_sub(719_468)?;
    Some(UNIX_EPOCH + Duration::from_secs(days * 86_400 + hour * 3600 + minute * 60 + second))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn a_limit_is_told_from_a_missing_permission() {
        let forbidden = StatusCode::FORBIDDEN;
        assert_eq!(
            limited(forbidden, &headers(&[]), "Resource not accessible"),
            None
        );
        let after = headers(&[("retry-after", "7")]);
        assert_eq!(limited(forbidden, &after, ""), Some(Duration::from_secs(7)));
        let secondary = "You have exceeded a secondary rate limit";
        assert_eq!(
            limited(forbidden, &headers(&[]), secondary),
            Some(LIMITED_WITHOUT_TIME)
        );
        let exhausted = headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")]);
        assert_eq!(
            limited(forbidden, &exhausted, ""),
            Some(Duration::from_secs(1))
        );
        assert_eq!(limited(StatusCode::OK, &after, ""), None);
    }

    #[test]
    fn http_dates_are_read_to_the_second() {
        let seconds = |text| {
            parse_http_date(text).map(|time| time.duration_since(UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(
            seconds("Thu, 29 Feb 2024 00:00:00 GMT"),
            Some(1_709_164_800)
        );
        assert_eq!(seconds("Thu, 01 Jan 1970 00:00:01 GMT"), Some(1));
        assert_eq!(seconds("yesterday"), None);
    }
}
