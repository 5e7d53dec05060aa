//! Schema of `backupschedules.cluster.open-cluster-management.io` (operator-facts §1.1).

use super::any_object;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Backs up a hub in regular runs.
#[derive(CustomResource, Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[kube(
    group = "cluster.open-cluster-management.io",
    version = "v1beta1",
    kind = "BackupSchedule",
    plural = "backupschedules",
    shortname = "bsch",
    namespaced,
    doc = "Backs up a hub in regular runs.",
    status = "BackupScheduleStatus",
    printcolumn = r#"{"name":"Phase","type":"string","jsonPath":".status.phase"}"#,
    printcolumn = r#"{"name":"Message","type":"string","jsonPath":".status.lastMessage"}"#
)]
#[serde(rename_all = "camelCase")]
pub struct BackupScheduleSpec {
    /// Cron expression as robfig/cron v3 reads it.
    pub velero_schedule: String,
    /// How long backups are kept, a Go duration; 720h where unset.
    pub velero_ttl: Option<String>,
    /// Make tokens by which imported clusters reconnect to another hub.
    pub use_managed_service_account: Option<bool>,
    /// How long those tokens hold, a Go duration; twice the TTL where unset.
    #[serde(rename = "managedServiceAccountTTL")]
    pub managed_service_account_ttl: Option<String>,
    /// Do not back up at once.
    pub no_backup_on_start: Option<bool>,
    /// Passed to Velero.
    pub volume_snapshot_locations: Option<Vec<String>>,
    /// Stop backing up.
    pub paused: Option<bool>,
    /// Let Velero's schedules own the backups.
    pub use_owner_references_in_backup: Option<bool>,
    /// Passed to Velero's schedules.
    pub skip_immediately: Option<bool>,
}

/// What the operator says about a BackupSchedule.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupScheduleStatus {
    /// See operator-facts §1.3.
    pub phase: Option<String>,
    /// See operator-facts §1.4.
    pub last_message: Option<String>,
    /// Copy of the Velero Schedule of the managed clusters.
    #[schemars(schema_with = "any_object")]
    #[serde(default)]
    pub velero_schedule_managed_clusters: Option<Value>,
    /// Copy of the Velero Schedule of the resources.
    #[schemars(schema_with = "any_object")]
    #[serde(default)]
    pub velero_schedule_resources: Option<Value>,
    /// Copy of the Velero Schedule of the credentials.
    #[schemars(schema_with = "any_object")]
    #[serde(default)]
    pub velero_schedule_credentials: Option<Value>,
}
