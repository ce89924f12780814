//! Configuration: `.drydock.yaml` of a repository (untrusted text, always read at the base commit)
//! and the operator's settings (trusted). Unknown keys are errors with file, line and column.
//! Nothing here reads the environment or acts on what it reads.

pub mod argocd;
pub mod build_options;
mod nearest;
pub mod repo;
mod section;
pub mod settings;

/// One thing that is wrong in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// One sentence, without a final period.
    pub message: String,
    /// The key or word that was probably meant.
    pub hint: Option<String>,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; did you mean `{hint}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
