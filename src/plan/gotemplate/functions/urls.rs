//! `urlParse` and `urlJoin`: addresses in parts, without any check of what stands in them.

use super::super::error::{Trouble, failed};
use super::super::heap::{Dict, Entries, Heap, Value};
use super::{Function, Param, fixed, map, text};

pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "urlParse" => fixed(&[Param::Text], |heap, args| parse(heap, text(args, 0)?)),
        "urlJoin" => fixed(&[Param::Map], join),
        _ => return None,
    })
}

fn parse(heap: &mut Heap, address: &str) -> Result<Value, Trouble> {
    if address.contains(|c: char| c.is_ascii_control()) {
        return failed("unable to parse url: a control character");
    }
    let (rest, fragment) = address.split_once('#').unwrap_or((address, ""));
    let is_scheme = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    let (scheme, rest) = match rest.split_once(':') {
        Some(("", _)) => return failed("unable to parse url: missing protocol scheme"),
        Some((scheme, behind)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), behind),
        _ => (String::new(), rest),
    };
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut parts = Parts::default();
    if let Some(behind) = rest.strip_prefix("//") {
        let slash = behind.find('/').unwrap_or(behind.len());
        let (authority, path) = behind.split_at_checked(slash).unwrap_or((behind, ""));
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        parts.user = user;
        parts.host = host;
        parts.path = unescape(path)?;
    } else if !scheme.is_empty() && !rest.starts_with('/') {
        parts.opaque = rest;
    } else {
        let first = rest.split('/').next().unwrap_or_default();
        if scheme.is_empty() && first.contains(':') {
            return failed("unable to parse url: first path segment in URL cannot contain colon");
        }
        parts.path = unescape(rest)?;
    }
    let hostname = match parts
        .host
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((inner, _)) => inner,
        None => parts.host.split(':').next().unwrap_or_default(),
    };
    let mut entries = Dict::new();
    for (key, value) in [
        ("scheme", scheme.as_str()),
        ("host", parts.host),
        ("hostname", hostname),
        ("path", &parts.path),
        ("query", query),
        ("opaque", parts.opaque),
        ("fragment", &unescape(fragment)?),
        ("userinfo", parts.user),
    ] {
        entries.insert(key.into(), heap.text(value)?);
    }
    heap.map(Entries::Any, entries)
}

#[derive(Default)]
struct Parts<'a> {
    user: &'a str,
    host: &'a str,
    path: String,
    opaque: &'a str,
}

fn unescape(text: &str) -> Result<String, Trouble> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match digit(rest.next()).zip(digit(rest.next())) {
            Some((high, low)) => bytes.push(u8::try_from(high * 16 + low).unwrap_or_default()),
            None => return failed("unable to parse url: invalid URL escape"),
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn escape(text: &str, kept: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-_.~$&+,/:;=@".contains(c) || kept.contains(c) {
            out.push(c);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn join(heap: &mut Heap, args: &[Value]) -> Result<Value, Trouble> {
    let part = |key: &str| match heap.entry(map(args, 0)?, key) {
        None => Ok(String::new()),
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(other) => failed(format!(
            "`{key}` must be text, not {}",
            heap.type_name(other)
        )),
    };
    let (scheme, host, path) = (part("scheme")?, part("host")?, part("path")?);
    let (user, opaque) = (part("userinfo")?, part("opaque")?);
    let mut out = String::new();
    if !scheme.is_empty() {
        out.push_str(&format!("{scheme}:"));
    }
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !user.is_empty() {
            if !host.is_empty() || !path.is_empty() || !user.is_empty() {
                out.push_str("//");
            }
            if !user.is_empty() {
                out.push_str(&format!("{user}@"));
            }
            out.push_str(&escape(&host, "[]<>\"!'()*"));
        }
        let path = escape(&path, "");
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            out.push('/');
        }
        out.push_str(&path);
    } else {
        out.push_str(&opaque);
    }
    let (query, fragment) = (part("query")?, part("fragment")?);
    if !query.is_empty() {
        out.push_str(&format!("?{query}"));
    }
    if !fragment.is_empty() {
        out.push_str(&format!("#{}", escape(&fragment, "!()*?")));
    }
    heap.text(out)
}
