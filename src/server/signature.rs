//! Whether a body comes from GitHub: HMAC-SHA256 over its raw bytes.

use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// No webhook secret was configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no webhook secret is configured: without one anybody could start work")]
pub struct NoSecret;

/// The secrets that a signature may be made with: one, or two while one replaces the other.
#[derive(Clone)]
pub struct Secrets(Arc<[SecretString]>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Takes the configured secrets; blank ones count as none.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Result<Self, NoSecret> {
        let secrets: Arc<[SecretString]> = secrets
            .into_iter()
            .filter(|secret| !secret.expose_secret().trim().is_empty())
            .collect();
        if secrets.is_empty() {
            Err(NoSecret)
        } else {
            Ok(Self(secrets))
        }
    }

    /// True when `header` (`sha256=` and 64 hexadecimal digits) is the signature of `body` by one of
    /// the secrets. Every secret is tried, so that the time taken does not tell which one matched.
    pub(crate) fn signed(&self, header: &str, body: &[u8]) -> bool {
        let Some(digits) = header.strip_prefix("sha256=") else {
            return false;
        };
        if digits.len() != 64 {
            return false;
        }
        let Ok(given) = hex::decode(digits) else {
            return false;
        };
        let mut matched = subtle::Choice::from(0);
        for secret in self.0.iter() {
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            else {
                continue;
            };
            mac.update(body);
            matched |= mac.finalize().into_bytes().as_slice().ct_eq(&given);
        }
        matched.into()
    }
}
