//! Who is answered at all, with and without an authority of clients.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acm_backup_webhook::service::client::ClientAuthority;
use acm_backup_webhook::service::tls::{self, MinVersion};
use rustls::ClientConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};

use crate::caller::{Caller, restore_review};
use crate::judging::{hub, passive, real_judges_of};
use crate::pki::{Authority, Leaf};
use crate::running::{Running, Setup};

/// The name Kubernetes gives its API server as a client.
const API_SERVER: &str = "kube-apiserver";

async fn authority(file: &Path, name: Option<&str>) -> Arc<ClientAuthority> {
    let name = name.map(str::to_owned);
    let loaded = ClientAuthority::load(file.to_owned(), name, tls::provider()).await;
    Arc::new(loaded.unwrap())
}

/// A client of this replica that shows a certificate, or none.
fn config(running: &Running, shown: Option<&Leaf>) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(running.authority.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    match shown {
        None => builder.with_no_client_auth(),
        Some(leaf) => {
            let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
            builder
                .with_client_auth_cert(vec![leaf.der.clone()], key)
                .unwrap()
        }
    }
}

/// What the guard says to a forged review: that of an activation, by somebody who gives any name.
async fn forged(running: &Running, shown: Option<&Leaf>) -> Option<Value> {
    let mut review = restore_review("forged");
    review["request"]["object"]["spec"] = passive();
    review["request"]["object"]["spec"]["veleroManagedClustersBackupName"] = json!("latest");
    review["request"]["userInfo"] = json!({"username": "forged", "groups": ["system:masters"]});
    let mut caller = Caller::connect_with(running.address, config(running, shown))
        .await
        .ok()?;
    // In TLS 1.3 a client learns only now that it was turned away.
    let path = "/validate/deny?timeout=5s";
    let sent = caller.send("POST", path, "application/json", review.to_string());
    Some(sent.await.ok()?.json())
}

#[tokio::test]
async fn without_an_authority_whoever_reaches_the_port_is_told_what_a_user_would_be() {
    let running = Running::start(Setup {
        guard: real_judges_of(&hub()).1,
        ..Setup::default()
    })
    .await;
    let told = forged(&running, None).await.unwrap();
    assert_eq!(told["response"]["allowed"], false);
}

/// Failed before: there was no way to tell the API server from a stranger.
#[tokio::test]
async fn with_one_only_the_api_server_is_answered_and_a_forged_user_costs_nobody_a_look_up() {
    let (ours, other) = (Authority::new(), Authority::new());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("clients.crt");
    std::fs::write(&file, ours.pem()).unwrap();
    let api = hub();
    for min in [MinVersion::Tls12, MinVersion::Tls13] {
        let running = Running::start(Setup {
            guard: real_judges_of(&api).1,
            clients: Some(authority(&file, Some(API_SERVER)).await),
            min,
            ..Setup::default()
        })
        .await;
        let strangers = [
            None,
            Some(other.client(API_SERVER)),
            Some(ours.client("somebody-else")),
            // A serving certificate is none of a client's, and has another name.
            Some(ours.leaf()),
        ];
        for shown in &strangers {
            assert_eq!(forged(&running, shown.as_ref()).await, None);
        }
        assert!(running.exported().contains("tls_handshakes_failed_total 4"));
        let told = forged(&running, Some(&ours.client(API_SERVER))).await;
        assert_eq!(told.unwrap()["response"]["uid"], "forged");
    }
    let asked = api
        .requests()
        .iter()
        .filter(|line| line.contains("clusterversions"))
        .count();
    assert_eq!(asked, 2, "once for each that was answered");
}

#[tokio::test]
async fn a_new_authority_is_picked_up_and_an_unusable_one_is_not() {
    let (old, new) = (Authority::new(), Authority::new());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("clients.crt");
    std::fs::write(&file, old.pem()).unwrap();
    let clients = authority(&file, None).await;
    let followed = Arc::clone(&clients);
    tokio::spawn(async move { followed.follow(Duration::from_millis(5)).await });
    let running = Running::start(Setup {
        guard: real_judges_of(&hub()).1,
        clients: Some(clients),
        ..Setup::default()
    })
    .await;
    let (before, after) = (old.client("a"), new.client("b"));
    assert!(forged(&running, Some(&before)).await.is_some());
    std::fs::write(&file, "no certificate").unwrap();
    assert!(forged(&running, Some(&before)).await.is_some());
    std::fs::write(&file, new.pem()).unwrap();
    while forged(&running, Some(&after)).await.is_none() {}
    assert!(forged(&running, Some(&before)).await.is_none());
}

#[tokio::test]
async fn what_is_no_authority_is_named_with_its_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("clients.crt");
    for (text, expected) in [
        (None, "cannot read"),
        (Some(""), "holds no usable PEM certificate"),
        (
            Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            "holds no usable",
        ),
    ] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let error = ClientAuthority::load(file.clone(), None, tls::provider()).await;
        let error = error.err().unwrap().to_string();
        assert!(
            error.contains(expected) && error.contains("clients.crt"),
            "{error}"
        );
    }
}
