//! The hub the races are run on: one API server with a short request timeout, and several replicas.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use acm_backup_bed::{BACKUP_NAMESPACE, Hub, HubOptions, Program, Webhook, WebhookOptions};
use anyhow::{Result, ensure};
use jiff::Timestamp;
use k8s_openapi::api::admissionregistration::v1::ValidatingWebhookConfiguration;
use kube::Api;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams,
};
use serde_json::{Value, json};

use crate::{guard, identify, install_crds, install_velero_crds, look};

/// The API server's `--request-timeout`: long enough for a busy machine, short enough to wait for.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(6);
/// There is one API server, but its clock has whole seconds.
pub const CLOCK_SKEW: Duration = Duration::from_secs(1);

/// Label on what another validation refuses, after or beside ours.
pub const REFUSED: &str = "race/refused";

/// Id of the hub.
const ID: &str = "75b1a9a2-89e1-59cb-84bc-9815403f475d";

/// The hub and what asks it.
pub struct Stage {
    /// The webhook; before the hub, which it is stopped by.
    pub webhook: Webhook,
    /// The hub.
    pub hub: Hub,
    restores: Api<DynamicObject>,
    schedules: Api<DynamicObject>,
}

/// What is stored that must not be beside another.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Active Restores and running BackupSchedules, as kind and name.
    pub active: Vec<String>,
}

impl Stage {
    /// Sets it up.
    pub async fn start(replicas: u16) -> Result<Self> {
        let binary = tokio::task::spawn_blocking(|| Program::Webhook.path()).await??;
        Self::start_with(replicas, binary).await
    }

    /// The same with another program in the webhook's place.
    pub async fn start_with(replicas: u16, binary: PathBuf) -> Result<Self> {
        let timeout = REQUEST_TIMEOUT.as_secs();
        let hub = Hub::start_with(
            "races",
            HubOptions {
                apiserver_args: vec![format!("--request-timeout={timeout}s")],
                ..HubOptions::default()
            },
        )
        .await?;
        install_crds(&hub).await?;
        install_velero_crds(&hub).await?;
        hub.create_namespace(BACKUP_NAMESPACE).await?;
        identify(&hub, ID).await?;
        let skew = CLOCK_SKEW.as_secs();
        let options = WebhookOptions {
            replicas: Some(replicas),
            args: vec![
                format!("--api-server-request-timeout={timeout}s").into(),
                format!("--api-server-clock-skew={skew}s").into(),
            ],
            ..WebhookOptions::new(binary)
        };
        let webhook = guard::install_with(&hub, options).await?;
        refuse_what_is_labelled(&hub).await?;
        let stage = Self {
            restores: look::api(&hub, look::ACM, "Restore").await?,
            schedules: look::api(&hub, look::ACM, "BackupSchedule").await?,
            webhook,
            hub,
        };
        stage.read_the_storage().await?;
        Ok(stage)
    }

    /// Storage that is empty, and was read just now: no other hub is in question.
    pub async fn read_the_storage(&self) -> Result<()> {
        let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let location = json!({
            "apiVersion": look::VELERO, "kind": "BackupStorageLocation",
            "metadata": { "namespace": BACKUP_NAMESPACE, "name": "default" },
            "spec": {
                "provider": "aws", "default": true, "accessMode": "ReadWrite",
                "objectStorage": { "bucket": "acm-backups", "prefix": "hub" },
            },
            "status": { "phase": "Available", "lastSyncedTime": now, "lastValidationTime": now },
        });
        self.hub.apply(&location).await.map(drop)
    }

    /// Restores or BackupSchedules.
    pub fn api(&self, kind: &str) -> &Api<DynamicObject> {
        match kind {
            "Restore" => &self.restores,
            _ => &self.schedules,
        }
    }

    /// Creates one as an administrator does; with a name that ends in `-`, one is generated.
    pub async fn create(
        &self,
        kind: &str,
        name: &str,
        labels: Value,
        dry_run: bool,
    ) -> kube::Result<DynamicObject> {
        let resource: ApiResource = look::resource(look::ACM, kind);
        let spec = match kind {
            "Restore" => json!({
                "cleanupBeforeRestore": "None",
                "veleroManagedClustersBackupName": "skip",
                "veleroCredentialsBackupName": "skip",
                "veleroResourcesBackupName": "skip",
            }),
            _ => json!({ "veleroSchedule": "0 */2 * * *", "veleroTtl": "120h" }),
        };
        let mut object = DynamicObject::new(name, &resource).data(json!({ "spec": spec }));
        if name.ends_with('-') {
            object.metadata.name = None;
            object.metadata.generate_name = Some(name.to_owned());
        }
        object.metadata.labels = serde_json::from_value(labels).ok();
        let params = PostParams {
            dry_run,
            ..PostParams::default()
        };
        self.api(kind).create(&params, &object).await
    }

    /// Changes the spec of one.
    pub async fn edit(&self, kind: &str, name: &str, spec: Value) -> kube::Result<DynamicObject> {
        let patch = Patch::Merge(json!({ "spec": spec }));
        self.api(kind)
            .patch(name, &PatchParams::default(), &patch)
            .await
    }

    /// A BackupSchedule that is paused, and which the operator has got to.
    pub async fn paused_schedule(&self, name: &str) -> Result<()> {
        self.create("BackupSchedule", name, json!({}), false)
            .await?;
        let pause = json!({ "paused": true });
        self.edit("BackupSchedule", name, pause).await?;
        let status = Patch::Merge(json!({ "status": { "phase": "Paused" } }));
        self.schedules
            .patch_status(name, &PatchParams::default(), &status)
            .await?;
        Ok(())
    }

    /// What stands now.
    pub async fn standing(&self) -> Result<Standing> {
        let all = ListParams::default();
        let (restores, schedules) =
            tokio::try_join!(self.restores.list(&all), self.schedules.list(&all))?;
        let name = |kind: &str, object: &DynamicObject| {
            format!(
                "{kind} {}",
                object.metadata.name.as_deref().unwrap_or_default()
            )
        };
        let restores = restores
            .items
            .iter()
            .filter(|restore| !matches!(look::phase(restore), "Finished" | "FinishedWithErrors"))
            .map(|restore| name("Restore", restore));
        let schedules = schedules
            .items
            .iter()
            .filter(|schedule| {
                look::phase(schedule) != "Paused" || schedule.data["spec"]["paused"] != true
            })
            .map(|schedule| name("BackupSchedule", schedule));
        Ok(Standing {
            active: restores.chain(schedules).collect(),
        })
    }

    /// Deletes what a round left.
    pub async fn clear(&self) -> Result<()> {
        let (delete, all) = (DeleteParams::default(), ListParams::default());
        for api in [&self.restores, &self.schedules] {
            api.delete_collection(&delete, &all).await?;
        }
        // Nothing here has finalizers; what came late would be seen beside what the next round leaves.
        Ok(())
    }

    /// After a disturbed round the slot may be held by what was never stored. Waits until it is free, and
    /// says how long that took.
    pub async fn until_free(&self, number: u32) -> Result<Duration> {
        let began = Instant::now();
        loop {
            let probe = format!("probe-{number}-{}", began.elapsed().as_millis());
            match self.create("Restore", &probe, json!({}), false).await {
                Ok(_) => {
                    self.clear().await?;
                    return Ok(began.elapsed());
                }
                Err(error) => ensure!(
                    began.elapsed() < super::longest_hold(),
                    "round {number} holds the slot up for {:?}: {error}",
                    began.elapsed()
                ),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Reviews of the guard by each replica.
    pub async fn reviews(&self) -> Result<Vec<u64>> {
        let mut all = Vec::new();
        for replica in self.webhook.replicas() {
            let metrics = replica.probe("/metrics").await?;
            let of_guard = metrics
                .lines()
                .filter(|line| line.contains("reviews_total{hook=\"guard\""))
                .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
            all.push(of_guard.sum());
        }
        Ok(all)
    }
}

/// A second validation that refuses what has a label: nobody listens there, and it must be asked. All
/// validating webhooks are asked at once, so ours says yes to what is refused.
async fn refuse_what_is_labelled(hub: &Hub) -> Result<()> {
    let configuration: ValidatingWebhookConfiguration = serde_json::from_value(json!({
        "metadata": { "name": "refuses" },
        "webhooks": [{
            "name": "refuses.example.com",
            "clientConfig": { "url": "https://127.0.0.1:1/" },
            "rules": [{
                "apiGroups": ["cluster.open-cluster-management.io"], "apiVersions": ["v1beta1"],
                "resources": ["restores", "backupschedules"], "operations": ["CREATE"],
            }],
            "objectSelector": { "matchExpressions": [{ "key": REFUSED, "operator": "Exists" }] },
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }],
    }))?;
    let all: Api<ValidatingWebhookConfiguration> = Api::all(hub.client().await?);
    all.create(&PostParams::default(), &configuration).await?;
    Ok(())
}
