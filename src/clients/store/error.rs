//! What can go wrong with the database.

use crate::finding::{Blame, Retry};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened or created.
    #[error("the database `{path}` could not be opened")]
    Open {
        /// The file.
        path: String,
        /// What the database said.
        source: sqlx::Error,
    },
    /// Another process has it.
    #[error("the database `{path}` could not be locked")]
    Lock {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its tables are newer than this program, or could not be changed.
    #[error("the tables of the database could not be brought up to date")]
    Migrate {
        /// What went wrong.
        source: sqlx::migrate::MigrateError,
    },
    /// A statement failed.
    #[error("the database could not {action}")]
    Query {
        /// What was asked for, as a verb phrase.
        action: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A row holds something that this program did not write.
    #[error("the database holds `{text}` as {what}")]
    Corrupt {
        /// What it should be.
        what: &'static str,
        /// What it is.
        text: String,
    },
}

impl StoreError {
    /// The database is the operator's.
    pub fn blame(&self) -> Blame {
        Blame::Operator
    }

    /// A busy or full database may recover; a wrong one does not.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Query { .. } => Retry::After(std::time::Duration::from_secs(5)),
            Self::Open { .. } | Self::Lock { .. } | Self::Migrate { .. } | Self::Corrupt { .. } => {
                Retry::No
            }
        }
    }
}

pub(super) fn query(action: &'static str) -> impl Fn(sqlx::Error) -> StoreError + Copy {
    move |source| StoreError::Query { action, source }
}

pub(super) fn corrupt(what: &'static str, text: &(impl ToString + ?Sized)) -> StoreError {
    StoreError::Corrupt {
        what,
        text: text.to_string(),
    }
}
