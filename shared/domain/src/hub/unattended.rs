//! Velero Schedules of the operator that no BackupSchedule stands behind any more.

use crate::kinds::velero_schedule::VeleroSchedule;
use crate::snapshot::Snapshot;
use crate::upstream::backup_label;

/// Those that run, though their BackupSchedule was deleted and they were kept (`--cascade=orphan`, which takes
/// the owner away). They go on backing up; the operator does not know of them, so no collision, no pause and no
/// Restore stops them. What still names an owner that is gone is about to be collected and does not count.
pub fn unattended(snapshot: &Snapshot) -> Vec<&VeleroSchedule> {
    let velero = snapshot.velero_schedules.items().iter();
    velero
        .filter(|velero| velero.will_run() && velero.meta.owners.is_empty())
        .filter(|velero| velero.meta.label(backup_label::SCHEDULE_TYPE).is_some())
        .collect()
}
