//! Lists of names with wildcards.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;

/// Names with `*` (anything but `/`), `**`, `?`, `[…]` and `{a,b}`. An empty list matches nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct Patterns {
    texts: Vec<String>,
    set: GlobSet,
}

/// A text that is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a pattern: {reason}")]
pub struct InvalidPattern {
    /// The text as the settings have it.
    pub pattern: String,
    /// What the reader of patterns says of it.
    pub reason: String,
}

impl TryFrom<Vec<String>> for Patterns {
    type Error = InvalidPattern;

    fn try_from(texts: Vec<String>) -> Result<Self, InvalidPattern> {
        let mut builder = GlobSetBuilder::new();
        let invalid = |pattern: &str, error: &globset::Error| InvalidPattern {
            pattern: pattern.to_owned(),
            reason: error.kind().to_string(),
        };
        for text in &texts {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            builder.add(glob.map_err(|error| invalid(text, &error))?);
        }
        let set = builder
            .build()
            .map_err(|error| invalid(&texts.join(", "), &error))?;
        Ok(Self { texts, set })
    }
}

impl Patterns {
    /// True when one of the patterns is this name.
    pub fn matches(&self, name: &str) -> bool {
        self.set.is_match(name)
    }

    /// The patterns as they were written.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}
