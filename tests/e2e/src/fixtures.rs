//! What is on the hubs: the fleet, its secrets, and what an administrator applies.

use acm_backup_bed::{BACKUP_NAMESPACE, Hub};
use anyhow::Result;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use serde_json::{Value, json};

use crate::look;

/// Clusters that were imported, so that tokens bring them back after a fail-over.
pub const IMPORTED: [&str; 2] = ["metro-1", "metro-2"];

/// A cluster Hive made before the story begins.
pub const HIVE: &str = "coast";

/// Name of the BackupSchedule everywhere here.
pub const SCHEDULE: &str = "schedule-acm";

/// The fleet of the hub that is active at first: every cluster reports to it.
pub async fn fleet(hub: &Hub) -> Result<()> {
    local_cluster(hub).await?;
    for name in IMPORTED {
        imported(hub, name).await?;
    }
    imported(hub, HIVE).await?;
    hub.apply(&kubeconfig_secret(HIVE)).await?;
    hub.apply(&cluster_deployment(HIVE)).await.map(drop)
}

/// The hub itself, as a hub with self-management sees it.
pub async fn local_cluster(hub: &Hub) -> Result<()> {
    hub.create_namespace("local-cluster").await?;
    let mut object = managed_cluster("local-cluster");
    object["metadata"]["labels"] =
        json!({ "local-cluster": "true", "velero.io/exclude-from-backup": "true" });
    hub.apply(&object).await.map(drop)
}

/// A cluster that was imported and reports to the hub.
pub async fn imported(hub: &Hub, name: &str) -> Result<()> {
    hub.create_namespace(name).await?;
    hub.apply(&managed_cluster(name)).await?;
    let kind = look::resource("cluster.open-cluster-management.io/v1", "ManagedCluster");
    let clusters: Api<DynamicObject> = Api::all_with(hub.client().await?, &kind);
    let status = json!({ "status": { "conditions": [{
        "type": "ManagedClusterConditionAvailable",
        "status": "True",
        "reason": "ManagedClusterAvailable",
        "message": "Managed cluster is available",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }] } });
    clusters
        .patch_status(name, &PatchParams::default(), &Patch::Merge(&status))
        .await?;
    Ok(())
}

/// A ManagedCluster.
pub fn managed_cluster(name: &str) -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1", "kind": "ManagedCluster",
        "metadata": { "name": name },
        "spec": {
            "hubAcceptsClient": true,
            "managedClusterClientConfigs": [{ "url": format!("https://api.{name}.example:6443") }],
        },
    })
}

/// A Secret with a value nobody must see in a log.
pub fn secret(namespace: &str, name: &str, labels: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": { "namespace": namespace, "name": name, "labels": labels },
        "stringData": { "value": format!("canary-{name}") },
    })
}

/// The kubeconfig Hive makes for a cluster, labelled by Hive itself.
pub fn kubeconfig_secret(cluster: &str) -> Value {
    secret(
        cluster,
        &format!("{cluster}-admin-kubeconfig"),
        json!({ "hive.openshift.io/secret-type": "kubeconfig" }),
    )
}

/// A token as the add-on for ManagedServiceAccounts writes it.
pub fn token_secret(cluster: &str) -> Value {
    secret(
        cluster,
        "auto-import-account",
        json!({ "authentication.open-cluster-management.io/is-managed-serviceaccount": "true" }),
    )
}

/// The Secrets a ClusterDeployment of [`cluster_deployment`] names, and the value each is labelled with.
pub const NAMED: [(&str, &str); 4] = [
    ("pull-secret", "pullsecret"),
    ("install-config", "installconfig"),
    ("aws-creds", "platformcredentials"),
    ("ssh-key", "sshkey"),
];

/// A ClusterDeployment that names four Secrets of its namespace.
pub fn cluster_deployment(name: &str) -> Value {
    json!({
        "apiVersion": "hive.openshift.io/v1", "kind": "ClusterDeployment",
        "metadata": { "namespace": name, "name": name },
        "spec": {
            "baseDomain": "example",
            "clusterName": name,
            "platform": { "aws": { "region": "eu-west-1", "credentialsSecretRef": { "name": format!("{name}-aws-creds") } } },
            "pullSecretRef": { "name": format!("{name}-pull-secret") },
            "provisioning": {
                "installConfigSecretRef": { "name": format!("{name}-install-config") },
                "sshPrivateKeySecretRef": { "name": format!("{name}-ssh-key") },
            },
        },
    })
}

/// A BackupSchedule as an administrator applies it.
pub fn backup_schedule(cron: &str) -> Value {
    json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "BackupSchedule",
        "metadata": { "namespace": BACKUP_NAMESPACE, "name": SCHEDULE },
        "spec": { "veleroSchedule": cron, "veleroTtl": "120h", "useManagedServiceAccount": true },
    })
}

/// A Restore; `clusters` is what it says of the managed clusters, the rest is `latest`.
pub fn restore(name: &str, clusters: &str, sync: bool) -> Value {
    let mut object = json!({
        "apiVersion": "cluster.open-cluster-management.io/v1beta1", "kind": "Restore",
        "metadata": { "namespace": BACKUP_NAMESPACE, "name": name },
        "spec": {
            "cleanupBeforeRestore": "None",
            "veleroManagedClustersBackupName": clusters,
            "veleroCredentialsBackupName": "latest",
            "veleroResourcesBackupName": "latest",
        },
    });
    if sync {
        object["spec"]["syncRestoreWithNewBackups"] = json!(true);
        object["spec"]["restoreSyncInterval"] = json!("10m");
    }
    object
}
