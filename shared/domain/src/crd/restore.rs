//! Schema of `restores.cluster.open-cluster-management.io` (operator-facts §1.2).

use super::{any_object, any_objects};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Restores a hub from the backups of another.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "cluster.open-cluster-management.io",
    version = "v1beta1",
    kind = "Restore",
    plural = "restores",
    shortname = "crst",
    namespaced,
    doc = "Restores a hub from the backups of another.",
    status = "RestoreStatus",
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Message","type":"string","jsonPath":".status.lastMessage"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct RestoreSpec {
    /// `None`, `CleanupRestored` or `CleanupAll`; runs after the restore.
    pub cleanup_before_restore: String,
    /// `latest`, `skip` or the name of a backup. Anything but `skip` activates.
    pub velero_managed_clusters_backup_name: String,
    /// `latest`, `skip` or the name of a backup.
    pub velero_credentials_backup_name: String,
    /// `latest`, `skip` or the name of a backup.
    pub velero_resources_backup_name: String,
    /// Keep restoring newer backups.
    pub sync_restore_with_new_backups: Option<bool>,
    /// How often to look for newer backups, a Go duration; 30m where unset.
    pub restore_sync_interval: Option<String>,
    /// Passed to Velero.
    #[serde(rename = "restorePVs")]
    pub restore_pvs: Option<bool>,
    /// Passed to Velero.
    pub preserve_node_ports: Option<bool>,
    /// Passed to Velero.
    #[schemars(schema_with = "any_object")]
    #[serde(default)]
    pub restore_status: Option<Value>,
    /// Accepted and ignored by hardened versions.
    #[schemars(schema_with = "any_object")]
    #[serde(default)]
    pub hooks: Option<Value>,
    /// Passed to every Velero restore.
    pub included_namespaces: Option<Vec<String>>,
    /// Passed to every Velero restore.
    pub excluded_namespaces: Option<Vec<String>>,
    /// Passed to every Velero restore.
    pub included_resources: Option<Vec<String>>,
    /// Passed to every Velero restore.
    pub excluded_resources: Option<Vec<String>>,
    /// Passed to every Velero restore.
    #[schemars(schema_with = "any_object")]
    #[serde(default)]
    pub label_selector: Option<Value>,
    /// Passed to every Velero restore.
    #[schemars(schema_with = "any_objects")]
    #[serde(default)]
    pub or_label_selectors: Option<Vec<Value>>,
    /// Passed to Velero.
    pub namespace_mapping: Option<BTreeMap<String, String>>,
}

/// What the operator says about a Restore.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RestoreStatus {
    /// See operator-facts §1.3.
    pub phase: Option<String>,
    /// See operator-facts §1.5.
    pub last_message: Option<String>,
    /// Results of the auto-import.
    pub messages: Option<Vec<String>>,
    /// When it ended, RFC 3339.
    pub completion_timestamp: Option<String>,
    /// Velero Restore of the managed clusters.
    pub velero_managed_clusters_restore_name: Option<String>,
    /// Velero Restore of the resources.
    pub velero_resources_restore_name: Option<String>,
    /// Velero Restore of the generic resources.
    pub velero_generic_resources_restore_name: Option<String>,
    /// Velero Restore of the credentials.
    pub velero_credentials_restore_name: Option<String>,
}
