//! The certificate follows its files: the second and third rotation too.

use std::sync::Arc;

use acm_backup_webhook::service::certificate::{Certificate, Files};
use acm_backup_webhook::service::tls;

use crate::caller::{Caller, secret_review};
use crate::pki::{Authority, SecretVolume};
use crate::running::{Running, Setup};

#[tokio::test]
async fn three_rotations_of_a_secret_volume_are_all_served() {
    let running = Running::start(Setup::default()).await;
    let mut rotations = running.certificate.rotations();
    for year in [2101, 2102, 2103] {
        let leaf = running.authority.leaf_until(year);
        running.volume.rotate(&leaf.certificate, &leaf.key);
        rotations.changed().await.unwrap();
        let caller = Caller::connect(&running).await;
        assert_eq!(caller.leaf, leaf.der, "{year}");
    }
    let exported = running.exported();
    assert!(
        exported.contains(r#"certificate_rotations_total{outcome="used"} 3"#),
        "{exported}"
    );
    // 2103-01-01T00:00:00Z
    assert!(
        exported.contains("certificate_not_after_seconds 4197052800"),
        "{exported}"
    );
}

#[tokio::test]
async fn an_unusable_pair_leaves_the_last_good_one_in_use() {
    let running = Running::start(Setup::default()).await;
    let good = Caller::connect(&running).await.leaf;
    let mut rotations = running.certificate.rotations();
    let (one, other) = (running.authority.leaf(), running.authority.leaf());
    // Three ways to be unusable; each must have been looked at before the next comes.
    for (count, (certificate, key)) in [
        (one.certificate.as_str(), other.key.as_str()),
        ("", one.key.as_str()),
        (one.certificate.as_str(), "garbage"),
    ]
    .into_iter()
    .enumerate()
    {
        running.volume.rotate(certificate, key);
        let seen = format!(
            r#"certificate_rotations_total{{outcome="unusable"}} {}"#,
            count + 1
        );
        while !running.exported().contains(&seen) {
            tokio::task::yield_now().await;
        }
        assert_eq!(Caller::connect(&running).await.leaf, good);
    }
    running.volume.rotate(&one.certificate, &one.key);
    rotations.changed().await.unwrap();
    assert_eq!(Caller::connect(&running).await.leaf, one.der);
}

#[tokio::test]
async fn a_connection_lives_through_a_rotation() {
    let running = Running::start(Setup::default()).await;
    let mut caller = Caller::connect(&running).await;
    let leaf = running.authority.leaf();
    let mut rotations = running.certificate.rotations();
    running.volume.rotate(&leaf.certificate, &leaf.key);
    rotations.changed().await.unwrap();
    let reply = caller
        .post(
            "/mutate",
            secret_review("after", serde_json::json!({})).to_string(),
        )
        .await;
    assert_eq!(reply.json()["response"]["uid"], "after");
}

#[tokio::test]
async fn a_start_without_a_usable_certificate_names_the_file() {
    let missing = Files {
        certificate: "/nowhere/tls.crt".into(),
        key: "/nowhere/tls.key".into(),
    };
    let error = Certificate::load(missing, tls::provider())
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("cannot read /nowhere/tls.crt"),
        "{error}"
    );

    let authority = Authority::new();
    let volume = SecretVolume::new(&authority.leaf());
    volume.rotate(&authority.leaf().certificate, &authority.leaf().key);
    let error = Certificate::load(volume.files(), Arc::clone(&tls::provider()))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("do not belong together"),
        "{error}"
    );
}
