//! Why something from outside is not here.

use std::net::IpAddr;
use std::time::Duration;

use crate::finding::{Blame, Retry};
use crate::ids::Digest;

/// How long to wait before a server that failed is asked again.
const PAUSE: Duration = Duration::from_secs(10);

/// Why a need could not be met: what was wanted, and why it did not come. No credentials stand in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} could not be fetched: {short}")]
pub struct Shortage {
    /// The need in words, or a part of it such as an index.
    pub what: String,
    /// Why.
    #[source]
    pub short: Short,
}

/// The reason of a [`Shortage`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Short {
    /// Nobody allowed this host.
    #[error(
        "`{host}` is not among the hosts that may be asked (`outside.hosts` of the settings, `--allow-host`)"
    )]
    NotAllowed {
        /// Host and port.
        host: String,
    },
    /// Nobody allowed this path of the host.
    #[error(
        "`{path}` of `{host}` is not among the paths that may be asked (`paths` of this host in `outside.hosts` of the settings)"
    )]
    PathNotAllowed {
        /// Host and port.
        host: String,
        /// The path, without query.
        path: String,
    },
    /// The host may be asked by https only.
    #[error("`{host}` may only be asked by https")]
    NotEncrypted {
        /// Host and port.
        host: String,
    },
    /// The name leads into the network that Drydock itself stands in.
    #[error("`{host}` leads to {address}, which is not a public address")]
    PrivateAddress {
        /// Host and port.
        host: String,
        /// Where it leads.
        address: IpAddr,
    },
    /// Not an address that can be asked.
    #[error("{reason}")]
    Address {
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing fixes what would come.
    #[error("{reference} may mean something else tomorrow; name a full commit id")]
    Floating {
        /// What it is bound to.
        reference: String,
    },
    /// Nothing may be asked, and it is not in the cache.
    #[error("Drydock is offline, and it is not in the cache")]
    Offline,
    /// The server does not have it, or not for these credentials.
    #[error("`{host}` does not have it, or not for who asks")]
    NotFound {
        /// Host and port.
        host: String,
    },
    /// The repository has no chart of this name.
    #[error("the repository has no chart of this name")]
    NoChart,
    /// No version fits.
    #[error("no version fits `{wanted}`{}", .newest.as_ref().map(|newest| format!("; the newest is {newest}")).unwrap_or_default())]
    NoVersion {
        /// What was asked for.
        wanted: String,
        /// The newest version there is.
        newest: Option<String>,
    },
    /// Not a version and not a range.
    #[error("`{text}` is not a version or a range of versions")]
    Version {
        /// The text.
        text: String,
    },
    /// The server does not know who asks.
    #[error("`{host}` refused the credentials, or wants some")]
    Denied {
        /// Host and port.
        host: String,
    },
    /// The credentials that the settings name cannot be read.
    #[error("the credentials for `{host}` cannot be used: {reason}")]
    Credentials {
        /// Host and port.
        host: String,
        /// Why.
        reason: String,
    },
    /// The server sent Drydock to another host, or too often.
    #[error("`{host}` sent Drydock to `{to}`, which is not followed")]
    Redirected {
        /// Host and port.
        host: String,
        /// Where to, without query.
        to: String,
    },
    /// More bytes than are taken.
    #[error("{subject} has more than {limit} bytes")]
    TooLarge {
        /// What is too large.
        subject: String,
        /// The limit.
        limit: u64,
    },
    /// More entries than are taken.
    #[error("{subject} has more than {limit} entries")]
    TooMany {
        /// What has too many.
        subject: String,
        /// The limit.
        limit: usize,
    },
    /// More is asked for than is fetched in one judgement.
    #[error(
        "more than {limit} charts, bases and files are asked for at once by both states of the change: let it name fewer, or raise `outside.limits.needs` of the settings"
    )]
    TooManyNeeds {
        /// The limit.
        limit: usize,
    },
    /// It took too long.
    #[error("`{host}` took longer than {seconds} s")]
    TooSlow {
        /// Host and port.
        host: String,
        /// The limit.
        seconds: u64,
    },
    /// The host took more of the run's time than it may.
    #[error(
        "`{host}` kept this run waiting for {waited} s, {slow} times without an answer within {seconds} s (`outside.timeout_seconds` of the settings), and is not asked any more"
    )]
    Spent {
        /// Host and port.
        host: String,
        /// How long there were requests under way, in seconds.
        waited: u64,
        /// Requests that ran into the limit.
        slow: u32,
        /// The limit of one request, in seconds.
        seconds: u64,
    },
    /// Something else came than what was asked for.
    #[error("its digest is {found}, and {expected} was expected")]
    Digest {
        /// What was asked for.
        expected: Digest,
        /// What came.
        found: Digest,
    },
    /// An archive that would write where it must not.
    #[error("its archive holds `{entry}`, {reason}")]
    Unsafe {
        /// Name of the entry.
        entry: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What came cannot be read.
    #[error("{subject} cannot be read: {reason}")]
    Unreadable {
        /// What it is.
        subject: String,
        /// Why.
        reason: String,
    },
    /// The server could not be reached, answered wrongly, or broke off.
    #[error("`{host}` did not answer as it should: {reason}")]
    Upstream {
        /// Host and port.
        host: String,
        /// What happened.
        reason: String,
    },
    /// The cache could not be written or read.
    #[error("the cache of fetched files failed: {reason}")]
    Cache {
        /// What the system said.
        reason: String,
    },
}

impl Short {
    /// The reason with what was wanted.
    pub fn of(self, what: &impl ToString) -> Shortage {
        Shortage {
            what: what.to_string(),
            short: self,
        }
    }

    /// True when the settings keep Drydock from asking: nobody made a mistake.
    pub fn is_refused_by_settings(&self) -> bool {
        matches!(self, Self::NotAllowed { .. } | Self::PathNotAllowed { .. })
    }

    /// Whose move it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Address { .. }
            | Self::Floating { .. }
            | Self::NoChart
            | Self::NoVersion { .. }
            | Self::Version { .. }
            | Self::NotFound { .. }
            | Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::TooManyNeeds { .. }
            | Self::Digest { .. }
            | Self::Unsafe { .. }
            | Self::Unreadable { .. } => Blame::Author,
            Self::NotAllowed { .. }
            | Self::PathNotAllowed { .. }
            | Self::NotEncrypted { .. }
            | Self::PrivateAddress { .. }
            | Self::Offline
            | Self::Denied { .. }
            | Self::Credentials { .. }
            | Self::Redirected { .. }
            | Self::Cache { .. } => Blame::Operator,
            Self::TooSlow { .. } | Self::Spent { .. } | Self::Upstream { .. } => Blame::Upstream,
        }
    }

    /// Whether asking again can help.
    pub fn retry(&self) -> Retry {
        match self.blame() {
            Blame::Upstream => Retry::After(PAUSE),
            _ => Retry::No,
        }
    }
}
