//! What a policy source is: files with a convention, as configuration or the command line names it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// In which Rego convention the packages of a source are written. Travels to the worker as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// Per package: `drydock.*` is Drydock's own, every other package is conftest's.
    Auto,
    /// Drydock's own input contract.
    Drydock,
    /// conftest's `deny`, `warn`, `violation`.
    Conftest,
    /// Gatekeeper templates: refused by this version.
    Gatekeeper,
}

impl From<crate::config::repo::Dialect> for Dialect {
    fn from(dialect: crate::config::repo::Dialect) -> Self {
        match dialect {
            crate::config::repo::Dialect::Auto => Self::Auto,
            crate::config::repo::Dialect::Drydock => Self::Drydock,
            crate::config::repo::Dialect::Conftest => Self::Conftest,
            crate::config::repo::Dialect::Gatekeeper => Self::Gatekeeper,
        }
    }
}

/// The syntax a file is written in. Files of both versions may stand in one source.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum RegoVersion {
    /// Before OPA 1.0: rule bodies without `if`.
    V0,
    /// OPA 1.0 and later.
    #[default]
    V1,
}

impl RegoVersion {
    /// The word of flags.
    pub fn word(self) -> &'static str {
        match self {
            Self::V0 => "v0",
            Self::V1 => "v1",
        }
    }

    /// The version of a word.
    pub fn find(word: &str) -> Option<Self> {
        [Self::V0, Self::V1]
            .into_iter()
            .find(|version| version.word() == word)
    }
}

/// Which conftest packages are evaluated; the others serve as libraries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Namespaces {
    /// conftest's default: the package `main`.
    #[default]
    Main,
    /// These packages, without `data.`; when any of them holds `*`, `?` or `[`, all are patterns and
    /// `*` crosses dots.
    Named(Vec<String>),
    /// Every package.
    All,
}

impl Namespaces {
    /// True when this package is one of them.
    pub fn holds(&self, package: &str) -> bool {
        match self {
            Self::Main => package == "main",
            Self::All => true,
            Self::Named(names) => {
                let patterns = names.iter().any(|name| name.contains(['*', '?', '[']));
                names.iter().any(|name| {
                    if patterns {
                        globset::GlobBuilder::new(name)
                            .literal_separator(false)
                            .build()
                            .is_ok_and(|glob| glob.compile_matcher().is_match(package))
                    } else {
                        name == package
                    }
                })
            }
        }
    }
}

/// One Rego file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Its path as reports show it: relative to the repository, or as given on the command line.
    pub path: String,
    /// Its content.
    pub text: String,
    /// Its syntax.
    pub rego: RegoVersion,
}

impl PolicyFile {
    /// True for `*_test.rego`: its rules are tests and are never evaluated against manifests.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("_test.rego")
    }
}

/// Files that belong together: their packages see each other and the same `data`, and nothing of
/// another source. Travels to the worker as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PolicySource {
    /// How reports name it, such as its path; `built-in` for the embedded library. Unique.
    pub name: String,
    /// Convention.
    pub dialect: Dialect,
    /// Which conftest packages are evaluated.
    pub namespaces: Namespaces,
    /// Rego files, tests included, in path order.
    pub files: Vec<PolicyFile>,
    /// The `data` document, an object.
    pub data: Value,
}

impl PolicySource {
    /// A source of this name with nothing in it.
    pub fn new(name: impl Into<String>, dialect: Dialect) -> Self {
        Self {
            name: name.into(),
            dialect,
            namespaces: Namespaces::default(),
            files: Vec::new(),
            data: Value::Object(serde_json::Map::new()),
        }
    }
}
