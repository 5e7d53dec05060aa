//! Where something is installed: an API server, an address on this machine to listen on, a place for files.
//! A hub is one; so is any other API server on this machine.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use crate::address::Loopback;
use crate::hub::Finished;
use crate::kubeconfig;
use crate::parts::{self, Part};
use crate::process::{Process, Recipe, StopOrder};
use crate::run::{self, Place};

/// A token lasts as long as any test; Kubernetes issues none for longer than its maximum.
const TOKEN_SECONDS: i64 = 24 * 3600;

/// Where something is installed.
#[derive(Clone)]
pub struct Site {
    kubeconfig: PathBuf,
    ip: IpAddr,
    pub(crate) processes: Arc<Processes>,
    place: Arc<Place>,
    /// Held for a site that is not a hub.
    _address: Option<Arc<Loopback>>,
}

impl Site {
    pub(crate) fn of_hub(kubeconfig: PathBuf, ip: IpAddr, place: Arc<Place>) -> Self {
        Self {
            kubeconfig,
            ip,
            processes: Arc::default(),
            place,
            _address: None,
        }
    }

    /// Any API server this machine reaches: a context of a kubeconfig, the current one where `None`.
    pub fn of_context(kubeconfig: &Path, context: Option<&str>) -> Result<Self> {
        let place = Place::claim("site")?;
        place.is_up();
        // One context, complete in itself, and JSON: as those of hubs are.
        let mut command = kubectl(kubeconfig, &place.data("home"))?;
        command.args([
            "config",
            "view",
            "--minify",
            "--flatten",
            "--raw",
            "-o",
            "json",
        ]);
        if let Some(context) = context {
            command.args(["--context", context]);
        }
        let finished: Finished = command.output().context("cannot run kubectl")?.into();
        let own = place.data("admin.kubeconfig");
        let config = finished
            .ok()
            .with_context(|| format!("no such context in {}", kubeconfig.display()))?;
        crate::pki::write(&own, &config)?;
        let address = Loopback::claim(&[])?;
        Ok(Self {
            kubeconfig: own,
            ip: address.ip(),
            processes: Arc::default(),
            place: Arc::new(place),
            _address: Some(Arc::new(address)),
        })
    }

    /// An address of this machine nobody else listens on.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Kubeconfig of whoever installs.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// A path for a file that goes with the site.
    pub fn file(&self, name: &str) -> PathBuf {
        self.place.data(name)
    }

    /// A client as whoever installs. Made anew each time: a client belongs to the runtime it was made in.
    pub async fn client(&self) -> Result<Client> {
        client_of(&self.kubeconfig).await
    }

    /// kubectl as whoever a kubeconfig is for, with nothing of this machine's user in it.
    pub fn kubectl_command(&self, kubeconfig: &Path) -> Result<Command> {
        kubectl(kubeconfig, &self.file("home"))
    }

    /// Run kubectl as whoever installs. Blocks until it ends.
    pub fn kubectl<A: AsRef<OsStr>>(&self, args: &[A]) -> Result<Finished> {
        let mut command = self.kubectl_command(&self.kubeconfig)?;
        let output = command.args(args).output().context("cannot run kubectl")?;
        Ok(output.into())
    }

    /// Start a process that belongs to the site.
    pub fn run(&self, recipe: Recipe, log: &str) -> Result<Arc<Process>> {
        let process = Arc::new(Process::start(recipe, self.place.log(log))?);
        self.processes.all().push(Arc::clone(&process));
        Ok(process)
    }

    /// Kubeconfig with a token of a service account that exists.
    pub async fn kubeconfig_of_service_account(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<PathBuf> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client().await?, namespace);
        let request = TokenRequest {
            spec: TokenRequestSpec {
                expiration_seconds: Some(TOKEN_SECONDS),
                ..TokenRequestSpec::default()
            },
            ..TokenRequest::default()
        };
        let answer = accounts
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .with_context(|| format!("a token for {namespace}/{name}"))?;
        let token = answer
            .status
            .context("a token request without an answer")?
            .token;
        let user = format!("system:serviceaccount:{namespace}:{name}");
        let path = self.kubeconfig_path(&user);
        kubeconfig::with_token(&self.kubeconfig, &path, &token)?;
        Ok(path)
    }

    pub(crate) fn kubeconfig_path(&self, user: &str) -> PathBuf {
        self.file(&format!("{}.kubeconfig", user.replace([':', '/'], "_")))
    }
}

/// What was started at a site, besides a control plane.
#[derive(Default)]
pub(crate) struct Processes(Mutex<Vec<Arc<Process>>>);

impl Processes {
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<Arc<Process>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All are asked before any is waited for: together they take as long as the slowest.
    pub(crate) fn stop(&self) {
        let all = self.all();
        for process in all.iter() {
            process.ask_to_stop();
        }
        for process in all.iter() {
            process.stop();
        }
    }
}

fn kubectl(kubeconfig: &Path, home: &Path) -> Result<Command> {
    let mut command = run::bare_command(parts::path(Part::Kubectl)?, StopOrder::Client)?;
    command
        .env("KUBECONFIG", kubeconfig)
        // Its discovery cache and preferences.
        .env("HOME", home);
    Ok(command)
}

pub(crate) async fn client_of(kubeconfig: &Path) -> Result<Client> {
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    let options = KubeConfigOptions::default();
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options).await?;
    // A proxy of the environment has no business on loopback.
    config.proxy_url = None;
    Ok(Client::try_from(config)?)
}
