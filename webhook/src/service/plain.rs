//! The plain port, on a thread and a runtime of its own: whatever the reviews do, the kubelet is answered.
//!
//! A connection is good for one request, and for seconds: whoever probes or scrapes opens one each time anyway, or
//! does not mind to. So nothing that is held here has shown anything of itself, and of too many the oldest of the
//! peer that holds most goes.

use std::convert::Infallible;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::ServiceExt;

use super::connections::Connections;
use super::repeated::{EVERY, Repeated};

/// What is read ahead of a connection; the least hyper can do with.
const READ_AHEAD: usize = 8 * 1024;

/// Bounds of the port.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections held at once; for one more, another goes. A kubelet and a Prometheus need three. There are more so
    /// that a crowd from very many addresses, or from the kubelet's own, must be that much quicker than it to push
    /// it out between its connecting and its asking.
    pub connections: usize,
    /// How long the head of the request may take: whoever probes has it ready.
    pub request: Duration,
    /// How long all of it may take, the answer's way to whoever reads it slowly included.
    pub all: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            request: Duration::from_secs(2),
            all: Duration::from_secs(10),
        }
    }
}

/// Serves until the process ends.
///
/// # Errors
/// When there is no thread or no runtime to be had.
pub fn serve(listener: TcpListener, router: Router, limits: Limits) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("probes".to_owned())
        .spawn(move || runtime.block_on(accept(listener, router, limits)))?;
    Ok(())
}

async fn accept(listener: TcpListener, router: Router, limits: Limits) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "no probes"),
    };
    let connections = Connections::new(limits.connections);
    let troubles = Repeated::new(1, EVERY);
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (seat, _) = connections.seat(peer.ip());
                let router = router.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = timeout(limits.all, connection(stream, router, limits)) => {}
                        () = seat.evicted() => {}
                    }
                });
                // Else a crowd that comes at once is let in before the first of it is looked at, and most of it sent
                // away for the rest.
                tokio::task::yield_now().await;
            }
            Err(error) => {
                if let Some(left_out) = troubles.write(()) {
                    tracing::warn!(%error, left_out, "cannot accept a probe");
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, limits: Limits) {
    let respond = async |request: Request<Incoming>| -> Result<Response, Infallible> {
        router.clone().oneshot(request.map(Body::new)).await
    };
    let ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.request)
        .keep_alive(false)
        .max_buf_size(READ_AHEAD)
        .serve_connection(TokioIo::new(stream), hyper::service::service_fn(respond))
        .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "probe ended early");
    }
}
