//! Versions and ranges of versions, read as Helm reads them.

use std::cmp::Ordering;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use semver::Prerelease;

/// Helm's own limits on ranges.
const LENGTH_LIMIT: usize = 512;
const GROUP_LIMIT: usize = 32;

/// A version; parts that are left out are 0, and a `v` before it does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    major: u64,
    minor: u64,
    patch: u64,
    pre: Prerelease,
}

impl Version {
    /// Reads `1.2.3`, `v1.2.3-rc.1+build`, `1.2` and `1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(r"^v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$").ok()
        });
        let found = FORM.as_ref()?.captures(text)?;
        let number = |group: usize| {
            found
                .get(group)
                .map_or(Some(0), |text| text.as_str().parse().ok())
        };
        Some(Self {
            major: number(1)?,
            minor: number(2)?,
            patch: number(3)?,
            pre: Prerelease::new(found.get(4).map_or("", |text| text.as_str())).ok()?,
        })
    }

    /// True when the text names one version in full, so that it can mean no other.
    pub(crate) fn is_exact(text: &str) -> bool {
        let core = text.strip_prefix('v').unwrap_or(text);
        let core = core.split(['-', '+']).next().unwrap_or_default();
        Self::parse(text).is_some() && core.split('.').count() == 3
    }

    fn is_pre(&self) -> bool {
        !self.pre.is_empty()
    }

    fn core(&self) -> (u64, u64, u64) {
        (self.major, self.minor, self.patch)
    }
}

/// By precedence: what stands behind `+` does not count.
impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.core()
            .cmp(&other.core())
            .then_with(|| self.pre.cmp(&other.pre))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A range: alternatives, of which one has to hold in all its terms.
#[derive(Debug, Clone)]
pub(crate) struct Range(Vec<Vec<Term>>);

#[derive(Debug, Clone)]
struct Term {
    operator: Operator,
    bound: Version,
    /// How many parts of the version are given: 0 for `*`, 1 for `1` and `1.x`, …
    given: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Tilde,
    Caret,
}

const VERSION: &str = r"v?([0-9]+|[xX*])(?:\.([0-9]+|[xX*]))?(?:\.([0-9]+|[xX*]))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?";

impl Range {
    /// Reads `1.2.3`, `^1.2`, `~1.2.3`, `1.x`, `*`, `>=1.0, <2.0`, `1.0 - 2.0`, `1.x || >=3`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        static HYPHEN: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"\s*([^\s,|]+)\s+-\s+([^\s,|]+)\s*").ok());
        static TERM: LazyLock<Option<Regex>> = LazyLock::new(|| {
            Regex::new(&format!(
                r"^\s*(!=|>=|=>|<=|=<|~>|=|>|<|~|\^)?\s*{VERSION}(?:\s*,\s*|\s+|$)"
            ))
            .ok()
        });
        if text.len() > LENGTH_LIMIT {
            return None;
        }
        let text = HYPHEN.as_ref()?.replace_all(text, ">= $1, <= $2 ");
        let mut groups = Vec::new();
        for alternative in text.split("||") {
            let mut rest = alternative;
            let mut terms = Vec::new();
            while !rest.trim().is_empty() {
                let found = TERM.as_ref()?.captures(rest)?;
                let end = found.get(0)?.end();
                terms.push(Term::read(&found)?);
                rest = rest.get(end..)?;
            }
            // A comma with nothing behind it is no range to Helm.
            if terms.is_empty() || alternative.trim_end().ends_with(',') {
                return None;
            }
            groups.push(terms);
        }
        (groups.len() <= GROUP_LIMIT).then_some(Self(groups))
    }

    /// True when this version lies in the range. Pre-releases do only where the alternative names
    /// one itself.
    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.0.iter().any(|terms| {
            let with_pre = terms.iter().any(|term| term.bound.is_pre());
            (with_pre || !version.is_pre()) && terms.iter().all(|term| term.holds(version))
        })
    }
}

impl Term {
    fn read(found: &Captures<'_>) -> Option<Self> {
        let operator = match found.get(1).map_or("", |operator| operator.as_str()) {
            "" | "=" => Operator::Equal,
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterEqual,
            "<=" | "=<" => Operator::LessEqual,
            "~" | "~>" => Operator::Tilde,
            _ => Operator::Caret,
        };
        let mut parts = [0; 3];
        let mut given = 0;
        for (part, group) in parts.iter_mut().zip(2..) {
            match found.get(group).map(|text| text.as_str()) {
                None | Some("x" | "X" | "*") => break,
                Some(number) => *part = number.parse().ok()?,
            }
            given += 1;
        }
        let pre = found.get(5).map_or("", |text| text.as_str());
        let [major, minor, patch] = parts;
        let pre = Prerelease::new(pre.strip_prefix('-').unwrap_or(pre)).ok()?;
        Some(Self {
            operator,
            bound: Version {
                major,
                minor,
                patch,
                pre,
            },
            given,
        })
    }

    fn holds(&self, version: &Version) -> bool {
        let bound = &self.bound;
        match self.operator {
            Operator::Equal if self.given == 3 => version == bound,
            Operator::Equal | Operator::Tilde => self.holds_tilde(version),
            Operator::Caret => self.holds_caret(version),
            Operator::NotEqual => match self.given {
                1 => version.major != bound.major,
                2 => {
                    (version.major, version.minor) != (bound.major, bound.minor)
                        || version.pre != bound.pre
                }
                _ => version != bound,
            },
            Operator::Greater => match self.given {
                // `>1` begins at 2.0.0: 1.5.0 still is a 1.
                1 => version.major > bound.major,
                2 => (version.major, version.minor) > (bound.major, bound.minor),
                _ => version > bound,
            },
            Operator::GreaterEqual => version >= bound,
            Operator::Less => version < bound,
            Operator::LessEqual => match self.given {
                // `<=1` ends before 2.0.0.
                0 => (version.major, version.minor) <= (0, 0),
                1 => version.major <= bound.major,
                2 => (version.major, version.minor) <= (bound.major, bound.minor),
                _ => version <= bound,
            },
        }
    }

    /// The last given part, at most the patch, may grow.
    fn holds_tilde(&self, version: &Version) -> bool {
        let bound = &self.bound;
        if version < bound {
            return false;
        }
        // Helm takes `~0.0.0` for any version, as it does `*`.
        if bound.core() == (0, 0, 0) && matches!(self.given, 0 | 3) {
            return true;
        }
        version.major == bound.major && (self.given < 2 || version.minor == bound.minor)
    }

    /// The first part that is not 0 stays.
    fn holds_caret(&self, version: &Version) -> bool {
        let bound = &self.bound;
        if version < bound {
            return false;
        }
        if bound.major > 0 || self.given == 1 {
            return version.major == bound.major;
        }
        match self.given {
            0 => version.core() < (0, 0, 1),
            _ if version.major > 0 => false,
            2 => version.minor == bound.minor,
            _ if bound.minor > 0 => version.minor == bound.minor,
            _ => version.minor == 0 && version.patch == bound.patch,
        }
    }
}

/// The version that a request means, of all that there are: the text itself where it is among them,
/// else the highest that fits. `None`: none fits.
pub(crate) fn select<'a>(
    wanted: &str,
    there_are: impl Iterator<Item = &'a str>,
) -> Result<Option<&'a str>, ()> {
    let range = Range::parse(if wanted.is_empty() { "*" } else { wanted }).ok_or(())?;
    let mut best: Option<(Version, &str)> = None;
    for text in there_are {
        if text == wanted {
            return Ok(Some(text));
        }
        let Some(version) = Version::parse(text) else {
            continue;
        };
        if range.contains(&version) && best.as_ref().is_none_or(|(highest, _)| version > *highest) {
            best = Some((version, text));
        }
    }
    Ok(best.map(|(_, text)| text))
}

/// The highest version, pre-releases only where there is nothing else.
pub(crate) fn newest<'a>(there_are: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    there_are
        .filter_map(|text| Some((Version::parse(text)?, text)))
        .max_by(|(one, _), (other, _)| (!one.is_pre(), one).cmp(&(!other.is_pre(), other)))
        .map(|(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(range: &str, version: &str) -> bool {
        Range::parse(range)
            .unwrap()
            .contains(&Version::parse(version).unwrap())
    }

    #[test]
    fn ranges_hold_what_helm_holds() {
        for (range, inside, outside) in [
            ("1.2.3", "1.2.3 v1.2.3 1.2.3+b", "1.2.4 1.2.3-rc.1"),
            ("1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"),
            ("1.x", "1.0.0 1.9.9", "2.0.0 1.0.0-rc.1"),
            ("*", "0.0.0 99.0.0", "1.0.0-rc.1"),
            ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 1.3.0-rc.1"),
            ("^0.2.3", "0.2.3 0.2.9", "0.3.0 1.0.0"),
            ("^0.0.3", "0.0.3", "0.0.4 0.1.0"),
            ("^0.0", "0.0.9", "0.1.0"),
            ("^0", "0.9.9", "1.0.0"),
            ("~1.2.3", "1.2.3 1.2.9", "1.3.0"),
            ("~1", "1.0.0 1.9.9", "2.0.0"),
            (">1", "2.0.0", "1.9.9"),
            ("<=1", "1.9.9", "2.0.0"),
            (">=1.0, <2.0", "1.5.0", "2.0.0 0.9.0"),
            (">=1.0 <2.0 !=1.5.0", "1.4.0", "1.5.0"),
            ("1.0 - 2.0", "1.0.0 2.0.9", "2.1.0 0.9.9"),
            ("1.x || >=3", "1.1.0 3.0.0", "2.0.0"),
            (">=1.0.0-0", "1.0.0-rc.1 1.0.0 2.0.0-beta", "0.9.0"),
            ("*-0", "1.0.0-rc.1", ""),
        ] {
            for version in inside.split_whitespace() {
                assert!(contains(range, version), "{range} should hold {version}");
            }
            for version in outside.split_whitespace() {
                assert!(
                    !contains(range, version),
                    "{range} should not hold {version}"
                );
            }
        }
        for wrong in [
            "", "latest", "1.2.3.4", ">=", "1,", "||", "1.0 || ", ">>1", "1.2.3-",
        ] {
            assert!(Range::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_exact_text_wins_over_the_highest_that_fits() {
        let all = ["1.0.0", "1.2.0", "2.0.0-rc.1", "1.10.0", "latest"];
        let chosen = |wanted: &str| select(wanted, all.into_iter()).unwrap();
        assert_eq!(chosen(""), Some("1.10.0"));
        assert_eq!(chosen("1.2"), Some("1.2.0"));
        assert_eq!(chosen("2.0.0-rc.1"), Some("2.0.0-rc.1"));
        assert_eq!(chosen("^2"), None);
        assert_eq!(select("nonsense", all.into_iter()), Err(()));
        assert_eq!(newest(all.into_iter()), Some("1.10.0"));
        assert!(Version::is_exact("v1.2.3-rc.1") && !Version::is_exact("1.2"));
    }
}
