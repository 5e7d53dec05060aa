//! TLS as an API server's webhook client wants it.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::version::{TLS12, TLS13};

use super::certificate::Certificate;
use super::client::ClientAuthority;

/// The oldest TLS version that is answered. Both versions are served with AEAD suites only, which is
/// all that rustls has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MinVersion {
    /// TLS 1.2 and 1.3.
    #[value(name = "1.2")]
    Tls12,
    /// TLS 1.3 only.
    #[default]
    #[value(name = "1.3")]
    Tls13,
}

/// The cryptography used for everything: ring, chosen once.
#[must_use]
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Server settings around a certificate that may change at any time.
///
/// - ALPN offers `http/1.1` only: API servers speak nothing else to a Service, and h2 would only add
///   its floods (CVE-2023-44487).
/// - With `clients`, only who shows a certificate of that authority gets a word out of us.
/// - No session tickets: client-go keeps no session cache, so they are work for nothing.
///
/// # Errors
/// When the provider lacks the chosen protocol versions.
pub fn server_config(
    certificate: Arc<Certificate>,
    provider: Arc<CryptoProvider>,
    min: MinVersion,
    clients: Option<Arc<ClientAuthority>>,
) -> Result<ServerConfig, rustls::Error> {
    let versions: &[&rustls::SupportedProtocolVersion] = match min {
        MinVersion::Tls12 => &[&TLS13, &TLS12],
        MinVersion::Tls13 => &[&TLS13],
    };
    let config = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions)?;
    let mut config = match clients {
        Some(clients) => config.with_client_cert_verifier(clients),
        None => config.with_no_client_auth(),
    }
    .with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.send_tls13_tickets = 0;
    Ok(config)
}
