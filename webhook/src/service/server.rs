//! The TLS port: accept, handshake, HTTP/1.1, each with its bound.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header::{CONNECTION, HeaderValue};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::server::Acceptor;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, TlsAcceptor};
use tower::ServiceExt;

use super::connections::{Connections, Seat};
use super::lifecycle::{Lifecycle, Phase};
use super::metrics::Metrics;
use super::repeated::{EVERY, Repeated};

/// How long a connection may stay idle. API servers drop theirs after 90 s; whoever closes first pays:
/// if we did, nearly every call of a rarely called webhook would need a new handshake (about twenty
/// times the work of a warm call) and some would meet a closing connection.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(120);

/// How long a client may take for its TLS handshake.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client may take until its first request has come. API servers open a connection because they
/// have one to send; the few they open too many they do not miss.
pub const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What is read ahead of a connection: a stranger may fill it on each. The heads of an API server's requests
/// are far smaller.
const READ_AHEAD: usize = 32 * 1024;

/// Bounds of the port.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Idle time after which a connection is closed. hyper calls it `header_read_timeout`, but it also
    /// runs between requests.
    pub idle: Duration,
    /// Longest TLS handshake.
    pub handshake: Duration,
    /// Longest wait for the first request after it.
    pub first_request: Duration,
    /// Connections held at once; for one more, another goes.
    pub connections: usize,
    /// Longest wait for calls under way once nothing new is accepted.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: IDLE_TIMEOUT,
            handshake: HANDSHAKE_TIMEOUT,
            first_request: FIRST_REQUEST_TIMEOUT,
            connections: 512,
            drain: Duration::from_secs(10),
        }
    }
}

/// The TLS port, ready to serve.
pub struct Server {
    /// Where connections come from.
    pub listener: TcpListener,
    /// TLS, with the certificate of the moment.
    pub tls: TlsAcceptor,
    /// What answers.
    pub router: Router,
    /// Bounds.
    pub limits: Limits,
    /// When to stop.
    pub lifecycle: Lifecycle,
    /// Where connections and handshakes are counted.
    pub metrics: Arc<Metrics>,
}

impl Server {
    /// Serves until the lifecycle says closing, then until the last call is answered or the drain time
    /// is over. Returns whether every connection ended by itself.
    pub async fn serve(self) -> bool {
        let Self {
            listener,
            tls,
            router,
            limits,
            lifecycle,
            metrics,
        } = self;
        let connections = Connections::new(limits.connections);
        let troubles = Repeated::new(1, EVERY);
        loop {
            let accepted = tokio::select! {
                biased;
                () = lifecycle.reached(Phase::Closing) => break,
                accepted = listener.accept() => accepted,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, or a connection that died in the backlog: neither ends the
                    // service, and a tight loop would help neither.
                    if let Some(left_out) = troubles.write(()) {
                        tracing::warn!(%error, left_out, "cannot accept a connection");
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let (seat, evicts) = connections.seat(peer.ip());
            if evicts {
                metrics.evicted.inc();
            }
            let connection = Connection {
                tls: tls.clone(),
                router: router.clone(),
                limits,
                lifecycle: lifecycle.clone(),
                metrics: Arc::clone(&metrics),
                asked: AtomicBool::new(false),
                seat,
            };
            tokio::spawn(async move {
                connection.metrics.connections.inc();
                tokio::select! {
                    () = connection.run(stream) => {}
                    () = connection.seat.evicted() => {}
                }
                connection.metrics.connections.dec();
            });
        }
        drop(listener);
        tokio::time::timeout(limits.drain, connections.emptied())
            .await
            .is_ok()
    }
}

struct Connection {
    tls: TlsAcceptor,
    router: Router,
    limits: Limits,
    lifecycle: Lifecycle,
    metrics: Arc<Metrics>,
    /// Whether a first request has come.
    asked: AtomicBool,
    seat: Seat,
}

impl Connection {
    async fn run(&self, stream: TcpStream) {
        // Small answers, one at a time: waiting to fill a segment only adds latency.
        let _ = stream.set_nodelay(true);
        let handshake = tokio::time::timeout(self.limits.handshake, self.shake_hands(stream)).await;
        let stream = match handshake {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                self.metrics.handshakes_failed.inc();
                tracing::debug!(%error, "TLS handshake failed");
                return;
            }
            Err(_) => {
                self.metrics.handshakes_failed.inc();
                tracing::debug!("TLS handshake took too long");
                return;
            }
        };
        let service = hyper::service::service_fn(|request| self.respond(request));
        let mut connection = std::pin::pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.idle)
                .max_buf_size(READ_AHEAD)
                .serve_connection(TokioIo::new(stream), service)
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stays_silent() => {
                self.metrics.silent.inc();
                tracing::debug!("no request came");
                return;
            }
            () = self.lifecycle.reached(Phase::Closing) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended early");
        }
    }

    /// The part of a handshake that takes long is our signature, once the client has said all it has to.
    async fn shake_hands(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let turn = self.seat.turn().await;
        let signed = begun.into_stream(Arc::clone(self.tls.config()));
        drop(turn);
        signed.await
    }

    /// Returns if no request has come in time.
    async fn stays_silent(&self) {
        tokio::time::sleep(self.limits.first_request).await;
        if self.asked.load(Ordering::Relaxed) {
            std::future::pending().await
        }
    }

    async fn respond(&self, mut request: Request<Incoming>) -> Result<Response, Infallible> {
        self.asked.store(true, Ordering::Relaxed);
        self.seat.begin();
        request.extensions_mut().insert(self.seat.standing());
        let mut response = self.router.clone().oneshot(request.map(Body::new)).await?;
        self.seat.end(response.status().is_success());
        if self.lifecycle.phase() >= Phase::Leaving {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(response)
    }
}
