//! The functions that a policy may call: the engine's own, what Drydock adds or replaces, and what is
//! refused.

use anyhow::{Result, bail};
use hmac::{Hmac, KeyInit as _, Mac as _};
use regorus::unstable::BUILTINS;
use regorus::{Engine, Value};
use sha2::{Digest as _, Sha256};

use super::sprintf;

/// What a called name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The engine's own, with so many arguments.
    Engine(usize),
    /// Added or replaced here, with so many arguments.
    Ours(usize),
    /// `print`, with any number of arguments.
    Print,
    /// Exists in OPA, and is refused for this reason.
    Refused(&'static str),
    /// Nobody knows it.
    Unknown,
}

/// Refused although OPA (or the engine) has them: the answer would depend on something other than
/// the input, or differ from OPA's.
const REFUSED: &[(&str, &str)] = &[
    (
        "http.send",
        "a policy must not open connections; put the facts into `data`",
    ),
    (
        "net.lookup_ip_addr",
        "a policy must not open connections; put the facts into `data`",
    ),
    ("opa.runtime", "the answer depends on the machine"),
    (
        "graph.reachable_paths",
        "the engine's paths differ from OPA's where a node is reached twice; use `graph.reachable`",
    ),
    ("rand.intn", "equal input must give an equal answer"),
    ("uuid.rfc4122", "equal input must give an equal answer"),
    ("trace", "OPA's tracing does not exist here; use `print`"),
    (
        "parse_config",
        "it is conftest's own and not supported by this version",
    ),
    (
        "parse_config_file",
        "it is conftest's own and not supported by this version",
    ),
    (
        "parse_combined_config_files",
        "it is conftest's own and not supported by this version",
    ),
    (
        "json.match_schema",
        "it is not supported by this version; the schema gate judges schemas",
    ),
    (
        "json.verify_schema",
        "it is not supported by this version; the schema gate judges schemas",
    ),
    ("__builtin_sets.union", "it is internal to the engine"),
    (
        "__builtin_sets.intersection",
        "it is internal to the engine",
    ),
];

/// Names and argument counts of what Drydock adds to the engine, or puts in place of its own.
const OURS: &[(&str, u8)] = &[
    ("all", 1),
    ("any", 1),
    ("crypto.hmac.equal", 2),
    ("crypto.hmac.sha256", 2),
    ("crypto.sha256", 1),
    ("re_match", 2),
    ("regex.match", 2),
    ("set_diff", 2),
    ("sprintf", 2),
    ("time.now_ns", 0),
    ("yaml.unmarshal", 1),
];

/// Left over from Rego v0; OPA refuses them in v1.
const OLD: &[&str] = &["all", "any", "re_match", "set_diff"];

/// What this name is.
pub(super) fn find(name: &str) -> Known {
    if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return Known::Refused(reason);
    }
    if let Some((_, arity)) = OURS.iter().find(|(ours, _)| *ours == name) {
        return Known::Ours(usize::from(*arity));
    }
    if name == "print" {
        return Known::Print;
    }
    BUILTINS.get(name).map_or(Known::Unknown, |(_, arity)| {
        Known::Engine(usize::from(*arity))
    })
}

/// True for a function that exists in Rego v0 alone.
pub(super) fn is_old(name: &str) -> bool {
    OLD.contains(&name)
}

/// The known function whose name is most like this one.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let mut names: Vec<&'static str> = BUILTINS
        .keys()
        .copied()
        .chain(OURS.iter().map(|(name, _)| *name))
        .filter(|known| !matches!(find(known), Known::Refused(_)))
        .collect();
    names.sort_unstable();
    names
        .into_iter()
        .map(|known| (distance(name, known), known))
        .min()
        .filter(|(distance, _)| *distance <= 2.max(name.len() / 4))
        .map(|(_, known)| known)
}

/// Edit distance, by single characters.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = row.get(j).copied().unwrap_or_default() + usize::from(a != *b);
            let removed = row.get(j + 1).copied().unwrap_or_default() + 1;
            let added = next.last().copied().unwrap_or_default() + 1;
            next.push(replaced.min(removed).min(added));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// Adds them all to an engine. `now` is the time of the evaluation, in nanoseconds since 1970.
pub(super) fn install(engine: &mut Engine, now: i64) -> Result<()> {
    for (name, arity) in OURS {
        let name = *name;
        let extension = move |arguments: Vec<Value>| call(name, now, &arguments);
        engine.add_extension(name.to_owned(), *arity, Box::new(extension))?;
    }
    Ok(())
}

fn call(name: &str, now: i64, arguments: &[Value]) -> Result<Value> {
    match (name, arguments) {
        ("time.now_ns", []) => Ok(Value::from(now)),
        ("sprintf", [format, arguments]) => sprintf::sprintf(format, arguments),
        ("all", [items]) => each(name, items, |items| items.into_iter().all(is_true)),
        ("any", [items]) => each(name, items, |items| items.into_iter().any(is_true)),
        ("re_match" | "regex.match", [pattern, text]) => matches(pattern, text),
        ("set_diff", [Value::Set(from), Value::Set(without)]) => Ok(Value::from(
            from.iter()
                .filter(|item| !without.contains(item))
                .cloned()
                .collect::<std::collections::BTreeSet<Value>>(),
        )),
        ("crypto.sha256", [text]) => Ok(Value::from(hex::encode(Sha256::digest(
            text.as_string()?.as_bytes(),
        )))),
        ("crypto.hmac.sha256", [text, key]) => {
            let mut mac = Hmac::<Sha256>::new_from_slice(key.as_string()?.as_bytes())?;
            mac.update(text.as_string()?.as_bytes());
            Ok(Value::from(hex::encode(mac.finalize().into_bytes())))
        }
        ("crypto.hmac.equal", [one, two]) => Ok(Value::from(one.as_string()? == two.as_string()?)),
        ("yaml.unmarshal", [text]) => unmarshal(text.as_string()?),
        _ => bail!("`{name}` does not take these arguments"),
    }
}

fn is_true(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
}

fn each(name: &str, items: &Value, test: impl Fn(Vec<&Value>) -> bool) -> Result<Value> {
    let answer = match items {
        Value::Array(items) => test(items.iter().collect()),
        Value::Set(items) => test(items.iter().collect()),
        _ => bail!("`{name}` takes an array or a set"),
    };
    Ok(Value::from(answer))
}

/// RE2 reads `\d`, `\w`, `\s` and `\b` as ASCII; so does this, with a linear-time engine.
fn matches(pattern: &Value, text: &Value) -> Result<Value> {
    let regex = regex::RegexBuilder::new(&ascii_classes(pattern.as_string()?))
        .size_limit(1 << 20)
        .build()?;
    Ok(Value::from(regex.is_match(text.as_string()?)))
}

/// Writes the Perl classes as RE2 means them.
fn ascii_classes(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(class @ ('d' | 'w' | 's' | 'D' | 'W' | 'S' | 'b' | 'B')) => {
                    out.push_str(&ascii_class(class, in_class));
                }
                Some(other) => {
                    out.push('\\');
                    out.push(other);
                }
                None => out.push('\\'),
            },
            '[' => {
                in_class = true;
                out.push(character);
            }
            ']' => {
                in_class = false;
                out.push(character);
            }
            _ => out.push(character),
        }
    }
    out
}

fn ascii_class(class: char, in_class: bool) -> String {
    let set = match class.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => r"\t\n\f\r ",
        _ => return format!(r"(?-u:\{class})"),
    };
    let negated = class.is_ascii_uppercase();
    match (negated, in_class) {
        (false, true) => set.to_owned(),
        (false, false) => format!("[{set}]"),
        (true, _) => format!("[^{set}]"),
    }
}

/// YAML as Kubernetes tools read it: `yes` is true.
fn unmarshal(text: &str) -> Result<Value> {
    let stream = crate::yaml::read(text.as_bytes(), &crate::yaml::Budget::default());
    if let Some(error) = stream.errors.first() {
        bail!("the text is not YAML: {}", error.message);
    }
    Ok(stream
        .documents
        .first()
        .map_or(Value::Null, |document| Value::from(document.to_json())))
}
