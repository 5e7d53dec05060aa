//! An API server with a client certificate, told of it as docs/threat-model.md says: it is answered, and nobody
//! else is.

use std::sync::Arc;

use acm_backup_bed::pki::Authority;
use acm_backup_bed::{BACKUP_NAMESPACE, Hub, HubOptions, Program, WebhookOptions, workspace};
use acm_backup_e2e::{guard, install_crds, install_velero_crds};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::alone;

const HOST: &str = "acm-backup-webhook.acm-backup-system.svc";
const NAME: &str = "kube-apiserver-for-webhooks";

/// The configuration on the page, with a kubeconfig of the test's.
fn documented(kubeconfig: &str) -> String {
    let page = std::fs::read_to_string(workspace().join("docs/threat-model.md")).unwrap();
    let block = page.split("```yaml\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let file = "/etc/kubernetes/acm-backup-webhook.kubeconfig";
    assert!(block.contains(file) && page.contains(&format!("`{HOST}:8443`")));
    block.replace(file, kubeconfig)
}

/// What a client without a certificate is told.
async fn stranger(address: std::net::SocketAddr, authority: &[u8]) -> Vec<u8> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(authority).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let mut told = Vec::new();
    // In TLS 1.3 it is turned away only after its own handshake.
    if let Ok(mut stream) = connector
        .connect(ServerName::try_from(HOST).unwrap(), stream)
        .await
    {
        let request = b"POST /validate/deny HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
        let _ = stream.write_all(request).await;
        let _ = stream.read_to_end(&mut told).await;
    }
    told
}

#[test]
fn an_api_server_with_a_client_certificate_is_answered_and_nobody_else_is() {
    alone(async {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name).display().to_string();
        let clients = Authority::new("clients").unwrap();
        clients
            .user(NAME, &[])
            .unwrap()
            .write(directory.path(), "client")
            .unwrap();
        std::fs::write(path("ca.crt"), clients.cert()).unwrap();
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config",
            "users": [{"name": format!("{HOST}:8443"), "user": {
                "client-certificate": path("client.crt"), "client-key": path("client.key")}}],
        });
        std::fs::write(path("kubeconfig"), kubeconfig.to_string()).unwrap();
        std::fs::write(path("admission.yaml"), documented(&path("kubeconfig"))).unwrap();

        let options = HubOptions {
            apiserver_args: vec![format!(
                "--admission-control-config-file={}",
                path("admission.yaml")
            )],
            ..HubOptions::default()
        };
        let hub = Hub::start_with("clients", options).await.unwrap();
        install_crds(&hub).await.unwrap();
        install_velero_crds(&hub).await.unwrap();
        hub.create_namespace(BACKUP_NAMESPACE).await.unwrap();
        let binary = tokio::task::spawn_blocking(|| Program::Webhook.path()).await;
        let options = WebhookOptions {
            replicas: Some(1),
            args: vec![
                format!("--client-ca={}", path("ca.crt")).into(),
                format!("--client-name={NAME}").into(),
            ],
            ..WebhookOptions::new(binary.unwrap().unwrap())
        };
        // Comes back when a Secret was labelled and a Restore refused, through the API server.
        let webhook = guard::install_with(&hub, options).await.unwrap();

        let replica = webhook.replicas().pop().unwrap();
        let authority = hub.file("manifests/overlays/own-certificate/ca/ca.crt");
        let authority = std::fs::read(authority).unwrap();
        assert_eq!(stranger(replica.address, &authority).await, b"");
        let metrics = replica.probe("/metrics").await.unwrap();
        assert!(
            !metrics.contains("tls_handshakes_failed_total 0"),
            "{metrics}"
        );
    });
}
