//! Whoever reaches the port and means no good: nobody else notices.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use acm_backup_webhook::admission::answer::Answer;
use acm_backup_webhook::admission::endpoint::Judge;
use acm_backup_webhook::admission::review::Request;
use acm_backup_webhook::judge::apart::Apart;
use acm_backup_webhook::service::plain;
use acm_backup_webhook::service::server::Limits;
use acm_backup_webhook::watch::backups::Backups;
use futures::FutureExt;
use futures::future::BoxFuture;
use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::caller::{Caller, client_config, connect_from, restore_review, secret_review};
use crate::pki::SERVICE;
use crate::quiet::Captured;
use crate::running::{AllowAll, Held, Running, Setup};

/// A TLS connection over which anything can be written.
async fn open(running: &Running) -> TlsStream<TcpStream> {
    let config = client_config(running, &[b"http/1.1"], rustls::ALL_VERSIONS);
    let stream = TcpStream::connect(running.address).await.unwrap();
    let name = ServerName::try_from(SERVICE).unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}

fn head(path: &str, length: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n{length}\r\n\r\n")
}

/// A connection that has announced a body of so many bytes and sends the first of them.
async fn trickle(running: &Running, path: &str, length: usize) -> TlsStream<TcpStream> {
    let mut stream = open(running).await;
    let head = head(path, &format!("content-length: {length}"));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(b"{").await.unwrap();
    stream.flush().await.unwrap();
    stream
}

async fn rest(mut stream: TlsStream<TcpStream>) -> String {
    let mut text = Vec::new();
    // Closed without a farewell is closed as well.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

async fn both_are_answered(running: &Running) {
    let mut caller = Caller::connect(running).await;
    let secret = secret_review("s", json!({})).to_string();
    let labelled = caller.post("/mutate?timeout=1s", secret).await;
    assert_eq!(labelled.json()["response"]["uid"], "s");
    let restore = restore_review("r").to_string();
    let judged = caller.post("/validate/deny?timeout=5s", restore).await;
    assert_eq!(judged.json()["response"]["allowed"], true);
}

#[tokio::test]
async fn chunks_are_refused_at_once_and_in_words() {
    let running = Running::start(Setup::default()).await;
    let mut stream = open(&running).await;
    let head = head("/validate/deny", "transfer-encoding: chunked");
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 411 "), "{answer}");
    assert!(
        answer.contains("with its Content-Length, not in chunks"),
        "{answer}"
    );
    assert!(answer.contains("connection: close"), "{answer}");
}

/// Failed before: a slot was taken before the body was read, so sixteen of these kept everybody else out
/// until their time was over.
#[tokio::test]
async fn bodies_that_trickle_keep_nobody_waiting() {
    let running = Running::start(Setup {
        concurrency: 2,
        ..Setup::default()
    })
    .await;
    let mut slow = Vec::new();
    for path in ["/mutate?timeout=30s", "/validate/deny?timeout=30s"] {
        // More than there is room for of the large ones.
        for length in [
            1000,
            1000,
            1000,
            7 << 20,
            7 << 20,
            7 << 20,
            7 << 20,
            7 << 20,
        ] {
            slow.push(trickle(&running, path, length).await);
        }
    }
    both_are_answered(&running).await;
}

#[tokio::test]
async fn a_body_that_does_not_come_in_its_share_of_the_time_is_given_up() {
    let running = Running::start(Setup::default()).await;
    let slow = trickle(&running, "/validate/deny?timeout=1s", 1000).await;
    let answer = rest(slow).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("try again"), "{answer}");
    assert!(running.exported().contains("slow_bodies_total 1"));
}

/// What comes at once, or never.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, what).await.expect("it comes")
}

fn few(connections: usize) -> Setup {
    Setup {
        limits: Limits {
            connections,
            ..Limits::default()
        },
        ..Setup::default()
    }
}

/// Failed before: whoever came after them waited until one of them went, which took them 120 s.
#[tokio::test]
async fn silent_connections_keep_nobody_out() {
    let running = Running::start(few(4)).await;
    let mut known = Caller::connect(&running).await;
    let secret = secret_review("s", json!({})).to_string();
    known.post("/mutate", secret.clone()).await;
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(TcpStream::connect(running.address).await.unwrap());
        silent.push(open(&running).await.into_inner().0);
    }
    both_are_answered(&running).await;
    // And the one that an API server keeps is still there.
    let kept = known.post("/mutate", secret).await;
    assert_eq!(kept.json()["response"]["uid"], "s");
    assert!(!running.exported().contains("connections_evicted_total 0"));
}

const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A stranger's connection that has finished a review.
async fn proven(running: &Running) -> Option<Caller> {
    let mut caller = Caller::connect_from(STRANGER, running).await.ok()?;
    let secret = secret_review("forged", json!({})).to_string();
    let sent = caller.send("POST", "/mutate", "application/json", secret);
    sent.await.ok().map(|_| caller)
}

/// Failed before: with one review each they held all the seats, and the API server's new connection went for the next
/// of them before its first review was here.
#[tokio::test]
async fn strangers_that_finish_a_review_each_keep_no_new_connection_out() {
    let running = Running::start(few(4)).await;
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(proven(&running).await);
    }
    let mut new = Caller::connect(&running).await;
    for _ in 0..12 {
        held.push(proven(&running).await);
    }
    let restore = restore_review("r").to_string();
    let judged = new.post("/validate/deny?timeout=5s", restore).await;
    assert_eq!(judged.json()["response"]["allowed"], true);
    both_are_answered(&running).await;
}

/// A forged review of more than is looked through where reviews are served.
fn large(uid: &str) -> String {
    let mut review = restore_review(uid);
    review["request"]["object"]["x"] = json!("A".repeat(100_000));
    review.to_string()
}

/// Failed before: it kept its slot until it was judged, whoever was still there.
#[tokio::test]
async fn a_large_review_whose_connection_is_gone_gives_everything_back() {
    let held = Arc::new(Held::default());
    let running = Running::start(Setup {
        guard: Arc::clone(&held) as Arc<dyn Judge>,
        concurrency: 1,
        ..Setup::default()
    })
    .await;
    for number in 0..4 {
        let mut stream = open(&running).await;
        let review = large(&number.to_string());
        let head = head(
            "/validate/deny",
            &format!("content-length: {}", review.len()),
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(review.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        // Judged, for ever. The next gets its turn all the same.
        in_time(held.entered.acquire()).await.unwrap().forget();
        drop(stream);
    }
}

/// Failed before: two that were looked up for long kept every other large review from being looked through.
#[tokio::test]
async fn large_reviews_that_are_judged_for_long_keep_no_other_from_being_read() {
    let held = Arc::new(Held::default());
    let running = Running::start(Setup {
        guard: Arc::clone(&held) as Arc<dyn Judge>,
        ..Setup::default()
    })
    .await;
    let asking = futures::future::join_all((0..6).map(|number| {
        let running = &running;
        async move {
            let mut caller = Caller::connect(running).await;
            let review = large(&number.to_string());
            caller.post("/validate/deny", review).await.json()
        }
    }));
    let release = async {
        // All of them at once.
        let entered = in_time(held.entered.acquire_many(6)).await;
        entered.unwrap().forget();
        held.released.add_permits(6);
    };
    for answer in tokio::join!(asking, release).0 {
        assert_eq!(answer["response"]["allowed"], true);
    }
}

/// Judges strangers for ever, and whoever else comes at once.
#[derive(Default)]
struct HoldsStrangers(Arc<Held>);

impl Judge for HoldsStrangers {
    fn judge(
        self: Arc<Self>,
        request: &Request<'_>,
        peer: Option<IpAddr>,
        by: Instant,
    ) -> BoxFuture<'static, Answer> {
        match &*request.uid {
            "stranger" => Arc::clone(&self.0).judge(request, peer, by),
            _ => Arc::new(AllowAll).judge(request, peer, by),
        }
    }
}

/// Failed before: whoever sent as many reviews as there are slots had all of them.
#[tokio::test]
async fn whoever_sends_many_reviews_leaves_slots_for_others() {
    let held = Arc::new(Held::default());
    let running = Running::start(Setup {
        guard: Arc::new(HoldsStrangers(Arc::clone(&held))),
        concurrency: 4,
        ..Setup::default()
    })
    .await;
    let strangers = futures::future::join_all((0..8).map(|_| async {
        let mut caller = Caller::connect_from(STRANGER, &running).await.unwrap();
        let review = restore_review("stranger").to_string();
        caller.post("/validate/deny?timeout=2s", review).await
    }));
    let api_server = async {
        // As many of them as will ever be.
        let entered = in_time(held.entered.acquire_many(3)).await;
        entered.unwrap().forget();
        let mut caller = Caller::connect(&running).await;
        let review = restore_review("real").to_string();
        caller.post("/validate/deny?timeout=2s", review).await
    };
    let (_, real) = tokio::join!(strangers, api_server);
    assert_eq!(real.json()["response"]["allowed"], true);
    assert_eq!(held.entered.available_permits(), 0);
}

/// A flood of what is no review leaves one line, and the number with the next.
#[tokio::test]
async fn what_is_no_review_fills_no_log() {
    let (captured, _guard) = Captured::from_now("info");
    let running = Running::start(Setup::default()).await;
    for _ in 0..50 {
        let mut caller = Caller::connect(&running).await;
        assert_eq!(caller.post("/mutate", "{").await.status, 400);
        let mut caller = Caller::connect(&running).await;
        assert_eq!(caller.post("/validate/deny", "{").await.status, 400);
    }
    let mut caller = Caller::connect(&running).await;
    for number in 0..400 {
        let forged = restore_review(&format!("forged-{number}")).to_string();
        assert_eq!(caller.post("/validate/deny", forged).await.status, 200);
    }
    let logged = captured.text();
    assert_eq!(logged.matches("no review").count(), 2, "{logged}");
    assert_eq!(logged.matches("forged-").count(), 300);
}

#[tokio::test]
async fn a_connection_over_which_no_request_comes_is_closed() {
    let running = Running::start(Setup {
        limits: Limits {
            first_request: Duration::from_millis(50),
            ..Limits::default()
        },
        ..Setup::default()
    })
    .await;
    let mut caller = Caller::connect(&running).await;
    let secret = secret_review("s", json!({})).to_string();
    caller.post("/mutate", secret.clone()).await;
    assert_eq!(rest(open(&running).await).await, "");
    assert!(running.exported().contains("connections_silent_total 1"));
    // Over this one there was one, so it may stay.
    assert_eq!(
        caller.post("/mutate", secret).await.json()["response"]["uid"],
        "s"
    );
}

/// Failed before: probes were served by the threads that judge. Here the only one of them is this test's own,
/// and it waits for the answer.
#[tokio::test]
async fn probes_are_answered_though_no_worker_is_free() {
    let running = Running::start(Setup::default()).await;
    for path in ["/livez", "/readyz", "/metrics"] {
        let mut stream = std::net::TcpStream::connect(running.probes).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn silent_connections_to_the_plain_port_keep_no_probe_out() {
    let running = Running::start(Setup::default()).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(running.probes).await.unwrap());
    }
    assert_eq!(crate::drain::get(running.probes, "/livez").await.0, 200);
}

async fn probe(stream: &mut TcpStream, path: &str) -> std::io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Failed before: whoever had been answered once kept its connection, and those of the kubelet, which had not, went
/// first.
#[tokio::test]
async fn whoever_hammers_the_plain_port_keeps_no_probe_out() {
    let running = Running::start(Setup {
        plain: plain::Limits {
            connections: 4,
            ..plain::Limits::default()
        },
        ..Setup::default()
    })
    .await;
    let mut strangers = Vec::new();
    for round in 0..3 {
        let mut kubelet = TcpStream::connect(running.probes).await.unwrap();
        for number in 0..20 {
            let mut stream = connect_from(STRANGER, running.probes).await.unwrap();
            // Some ask as a kubelet does, some say nothing, some begin to.
            match number % 3 {
                0 => drop(probe(&mut stream, "/readyz").await),
                1 => drop(stream.write_all(b"GET /met").await),
                _ => {}
            }
            strangers.push(stream);
        }
        let answer = probe(&mut kubelet, "/livez").await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{round}: {answer}");
    }
}

/// Failed before: one that said nothing was held for a minute.
#[tokio::test]
async fn a_connection_to_the_plain_port_is_good_for_one_request_and_a_short_time() {
    const LONG: Duration = Duration::from_secs(3600);
    const SHORT: Duration = Duration::from_millis(50);
    for (request, all) in [(SHORT, LONG), (LONG, SHORT)] {
        let running = Running::start(Setup {
            plain: plain::Limits {
                request,
                all,
                ..plain::Limits::default()
            },
            ..Setup::default()
        })
        .await;
        for said in ["", "GET /livez HTT", "GET /livez HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = TcpStream::connect(running.probes).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            let mut answer = String::new();
            let _ = in_time(stream.read_to_string(&mut answer)).await;
            assert!(!answer.contains(" 200 "), "{said:?}: {answer}");
        }
    }
    // After an answer it is closed, though nobody asked for that.
    let running = Running::start(Setup {
        plain: plain::Limits {
            request: LONG,
            all: LONG,
            ..plain::Limits::default()
        },
        ..Setup::default()
    })
    .await;
    let mut stream = TcpStream::connect(running.probes).await.unwrap();
    let answer = probe(&mut stream, "/livez").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// Failed before: a judgement ran on the thread that had read the review, and nobody else was served meanwhile.
#[tokio::test]
async fn a_judgement_is_made_on_no_worker() {
    let apart = Apart::new(
        Arc::new(Backups::default()),
        "open-cluster-management-backup",
    );
    let review = acm_backup_domain::rules::review::Review {
        operation: acm_backup_domain::rules::review::Operation::Create,
        subject: acm_backup_domain::rules::review::Subject::Restore(Default::default()),
        previous: None,
        origin: acm_backup_domain::rules::review::Origin::File,
        by_operator: false,
    };
    let mut snapshot = acm_backup_domain::snapshot::Snapshot::empty(jiff::Timestamp::now(), "ns");
    let mut judging = Box::pin(apart.judge(&review, &mut snapshot));
    assert!(
        (&mut judging).now_or_never().is_none(),
        "judged while it was asked for"
    );
    assert!(!judging.await.findings.is_empty());
}
