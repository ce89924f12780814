//! Why a template gave no text.

/// Why a template gave no text. Lines count from 1 in the template's own text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TemplateError {
    /// It is not a template.
    #[error("line {line}: {reason}")]
    Syntax {
        /// Where.
        line: u32,
        /// What is wrong.
        reason: String,
    },
    /// An action failed, as it fails for the deployer.
    #[error("line {line}: {reason}")]
    Failed {
        /// Where.
        line: u32,
        /// What failed.
        reason: String,
    },
    /// A key or field that does not exist was needed.
    #[error("line {line}: {reason}")]
    Missing {
        /// Where.
        line: u32,
        /// Which one.
        reason: String,
    },
    /// The result of this function differs every time, so nothing can be said about it.
    #[error("line {line}: `{function}` gives another result every time")]
    Unstable {
        /// Where.
        line: u32,
        /// Its name.
        function: String,
    },
    /// A function that exists and that Drydock does not evaluate.
    #[error("line {line}: `{function}` is a function that Drydock does not evaluate")]
    Unsupported {
        /// Where.
        line: u32,
        /// Its name.
        function: String,
    },
    /// More work or memory than a template may take.
    #[error("line {line}: the template takes more than {limit}")]
    Limit {
        /// Where.
        line: u32,
        /// Which limit.
        limit: &'static str,
    },
}

/// The same, before it is known where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The action fails.
    Failed(String),
    /// It fails for want of a key.
    Missing(String),
    /// The result is different every time.
    Unstable(String),
    /// It is not evaluated here.
    Unsupported(String),
    /// A limit.
    Limit(&'static str),
    /// It already has a place, in a text of its own.
    Placed(Box<TemplateError>),
}

impl Trouble {
    pub(super) fn at(self, line: u32) -> TemplateError {
        match self {
            Self::Failed(reason) => TemplateError::Failed { line, reason },
            Self::Missing(reason) => TemplateError::Missing { line, reason },
            Self::Unstable(function) => TemplateError::Unstable { line, function },
            Self::Unsupported(function) => TemplateError::Unsupported { line, function },
            Self::Limit(limit) => TemplateError::Limit { line, limit },
            Self::Placed(error) => *error,
        }
    }
}

/// An action that fails for this reason.
pub(super) fn failed<T>(reason: impl Into<String>) -> Result<T, Trouble> {
    Err(Trouble::Failed(reason.into()))
}
