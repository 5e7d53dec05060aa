//! A hub as `status` and the webhook find one: Velero's and the operator's kinds, a storage location, a day of
//! hourly backups and a small fleet. Nothing runs on it but the API server.

use acm_backup_bed::parts::{self, Part};
use acm_backup_bed::{BACKUP_NAMESPACE, Hub, StopOrder, run};
use acm_backup_domain::upstream::backup_label;
use anyhow::{Context, Result, ensure};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

const HUB_ID: &str = "81431db3-2b3e-56e4-93ca-3481bd29fa8b";
const HOURS: i64 = 24;
const CLUSTERS: usize = 20;

/// The Velero Schedules of one BackupSchedule.
const SCHEDULES: [(&str, &str); 5] = [
    ("acm-credentials-schedule", "credentials"),
    ("acm-resources-schedule", "resources"),
    ("acm-resources-generic-schedule", "resourcesGeneric"),
    ("acm-managed-clusters-schedule", "managedClusters"),
    ("acm-validation-policy-schedule", "validation"),
];

/// Fills a hub that has nothing.
pub async fn fill(hub: &Hub) -> Result<()> {
    hub.install_crds(&crate::root().join("crds")).await?;
    velero_crds(hub).await?;
    hub.create_namespace(BACKUP_NAMESPACE).await?;
    let now = Timestamp::now();
    let mut objects = vec![
        json!({
            "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
            "metadata": { "name": "version" }, "spec": { "clusterID": HUB_ID },
        }),
        json!({
            "apiVersion": "velero.io/v1", "kind": "BackupStorageLocation",
            "metadata": { "namespace": BACKUP_NAMESPACE, "name": "default" },
            "spec": { "provider": "aws", "default": true, "objectStorage": { "bucket": "hubs" } },
            "status": { "phase": "Available", "lastSyncedTime": text(now)?, "lastValidationTime": text(now)? },
        }),
        json!({
            "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
            "metadata": { "namespace": BACKUP_NAMESPACE, "name": "hourly" },
            "spec": { "veleroSchedule": "0 * * * *", "veleroTtl": "120h" },
        }),
    ];
    for number in 0..CLUSTERS {
        objects.push(json!({
            "apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
            "metadata": { "name": format!("cluster-{number}") }, "spec": { "hubAcceptsClient": true },
        }));
    }
    for hour in 0..HOURS {
        for (schedule, kind) in SCHEDULES {
            objects.push(backup(schedule, kind, now - (hour * 60 + 5).minutes())?);
        }
    }
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects });
    let admin = hub.admin_kubeconfig();
    hub.kubectl_with_input(&admin, &["create", "-f", "-"], &list.to_string())?
        .ok()
        .context("filling the hub")
        .map(drop)
}

async fn velero_crds(hub: &Hub) -> Result<()> {
    let printed = run::command(parts::path(Part::Velero)?, StopOrder::Client)?
        .args(["install", "--crds-only", "--dry-run", "-o", "json"])
        .env("HOME", hub.file("home"))
        .output()
        .context("cannot run velero")?;
    ensure!(printed.status.success(), "velero printed no CRDs");
    hub.install_crd_objects(&[serde_json::from_slice(&printed.stdout)?])
        .await
}

fn backup(schedule: &str, kind: &str, started: Timestamp) -> Result<Value> {
    let stamp = started.strftime("%Y%m%d%H%M%S");
    Ok(json!({
        "apiVersion": "velero.io/v1", "kind": "Backup",
        "metadata": {
            "namespace": BACKUP_NAMESPACE,
            "name": format!("{schedule}-{stamp}"),
            "labels": {
                backup_label::BACKUP_CLUSTER: HUB_ID,
                backup_label::SCHEDULE_NAME: "hourly",
                backup_label::SCHEDULE_TYPE: kind,
                backup_label::VELERO_SCHEDULE: schedule,
                backup_label::STORAGE_LOCATION: "default",
            },
        },
        "spec": { "ttl": "120h0m0s", "storageLocation": "default" },
        "status": {
            "phase": "Completed",
            "startTimestamp": text(started)?,
            "completionTimestamp": text(started + 40.seconds())?,
            "expiration": text(started + 120.hours())?,
            "progress": { "totalItems": 300, "itemsBackedUp": 300 },
        },
    }))
}

/// As Kubernetes writes times: whole seconds.
fn text(time: Timestamp) -> Result<String> {
    Ok(Timestamp::from_second(time.as_second())?.to_string())
}
