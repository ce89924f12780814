//! Why a policy cannot be used.

use serde::{Deserialize, Serialize};

/// What kind of obstacle it is; the words are part of `policy eval`'s and `policy lint`'s output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The text is not Rego of its version.
    Parse,
    /// Valid Rego that this engine does not evaluate as OPA would.
    Unsupported,
    /// A rule or function that depends on itself.
    Recursion,
    /// A variable under `not` that nothing binds.
    Unsafe,
    /// A call with the wrong number of arguments.
    Arity,
    /// A `deny`, `warn` or `violation` that is not of the form its convention asks for.
    Shape,
    /// A METADATA comment that cannot be read.
    Metadata,
    /// Nothing to evaluate where something was configured.
    Empty,
    /// The evaluation itself failed.
    Evaluation,
    /// The evaluation took longer than allowed.
    Timeout,
}

impl Code {
    /// The word of JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Unsupported => "unsupported",
            Self::Recursion => "recursion",
            Self::Unsafe => "unsafe",
            Self::Arity => "arity",
            Self::Shape => "shape",
            Self::Metadata => "metadata",
            Self::Empty => "empty",
            Self::Evaluation => "evaluation",
            Self::Timeout => "timeout",
        }
    }
}

/// One obstacle with its place. It is always for the owner of the policy: a policy that cannot be
/// used fails the gate of whoever is judged by it, and never passes anything.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[error("{}: {message}", self.place())]
pub struct Problem {
    /// The file; the source's name when it is about the whole source.
    pub path: String,
    /// Line, from 1; 0 when it is about the whole file.
    pub line: u32,
    /// Column in characters, from 1; 0 when unknown.
    pub column: u32,
    /// What kind.
    pub code: Code,
    /// One sentence without a final period: what is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// A problem of a whole file or source.
    pub fn of_file(path: &str, code: Code, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: 0,
            column: 0,
            code,
            message: message.into(),
        }
    }

    /// `path:line:column`, as far as it is known.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.path.clone(),
            (line, 0) => format!("{}:{line}", self.path),
            (line, column) => format!("{}:{line}:{column}", self.path),
        }
    }

    /// Reads the engine's error text: `--> file:line:column`, a drawing, `error: message`.
    pub(super) fn of_engine(path: &str, text: &str, code: Code) -> Self {
        let place = text
            .lines()
            .find_map(|line| line.strip_prefix("--> "))
            .and_then(|place| {
                let mut parts = place.rsplitn(3, ':');
                let column = parts.next()?.parse::<u32>().ok()?;
                let line = parts.next()?.parse::<u32>().ok()?;
                Some((parts.next()?.to_owned(), line, column))
            });
        let message = text
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("error: "))
            .or_else(|| text.lines().rev().find(|line| !line.trim().is_empty()))
            .unwrap_or("the engine gave no reason")
            .trim_end_matches('.')
            .to_owned();
        let (path, line, column) = place.unwrap_or_else(|| (path.to_owned(), 0, 0));
        Self {
            path,
            line,
            column,
            code,
            message,
        }
    }
}
