//! The plain port, on a thread and a runtime of its own: whatever the reviews do, the kubelet is answered.

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
use tower::ServiceExt;

use super::connections::{Connections, Seat};

/// Connections held at once: a kubelet and a Prometheus or two. For one more, another goes.
const CONNECTIONS: usize = 64;

/// Longest wait for the next request over one.
const IDLE: Duration = Duration::from_secs(60);

/// What is read ahead of a connection; the least hyper can do with.
const READ_AHEAD: usize = 8 * 1024;

/// Serves until the process ends.
///
/// # Errors
/// When there is no thread or no runtime to be had.
pub fn serve(listener: TcpListener, router: Router) -> std::io::Result<()> {
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    thread::Builder::new()
        .name("probes".to_owned())
        .spawn(move || runtime.block_on(accept(listener, router)))?;
    Ok(())
}

async fn accept(listener: TcpListener, router: Router) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "no probes"),
    };
    let connections = Connections::new(CONNECTIONS);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (seat, _) = connections.seat();
                let router = router.clone();
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection(stream, router, &seat) => {}
                        () = seat.evicted() => {}
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a probe");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, seat: &Seat) {
    let respond = async |request: Request<Incoming>| -> Result<Response, Infallible> {
        seat.begin();
        let response = router.clone().oneshot(request.map(Body::new)).await;
        seat.end(true);
        response
    };
    let ended = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE)
        .max_buf_size(READ_AHEAD)
        .serve_connection(TokioIo::new(stream), hyper::service::service_fn(respond))
        .await;
    if let Err(error) = ended {
        tracing::debug!(%error, "probe ended early");
    }
}
