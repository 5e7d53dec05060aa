//! The processes of a hub and the flags they need.

use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::Result;

use super::{Hub, HubOptions};
use crate::address::Loopback;
use crate::parts::{self, K8s, Part};
use crate::pki::{self, Authority};
use crate::process::{Process, Recipe, StopOrder};
use crate::run::Place;

pub(super) const API_PORT: u16 = 6443;
const ETCD_PORT: u16 = 2379;
const ETCD_PEER_PORT: u16 = 2380;
const CONTROLLERS_PORT: u16 = 10257;

pub(super) const PORTS: [u16; 4] = [API_PORT, ETCD_PORT, ETCD_PEER_PORT, CONTROLLERS_PORT];

/// Namespaces end, owners cascade, namespaces have their ServiceAccount. Nothing here runs pods.
const CONTROLLERS: &str = "namespace,garbagecollector,serviceaccount,serviceaccount-token";

pub(super) struct Binaries {
    etcd: PathBuf,
    apiserver: PathBuf,
    controllers: PathBuf,
}

impl Binaries {
    pub(super) fn get(kubernetes: K8s) -> Result<Self> {
        Ok(Self {
            etcd: parts::path(Part::Etcd)?,
            apiserver: parts::path(Part::KubeApiserver(kubernetes))?,
            controllers: parts::path(Part::KubeControllerManager(kubernetes))?,
        })
    }
}

pub(super) struct ControlPlane {
    // Dropped in this order.
    controllers: OnceLock<Process>,
    pub(super) apiserver: Process,
    etcd: Process,
    controllers_binary: Option<PathBuf>,
    controllers_log: PathBuf,
}

impl ControlPlane {
    /// etcd and the API server; controllers follow when the server answers.
    pub(super) fn start(
        binaries: &Binaries,
        options: &HubOptions,
        authority: &Authority,
        address: &Loopback,
        place: &Place,
    ) -> Result<Self> {
        let pki_dir = place.data("pki");
        std::fs::create_dir_all(&pki_dir)?;
        pki::write(&pki_dir.join("ca.crt"), &authority.cert())?;
        pki::write_signing_key(&pki_dir, "service-accounts")?;
        authority
            .server(
                &["kubernetes.default.svc", "kubernetes", "localhost"],
                &[address.ip(), address.service_ip(1).into()],
            )?
            .write(&pki_dir, "apiserver")?;

        let etcd = Process::start(etcd(binaries, address, place), place.log("etcd"))?;
        let apiserver = Process::start(
            apiserver(binaries, address, place)
                .args(authorization(&options.apiserver_args))
                .args(options.apiserver_args.iter()),
            place.log("kube-apiserver"),
        )?;
        Ok(Self {
            controllers: OnceLock::new(),
            apiserver,
            etcd,
            controllers_binary: options.controllers.then(|| binaries.controllers.clone()),
            controllers_log: place.log("kube-controller-manager"),
        })
    }

    pub(super) fn start_controllers(&self, hub: &Hub) -> Result<()> {
        let Some(binary) = &self.controllers_binary else {
            return Ok(());
        };
        if let Some(process) = self.controllers.get() {
            return process.start_again();
        }
        let process = Process::start(controllers(binary, hub)?, &self.controllers_log)?;
        // Nobody else sets it: the hub is being started.
        let _ = self.controllers.set(process);
        Ok(())
    }

    /// Fails when etcd or the API server has ended by itself.
    pub(super) fn check(&self) -> Result<()> {
        self.etcd.check()?;
        self.apiserver.check()
    }

    pub(super) fn start_again(&self) -> Result<()> {
        self.etcd.start_again()?;
        self.apiserver.start_again()
    }

    /// In the order they are stopped.
    pub(super) fn processes(&self) -> impl Iterator<Item = &Process> {
        let controllers = self.controllers.get().into_iter();
        controllers.chain([&self.apiserver, &self.etcd])
    }

    pub(super) fn kill(&self) {
        self.processes().for_each(Process::kill);
    }

    pub(super) fn stop(&self) {
        self.processes().for_each(Process::stop);
    }
}

fn etcd(binaries: &Binaries, address: &Loopback, place: &Place) -> Recipe {
    let ip = address.ip();
    let client = format!("http://{ip}:{ETCD_PORT}");
    let peer = format!("http://{ip}:{ETCD_PEER_PORT}");
    Recipe::new("etcd", &binaries.etcd)
        .order(StopOrder::Store)
        .args(["--name=default", "--unsafe-no-fsync", "--log-level=warn"])
        .arg(format!("--data-dir={}", place.data("etcd").display()))
        .arg(format!("--listen-client-urls={client}"))
        .arg(format!("--advertise-client-urls={client}"))
        .arg(format!("--listen-peer-urls={peer}"))
        .arg(format!("--initial-advertise-peer-urls={peer}"))
        .arg(format!("--initial-cluster=default={peer}"))
}

fn apiserver(binaries: &Binaries, address: &Loopback, place: &Place) -> Recipe {
    let ip = address.ip();
    let pki = place.data("pki");
    let file = |name: &str| pki.join(name).display().to_string();
    Recipe::new("kube-apiserver", &binaries.apiserver)
        .order(StopOrder::ApiServer)
        .arg(format!("--etcd-servers=http://{ip}:{ETCD_PORT}"))
        .arg(format!("--bind-address={ip}"))
        .arg(format!("--advertise-address={ip}"))
        .arg(format!("--secure-port={API_PORT}"))
        .arg(format!("--cert-dir={}", pki.display()))
        .arg(format!("--tls-cert-file={}", file("apiserver.crt")))
        .arg(format!("--tls-private-key-file={}", file("apiserver.key")))
        .arg(format!("--client-ca-file={}", file("ca.crt")))
        // Loopback, so that webhooks are called through their Service as in production, without a network.
        .arg(format!(
            "--service-cluster-ip-range={}",
            address.service_range()
        ))
        .arg("--service-account-issuer=https://kubernetes.default.svc")
        .arg(format!(
            "--service-account-key-file={}",
            file("service-accounts.pub")
        ))
        .arg(format!(
            "--service-account-signing-key-file={}",
            file("service-accounts.key")
        ))
        // An EndpointSlice refuses a loopback address; nobody here reads the Service `kubernetes`.
        .arg("--endpoint-reconciler-type=none")
        .arg("--profiling=false")
}

/// RBAC, unless a file says what else: an API server takes the one or the other.
fn authorization(more: &[String]) -> Option<&'static str> {
    let by_file = |arg: &String| arg.starts_with("--authorization-config=");
    (!more.iter().any(by_file)).then_some("--authorization-mode=RBAC")
}

fn controllers(binary: &PathBuf, hub: &Hub) -> Result<Recipe> {
    let kubeconfig = hub.kubeconfig_for("system:kube-controller-manager", &["system:masters"])?;
    let kubeconfig = kubeconfig.display();
    let pki = hub.file("pki");
    Ok(Recipe::new("kube-controller-manager", binary)
        .arg(format!("--controllers={CONTROLLERS}"))
        .arg(format!("--kubeconfig={kubeconfig}"))
        .arg(format!("--bind-address={}", hub.address().ip()))
        .arg(format!("--secure-port={CONTROLLERS_PORT}"))
        .arg(format!("--cert-dir={}", hub.file("controllers").display()))
        .arg(format!(
            "--service-account-private-key-file={}",
            pki.join("service-accounts.key").display()
        ))
        .arg(format!("--root-ca-file={}", pki.join("ca.crt").display()))
        .args(["--leader-elect=false", "--profiling=false"]))
}
