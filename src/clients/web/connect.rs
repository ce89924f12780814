//! A connection to an address that was checked.

use std::io::Read as _;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use url::{Host, Url};

use super::public::may_connect;
use super::{CONNECT_LIMIT, Web, host_of};
use crate::config::settings::AllowedHost;
use crate::outside::Short;

/// Ends the connection's task when it is dropped.
pub(super) struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

type Connection = (SendRequest<Full<Bytes>>, Task);

impl Web {
    /// Connects to the host of an address that may be asked.
    pub(super) async fn connect(&self, url: &Url) -> Result<Connection, Short> {
        let allowed = self.allowed(url)?;
        let host = host_of(url);
        let upstream = |reason: String| Short::Upstream {
            host: host.clone(),
            reason,
        };
        let mut failure = "its name leads nowhere".to_owned();
        for address in resolve(allowed, &host).await? {
            let connecting = tokio::time::timeout(CONNECT_LIMIT, TcpStream::connect(address));
            let stream = match connecting.await {
                Ok(Ok(stream)) => stream,
                Ok(Err(error)) => {
                    failure = error.kind().to_string();
                    continue;
                }
                Err(_) => {
                    "connecting took too long".clone_into(&mut failure);
                    continue;
                }
            };
            if allowed.http {
                return shake_hands(stream)
                    .await
                    .map_err(|error| upstream(error.to_string()));
            }
            let name = server_name(&allowed.host).map_err(upstream)?;
            let connector = tokio_rustls::TlsConnector::from(self.tls_config(allowed, &host)?);
            let stream = connector
                .connect(name, stream)
                .await
                .map_err(|error| upstream(error.to_string()))?;
            return shake_hands(stream)
                .await
                .map_err(|error| upstream(error.to_string()));
        }
        Err(upstream(failure))
    }

    fn tls_config(&self, allowed: &AllowedHost, host: &str) -> Result<Arc<ClientConfig>, Short> {
        let failed = |reason: String| Short::Upstream {
            host: host.to_owned(),
            reason,
        };
        let mut made = self
            .tls
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(config) = made.get(&allowed.ca_file) {
            return Ok(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &allowed.ca_file {
            for certificate in read_certificates(path).map_err(failed)? {
                roots
                    .add(certificate)
                    .map_err(|error| failed(format!("`ca_file`: {error}")))?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let config = Arc::new(config);
        made.insert(allowed.ca_file.clone(), Arc::clone(&config));
        Ok(config)
    }
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    /// More than any bundle of authorities has.
    const LIMIT: u64 = 16 * 1024 * 1024;
    let mut text = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LIMIT).read_to_end(&mut text))
        .map_err(|error| format!("`ca_file`: {}", error.kind()))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err("`ca_file` holds no certificate in PEM form".to_owned()),
    }
}

/// The addresses of a host, all of them checked: a name that leads to one that must not be connected
/// to is not used at all.
async fn resolve(allowed: &AllowedHost, host: &str) -> Result<Vec<SocketAddr>, Short> {
    let addresses: Vec<SocketAddr> = match &allowed.host {
        Host::Ipv4(address) => vec![(IpAddr::from(*address), allowed.port).into()],
        Host::Ipv6(address) => vec![(IpAddr::from(*address), allowed.port).into()],
        Host::Domain(name) => tokio::net::lookup_host((name.as_str(), allowed.port))
            .await
            .map_err(|_| Short::Upstream {
                host: host.to_owned(),
                reason: "its name could not be resolved".to_owned(),
            })?
            .collect(),
    };
    for address in &addresses {
        if !may_connect(address.ip(), allowed.private) {
            return Err(Short::PrivateAddress {
                host: host.to_owned(),
                address: address.ip(),
            });
        }
    }
    Ok(addresses)
}

fn server_name(host: &Host<String>) -> Result<ServerName<'static>, String> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone())
            .map_err(|_| "its name cannot be certified".to_owned()),
        Host::Ipv4(address) => Ok(ServerName::IpAddress(IpAddr::from(*address).into())),
        Host::Ipv6(address) => Ok(ServerName::IpAddress(IpAddr::from(*address).into())),
    }
}

async fn shake_hands<S>(stream: S) -> Result<Connection, hyper::Error>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Its end shows in the answer that it carries.
    let task = tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok((sender, Task(task.abort_handle())))
}
