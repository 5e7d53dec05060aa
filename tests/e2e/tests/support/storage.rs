//! The shared storage as Velero shows it on a hub: written by the test, times included.

use acm_backup_bed::BACKUP_NAMESPACE;
use acm_backup_e2e::look;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::GuardedHub;

/// Id of the hub that wrote the backups.
pub const OTHER_ID: &str = "81431db3-2b3e-56e4-93ca-3481bd29fa8b";

/// The five schedules, by the type they are of.
const SCHEDULES: [(&str, &str); 5] = [
    ("credentials", "acm-credentials-schedule"),
    ("managedClusters", "acm-managed-clusters-schedule"),
    ("resourcesGeneric", "acm-resources-generic-schedule"),
    ("resources", "acm-resources-schedule"),
    ("validation", "acm-validation-policy-schedule"),
];

/// Writes what Velero would.
pub struct Storage<'a> {
    hub: &'a GuardedHub,
}

impl<'a> Storage<'a> {
    pub(super) fn of(hub: &'a GuardedHub) -> Self {
        Self { hub }
    }

    /// A storage location that was read `ago`.
    pub async fn read(&self, ago: SignedDuration) {
        // The operator takes only locations OADP owns, and the garbage collector only owners that exist.
        let owner = json!({
            "apiVersion": "oadp.openshift.io/v1alpha1", "kind": "DataProtectionApplication",
            "metadata": { "namespace": BACKUP_NAMESPACE, "name": "dpa" }, "spec": {},
        });
        let owner = self.hub.hub.apply(&owner).await.unwrap();
        self.hub
            .store(json!({
                "apiVersion": look::VELERO, "kind": "BackupStorageLocation",
                "metadata": {
                    "namespace": BACKUP_NAMESPACE,
                    "name": "default",
                    "ownerReferences": [{
                        "apiVersion": "oadp.openshift.io/v1alpha1",
                        "kind": "DataProtectionApplication",
                        "name": "dpa",
                        "uid": owner.metadata.uid,
                    }],
                },
                "spec": {
                    "provider": "aws", "default": true, "accessMode": "ReadWrite",
                    "objectStorage": { "bucket": "acm-backups", "prefix": "hub" },
                },
                "status": {
                    "phase": "Available",
                    "lastSyncedTime": stamp(ago),
                    "lastValidationTime": stamp(ago),
                },
            }))
            .await;
    }

    /// A complete set of the other hub, begun `ago`, of a schedule with this period.
    pub async fn set(&self, ago: SignedDuration, period: SignedDuration) {
        let at = Timestamp::now() - ago;
        let run = at.strftime("%Y%m%d%H%M%S").to_string();
        for (kind, schedule) in SCHEDULES {
            let ttl = match kind {
                // What tells a hub's period (operator-facts §3.2).
                "validation" => period + SignedDuration::from_mins(5),
                _ => SignedDuration::from_hours(120),
            };
            self.hub
                .store(json!({
                    "apiVersion": look::VELERO, "kind": "Backup",
                    "metadata": {
                        "namespace": BACKUP_NAMESPACE,
                        "name": format!("{schedule}-{run}"),
                        "labels": {
                            "cluster.open-cluster-management.io/backup-cluster": OTHER_ID,
                            "cluster.open-cluster-management.io/backup-schedule-name": "schedule-acm",
                            "cluster.open-cluster-management.io/backup-schedule-type": kind,
                            "velero.io/schedule-name": schedule,
                            "velero.io/storage-location": "default",
                        },
                    },
                    "spec": { "storageLocation": "default", "ttl": format!("{}s", ttl.as_secs()) },
                    "status": {
                        "phase": "Completed",
                        "startTimestamp": stamp(ago),
                        "completionTimestamp": stamp(ago),
                    },
                }))
                .await;
        }
    }
}

fn stamp(ago: SignedDuration) -> String {
    (Timestamp::now() - ago)
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
