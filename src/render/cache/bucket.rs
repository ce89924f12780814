//! A bucket as storage, and how a thread waits for it.

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreScheme, RetryConfig};
use url::Url;

use super::CacheError;

/// The store behind an address, and the prefix of its entries.
pub(super) fn open_bucket(
    url: &Url,
    options: &[(String, String)],
) -> Result<(Box<dyn ObjectStore>, Path), CacheError> {
    let failed = |source| CacheError::Address {
        url: url.to_string(),
        source: Box::new(source),
    };
    let (scheme, prefix) = ObjectStoreScheme::parse(url).map_err(|error| failed(error.into()))?;
    let retry = RetryConfig {
        max_retries: 2,
        retry_timeout: std::time::Duration::from_secs(20),
        ..RetryConfig::default()
    };
    macro_rules! build {
        ($builder:ty) => {{
            let builder = <$builder>::new().with_url(url.as_str()).with_retry(retry);
            let known = |builder: $builder, (name, value): &(String, String)| match name
                .to_ascii_lowercase()
                .parse()
            {
                Ok(name) => builder.with_config(name, value),
                Err(_) => builder,
            };
            let builder = options.iter().fold(builder, known);
            Box::new(builder.build().map_err(failed)?) as Box<dyn ObjectStore>
        }};
    }
    let store = match scheme {
        ObjectStoreScheme::AmazonS3 => build!(AmazonS3Builder),
        ObjectStoreScheme::GoogleCloudStorage => build!(GoogleCloudStorageBuilder),
        ObjectStoreScheme::MicrosoftAzure => build!(MicrosoftAzureBuilder),
        _ => {
            return Err(CacheError::Scheme {
                url: url.to_string(),
            });
        }
    };
    Ok((store, prefix))
}

/// How a rendering thread, which may block, waits for a storage.
pub(super) enum Waiting {
    /// Files are read by the thread itself.
    OnThread,
    /// Connections need a runtime; it has no thread of its own.
    InRuntime(Option<tokio::runtime::Runtime>),
}

impl Waiting {
    pub(super) fn with_runtime() -> Result<Self, CacheError> {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map(|runtime| Self::InRuntime(Some(runtime)))
            .map_err(CacheError::Runtime)
    }

    pub(super) fn wait<F: Future>(&self, future: F) -> F::Output {
        match self {
            Self::OnThread | Self::InRuntime(None) => futures::executor::block_on(future),
            Self::InRuntime(Some(runtime)) => runtime.block_on(future),
        }
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waiting")
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        // The last owner may be a task, where an ordinary end of a runtime would block.
        if let Self::InRuntime(runtime) = self
            && let Some(runtime) = runtime.take()
        {
            runtime.shutdown_background();
        }
    }
}
