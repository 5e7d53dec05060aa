//! Real Velero on a hub, with its S3 plugin and a storage location in the shared bucket.

mod install;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use kube::Api;
use kube::api::{ApiResource, DynamicObject};
use kube::core::GroupVersionKind;

use crate::hub::{Hub, Subject};
use crate::parts::{self, Part};
use crate::process::{Process, Recipe};
use crate::s3::Bucket;
use crate::{BACKUP_NAMESPACE, wait};

const METRICS_PORT: u16 = 8085;
const PROFILER_PORT: u16 = 6060;

/// Velero looks at a location right after its start; that takes a plugin process and one request.
const AVAILABLE_LIMIT: Duration = Duration::from_secs(90);

/// How Velero differs from the usual one.
#[derive(Clone, Debug)]
pub struct VeleroOptions {
    /// Namespace of Velero and its objects.
    pub namespace: String,
    /// Backups run at once. Velero's own default is one at a time, in production too: a set
    /// of five then takes most of a minute instead of two seconds.
    pub concurrent_backups: u32,
    /// The storage location may only be read, as some passive hubs have it.
    pub read_only: bool,
    /// Where in the bucket.
    pub prefix: String,
}

impl Default for VeleroOptions {
    fn default() -> Self {
        Self {
            namespace: BACKUP_NAMESPACE.to_owned(),
            concurrent_backups: 5,
            read_only: false,
            prefix: "hub".to_owned(),
        }
    }
}

/// A running Velero. It belongs to its hub: it dies with it, comes back with it, and stops when the hub goes.
pub struct Velero {
    process: Arc<Process>,
    namespace: String,
}

impl Velero {
    /// Name of the BackupStorageLocation.
    pub const LOCATION: &'static str = "default";

    /// Install the CRDs and what the operator expects around Velero, start it, and
    /// wait until its storage location is `Available`.
    pub async fn start(hub: &Hub, bucket: &Bucket, options: VeleroOptions) -> Result<Self> {
        let binaries = tokio::task::spawn_blocking(Binaries::get).await??;
        install::crds(hub, &binaries.velero).await?;
        install::objects(hub, bucket, &options).await?;

        let namespace = options.namespace.clone();
        let account = Subject::ServiceAccount(&namespace, "velero");
        let kubeconfig = hub
            .kubeconfig_for_service_account(&namespace, "velero")
            .await?;
        hub.bind("velero", account, "cluster-admin").await?;

        let recipe = recipe(hub, bucket, &options, &binaries, &kubeconfig)?;
        let velero = Self {
            process: hub.run(recipe, "velero")?,
            namespace,
        };
        velero.until_available(hub).await?;
        Ok(velero)
    }

    async fn until_available(&self, hub: &Hub) -> Result<()> {
        let what = format!("the storage location of {} to be Available", hub.name());
        let api = self.locations(hub).await?;
        wait::for_object(&api, Self::LOCATION, &what, AVAILABLE_LIMIT, |location| {
            (location?.data["status"]["phase"] == "Available").then_some(())
        })
        .await
        // Where it has ended by itself, that and its last words say more.
        .or_else(|waited| self.process.check().and(Err(waited)))
    }

    async fn locations(&self, hub: &Hub) -> Result<Api<DynamicObject>> {
        let kind = GroupVersionKind::gvk("velero.io", "v1", "BackupStorageLocation");
        let resource = ApiResource::from_gvk(&kind);
        Ok(Api::namespaced_with(
            hub.client().await?,
            &self.namespace,
            &resource,
        ))
    }

    /// Namespace of Velero and its objects.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The server's process, to be paused, stopped and started.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Restart it: it then looks at schedules, its queue and the bucket at once instead of within
    /// its minute. A nudge; whoever shows what happens has to say so.
    pub fn nudge(&self) -> Result<()> {
        self.process.restart().context("restarting Velero")
    }
}

impl Drop for Velero {
    fn drop(&mut self) {
        self.process.stop();
    }
}

struct Binaries {
    velero: PathBuf,
    plugin: PathBuf,
}

impl Binaries {
    fn get() -> Result<Self> {
        Ok(Self {
            velero: parts::path(Part::Velero)?,
            plugin: parts::path(Part::VeleroPluginForAws)?,
        })
    }
}

fn recipe(
    hub: &Hub,
    bucket: &Bucket,
    options: &VeleroOptions,
    binaries: &Binaries,
    kubeconfig: &Path,
) -> Result<Recipe> {
    // Velero runs every program in this directory, so it holds the plugin alone.
    let plugins = hub.file("velero-plugins");
    std::fs::create_dir_all(&plugins)?;
    std::os::unix::fs::symlink(&binaries.plugin, plugins.join("velero-plugin-for-aws"))?;
    let scratch = hub.file("velero-scratch");
    std::fs::create_dir_all(&scratch)?;
    let credentials = hub.file("velero-credentials");
    crate::pki::write(&credentials, &bucket.credentials())?;

    let ip = hub.address().ip();
    Ok(Recipe::new("velero", &binaries.velero)
        .args(["server", "--namespace", &options.namespace])
        .arg("--plugin-dir")
        .arg(plugins)
        .arg(format!("--metrics-address={ip}:{METRICS_PORT}"))
        .arg(format!("--profiler-address={ip}:{PROFILER_PORT}"))
        .arg(format!(
            "--concurrent-backups={}",
            options.concurrent_backups
        ))
        .arg("--backup-sync-period=10s")
        .env("VELERO_NAMESPACE", &options.namespace)
        .env("KUBECONFIG", kubeconfig)
        .env("AWS_SHARED_CREDENTIALS_FILE", credentials)
        .env("VELERO_SCRATCH_DIR", scratch)
        // Where it keeps stored credentials and the like.
        .env("HOME", hub.file("velero-home"))
        .env("TMPDIR", hub.file("velero-scratch")))
}
