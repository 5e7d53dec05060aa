//! What others say that they were made for, and what is always made together. An API server deletes what was made for
//! an object with it.

use acm_backup_domain::kinds::backup::BackupType;
use acm_backup_domain::kinds::meta::Meta;
use acm_backup_domain::snapshot::Snapshot;
use std::collections::BTreeSet;

/// A Restore that a Velero restore was made for.
pub(super) fn restore(snapshot: &Snapshot) -> Option<String> {
    let there = snapshot.restores.value()?.iter().map(|one| &one.meta);
    let made = snapshot.velero_restores.items().iter();
    owner("Restore", there, made.map(|one| &one.meta))
}

/// A BackupSchedule that a Velero Schedule was made for.
pub(super) fn backup_schedule(snapshot: &Snapshot) -> Option<String> {
    let schedules = snapshot.backup_schedules.value()?;
    let there = schedules.iter().map(|one| &one.meta);
    let made = snapshot.velero_schedules.items().iter();
    owner("BackupSchedule", there, made.map(|one| &one.meta))
}

fn owner<'a>(
    kind: &str,
    there: impl Iterator<Item = &'a Meta>,
    made: impl Iterator<Item = &'a Meta>,
) -> Option<String> {
    let there: BTreeSet<_> = there.map(|meta| meta.name.as_str()).collect();
    made.filter(|made| made.deleted.is_none()).find_map(|made| {
        let (_, lost) =
            (made.owners.iter()).find(|(of, name)| of == kind && !there.contains(name.as_str()))?;
        Some(format!(
            "no file of {lost}, which {} was made for",
            made.name
        ))
    })
}

/// One of the five Velero Schedules of a BackupSchedule: where fewer are left, the operator makes all five anew.
pub(super) fn velero_schedule(snapshot: &Snapshot) -> Option<String> {
    let there = snapshot.velero_schedules.value()?;
    snapshot
        .backup_schedules
        .items()
        .iter()
        .find_map(|schedule| {
            let name = &schedule.meta.name;
            let made: BTreeSet<_> = (there.iter())
                .filter(|velero| velero.is_owned_by(name) && velero.meta.deleted.is_none())
                .filter_map(|velero| BackupType::of_schedule(&velero.meta.name))
                .collect();
            let lost = BackupType::ALL.iter().find(|kind| !made.contains(kind))?;
            (!made.is_empty()).then(|| {
            format!(
                "no file of {}, which the operator makes for BackupSchedule {name} with the others",
                lost.schedule_name()
            )
        })
        })
}
