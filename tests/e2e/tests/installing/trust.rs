//! Whether an API server that connects now would take what the replicas show. One that is connected already shakes
//! no hands, and would not notice.

use std::sync::Arc;

use acm_backup_domain::names;
use k8s_openapi::api::admissionregistration::v1::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, WebhookClientConfig,
};
use kube::Api;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Desk;

impl Desk {
    /// Every replica shows what every configuration trusts.
    pub(super) async fn shows_what_is_trusted(&self) {
        for client in self.calls().await {
            let trusted = client.ca_bundle.unwrap().0;
            for replica in self.webhook.replicas() {
                let stream = TcpStream::connect(replica.address).await.unwrap();
                let host = format!("{}.{}.svc", names::SERVICE, names::NAMESPACE);
                let shaken = connector(&trusted)
                    .connect(ServerName::try_from(host).unwrap(), stream)
                    .await;
                assert!(shaken.is_ok(), "{}: {shaken:?}", replica.address);
            }
        }
    }

    /// Where the API server calls, and whom it trusts there.
    async fn calls(&self) -> Vec<WebhookClientConfig> {
        let client = self.hub.client().await.unwrap();
        let guards: Api<ValidatingWebhookConfiguration> = Api::all(client.clone());
        let labels: Api<MutatingWebhookConfiguration> = Api::all(client);
        let guards = guards.get_opt(names::GUARD_CONFIGURATION).await.unwrap();
        let labels = labels.get_opt("acm-backup-labels").await.unwrap();
        let guards = guards.and_then(|one| one.webhooks).into_iter().flatten();
        let labels = labels.and_then(|one| one.webhooks).into_iter().flatten();
        let guards = guards.map(|entry| entry.client_config);
        guards
            .chain(labels.map(|entry| entry.client_config))
            .collect()
    }
}

fn connector(trusted: &[u8]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(trusted) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}
