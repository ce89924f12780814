//! Where rendered output is kept.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// A cache of rendered output, masked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// A folder, or a bucket that replicas share: `s3://bucket/prefix`, `gs://…`, `az://…`, with
    /// credentials from the environment. Default: `renders` beside the database.
    #[serde(default)]
    pub url: Option<CachePlace>,
    /// Bytes that a folder may take; 0 keeps nothing. A bucket is bounded by its own rules. Default
    /// 1 GiB.
    #[serde(default)]
    pub max_bytes: Option<u64>,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum CachePlace {
    /// On this machine; relative to the settings file.
    Folder(PathBuf),
    /// In a bucket.
    Bucket(Url),
}

impl TryFrom<String> for CachePlace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let path = match text.split_once("://") {
            None => text.as_str(),
            Some(("file", path)) => path,
            Some(_) => {
                let url: Url = text.parse().map_err(|error| format!("`{text}`: {error}"))?;
                return Ok(Self::Bucket(url));
            }
        };
        if path.is_empty() {
            return Err("name a folder, or a bucket such as `s3://bucket/prefix`".to_owned());
        }
        Ok(Self::Folder(PathBuf::from(path)))
    }
}
