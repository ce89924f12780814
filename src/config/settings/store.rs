//! Where results are kept.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

/// A database.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub enum Store {
    /// `sqlite:PATH`: a file beside the process, for one replica.
    Sqlite(PathBuf),
    /// `postgres://…`, which may hold a password: for several replicas.
    Postgres(SecretString),
}

impl Default for Store {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from("/var/lib/drydock/drydock.db"))
    }
}

impl TryFrom<String> for Store {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(SecretString::from(text)));
        }
        match text
            .strip_prefix("sqlite:")
            .map(|path| path.strip_prefix("//").unwrap_or(path))
        {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            // The text is not repeated: it may hold a password.
            _ => Err("a store is `sqlite:PATH` or `postgres://…`".to_owned()),
        }
    }
}
