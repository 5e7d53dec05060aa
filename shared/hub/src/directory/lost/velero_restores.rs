//! What Restores name as done for them.

use acm_backup_domain::snapshot::Snapshot;
use std::collections::BTreeSet;

/// One that a Restore names, and that is not there.
pub(super) fn lost(snapshot: &Snapshot) -> Option<String> {
    let there: BTreeSet<_> = snapshot
        .velero_restores
        .value()?
        .iter()
        .map(|restore| restore.meta.name.as_str())
        .collect();
    snapshot.restores.items().iter().find_map(|restore| {
        let lost = (restore.velero_restores.iter())
            .find(|name| !there.contains(name.as_str()) && stays(snapshot, name))?;
        Some(format!(
            "no file of {lost}, which Restore {} names",
            restore.meta.name
        ))
    })
}

/// Whether it must be there still: Velero deletes those of a backup with it when it expires.
fn stays(snapshot: &Snapshot, name: &str) -> bool {
    let of = |backup: &str| (name.strip_suffix(backup)).is_some_and(|rest| rest.ends_with('-'));
    let mut backups = snapshot.backups.items().iter();
    backups.any(|backup| of(&backup.meta.name))
}
