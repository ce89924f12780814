//! Encrypted connections: whose certificate counts.

use std::sync::Arc;

use drydock::config::settings::Outside;
use drydock::outside::{Need, Short};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::{fetch, host};

/// Serves one text to everybody, certified for `name` by an authority of its own; gives its port
/// and the authority's certificate.
fn serve(name: &str) -> (u16, String) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()])
        .unwrap()
        .signed_by(&key, &issuer)
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    // Ends with the test process: it only waits.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
    });
    (port, pem)
}

fn need(port: u16) -> Need {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    Need::File {
        url: format!("https://localhost:{port}/{commit}/a.yaml"),
    }
}

#[test]
fn a_host_is_trusted_by_its_own_authority_and_for_its_own_name() {
    let home = tempfile::tempdir().unwrap();
    let (port, pem) = serve("localhost");
    let mut outside = Outside {
        hosts: vec![host(&format!("localhost:{port},private"))],
        ..Outside::default()
    };
    let unknown = fetch(&outside, &need(port)).unwrap_err();
    assert!(unknown.to_string().contains("certificate"), "{unknown}");
    let ca_file = home.path().join("ca.pem");
    std::fs::write(&ca_file, pem).unwrap();
    outside.hosts[0].ca_file = Some(ca_file.clone());
    let supplied = fetch(&outside, &need(port)).unwrap();
    assert_eq!(crate::text(&supplied, "a.yaml"), "hello");

    let (other, pem) = serve("elsewhere.example");
    std::fs::write(&ca_file, pem).unwrap();
    outside.hosts[0].port = other;
    let wrong_name = fetch(&outside, &need(other)).unwrap_err();
    assert!(
        wrong_name.to_string().contains("certificate"),
        "{wrong_name}"
    );
    std::fs::write(&ca_file, "nothing").unwrap();
    let no_authority = fetch(&outside, &need(other)).unwrap_err();
    assert!(
        matches!(no_authority, Short::Upstream { .. })
            && no_authority.to_string().contains("ca_file")
    );
}

#[test]
fn plain_http_is_not_a_way_to_an_encrypted_host() {
    let outside = Outside {
        hosts: vec![host("charts.example.com:80")],
        ..Outside::default()
    };
    let need = Need::File {
        url: "http://charts.example.com/0123456789abcdef0123456789abcdef01234567/a.yaml".to_owned(),
    };
    let error = fetch(&outside, &need).unwrap_err();
    assert_eq!(
        error,
        Short::NotEncrypted {
            host: "charts.example.com".to_owned()
        }
    );
}
