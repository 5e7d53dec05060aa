//! Sync mode: when it is on, and whether there is something newer (operator-facts §6.7).

use acm_backup_domain::time::GoDuration;
use serde_json::Value;

use super::resolve::latest;
use super::restore_status::RestoreStatus;
use super::timing::duration;
use super::velero_schedules::{BackupType, CREDENTIALS, RESOURCES};
use crate::kinds::Kind;
use crate::object::{ObjectName, flag, namespace, text, time};
use crate::world::World;

const DEFAULT_INTERVAL_NANOS: i64 = 30 * 60 * 1_000_000_000;

/// Whether sync is asked for.
pub fn requested(restore: &Value) -> bool {
    flag(restore, "/spec/syncRestoreWithNewBackups")
}

/// Why sync is ignored, where it is asked for with options that do not allow it.
pub fn invalid_because(restore: &Value) -> Option<&'static str> {
    let value = |field: &str| restore.pointer(field).and_then(Value::as_str);
    let clusters = value("/spec/veleroManagedClustersBackupName");
    let credentials = value("/spec/veleroCredentialsBackupName");
    let resources = value("/spec/veleroResourcesBackupName");
    let (Some(clusters), Some(credentials), Some(resources)) = (clusters, credentials, resources)
    else {
        return Some("Some Velero backup names are not set.");
    };
    let is = |value: &str, wanted: &str| value.trim().eq_ignore_ascii_case(wanted);
    if !is(clusters, "skip") && !is(clusters, "latest") {
        Some("VeleroManagedClustersBackupName should be set to skip or latest.")
    } else if !is(credentials, "latest") {
        Some("VeleroCredentialsBackupName should be set to latest.")
    } else if !is(resources, "latest") {
        Some("VeleroResourcesBackupName should be set to latest.")
    } else {
        None
    }
}

/// Whether sync is on.
pub fn is_on(restore: &Value) -> bool {
    requested(restore) && invalid_because(restore).is_none()
}

/// How often a syncing Restore looks for newer backups.
pub fn interval(restore: &Value) -> std::time::Duration {
    let asked = duration(restore, "/spec/restoreSyncInterval");
    let nanos = if asked == GoDuration::ZERO {
        DEFAULT_INTERVAL_NANOS
    } else {
        asked.as_nanos()
    };
    std::time::Duration::from_nanos(u64::try_from(nanos).unwrap_or(0))
}

/// Whether there is a newer resources or credentials backup than was restored last. New
/// managed-clusters or generic backups alone do not count.
pub fn has_newer(world: &World, restore: &Value, status: &RestoreStatus) -> bool {
    [
        (RESOURCES, &status.resources),
        (CREDENTIALS, &status.credentials),
    ]
    .into_iter()
    .any(|(kind, tracked)| is_newer(world, namespace(restore), kind, tracked.as_deref()))
}

fn is_newer(world: &World, namespace: &str, kind: BackupType, tracked: Option<&str>) -> bool {
    let Some(newest) = latest(world, namespace, kind) else {
        return false;
    };
    let restored = tracked
        .and_then(|tracked| world.get(Kind::VeleroRestore, &ObjectName::new(namespace, tracked)))
        .and_then(|restore| {
            world.get(
                Kind::Backup,
                &ObjectName::new(namespace, text(restore, "/spec/backupName")),
            )
        });
    restored.is_none_or(|restored| {
        time(newest, "/status/startTimestamp") > time(restored, "/status/startTimestamp")
    })
}
