//! Strangers: they reach the port, know our certificate, and have no rights.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acm_backup_bed::{Replica, wait};
use anyhow::{Context, Result, ensure};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Plan;
use crate::races::Stage;

const HOST: &str = "acm-backup-webhook.acm-backup-system.svc";

/// Between two bytes, and before one who was sent away comes back.
const PAUSE: Duration = Duration::from_millis(250);

/// Where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A pod, with an address of its own.
    Pod,
    /// Many pods.
    Pods,
    /// Behind what gives them the API server's address: a network that translates. None of them finishes a review.
    ApiServer,
    /// The same, and they do: then nothing tells them from it.
    Indistinguishable,
}

impl Place {
    /// Those from which they keep no call out.
    pub const HELD: [Self; 3] = [Self::Pod, Self::Pods, Self::ApiServer];

    /// The address of one of them; whoever names none connects from 127.0.0.1, as the API server's calls do.
    fn address(self, number: usize) -> IpAddr {
        match self {
            Self::ApiServer | Self::Indistinguishable => Ipv4Addr::LOCALHOST,
            Self::Pod => Ipv4Addr::new(127, 0, 1, 1),
            Self::Pods => {
                let last = u8::try_from(number % PODS).unwrap_or_default();
                Ipv4Addr::new(127, 0, 1, last.saturating_add(1))
            }
        }
        .into()
    }
}

/// As many as one node has at most, about.
const PODS: usize = 100;

/// They, and what they have sent.
pub struct Strangers {
    address: SocketAddr,
    probes: SocketAddr,
    place: Place,
    tls: TlsConnector,
    silent: AtomicUsize,
    trickling: AtomicUsize,
    proven: AtomicUsize,
    hammering: AtomicUsize,
    hostile: AtomicUsize,
}

/// How often each kind came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sent {
    /// Connections that said nothing.
    pub silent: usize,
    /// Bodies begun.
    pub trickling: usize,
    /// Forged reviews answered, each over a connection that was kept.
    pub proven: usize,
    /// Connections to the plain port.
    pub hammering: usize,
    /// Hostile bodies sent whole.
    pub hostile: usize,
}

impl Strangers {
    pub fn new(stage: &Stage, replica: &Replica, place: Place) -> Result<Self> {
        let authority = stage
            .hub
            .file("manifests/overlays/own-certificate/ca/ca.crt");
        let authority = std::fs::read(&authority)
            .with_context(|| format!("cannot read {}", authority.display()))?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&authority)?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            address: replica.address,
            probes: replica.probes,
            place,
            tls: TlsConnector::from(Arc::new(config)),
            silent: AtomicUsize::new(0),
            trickling: AtomicUsize::new(0),
            proven: AtomicUsize::new(0),
            hammering: AtomicUsize::new(0),
            hostile: AtomicUsize::new(0),
        })
    }

    /// Those who keep connections, each again and again until it is aborted.
    pub fn crowd(self: &Arc<Self>, plan: Plan) -> JoinSet<()> {
        let mut all = JoinSet::new();
        for number in 0..plan.silent {
            let one = Arc::clone(self);
            all.spawn(async move { one.stay_silent(number).await });
        }
        for number in 0..plan.proven {
            let one = Arc::clone(self);
            all.spawn(async move { one.prove_itself(number).await });
        }
        for number in 0..plan.hammering {
            let one = Arc::clone(self);
            all.spawn(async move { one.hammer(number).await });
        }
        for number in 0..plan.trickling {
            let one = Arc::clone(self);
            all.spawn(async move { one.trickle(number).await });
        }
        all
    }

    /// Those who send hostile bodies.
    pub fn hostile(self: &Arc<Self>, plan: Plan) -> JoinSet<()> {
        let mut all = JoinSet::new();
        for number in 0..plan.hostile {
            let one = Arc::clone(self);
            all.spawn(async move { one.be_hostile(number).await });
        }
        all
    }

    pub fn sent(&self) -> Sent {
        Sent {
            silent: self.silent.load(Ordering::Relaxed),
            trickling: self.trickling.load(Ordering::Relaxed),
            proven: self.proven.load(Ordering::Relaxed),
            hammering: self.hammering.load(Ordering::Relaxed),
            hostile: self.hostile.load(Ordering::Relaxed),
        }
    }

    /// Waits until each of them has come at least once.
    pub async fn until_there(&self, plan: Plan) -> Result<()> {
        wait::until("the strangers to come", Duration::from_secs(60), || async {
            let sent = self.sent();
            let there = sent.silent >= plan.silent
                && sent.trickling >= plan.trickling
                && sent.proven >= plan.proven
                && sent.hammering >= plan.hammering;
            Ok(match there {
                true => wait::Seen::Yes(()),
                false => wait::Seen::NotYet(format!("{sent:?}")),
            })
        })
        .await
    }

    async fn connect(&self, number: usize, to: SocketAddr) -> Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(self.place.address(number), 0))?;
        Ok(socket.connect(to).await?)
    }

    async fn stay_silent(&self, number: usize) {
        loop {
            if let Ok(mut stream) = self.connect(number, self.address).await {
                self.silent.fetch_add(1, Ordering::Relaxed);
                let _ = stream.read(&mut [0; 16]).await;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Has one forged review answered, keeps the connection as an API server would, and comes again when it is sent
    /// away.
    async fn prove_itself(&self, number: usize) {
        let review = review("", "secrets", r#"{"metadata":{"name":"x"}}"#);
        loop {
            let _ = self.prove_one(number, &review).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn prove_one(&self, number: usize, review: &str) -> Result<()> {
        let mut stream = self.open(number).await?;
        let head = head("/mutate?timeout=30s", review.len());
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(review.as_bytes()).await?;
        stream.flush().await?;
        let mut answer = [0; 4096];
        ensure!(stream.read(&mut answer).await? > 0, "sent away");
        self.proven.fetch_add(1, Ordering::Relaxed);
        while stream.read(&mut answer).await? > 0 {}
        Ok(())
    }

    /// Takes what the plain port has for probes: says nothing, begins to, or asks, and comes again at once.
    async fn hammer(&self, number: usize) {
        loop {
            let _ = self.hammer_one(number).await;
            tokio::time::sleep(PAUSE / 10).await;
        }
    }

    async fn hammer_one(&self, number: usize) -> Result<()> {
        let mut stream = self.connect(number, self.probes).await?;
        self.hammering.fetch_add(1, Ordering::Relaxed);
        let said: &[u8] = match number % 3 {
            0 => b"",
            1 => b"GET /metr",
            _ => b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n",
        };
        stream.write_all(said).await?;
        while stream.read(&mut [0; 4096]).await? > 0 {}
        Ok(())
    }

    async fn open(&self, number: usize) -> Result<TlsStream<TcpStream>> {
        let stream = self.connect(number, self.address).await?;
        Ok(self
            .tls
            .connect(ServerName::try_from(HOST)?, stream)
            .await?)
    }

    async fn trickle(&self, number: usize) {
        let (path, length) = match number % 4 {
            0 => ("/mutate?timeout=30s", 7 << 20),
            1 => ("/validate/deny?timeout=30s", 7 << 20),
            2 => ("/mutate?timeout=30s", 64 << 10),
            _ => ("/validate/deny?timeout=30s", 64 << 10),
        };
        loop {
            // Sent away in any way is sent away.
            let _ = self.trickle_one(number, path, length).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn trickle_one(&self, number: usize, path: &str, length: usize) -> Result<()> {
        let mut stream = self.open(number).await?;
        stream.write_all(head(path, length).as_bytes()).await?;
        self.trickling.fetch_add(1, Ordering::Relaxed);
        loop {
            stream.write_all(b" ").await?;
            stream.flush().await?;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn be_hostile(&self, number: usize) {
        let (path, body) = match number % 2 {
            0 => ("/mutate?timeout=30s", labels()),
            _ => ("/validate/deny?timeout=30s", tree()),
        };
        loop {
            let _ = self.send(number, path, &body).await;
        }
    }

    async fn send(&self, number: usize, path: &str, body: &str) -> Result<()> {
        let mut stream = self.open(number).await?;
        stream.write_all(head(path, body.len()).as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        stream.flush().await?;
        // Closed without a word is not answered.
        let answered = stream.read(&mut [0; 4096]).await? > 0;
        ensure!(answered, "sent away");
        self.hostile.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn head(path: &str, length: usize) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    )
}

/// A review of nearly the largest size there may be.
fn review(group: &str, resource: &str, object: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"stranger","kind":{{"group":"{group}","version":"v1","kind":"K"}},"resource":{{"group":"{group}","version":"v1","resource":"{resource}"}},"namespace":"open-cluster-management-backup","name":"x","operation":"CREATE","userInfo":{{"username":"stranger"}},"object":{object}}}}}"#
    )
}

/// Small values without number.
fn tree() -> String {
    let small = "{\"a\":[0,[],{}]},".repeat(440_000);
    let object = format!(
        r#"{{"metadata":{{"name":"x"}},"spec":{{"veleroManagedClustersBackupName":"latest","x":[{small}0]}}}}"#
    );
    review("cluster.open-cluster-management.io", "restores", &object)
}

/// Labels without number.
fn labels() -> String {
    let labels: Vec<_> = (0..430_000)
        .map(|number| format!("\"{number:x}\":\"a\""))
        .collect();
    let object = format!(
        r#"{{"metadata":{{"name":"x","labels":{{{}}}}}}}"#,
        labels.join(",")
    );
    review("", "secrets", &object)
}
