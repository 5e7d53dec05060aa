//! The API server calls us as in production: through the Service, by its name, over HTTP/1.1; and notices
//! nothing of a new certificate.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_bed::wait::{Seen, until};
use acm_backup_e2e::fixtures;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::{GuardedHub, guarded_hub, refused};

const HOST: &str = "acm-backup-webhook.acm-backup-system.svc";

/// Certificates are compared every ten seconds, as shipped.
const LIMIT: Duration = Duration::from_secs(60);

/// What a handshake with the Service comes to.
struct Served {
    protocol: Option<Vec<u8>>,
    certificate: Vec<u8>,
}

/// Shake hands as a client that would take HTTP/2.
async fn handshake(hub: &GuardedHub, address: SocketAddr) -> anyhow::Result<Served> {
    let authority = hub
        .hub
        .site()
        .file("manifests/overlays/own-certificate/ca/ca.crt");
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority)?)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(ServerName::try_from(HOST)?, stream)
        .await?;
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().unwrap_or_default();
    Ok(Served {
        protocol: session.alpn_protocol().map(<[u8]>::to_vec),
        certificate: certificate[0].to_vec(),
    })
}

fn configurations(hub: &GuardedHub) -> Vec<Value> {
    let kinds = "mutatingwebhookconfigurations,validatingwebhookconfigurations";
    let list = hub
        .hub
        .kubectl(&["get", kinds, "-o", "json"])
        .unwrap()
        .ok()
        .unwrap();
    let list: Value = serde_json::from_str(&list).unwrap();
    let items = list["items"].as_array().unwrap().iter();
    items
        .flat_map(|item| item["webhooks"].as_array().unwrap().clone())
        .collect()
}

#[test]
fn reviews_come_through_the_service_over_http_1_1() {
    guarded_hub(|hub| async move {
        let webhooks = configurations(&hub);
        assert_eq!(webhooks.len(), 7);
        for webhook in webhooks {
            let client = &webhook["clientConfig"];
            assert_eq!(client["url"], Value::Null, "{webhook}");
            assert_eq!(client["service"]["name"], "acm-backup-webhook");
            assert_eq!(client["service"]["port"], 8443);
        }
        // The one address the API server gave the Service; what it was asked for there it got.
        let address = hub.webhook.balancer().address();
        assert!(
            address.ip().is_loopback() && address.port() == 8443,
            "{address}"
        );
        let served = handshake(&hub, address).await.unwrap();
        assert_eq!(served.protocol.as_deref(), Some(&b"http/1.1"[..]));
    });
}

#[test]
fn a_new_certificate_is_served_twice_over_and_no_review_is_lost() {
    guarded_hub(|hub| async move {
        let replicas: Vec<_> = hub
            .webhook
            .replicas()
            .iter()
            .map(|one| one.address)
            .collect();
        for _ in 0..2 {
            let before = handshake(&hub, replicas[0]).await.unwrap().certificate;
            hub.webhook.rotate_certificate().unwrap();
            until(
                "every replica to serve the new certificate",
                LIMIT,
                || async {
                    let nonsense = fixtures::restore("new", "latest", false);
                    let answer = hub.create(&nonsense, &["--dry-run=server"]);
                    refused(&answer, &["restore/backup-not-found"]);
                    for replica in &replicas {
                        if handshake(&hub, *replica).await?.certificate == before {
                            return Ok(Seen::NotYet(format!("{replica} serves the old one")));
                        }
                    }
                    Ok(Seen::Yes(()))
                },
            )
            .await
            .unwrap();
        }
    });
}
