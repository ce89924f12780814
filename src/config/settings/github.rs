//! The GitHub App.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::{SettingsError, parse_optional_url, secret};

/// How Drydock speaks as a GitHub App.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Text")]
pub struct GitHub {
    /// The App's numeric id. Required.
    pub app_id: u64,
    /// File with the App's private key in PEM form. Required.
    pub private_key_file: PathBuf,
    /// File with the webhook secret, one a line; a second one is accepted as well, for the time of a
    /// rotation. Required.
    pub webhook_secrets_file: PathBuf,
    /// Address of the REST API. Default `https://api.github.com/`.
    pub api_url: Url,
    /// Address of the web pages and of Git. Default `https://github.com/`.
    pub web_url: Url,
}

impl GitHub {
    /// The App's private key.
    pub fn read_private_key(&self) -> Result<SecretString, SettingsError> {
        secret::read_pem(&self.private_key_file)
    }

    /// The webhook secrets: one or two, the current one first.
    pub fn read_webhook_secrets(&self) -> Result<Vec<SecretString>, SettingsError> {
        secret::read_lines(&self.webhook_secrets_file)
    }

    pub(super) fn files_mut(&mut self) -> [&mut PathBuf; 2] {
        [&mut self.private_key_file, &mut self.webhook_secrets_file]
    }
}

/// The keys as the file has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    app_id: u64,
    private_key_file: PathBuf,
    webhook_secrets_file: PathBuf,
    #[serde(default, deserialize_with = "parse_optional_url")]
    api_url: Option<Url>,
    #[serde(default, deserialize_with = "parse_optional_url")]
    web_url: Option<Url>,
}

impl TryFrom<Text> for GitHub {
    type Error = url::ParseError;

    fn try_from(text: Text) -> Result<Self, url::ParseError> {
        let or = |url: Option<Url>, default: &str| url.map_or_else(|| default.parse(), Ok);
        Ok(Self {
            app_id: text.app_id,
            private_key_file: text.private_key_file,
            webhook_secrets_file: text.webhook_secrets_file,
            api_url: or(text.api_url, "https://api.github.com/")?,
            web_url: or(text.web_url, "https://github.com/")?,
        })
    }
}
