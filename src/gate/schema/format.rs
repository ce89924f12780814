//! Syntax of texts and ranges of numbers, as Kubernetes checks them.

use core::net::{Ipv4Addr, Ipv6Addr};

use serde_json::Number;

use super::names;

/// A format that Kubernetes checks; others are remarks to it and to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// A number of 32 bits.
    Int32,
    /// A number of 64 bits.
    Int64,
    /// Date and time of RFC 3339.
    DateTime,
    /// A date of RFC 3339.
    Date,
    /// A span of time such as `5m`.
    Duration,
    /// Base64.
    Byte,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An address range such as `10.0.0.0/8`.
    Cidr,
    /// A UUID.
    Uuid,
    /// A DNS label, or nothing.
    DnsLabel,
    /// A DNS subdomain, or nothing.
    DnsSubdomain,
    /// A port number, or the name of a port.
    Port,
    /// The same of a Service, where 0 and nothing mean the port that it listens on.
    TargetPort,
    /// The name of a port, or nothing.
    PortName,
    /// The value of a label.
    LabelValue,
}

impl Format {
    /// The format of this schema word; `None` when it is not checked.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "date-time" | "datetime" => Self::DateTime,
            "date" => Self::Date,
            "duration" => Self::Duration,
            "byte" => Self::Byte,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "cidr" => Self::Cidr,
            "uuid" => Self::Uuid,
            _ => return None,
        })
    }

    /// The format of our own words in the bundle.
    pub(super) fn parse_own(word: &str) -> Option<Self> {
        Some(match word {
            "dns-label" => Self::DnsLabel,
            "dns-subdomain" => Self::DnsSubdomain,
            "port" => Self::Port,
            "target-port" => Self::TargetPort,
            "port-name" => Self::PortName,
            "label-value" => Self::LabelValue,
            _ => return None,
        })
    }

    /// What a text must be, as a noun phrase.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Self::Int32 => "a whole number of 32 bits",
            Self::Int64 => "a whole number of 64 bits",
            Self::DateTime => "a date and time such as 2026-01-31T12:00:00Z",
            Self::Date => "a date such as 2026-01-31",
            Self::Duration => "a duration such as 5m or 1h30m",
            Self::Byte => "base64",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Cidr => "an address range such as 10.0.0.0/8",
            Self::Uuid => "a UUID",
            Self::DnsLabel => {
                "at most 63 lower-case letters, digits and `-`, beginning and ending with a letter or digit"
            }
            Self::DnsSubdomain => {
                "at most 253 lower-case letters, digits, `-` and `.`, beginning and ending with a letter or digit"
            }
            Self::Port | Self::TargetPort => "a port number or the name of a port",
            Self::PortName => {
                "at most 15 lower-case letters, digits and single `-`, one letter among them"
            }
            Self::LabelValue => {
                "at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit"
            }
        }
    }

    /// Whether a text has this format; formats of numbers accept every text.
    pub(super) fn accepts(self, text: &str) -> bool {
        match self {
            Self::Int32 | Self::Int64 => true,
            Self::DateTime => is_date_time(text),
            Self::Date => is_date(text),
            Self::Duration => is_duration(text),
            Self::Byte => is_base64(text),
            Self::Ipv4 => text.parse::<Ipv4Addr>().is_ok(),
            Self::Ipv6 => text.parse::<Ipv6Addr>().is_ok(),
            Self::Cidr => is_cidr(text),
            Self::Uuid => is_uuid(text),
            Self::DnsLabel => text.is_empty() || names::is_label(text),
            Self::DnsSubdomain => text.is_empty() || names::is_subdomain(text),
            Self::Port => is_port_name(text),
            Self::PortName | Self::TargetPort => text.is_empty() || is_port_name(text),
            Self::LabelValue => text.is_empty() || names::is_qualified_part(text),
        }
    }

    /// The smallest and largest number, for formats of whole numbers.
    pub(super) fn range(self) -> Option<(i64, i64)> {
        match self {
            Self::Int32 => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
            Self::Int64 => Some((i64::MIN, i64::MAX)),
            Self::Port => Some((1, 65_535)),
            Self::TargetPort => Some((0, 65_535)),
            _ => None,
        }
    }
}

/// Whether a number lies within an inclusive range of 64-bit integers.
pub(super) fn is_within(number: &Number, (low, high): (i64, i64)) -> bool {
    if let Some(integer) = number.as_i64() {
        return (low..=high).contains(&integer);
    }
    if number.is_u64() {
        return false;
    }
    // Written with an exponent or beyond 64 bits: binary64 is what Kubernetes compares too.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the bounds are rounded outwards at most by one unit of the number compared with"
    )]
    number
        .as_f64()
        .is_some_and(|float| float >= low as f64 && float <= high as f64)
}

fn digits(text: &str, count: usize) -> Option<u32> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

fn is_date(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) = (digits(year, 4), digits(month, 2), digits(day, 2))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return false;
    };
    let (clock, zone_fits) = if let Some(clock) = time.strip_suffix('Z') {
        (clock, true)
    } else {
        match time
            .rfind(['+', '-'])
            .and_then(|at| time.split_at_checked(at))
        {
            Some((clock, zone)) => (clock, is_zone(zone)),
            None => return false,
        }
    };
    let (clock, fraction) = clock
        .split_once('.')
        .map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let fraction_fits = fraction
        .is_none_or(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()));
    is_date(date) && zone_fits && fraction_fits && is_clock(clock)
}

fn is_zone(zone: &str) -> bool {
    zone.get(1..)
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(hours, minutes)| {
            digits(hours, 2).is_some_and(|hours| hours < 24)
                && digits(minutes, 2).is_some_and(|minutes| minutes < 60)
        })
}

fn is_clock(clock: &str) -> bool {
    let limits = [24, 60, 60];
    let parts: Vec<&str> = clock.split(':').collect();
    parts.len() == limits.len()
        && parts
            .iter()
            .zip(limits)
            .all(|(part, limit)| digits(part, 2).is_some_and(|value| value < limit))
}

/// Units of spans: those of Go, and the longer ones that custom resources may use.
const UNITS: [&str; 22] = [
    "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w", "nano", "micro", "milli", "sec", "min",
    "hr", "hour", "day", "week", "second", "minute", "wk",
];

fn is_duration(text: &str) -> bool {
    let mut rest = text.trim().trim_start_matches(['+', '-']);
    if rest == "0" {
        return true;
    }
    let mut parts = 0;
    while !rest.is_empty() {
        let number = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .len();
        let Some((amount, tail)) = rest.split_at_checked(number) else {
            return false;
        };
        let tail = tail.trim_start();
        let unit_end = tail
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(tail.len());
        let Some((unit, tail)) = tail.split_at_checked(unit_end) else {
            return false;
        };
        let unit = unit.to_lowercase();
        let known = UNITS.contains(&unit.as_str()) || UNITS.contains(&unit.trim_end_matches('s'));
        if !amount.bytes().any(|byte| byte.is_ascii_digit()) || !known {
            return false;
        }
        parts += 1;
        rest = tail.trim_start();
    }
    parts > 0
}

/// Standard base64 with padding; line ends are allowed, as Go's decoder allows them.
fn is_base64(text: &str) -> bool {
    let mut length = 0_usize;
    let mut padding = 0_usize;
    for byte in text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
        match byte {
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        length += 1;
    }
    length.is_multiple_of(4) && padding <= 2
}

fn is_cidr(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let limit = if address.parse::<Ipv4Addr>().is_ok() {
        32
    } else if address.parse::<Ipv6Addr>().is_ok() {
        128
    } else {
        return false;
    };
    bits.bytes().all(|byte| byte.is_ascii_digit())
        && bits.parse::<u32>().is_ok_and(|bits| bits <= limit)
}

fn is_uuid(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    plain.len() == 32 && plain.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_port_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inside = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    (1..=15).contains(&bytes.len())
        && bytes.iter().all(inside)
        && bytes.iter().any(u8::is_ascii_lowercase)
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether a text is a Kubernetes quantity: a decimal number and a suffix of `Ki Mi Gi Ti Pi Ei`,
/// `n u m k M G T P E`, or a decimal exponent.
pub(super) fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let end = unsigned
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(unsigned.len());
    let Some((number, suffix)) = unsigned.split_at_checked(end) else {
        return false;
    };
    let one_point = number.bytes().filter(|byte| *byte == b'.').count() <= 1;
    let a_digit = number.bytes().any(|byte| byte.is_ascii_digit());
    one_point && a_digit && is_quantity_suffix(suffix)
}

fn is_quantity_suffix(suffix: &str) -> bool {
    match suffix {
        "" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei" | "n" | "u" | "m" | "k" | "M" | "G" | "T"
        | "P" | "E" => true,
        _ => suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            !digits.is_empty()
                && digits.len() <= 9
                && digits.bytes().all(|byte| byte.is_ascii_digit())
        }),
    }
}

/// A quantity that the author of a wrong one may have meant: `1gb` is `1G`, `100 Mi` is `100Mi`.
pub(super) fn find_quantity(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if is_quantity(&text) {
        return Some(text);
    }
    let end = text.find(|c: char| c.is_alphabetic())?;
    let (number, suffix) = text.split_at_checked(end)?;
    let suffix = match suffix.to_lowercase().as_str() {
        "kb" | "k" => "k",
        "mb" => "M",
        "gb" | "g" => "G",
        "tb" | "t" => "T",
        "ki" | "kib" => "Ki",
        "mi" | "mib" => "Mi",
        "gi" | "gib" => "Gi",
        "ti" | "tib" => "Ti",
        "b" => "",
        _ => return None,
    };
    let candidate = format!("{number}{suffix}");
    is_quantity(&candidate).then_some(candidate)
}
