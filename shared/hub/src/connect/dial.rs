//! A stream to the API server, by way of a proxy where there is one.

use super::proxy::{Kind, Proxy};
use futures::future::BoxFuture;
use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use rustls::ClientConfig;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tower::{BoxError, Service, ServiceExt};

/// How long it may take to reach anybody, where the caller has no shorter deadline.
const REACHED_WITHIN: Duration = Duration::from_secs(30);

/// What connects.
#[derive(Clone)]
pub(super) struct Dial {
    way: Way,
    /// As an error tells it.
    proxy: Option<String>,
}

#[derive(Clone)]
enum Way {
    Straight(HttpConnector),
    Http(Tunnel<HttpConnector>),
    Https(Tunnel<HttpsConnector<HttpConnector>>),
    Socks(SocksV5<HttpConnector>),
}

/// Something went wrong on the way by a proxy.
#[derive(Debug, thiserror::Error)]
#[error("by way of {proxy}")]
pub(crate) struct ByProxy {
    pub proxy: String,
    #[source]
    source: BoxError,
}

impl Dial {
    /// By way of a proxy, or straight. A proxy that speaks TLS is believed as the API server is.
    pub fn new(proxy: Option<&Proxy>, tls: &ClientConfig) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        // Small requests, one at a time: waiting to fill a segment only adds latency.
        tcp.set_nodelay(true);
        let Some(proxy) = proxy else {
            return Self {
                way: Way::Straight(tcp),
                proxy: None,
            };
        };
        let address = proxy.address.clone();
        let way = match proxy.kind {
            Kind::Http => Way::Http(authorized(Tunnel::new(address, tcp), proxy)),
            Kind::Https => {
                let secure = HttpsConnectorBuilder::new()
                    .with_tls_config(tls.clone())
                    .https_or_http()
                    .enable_http1()
                    .wrap_connector(tcp);
                Way::Https(authorized(Tunnel::new(address, secure), proxy))
            }
            Kind::Socks5 => {
                let socks = SocksV5::new(address, tcp);
                Way::Socks(match &proxy.user {
                    Some((user, password)) => socks.with_auth(user.clone(), password.clone()),
                    None => socks,
                })
            }
        };
        Self {
            way,
            proxy: Some(proxy.to_string()),
        }
    }
}

fn authorized<C>(tunnel: Tunnel<C>, proxy: &Proxy) -> Tunnel<C> {
    match proxy.authorization() {
        Some(value) => tunnel.with_auth(value),
        None => tunnel,
    }
}

impl Service<Uri> for Dial {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, server: Uri) -> Self::Future {
        let Self { way, proxy } = self.clone();
        Box::pin(async move {
            let reach = async {
                Ok::<_, BoxError>(match way {
                    Way::Straight(dial) => Stream::of(dial.oneshot(server).await?),
                    Way::Http(dial) => Stream::of(dial.oneshot(server).await?),
                    Way::Https(dial) => Stream::of(dial.oneshot(server).await?),
                    Way::Socks(dial) => Stream::of(dial.oneshot(server).await?),
                })
            };
            let reached = match tokio::time::timeout(REACHED_WITHIN, reach).await {
                Ok(reached) => reached,
                Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
            };
            match (reached, proxy) {
                (Err(source), Some(proxy)) => Err(ByProxy { proxy, source }.into()),
                (reached, _) => reached,
            }
        })
    }
}

trait Io: Read + Write + Connection + Send {}
impl<T: Read + Write + Connection + Send> Io for T {}

/// A stream, whichever way it goes.
pub(super) struct Stream(Pin<Box<dyn Io>>);

impl Stream {
    fn of(io: impl Read + Write + Connection + Send + 'static) -> Self {
        Self(Box::pin(io))
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.0.connected()
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.as_mut().poll_write_vectored(cx, slices)
    }
}
