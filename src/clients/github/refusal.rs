//! What an answer that is no success means: a limit, wrong credentials, a missing permission.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::GitHubError;

/// GitHub asks for a minute when it limits without saying how long.
const LIMITED_WITHOUT_TIME: Duration = Duration::from_mins(1);

/// A refusal, with what the server's clock said where credentials were refused.
pub(super) enum Refused {
    Credentials {
        error: GitHubError,
        date: Option<SystemTime>,
    },
    Other(GitHubError),
}

impl Refused {
    pub(super) fn into_error(self) -> GitHubError {
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

pub(super) fn refusal(
    call: String,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> Refused {
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
