//! Leaving without losing a call, and what the probes say meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;

use acm_backup_webhook::admission::endpoint::Judge;
use acm_backup_webhook::service::lifecycle::Phase;
use acm_backup_webhook::service::probes::Dependency;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::caller::{Caller, restore_review, secret_review};
use crate::running::{Held, Running, Setup};

pub async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text)
}

#[tokio::test]
async fn while_leaving_calls_are_still_taken_and_each_answer_closes_its_connection() {
    let running = Running::start(Setup::default()).await;
    assert_eq!(get(running.probes, "/readyz").await.0, 200);
    let mut held_before = Caller::connect(&running).await;
    running.lifecycle.advance(Phase::Leaving);

    let (status, text) = get(running.probes, "/readyz").await;
    assert_eq!(status, 503);
    assert!(text.contains("shutting down"), "{text}");
    assert_eq!(get(running.probes, "/livez").await.0, 200);

    let review = secret_review("u", serde_json::json!({})).to_string();
    let reply = held_before.post("/mutate", review.clone()).await;
    assert_eq!(reply.json()["response"]["allowed"], true);
    assert!(reply.closes);
    held_before.connection.await.unwrap().unwrap();

    let reply = Caller::connect(&running)
        .await
        .post("/mutate", review)
        .await;
    assert_eq!(reply.json()["response"]["allowed"], true);
    let (_, metrics) = get(running.probes, "/metrics").await;
    assert!(
        metrics.contains("acm_backup_webhook_draining 1"),
        "{metrics}"
    );
}

#[tokio::test]
async fn closing_waits_for_the_call_under_way_and_ends_idle_connections() {
    let held = Arc::new(Held::default());
    let running = Running::start(Setup {
        guard: Arc::clone(&held) as Arc<dyn Judge>,
        ..Setup::default()
    })
    .await;
    let mut idle = Caller::connect(&running).await;
    idle.post(
        "/mutate",
        secret_review("u", serde_json::json!({})).to_string(),
    )
    .await;
    let mut busy = Caller::connect(&running).await;
    let call = tokio::spawn(async move {
        busy.post("/validate/deny", restore_review("under-way").to_string())
            .await
    });
    let _ = held.entered.acquire().await.unwrap();
    running.lifecycle.advance(Phase::Closing);
    idle.connection.await.unwrap().unwrap();
    assert!(!running.server.is_finished());
    held.released.add_permits(1);
    assert_eq!(call.await.unwrap().json()["response"]["uid"], "under-way");
    assert!(running.server.await.unwrap(), "drained");
    assert!(TcpStream::connect(running.address).await.is_err());
}

struct Never;

impl Dependency for Never {
    fn missing(&self) -> Option<String> {
        Some("waiting for the first list of clusterdeployments.hive.openshift.io".to_owned())
    }
}

#[tokio::test]
async fn not_ready_before_the_caches_are_filled_and_says_which() {
    let running = Running::start(Setup {
        dependencies: vec![Arc::new(Never)],
        ..Setup::default()
    })
    .await;
    let (status, text) = get(running.probes, "/readyz").await;
    assert_eq!(status, 503);
    assert!(text.contains("clusterdeployments"), "{text}");
}

/// Failed before: a broken Hive API took the guard away after a restart.
#[tokio::test]
async fn what_the_guard_does_without_is_told_and_does_not_keep_a_replica_unready() {
    let running = Running::start(Setup {
        told: vec![Arc::new(Never)],
        ..Setup::default()
    })
    .await;
    let (status, text) = get(running.probes, "/readyz").await;
    assert_eq!(status, 200, "{text}");
    assert!(!text.contains("clusterdeployments"), "{text}");
    let (status, text) = get(running.probes, "/readyz?verbose").await;
    assert_eq!(status, 200, "{text}");
    assert!(text.contains("clusterdeployments"), "{text}");
}

#[tokio::test]
async fn not_ready_with_an_expired_certificate() {
    let running = Running::start(Setup {
        certificate_until: 2020,
        ..Setup::default()
    })
    .await;
    let (status, text) = get(running.probes, "/readyz").await;
    assert_eq!(status, 503);
    assert!(text.contains("certificate has expired"), "{text}");
}
