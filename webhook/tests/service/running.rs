//! The service on loopback ports, with judges made for the test.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use acm_backup_webhook::admission::answer::Answer;
use acm_backup_webhook::admission::endpoint::{Endpoints, Judge};
use acm_backup_webhook::admission::review::Request;
use acm_backup_webhook::service::certificate::Certificate;
use acm_backup_webhook::service::client::ClientAuthority;
use acm_backup_webhook::service::lifecycle::Lifecycle;
use acm_backup_webhook::service::metrics::Metrics;
use acm_backup_webhook::service::plain;
use acm_backup_webhook::service::probes::{Dependency, Probes};
use acm_backup_webhook::service::server::{Limits, Server};
use acm_backup_webhook::service::tls::{self, MinVersion};
use futures::future::BoxFuture;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::pki::{Authority, SecretVolume};

/// Lets everything through.
pub struct AllowAll;

impl Judge for AllowAll {
    fn judge(
        self: Arc<Self>,
        _: &Request<'_>,
        _: Option<IpAddr>,
        _: Instant,
    ) -> BoxFuture<'static, Answer> {
        Box::pin(async { Answer::allowed() })
    }
}

/// Answers with what a closure says.
pub struct Always<F>(pub F);

impl<F: Fn() -> Answer + Send + Sync + 'static> Judge for Always<F> {
    fn judge(
        self: Arc<Self>,
        _: &Request<'_>,
        _: Option<IpAddr>,
        _: Instant,
    ) -> BoxFuture<'static, Answer> {
        Box::pin(async move { (self.0)() })
    }
}

/// Answers once the test lets it.
pub struct Held {
    pub entered: Semaphore,
    pub released: Semaphore,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            entered: Semaphore::new(0),
            released: Semaphore::new(0),
        }
    }
}

impl Judge for Held {
    fn judge(
        self: Arc<Self>,
        _: &Request<'_>,
        _: Option<IpAddr>,
        _: Instant,
    ) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            self.entered.add_permits(1);
            let _ = self.released.acquire().await;
            Answer::allowed()
        })
    }
}

pub struct Setup {
    pub labeller: Arc<dyn Judge>,
    pub guard: Arc<dyn Judge>,
    pub limits: Limits,
    pub concurrency: usize,
    pub min: MinVersion,
    pub clients: Option<Arc<ClientAuthority>>,
    pub dependencies: Vec<Arc<dyn Dependency>>,
    pub told: Vec<Arc<dyn Dependency>>,
    pub certificate_until: i32,
    pub plain: plain::Limits,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            labeller: Arc::new(AllowAll),
            guard: Arc::new(AllowAll),
            limits: Limits::default(),
            concurrency: 16,
            min: MinVersion::default(),
            clients: None,
            dependencies: Vec::new(),
            told: Vec::new(),
            certificate_until: 2100,
            plain: plain::Limits::default(),
        }
    }
}

pub struct Running {
    pub address: SocketAddr,
    pub probes: SocketAddr,
    pub authority: Authority,
    pub volume: SecretVolume,
    pub certificate: Arc<Certificate>,
    pub lifecycle: Lifecycle,
    pub metrics: Arc<Metrics>,
    pub server: JoinHandle<bool>,
}

impl Running {
    pub async fn start(setup: Setup) -> Self {
        let authority = Authority::new();
        let volume = SecretVolume::new(&authority.leaf_until(setup.certificate_until));
        let provider = tls::provider();
        let certificate = Arc::new(
            Certificate::load(volume.files(), Arc::clone(&provider))
                .await
                .unwrap(),
        );
        let metrics = Arc::new(Metrics::default());
        let lifecycle = Lifecycle::default();
        let config =
            tls::server_config(Arc::clone(&certificate), provider, setup.min, setup.clients)
                .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let endpoints = Endpoints {
            labeller: setup.labeller,
            guard: setup.guard,
            metrics: Arc::clone(&metrics),
            concurrency: setup.concurrency,
        };
        let server = Server {
            listener,
            tls: TlsAcceptor::from(Arc::new(config)),
            router: endpoints.router(),
            limits: setup.limits,
            lifecycle: lifecycle.clone(),
            metrics: Arc::clone(&metrics),
        };
        let follow = (Arc::clone(&certificate), Arc::clone(&metrics));
        tokio::spawn(async move { follow.0.follow(Duration::from_millis(10), &follow.1).await });
        let probes = Probes {
            certificate: Arc::clone(&certificate),
            lifecycle: lifecycle.clone(),
            metrics: Arc::clone(&metrics),
            dependencies: setup.dependencies,
            told: setup.told,
        };
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let probes_address = plain.local_addr().unwrap();
        plain::serve(plain.into_std().unwrap(), probes.router(), setup.plain).unwrap();
        Self {
            address,
            probes: probes_address,
            authority,
            volume,
            certificate,
            lifecycle,
            metrics,
            server: tokio::spawn(server.serve()),
        }
    }

    /// Text of the metrics page.
    pub fn exported(&self) -> String {
        self.metrics.encode().unwrap()
    }
}
