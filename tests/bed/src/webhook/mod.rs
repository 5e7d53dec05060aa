//! The webhook as an administrator installs it: manifests applied with kubectl, replicas as processes
//! with the Deployment's own flags and the shipped RBAC, called through the Service.
//!
//! Plays what a hub without nodes lacks: the kubelet (starts replicas, mounts the certificate, asks `/readyz`)
//! and the kube-proxy (the [`Balancer`]). On an API server whose Services are not on loopback, the
//! configurations name the balancer's URL instead of the Service.

mod manifests;
mod mount;

use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::Api;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::balancer::Balancer;
use crate::pki::{Authority, Pair};
use crate::process::{Process, Recipe};
use crate::site::Site;
use crate::wait;
use manifests::Manifests;
pub use manifests::{Part, remove as remove_manifests};
use mount::Mount;

const NAMESPACE: &str = "acm-backup-system";
/// Deployment, Service and ServiceAccount are all called so.
const NAME: &str = "acm-backup-webhook";
/// The name an API server expects in the certificate of a Service.
const HOST: &str = "acm-backup-webhook.acm-backup-system.svc";

/// A replica listens on its hub's address: the first on these ports, each further one on the next.
const FIRST_PORT: u16 = 21000;
const FIRST_PROBE_PORT: u16 = 22000;

/// Where the balancer listens when it is called by URL.
const URL_PORT: u16 = 8443;

const READY_LIMIT: Duration = Duration::from_secs(60);

/// How the webhook differs from the usual one.
#[derive(Clone, Debug)]
pub struct WebhookOptions {
    /// The program.
    pub binary: PathBuf,
    /// Number of replicas; the Deployment's where `None`.
    pub replicas: Option<u16>,
    /// What is applied, in this order; the workload first.
    pub parts: Vec<Part>,
    /// Further flags, after those of the Deployment. A flag given twice counts the last time.
    pub args: Vec<OsString>,
}

impl WebhookOptions {
    /// The usual one.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            replicas: None,
            parts: vec![Part::Workload, Part::Labels, Part::Deny],
            args: Vec::new(),
        }
    }
}

/// The installed webhook. Its replicas belong to the hub: they die and come back with it.
pub struct Webhook {
    replicas: Mutex<Vec<Replica>>,
    balancer: Balancer,
    mount: Mount,
    authority: Authority,
    kubeconfig: PathBuf,
    manifests: Manifests,
    site: Site,
    flags: Vec<OsString>,
    options: WebhookOptions,
    next: AtomicU16,
}

/// One replica.
#[derive(Clone, Debug)]
pub struct Replica {
    /// Its process.
    pub process: Arc<Process>,
    /// Where it takes reviews.
    pub address: SocketAddr,
    /// Where it answers `/livez`, `/readyz` and `/metrics`.
    pub probes: SocketAddr,
}

impl Webhook {
    /// Apply the manifests, start the replicas, and wait until all are ready and behind the Service.
    pub async fn install(site: &Site, options: WebhookOptions) -> Result<Self> {
        let authority = Authority::new(NAME)?;
        let pair = authority.server(&[HOST], &[site.ip()])?;
        let url = SocketAddr::new(site.ip(), URL_PORT);
        let url = (!manifests::services_are_on_loopback(site)?).then_some(url);
        let manifests = Manifests::copy(site, &authority.cert(), &pair, url)?;
        manifests.apply(site, &options.parts)?;

        let front = match url {
            Some(url) => url,
            None => service(site).await?,
        };
        let (flags, replicas) = deployment(site).await?;
        let webhook = Self {
            replicas: Mutex::default(),
            balancer: Balancer::bind(front.ip(), front.port())?,
            mount: Mount::new(site.file("webhook-tls"), &pair)?,
            authority,
            kubeconfig: site.kubeconfig_of_service_account(NAMESPACE, NAME).await?,
            manifests,
            site: site.clone(),
            flags,
            next: AtomicU16::new(0),
            options,
        };
        for _ in 0..webhook.options.replicas.unwrap_or(replicas) {
            webhook.add_replica().await?;
        }
        Ok(webhook)
    }

    /// Apply one more part, or one again. Blocks.
    pub fn apply(&self, part: Part) -> Result<()> {
        self.manifests.apply(&self.site, &[part])
    }

    /// Remove what was applied, the configurations first: an API server that still called a webhook which
    /// is on its way out would refuse Restores. Blocks until it is gone.
    pub fn uninstall(self) -> Result<()> {
        self.manifests.delete(&self.site)
    }

    /// Start one more replica, wait until it is ready, and let the Service find it.
    pub async fn add_replica(&self) -> Result<Replica> {
        self.add_replica_in(&[]).await
    }

    /// The same, in an environment as a cluster's proxy settings make it.
    pub async fn add_replica_in(&self, environment: &[(&str, String)]) -> Result<Replica> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let ip = self.site.ip();
        let (address, probes) = (
            SocketAddr::new(ip, FIRST_PORT + number),
            SocketAddr::new(ip, FIRST_PROBE_PORT + number),
        );
        let name = format!("{NAME}-{number}");
        let recipe = environment
            .iter()
            .fold(
                Recipe::new(&name, &self.options.binary),
                |recipe, (name, value)| recipe.env(name, value),
            )
            .args(self.flags.iter())
            .arg(format!("--listen={address}"))
            .arg(format!("--probe-listen={probes}"))
            .arg(flag("--tls-certificate", &self.mount.file("tls.crt")))
            .arg(flag("--tls-key", &self.mount.file("tls.key")))
            .arg(flag("--kubeconfig", &self.kubeconfig))
            .args(self.options.args.iter())
            .env("POD_NAME", &name)
            .env("POD_NAMESPACE", NAMESPACE);
        let replica = Replica {
            process: self.site.run(recipe, &name)?,
            address,
            probes,
        };
        replica.until_ready().await?;
        self.balancer.add(address);
        self.all().push(replica.clone());
        Ok(replica)
    }

    fn all(&self) -> MutexGuard<'_, Vec<Replica>> {
        self.replicas.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The replicas that were started and not retired.
    pub fn replicas(&self) -> Vec<Replica> {
        self.all().clone()
    }

    /// End a replica as a rolling update does: asked to stop and taken out of the Service at the same time, with
    /// `grace` to drain. Whether it ended by itself. Blocks.
    pub fn retire(&self, replica: &Replica, grace: Duration) -> bool {
        self.all().retain(|one| one.address != replica.address);
        replica.process.ask_to_stop();
        self.balancer.remove(replica.address);
        replica.process.stop_within(grace)
    }

    /// Every replica dies; the Service still points at them.
    pub fn kill(&self) {
        for replica in self.replicas() {
            replica.process.kill();
        }
    }

    /// Start again what was [killed](Self::kill), and wait until it is ready.
    pub async fn start_again(&self) -> Result<()> {
        for replica in self.replicas() {
            replica.process.start_again()?;
        }
        for replica in self.replicas() {
            replica.until_ready().await?;
        }
        Ok(())
    }

    /// Another certificate of the same authority, applied and mounted as a rotation does. Replicas
    /// pick it up in their own time.
    pub fn rotate_certificate(&self) -> Result<()> {
        let pair = self.authority.server(&[HOST], &[self.site.ip()])?;
        self.manifests
            .write_certificate(&self.authority.cert(), &pair)?;
        self.manifests.apply(&self.site, &self.options.parts)?;
        self.mount.swap(&pair)
    }

    /// What a kubelet does some time after the Secret with the certificate has changed. Replicas pick it up in
    /// their own time.
    pub fn mount(&self, pair: &Pair) -> Result<()> {
        self.mount.swap(pair)
    }

    /// The balancer on the Service's address.
    pub fn balancer(&self) -> &Balancer {
        &self.balancer
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        // Nothing is worth draining any more.
        self.kill();
    }
}

impl Replica {
    /// Wait until `/readyz` says so.
    pub async fn until_ready(&self) -> Result<()> {
        let what = format!("{} to be ready", self.process.name());
        wait::until(&what, READY_LIMIT, || async {
            if let Err(ended) = self.process.check() {
                return Ok(wait::Seen::Yes(Err(ended)));
            }
            let answer = self.probe("/readyz").await?;
            Ok(if answer.starts_with("HTTP/1.1 200") {
                wait::Seen::Yes(Ok(()))
            } else {
                wait::Seen::NotYet(answer)
            })
        })
        .await?
    }

    /// The whole answer of the plain port to a GET, head included.
    pub async fn probe(&self, path: &str) -> Result<String> {
        let mut stream = tokio::net::TcpStream::connect(self.probes).await?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}

fn flag(name: &str, value: &Path) -> OsString {
    let mut flag = OsString::from(name);
    flag.push("=");
    flag.push(value);
    flag
}

/// The address the API server gave the Service, and its port.
async fn service(site: &Site) -> Result<SocketAddr> {
    let services: Api<Service> = Api::namespaced(site.client().await?, NAMESPACE);
    let spec = services.get(NAME).await?.spec.unwrap_or_default();
    let ip: IpAddr = spec
        .cluster_ip
        .context("a Service without clusterIP")?
        .parse()?;
    let port = spec.ports.into_iter().flatten().next();
    let port = port.context("a Service without port")?.port;
    Ok(SocketAddr::new(ip, port.try_into()?))
}

/// Flags and number of the replicas.
async fn deployment(site: &Site) -> Result<(Vec<OsString>, u16)> {
    let deployments: Api<Deployment> = Api::namespaced(site.client().await?, NAMESPACE);
    let spec = deployments.get(NAME).await?.spec.unwrap_or_default();
    let containers = spec.template.spec.unwrap_or_default().containers;
    let container = containers
        .into_iter()
        .next()
        .context("a Deployment without container")?;
    let flags = container
        .args
        .unwrap_or_default()
        .into_iter()
        .map(OsString::from);
    Ok((flags.collect(), spec.replicas.unwrap_or(1).try_into()?))
}
