//! Fields that hold what their types do not allow, on objects that were read all the same.

use super::facts::Facts;
use super::finding::Finding;
use crate::kinds::meta::Meta;
use crate::read::Unreadable;

/// One finding for each object; a BackupSchedule that the operator cannot read is told by the
/// schedules.
pub(super) fn findings(facts: &Facts<'_>) -> Vec<Finding> {
    let s = facts.snapshot;
    let mut found = Vec::new();
    for restore in s.restores.items() {
        if let Some(first) = restore
            .unreadable
            .iter()
            .find(|unreadable| unreadable.field.starts_with("spec."))
        {
            found.push(
                Finding::critical(
                    "restore/unreadable",
                    format!(
                        "the operator does not see Restore {}: {} is {}",
                        restore.meta.name, first.field, first.value
                    ),
                )
                .seen(format!(
                    "{}; after a restart the operator may see no other Restore either",
                    first.why
                ))
                .run(
                    "correct it:",
                    facts.kubectl("edit crst").name(&restore.meta.name),
                ),
            );
        }
    }
    let others = (s
        .backups
        .items()
        .iter()
        .map(|object| ("backups.velero.io", &object.meta, &object.unreadable)))
    .chain(
        s.velero_restores
            .items()
            .iter()
            .map(|object| ("restores.velero.io", &object.meta, &object.unreadable)),
    )
    .chain(
        s.velero_schedules
            .items()
            .iter()
            .map(|object| ("schedules.velero.io", &object.meta, &object.unreadable)),
    )
    .chain(s.storage_locations.items().iter().map(|object| {
        (
            "backupstoragelocations.velero.io",
            &object.meta,
            &object.unreadable,
        )
    }))
    .chain(
        s.managed_clusters
            .items()
            .iter()
            .map(|object| ("managedclusters", &object.meta, &object.unreadable)),
    );
    found.extend(
        others.filter_map(|(kind, meta, unreadable)| of_one(facts, kind, meta, unreadable)),
    );
    found
}

fn of_one(
    facts: &Facts<'_>,
    kind: &'static str,
    meta: &Meta,
    unreadable: &[Unreadable],
) -> Option<Finding> {
    let first = unreadable.first()?;
    Some(
        Finding::warning(
            "object/unreadable",
            format!("{kind} {}: {} cannot be read", meta.name, first.field),
        )
        .seen(format!("it holds {}: {}", first.value, first.why))
        .run(
            "look at it:",
            facts
                .kubectl("get")
                .say(kind)
                .name(&meta.name)
                .say("-o yaml"),
        ),
    )
}
