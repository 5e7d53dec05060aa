//! Connections to the webhook as an API server keeps them: HTTP/1.1 over TLS, one pool a path, at most 25
//! idle, no session resumption (webhook-anchors §0).

use anyhow::{Context, Result, ensure};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What client-go keeps (`MaxIdleConnsPerHost` of its transports).
const IDLE: usize = 25;

/// Name the API server gives a Service in TLS and as `Host`.
pub const HOST: &str = "acm-backup-webhook.acm-backup-system.svc";

/// The pool of one path.
pub struct Pool {
    address: SocketAddr,
    tls: TlsConnector,
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
    opened: AtomicU64,
}

impl Pool {
    /// Connections to `address`, whose certificate `authority` (PEM) has signed.
    pub fn new(address: SocketAddr, authority: &str) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = rustls::client::Resumption::disabled();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            address,
            tls: TlsConnector::from(Arc::new(config)),
            idle: Mutex::default(),
            opened: AtomicU64::new(0),
        })
    }

    /// How many connections were opened.
    pub fn opened(&self) -> u64 {
        self.opened.load(Ordering::Relaxed)
    }

    /// One connection up to the point where a request can be sent.
    pub async fn open(&self) -> Result<SendRequest<Full<Bytes>>> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from(HOST)?;
        let stream = self.tls.connect(name, stream).await?;
        let (send, connection) = handshake(TokioIo::new(stream)).await?;
        // Its errors reach whoever sends on it.
        tokio::spawn(connection);
        Ok(send)
    }

    fn take(&self) -> Option<SendRequest<Full<Bytes>>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(send) = idle.pop() {
            if send.is_ready() {
                return Some(send);
            }
        }
        None
    }

    fn give_back(&self, send: SendRequest<Full<Bytes>>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(send);
        }
    }

    /// Sends one review. Fails unless the answer is one, and for this uid.
    pub async fn call(&self, path: &str, uid: &str, body: String) -> Result<()> {
        let mut send = match self.take() {
            Some(send) => send,
            None => self.open().await.context("no connection")?,
        };
        let request = Request::post(path)
            .header("host", HOST)
            .header("content-type", "application/json")
            .header("accept", "application/json, */*")
            .header("user-agent", "kube-apiserver-admission")
            .body(Full::new(Bytes::from(body)))?;
        let answer = send.send_request(request).await?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        let text = String::from_utf8_lossy(&text);
        ensure!(status == 200, "{path} answered {status}: {text}");
        ensure!(
            text.contains(uid),
            "{path} answered for another uid: {text}"
        );
        // Ready again only once the connection's own task has seen the end of the answer.
        send.ready().await?;
        self.give_back(send);
        Ok(())
    }
}
