//! One hub with what belongs on it.

use std::sync::Arc;

use acm_backup_bed::parts::{self, Part};
use acm_backup_bed::{Bucket, Hub, Process, StopOrder, Velero, VeleroOptions, Webhook, workspace};
use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::guard;
use crate::look;
use crate::operator::{self, Operator};

/// `backupSyncPeriod` of the test bed's storage locations, with room for rounding to seconds.
const SYNC_PERIOD: SignedDuration = SignedDuration::from_secs(11);

/// How a side is made.
#[derive(Clone, Debug)]
pub struct SideOptions {
    /// Name of the hub and of its context.
    pub name: &'static str,
    /// The id its ClusterVersion tells.
    pub id: &'static str,
    /// Which operator runs there.
    pub operator: Operator,
    /// Replicas of our webhook; none, and our configurations are not installed either.
    pub replicas: u16,
}

/// A hub with Velero, an operator and perhaps our webhook. Stops in the order of its fields.
pub struct Side {
    /// Our webhook.
    pub guard: Option<Webhook>,
    /// The operator.
    pub operator: Arc<Process>,
    /// Velero.
    pub velero: Velero,
    /// The hub.
    pub hub: Hub,
    /// The hub's id.
    pub id: &'static str,
}

impl Side {
    /// Start it all.
    pub async fn start(options: &SideOptions, bucket: &Bucket) -> Result<Self> {
        let hub = Hub::start(options.name).await?;
        install_crds(&hub).await?;
        identify(&hub, options.id).await?;
        operator::surroundings(&hub).await?;
        let velero = Velero::start(&hub, bucket, VeleroOptions::default()).await?;
        let operator = options.operator.start(&hub).await?;
        let guard = match options.replicas {
            0 => None,
            replicas => Some(guard::install(&hub, replicas).await?),
        };
        Ok(Self {
            guard,
            operator,
            velero,
            hub,
            id: options.id,
        })
    }

    /// Have Velero read the bucket now rather than within its minute, by restarting it. A nudge: whoever
    /// shows it has to say so.
    pub async fn read_the_bucket(&self) -> Result<()> {
        // A restart would fail what is under way.
        look::until_idle(&self.hub, self.id).await?;
        let last = look::last_read(&self.hub).await?;
        if let Some(last) = last {
            // It does not look again before the location's period is over, however often it starts.
            let left = (last + SYNC_PERIOD).duration_since(Timestamp::now());
            tokio::time::sleep(left.try_into().unwrap_or_default()).await;
        }
        self.velero.nudge()?;
        look::until_read(&self.hub, last).await
    }

    /// Our webhook, where it was asked for.
    ///
    /// # Panics
    /// Where it was not.
    pub fn guard(&self) -> &Webhook {
        self.guard
            .as_ref()
            .expect("this side was started without our webhook")
    }
}

/// The operator's two kinds and those of others that we read, as shipped.
pub async fn install_crds(hub: &Hub) -> Result<()> {
    hub.install_crds(&workspace().join("crds")).await
}

/// Velero's kinds without a Velero, as it prints them itself.
pub async fn install_velero_crds(hub: &Hub) -> Result<()> {
    let printed = tokio::task::spawn_blocking(|| {
        let program = parts::path(Part::Velero)?;
        let mut velero = acm_backup_bed::run::command(program, StopOrder::Client)?;
        let crds = ["install", "--crds-only", "--dry-run", "-o", "json"];
        velero.args(crds).output().context("cannot run velero")
    })
    .await??;
    let crds = serde_json::from_slice(&printed.stdout)?;
    hub.install_crd_objects(&[crds]).await
}

/// Give a hub its id.
pub async fn identify(hub: &Hub, id: &str) -> Result<()> {
    hub.apply(&json!({
        "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
        "metadata": { "name": "version" }, "spec": { "clusterID": id },
    }))
    .await
    .map(drop)
}
