//! What is on the hubs of the live cycle, as on those of the recordings.

use acm_backup_bed::{BACKUP_NAMESPACE, Hub};
use serde_json::{Value, json};

/// What the operator wants to find on a hub.
pub fn surroundings(id: &str) -> [Value; 3] {
    [
        json!({
            "apiVersion": "config.openshift.io/v1", "kind": "ClusterVersion",
            "metadata": {"name": "version"}, "spec": {"clusterID": id},
        }),
        json!({
            "apiVersion": "config.openshift.io/v1", "kind": "APIServer", "metadata": {"name": "cluster"}, "spec": {},
        }),
        json!({
            "apiVersion": "addon.open-cluster-management.io/v1alpha1", "kind": "ClusterManagementAddOn",
            "metadata": {"name": "managed-serviceaccount"}, "spec": {},
        }),
    ]
}

/// The clusters of the recordings: two imported, one made by Hive, and the hub itself.
pub async fn populate(hub: &Hub) {
    let own = json!({"local-cluster": "true", "velero.io/exclude-from-backup": "true"});
    for (cluster, labels) in [
        ("imported1", json!({})),
        ("imported2", json!({})),
        ("hive1", json!({})),
        ("local-cluster", own),
    ] {
        let mut spec = json!({"hubAcceptsClient": true});
        if cluster.starts_with("imported") {
            spec["managedClusterClientConfigs"] =
                json!([{"url": format!("https://api.{cluster}.example.com:6443")}]);
        }
        hub.create_namespace(cluster).await.unwrap();
        hub.apply(&json!({
            "apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
            "metadata": {"name": cluster, "labels": labels}, "spec": spec,
        }))
        .await
        .unwrap();
    }
    hub.apply(&json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {
            "name": "hive1-0-abcde-admin-kubeconfig", "namespace": "hive1",
            "labels": {"hive.openshift.io/secret-type": "kubeconfig"},
        },
        "stringData": {"kubeconfig": "none"},
    }))
    .await
    .unwrap();
}

/// Does not come round while the test runs: the set is the operator's own first one.
pub const CRON: &str = "0 0 29 2 *";
/// The cron of the recordings.
pub const RECORDED_CRON: &str = "*/2 * * * *";

pub fn schedule() -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": {"name": "schedule-acm", "namespace": BACKUP_NAMESPACE},
        "spec": {"veleroSchedule": CRON, "veleroTtl": "2h", "useManagedServiceAccount": true},
    })
}

/// The Restore of the recordings.
pub const PASSIVE: &str = "restore-acm-passive-sync";

pub fn passive() -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": {"name": PASSIVE, "namespace": BACKUP_NAMESPACE},
        "spec": {
            "syncRestoreWithNewBackups": true, "restoreSyncInterval": "2s", "cleanupBeforeRestore": "CleanupRestored",
            "veleroManagedClustersBackupName": "skip", "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
        },
    })
}
