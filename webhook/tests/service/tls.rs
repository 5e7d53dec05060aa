//! What the port agrees to.

use acm_backup_webhook::service::server::{IDLE_TIMEOUT, Limits};
use acm_backup_webhook::service::tls::MinVersion;
use rustls::version::{TLS12, TLS13};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use crate::caller::{Caller, client_config, secret_review};
use crate::running::{Running, Setup};

#[tokio::test]
async fn http_1_1_is_all_that_is_offered() {
    let running = Running::start(Setup::default()).await;
    let both = client_config(&running, &[b"h2", b"http/1.1"], rustls::ALL_VERSIONS);
    let caller = Caller::connect_with(running.address, both).await.unwrap();
    assert_eq!(caller.alpn.as_deref(), Some(b"http/1.1".as_slice()));
    let h2 = client_config(&running, &[b"h2"], rustls::ALL_VERSIONS);
    assert!(Caller::connect_with(running.address, h2).await.is_err());
}

#[tokio::test]
async fn tls_1_2_is_answered_only_where_it_is_asked_for() {
    let strict = Running::start(Setup::default()).await;
    let old = client_config(&strict, &[], &[&TLS12]);
    assert!(Caller::connect_with(strict.address, old).await.is_err());
    let new = client_config(&strict, &[], &[&TLS13]);
    assert!(Caller::connect_with(strict.address, new).await.is_ok());

    let lenient = Running::start(Setup {
        min: MinVersion::Tls12,
        ..Setup::default()
    })
    .await;
    let old = client_config(&lenient, &[], &[&TLS12]);
    assert!(Caller::connect_with(lenient.address, old).await.is_ok());
}

#[test]
fn connections_outlive_the_api_servers_idle_time() {
    // client-go closes idle connections after 90 s; whoever does so first pays.
    assert!(IDLE_TIMEOUT > Duration::from_secs(90));
    assert_eq!(Limits::default().idle, IDLE_TIMEOUT);
}

#[tokio::test]
async fn the_idle_time_is_the_only_thing_that_closes_a_quiet_connection() {
    let running = Running::start(Setup {
        limits: Limits {
            idle: Duration::from_millis(300),
            ..Limits::default()
        },
        ..Setup::default()
    })
    .await;
    let mut caller = Caller::connect(&running).await;
    let review = secret_review("u", serde_json::json!({})).to_string();
    // Many calls over one connection: none of them closes it.
    for _ in 0..3 {
        assert!(!caller.post("/mutate", review.clone()).await.closes);
    }
    // Then nothing is sent, and the server ends it.
    let _ = caller.connection.await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_shakes_hands_is_let_go() {
    let running = Running::start(Setup {
        limits: Limits {
            handshake: Duration::from_millis(50),
            ..Limits::default()
        },
        ..Setup::default()
    })
    .await;
    let mut silent = TcpStream::connect(running.address).await.unwrap();
    let mut nothing = Vec::new();
    assert_eq!(silent.read_to_end(&mut nothing).await.unwrap(), 0);
    assert!(running.exported().contains("tls_handshakes_failed_total 1"));
}
