//! Semantic versions and the constraints on them that Helm's library understands.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use super::super::error::{Trouble, failed};
use super::super::heap::{Heap, Value};
use super::{Function, Param, fixed, text};

pub(super) fn find(name: &str) -> Option<Function> {
    use Param::Text;
    Some(match name {
        "semver" => fixed(&[Text], |_, args| {
            version(text(args, 0)?).map(|version| Value::Version(Rc::new(version)))
        }),
        "semverCompare" => fixed(&[Text, Text], |_, args| {
            let constraints = constraints(text(args, 0)?)?;
            let version = version(text(args, 1)?)?;
            Ok(Value::Bool(constraints.iter().any(|all| {
                let wants_pre = all.iter().any(|one| !one.version.pre.is_empty());
                (version.pre.is_empty() || wants_pre) && all.iter().all(|one| one.holds(&version))
            })))
        }),
        _ => return None,
    })
}

/// A version; missing parts are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Version {
    numbers: [u64; 3],
    pre: String,
    metadata: String,
    original: String,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.numbers;
        write!(f, "{major}.{minor}.{patch}")?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Version {
    fn order(&self, other: &Self) -> Ordering {
        self.numbers.cmp(&other.numbers).then_with(|| {
            match (self.pre.is_empty(), other.pre.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => order_of_pre(&self.pre, &other.pre),
            }
        })
    }
}

/// Numbers before words, numbers by size, shorter before longer.
fn order_of_pre(left: &str, right: &str) -> Ordering {
    let (mut lefts, mut rights) = (left.split('.'), right.split('.'));
    loop {
        let (left, right) = match (lefts.next(), rights.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => (left, right),
        };
        let order = match (left.parse::<u64>(), right.parse::<u64>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => left.cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// A field of a version.
pub(in super::super) fn version_field(
    heap: &Heap,
    version: &Version,
    name: &str,
) -> Result<Value, Trouble> {
    let [major, minor, patch] = version.numbers;
    let number = |number: u64| Ok(Value::Int64(i64::try_from(number).unwrap_or(i64::MAX)));
    match name {
        "Major" => number(major),
        "Minor" => number(minor),
        "Patch" => number(patch),
        "Prerelease" => heap.text(&version.pre),
        "Metadata" => heap.text(&version.metadata),
        "Original" => heap.text(&version.original),
        "String" => heap.text(version.to_string()),
        _ => failed(format!("`.{name}` of a version")),
    }
}

/// The parts of a version as written: up to three numbers or wildcards, pre-release, metadata.
struct Written<'a> {
    numbers: Vec<&'a str>,
    pre: &'a str,
    metadata: &'a str,
}

fn split(text: &str) -> Option<Written<'_>> {
    let rest = text.strip_prefix('v').unwrap_or(text);
    let (rest, metadata) = rest.split_once('+').unwrap_or((rest, ""));
    let (core, pre) = rest.split_once('-').unwrap_or((rest, ""));
    let words = |text: &str| {
        text.split('.').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        })
    };
    let numbers: Vec<&str> = core.split('.').collect();
    let empty_part = rest.len() > core.len() && !words(pre)
        || text.contains('+') && !words(metadata)
        || numbers.len() > 3
        || numbers.iter().any(|number| number.is_empty());
    (!empty_part).then_some(Written {
        numbers,
        pre,
        metadata,
    })
}

fn version(text: &str) -> Result<Version, Trouble> {
    let invalid = || Trouble::Failed("invalid semantic version".to_owned());
    let written = split(text).ok_or_else(invalid)?;
    let mut numbers = [0; 3];
    for (slot, number) in numbers.iter_mut().zip(&written.numbers) {
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        *slot = number.parse().map_err(|_| invalid())?;
    }
    let zero_led = |word: &str| {
        word.len() > 1 && word.starts_with('0') && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    if written.pre.split('.').any(zero_led) {
        return Err(invalid());
    }
    Ok(Version {
        numbers,
        pre: written.pre.to_owned(),
        metadata: written.metadata.to_owned(),
        original: text.to_owned(),
    })
}

/// One comparison.
struct Constraint {
    operator: &'static str,
    version: Version,
    /// How many numbers are fixed: `1.2.x` has two.
    fixed: usize,
}

const OPERATORS: [&str; 11] = ["!=", ">=", "=>", "<=", "=<", "~>", "=", ">", "<", "~", "^"];

/// Alternatives of comparisons that all must hold.
fn constraints(text: &str) -> Result<Vec<Vec<Constraint>>, Trouble> {
    text.split("||").map(all_of).collect()
}

fn all_of(text: &str) -> Result<Vec<Constraint>, Trouble> {
    let improper = || Trouble::Failed(format!("improper constraint: `{text}`"));
    let mut found = Vec::new();
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(improper());
    }
    while !rest.is_empty() {
        let operator = OPERATORS
            .iter()
            .find(|operator| rest.starts_with(**operator))
            .copied()
            .unwrap_or_default();
        let behind = rest.get(operator.len()..).unwrap_or_default().trim_start();
        let end = behind
            .find(|c: char| c.is_whitespace() || c == ',')
            .unwrap_or(behind.len());
        let (written, further) = behind.split_at_checked(end).ok_or_else(improper)?;
        let mut next = further.trim_start();
        let range = next.strip_prefix("- ").filter(|_| operator.is_empty());
        found.push(
            constraint(if range.is_some() { ">=" } else { operator }, written)
                .ok_or_else(improper)?,
        );
        if let Some(upper) = range {
            let upper = upper.trim_start();
            let end = upper
                .find(|c: char| c.is_whitespace() || c == ',')
                .unwrap_or(upper.len());
            let (written, further) = upper.split_at_checked(end).ok_or_else(improper)?;
            found.push(constraint("<=", written).ok_or_else(improper)?);
            next = further.trim_start();
        }
        rest = next.strip_prefix(',').unwrap_or(next).trim_start();
    }
    Ok(found)
}

fn constraint(operator: &'static str, text: &str) -> Option<Constraint> {
    let written = split(text)?;
    let is_wild = |number: &&str| matches!(*number, "x" | "X" | "*");
    let fixed = written
        .numbers
        .iter()
        .position(is_wild)
        .unwrap_or(written.numbers.len());
    let mut numbers = [0; 3];
    for (slot, number) in numbers.iter_mut().zip(written.numbers.iter().take(fixed)) {
        *slot = number.parse().ok()?;
    }
    Some(Constraint {
        operator,
        version: Version {
            numbers,
            pre: written.pre.to_owned(),
            metadata: written.metadata.to_owned(),
            original: text.to_owned(),
        },
        fixed,
    })
}

impl Constraint {
    fn holds(&self, version: &Version) -> bool {
        let order = version.order(&self.version);
        let agrees = |count: usize| {
            let pairs = version.numbers.iter().zip(&self.version.numbers);
            pairs.take(count).all(|(left, right)| left == right)
        };
        let whole = self.fixed == 3;
        match self.operator {
            "" | "=" if whole => order == Ordering::Equal,
            "" | "=" | "~" | "~>" => self.holds_tilde(order, agrees),
            "!=" if whole => order != Ordering::Equal,
            "!=" => !agrees(self.fixed),
            ">" if whole => order == Ordering::Greater,
            // `>1.2` begins with 1.3, `>1` with 2.
            ">" => order == Ordering::Greater && !agrees(self.fixed.max(1)),
            ">=" | "=>" => order != Ordering::Less,
            "<" => order == Ordering::Less,
            "<=" | "=<" => order != Ordering::Greater || !whole && agrees(self.fixed),
            _ => self.holds_caret(order, agrees),
        }
    }

    fn holds_tilde(&self, order: Ordering, agrees: impl Fn(usize) -> bool) -> bool {
        let accepts_all = self.version.numbers == [0, 0, 0] && matches!(self.fixed, 0 | 3);
        order != Ordering::Less && (accepts_all || agrees(self.fixed.clamp(1, 2)))
    }

    /// The first number that is not zero must stay.
    fn holds_caret(&self, order: Ordering, agrees: impl Fn(usize) -> bool) -> bool {
        let [major, minor, _] = self.version.numbers;
        let kept = match (major, minor) {
            // `^*` takes what its zero takes.
            _ if self.fixed == 0 => 3,
            (1.., _) => 1,
            (0, _) if self.fixed == 1 => 1,
            (0, 1..) => 2,
            (0, 0) if self.fixed == 2 => 2,
            _ => 3,
        };
        order != Ordering::Less && agrees(kept)
    }
}
