//! A hub: etcd, an API server with RBAC and its production admission, and the controllers that
//! let namespaces end and owners cascade.

mod control_plane;
mod kubectl;
mod objects;
mod users;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client};

use crate::address::Loopback;
use crate::parts::K8s;
use crate::pki::Authority;
use crate::process::{Process, Recipe};
use crate::run::Place;
use crate::site::{self, Site};
use crate::wait;
use control_plane::ControlPlane;

pub use kubectl::Finished;
pub use users::{Rule, Subject};

/// A start takes three to six seconds on an idle machine; several at once on two cores take longer.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How a hub differs from the usual one.
#[derive(Clone, Debug)]
pub struct HubOptions {
    /// Kubernetes version; what `ACM_BACKUP_KUBERNETES` says where `None`.
    pub kubernetes: Option<K8s>,
    /// Run the controller-manager: without it namespaces never finish deleting.
    pub controllers: bool,
    /// Further flags of the API server.
    pub apiserver_args: Vec<String>,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self {
            kubernetes: None,
            controllers: true,
            apiserver_args: Vec::new(),
        }
    }
}

/// A running hub; all of it stops when this goes.
pub struct Hub {
    plane: ControlPlane,
    site: Site,
    name: String,
    kubernetes: K8s,
    authority: Authority,
    address: Loopback,
}

impl Hub {
    /// Start the usual hub. `name` is its context in kubeconfigs.
    pub async fn start(name: &str) -> Result<Self> {
        Self::start_with(name, HubOptions::default()).await
    }

    /// Start a hub that differs.
    pub async fn start_with(name: &str, options: HubOptions) -> Result<Self> {
        let kubernetes = match options.kubernetes {
            Some(version) => version,
            None => K8s::from_env()?,
        };
        // Building may take minutes: not on a thread that others' tasks wait for.
        let binaries =
            tokio::task::spawn_blocking(move || control_plane::Binaries::get(kubernetes)).await??;
        let address = Loopback::claim(&control_plane::PORTS)?;
        let place = Arc::new(Place::claim(name)?);
        let authority = Authority::new(name)?;
        let plane = ControlPlane::start(&binaries, &options, &authority, &address, &place)?;
        let admin = place.data(&format!("{}.kubeconfig", users::ADMIN));
        let hub = Self {
            plane,
            site: Site::of_hub(admin, address.ip(), Arc::clone(&place)),
            name: name.to_owned(),
            kubernetes,
            authority,
            address,
        };
        hub.write_admin()?;
        hub.until_ready().await?;
        hub.plane.start_controllers(&hub)?;
        place.is_up();
        Ok(hub)
    }

    async fn until_ready(&self) -> Result<()> {
        let what = format!("{} to be ready", self.name);
        wait::until(&what, START_LIMIT, || async {
            // An end by itself is final, so it is told at once instead of after the limit.
            if let Err(ended) = self.plane.check() {
                return Ok(wait::Seen::Yes(Err(ended)));
            }
            let namespaces: Api<Namespace> = Api::all(self.client().await?);
            // Ready, and past the controller that makes the first namespaces.
            self.ready().await?;
            namespaces.get("default").await?;
            Ok(wait::Seen::Yes(Ok(())))
        })
        .await?
    }

    async fn ready(&self) -> Result<()> {
        let request = http_get("/readyz")?;
        self.client().await?.request_text(request).await?;
        Ok(())
    }

    /// Name of the hub, and of its context.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its Kubernetes version.
    pub fn kubernetes(&self) -> K8s {
        self.kubernetes
    }

    /// Its loopback address, and the range of its Services.
    pub fn address(&self) -> &Loopback {
        &self.address
    }

    /// URL of the API server.
    pub fn url(&self) -> String {
        format!("https://{}:{}", self.address.ip(), control_plane::API_PORT)
    }

    /// A path for a file that goes when the hub goes.
    pub fn file(&self, name: &str) -> PathBuf {
        self.site.file(name)
    }

    /// A client with every right. Made anew each time: a client belongs to the runtime it was made in.
    pub async fn client(&self) -> Result<Client> {
        self.site.client().await
    }

    /// A client as whoever a kubeconfig of this hub is for.
    pub async fn client_as(&self, kubeconfig: &Path) -> Result<Client> {
        site::client_of(kubeconfig).await
    }

    /// Run something that belongs to this hub (its operator, its Velero, its webhook): it
    /// dies and comes back with the hub.
    pub fn run(&self, recipe: Recipe, log: &str) -> Result<Arc<Process>> {
        self.site.run(recipe, log)
    }

    /// The hub as a place to install something.
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The hub dies: every process of it is killed at once.
    pub fn kill(&self) {
        for process in self.site.processes.all().iter() {
            process.kill_and_remember();
        }
        self.plane.kill();
    }

    /// The hub comes back as it was, on the same data and addresses, with all that
    /// ran when it was killed.
    pub async fn start_again(&self) -> Result<()> {
        self.plane.start_again()?;
        self.until_ready().await?;
        self.plane.start_controllers(self)?;
        for process in self.site.processes.all().iter() {
            process.start_if_killed()?;
        }
        Ok(())
    }

    /// Restart the API server alone, as an upgrade does; etcd and clients stay.
    pub async fn restart_apiserver(&self) -> Result<()> {
        let plane = &self.plane;
        plane.apiserver.restart()?;
        self.until_ready().await
    }

    /// Process ids of the control plane, while it runs.
    pub fn pids(&self) -> Vec<u32> {
        self.plane.processes().filter_map(Process::pid).collect()
    }

    /// The API server, for tests that pause or kill just it.
    pub fn apiserver(&self) -> &Process {
        &self.plane.apiserver
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.site.processes.stop();
        self.plane.stop();
    }
}

fn http_get(path: &str) -> Result<http::Request<Vec<u8>>> {
    Ok(http::Request::get(path).body(Vec::new())?)
}
