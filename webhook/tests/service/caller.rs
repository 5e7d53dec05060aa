//! A client as plain as an API server's: one connection, HTTP/1.1, JSON.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::pki::{Authority, SERVICE};
use crate::running::Running;

pub struct Caller {
    send: SendRequest<Full<Bytes>>,
    pub leaf: CertificateDer<'static>,
    pub alpn: Option<Vec<u8>>,
    /// Ends when the server closes the connection.
    pub connection: JoinHandle<hyper::Result<()>>,
}

pub struct Reply {
    pub status: StatusCode,
    pub closes: bool,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

pub fn client_config(
    running: &Running,
    alpn: &[&[u8]],
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    client_config_for(&running.authority, alpn, versions)
}

pub fn client_config_for(
    authority: &Authority,
    alpn: &[&[u8]],
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    config
}

/// A connection from one loopback address to another.
pub async fn connect_from(from: IpAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(to).await
}

impl Caller {
    pub async fn connect(running: &Running) -> Self {
        let config = client_config(running, &[b"http/1.1"], rustls::ALL_VERSIONS);
        Self::connect_with(running.address, config).await.unwrap()
    }

    /// From another address than everybody else.
    pub async fn connect_from(from: IpAddr, running: &Running) -> std::io::Result<Self> {
        let config = client_config(running, &[b"http/1.1"], rustls::ALL_VERSIONS);
        Self::over(connect_from(from, running.address).await?, config).await
    }

    pub async fn connect_with(address: SocketAddr, config: ClientConfig) -> std::io::Result<Self> {
        Self::over(TcpStream::connect(address).await?, config).await
    }

    async fn over(stream: TcpStream, config: ClientConfig) -> std::io::Result<Self> {
        let name = ServerName::try_from(SERVICE).unwrap();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await?;
        let (_, session) = stream.get_ref();
        let leaf = session.peer_certificates().unwrap()[0].clone().into_owned();
        let alpn = session.alpn_protocol().map(<[u8]>::to_vec);
        let (send, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(std::io::Error::other)?;
        Ok(Self {
            send,
            leaf,
            alpn,
            connection: tokio::spawn(connection),
        })
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> hyper::Result<Reply> {
        let body = body.into();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", SERVICE)
            .header("content-type", content_type)
            .body(Full::new(body))
            .unwrap();
        let response = self.send.send_request(request).await?;
        let status = response.status();
        let closes = response
            .headers()
            .get("connection")
            .is_some_and(|value| value == "close");
        let bytes = response.into_body().collect().await?.to_bytes();
        Ok(Reply {
            status,
            closes,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        })
    }

    pub async fn post(&mut self, path: &str, body: impl Into<Bytes>) -> Reply {
        self.send("POST", path, "application/json", body)
            .await
            .unwrap()
    }
}

/// A review of a Secret being created, with `object` merged over a plain one.
pub fn secret_review(uid: &str, object: Value) -> Value {
    let mut secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "pull-secret", "namespace": "cluster-1"},
        "data": {"k": "dg=="},
    });
    json_patch::merge(&mut secret, &object);
    review(uid, "", "v1", "Secret", "secrets", secret)
}

/// A review of a Restore being created.
pub fn restore_review(uid: &str) -> Value {
    review(
        uid,
        "cluster.open-cluster-management.io",
        "v1beta1",
        "Restore",
        "restores",
        json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
            "metadata": {"name": "restore-1", "namespace": "open-cluster-management-backup"},
            "spec": {},
        }),
    )
}

fn review(
    uid: &str,
    group: &str,
    version: &str,
    kind: &str,
    resource: &str,
    object: Value,
) -> Value {
    json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": uid,
            "kind": {"group": group, "version": version, "kind": kind},
            "resource": {"group": group, "version": version, "resource": resource},
            "requestKind": {"group": group, "version": version, "kind": kind},
            "requestResource": {"group": group, "version": version, "resource": resource},
            // Left out by API servers where there is none yet; here it is an empty text.
            "name": object["metadata"]["name"].as_str().unwrap_or_default(),
            "namespace": object["metadata"]["namespace"],
            "operation": "CREATE",
            "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters"], "extra": {"k": ["v"]}},
            "object": object,
            "oldObject": null,
            "dryRun": false,
            "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
        }
    })
}
