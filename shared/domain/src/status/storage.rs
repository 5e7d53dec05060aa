//! The storage locations: can Velero reach them, and how fresh is what is seen of them.

use super::facts::Facts;
use super::finding::Finding;
use super::role::Role;
use crate::kinds::storage_location::StorageLocation;
use jiff::Timestamp;
use serde::Serialize;

/// A BackupStorageLocation.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Storage {
    /// Its name.
    pub name: String,
    /// The bucket, with its prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
    /// Velero's phase; empty while Velero has not looked at it.
    pub phase: String,
    /// Whether nothing may be written to it.
    pub read_only: bool,
    /// Whether the operator would use it: Available, and owned by what made it.
    pub usable: bool,
    /// When Velero last compared the bucket with this hub's Backups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_synced: Option<Timestamp>,
    /// Whether that is recent enough to judge other hubs by.
    pub fresh: bool,
}

/// The storage locations, usable ones first.
pub(super) fn storage(facts: &Facts<'_>) -> Vec<Storage> {
    let mut all: Vec<_> = facts
        .snapshot
        .storage_locations
        .items()
        .iter()
        .map(|location| view(facts, location))
        .collect();
    all.sort_by(|a, b| (!a.usable, &a.name).cmp(&(!b.usable, &b.name)));
    all
}

fn view(facts: &Facts<'_>, location: &StorageLocation) -> Storage {
    let bucket = match (&location.bucket, location.prefix.as_deref()) {
        (Some(bucket), Some(prefix)) if !prefix.is_empty() => Some(format!("{bucket}/{prefix}")),
        (bucket, _) => bucket.clone(),
    };
    Storage {
        name: location.meta.name.clone(),
        bucket,
        phase: location.phase.clone(),
        read_only: location.read_only,
        usable: location.is_usable(),
        last_synced: location.synced,
        fresh: location.is_view_fresh(facts.now),
    }
}

/// What is wrong with the storage.
pub(super) fn findings(facts: &Facts<'_>, role: Role) -> Vec<Finding> {
    let Some(locations) = facts.snapshot.storage_locations.value() else {
        return Vec::new();
    };
    let needed = !matches!(role, Role::Idle | Role::Unknown);
    if locations.iter().any(StorageLocation::is_usable) {
        return stale(facts, locations)
            .into_iter()
            .filter(|_| needed)
            .collect();
    }
    let look = facts.kubectl("get backupstoragelocations.velero.io -o yaml");
    let finding = match locations.first() {
        None => Finding::critical(
            "storage/none",
            "there is no storage location: backups can neither be made nor restored",
        )
        .run(
            "see whether OADP is set up:",
            facts.kubectl("get dataprotectionapplications.oadp.openshift.io"),
        ),
        Some(location) if location.is_available() => Finding::critical(
            "storage/no-owner",
            format!(
                "the operator does not use storage location {}: nothing owns it",
                location.meta.name
            ),
        )
        .seen("it takes only those a DataProtectionApplication owns")
        .run("see which exist:", look),
        Some(location) => {
            let phase = if location.phase.is_empty() {
                "not looked at by Velero yet"
            } else {
                location.phase.as_str()
            };
            let finding = Finding::critical(
                "storage/unavailable",
                format!("storage location {} is {phase}", location.meta.name),
            );
            let finding = if location.message.is_empty() {
                finding
            } else {
                finding.seen(location.message.clone())
            };
            finding.run("see why:", look)
        }
    };
    if needed || !locations.is_empty() {
        vec![finding]
    } else {
        Vec::new()
    }
}

fn stale(facts: &Facts<'_>, locations: &[StorageLocation]) -> Option<Finding> {
    if locations
        .iter()
        .any(|location| location.is_view_fresh(facts.now))
    {
        return None;
    }
    let synced = locations
        .iter()
        .filter_map(|location| location.synced)
        .max();
    let headline =
        "what other hubs have written since is not known: Velero has stopped reading the storage";
    Some(
        Finding::warning("storage/stale", headline)
            .seen(synced.map_or_else(
                || "it was never read".to_owned(),
                |at| format!("last read {}", facts.when(at)),
            ))
            .run(
                "see whether Velero runs:",
                facts.kubectl("logs deploy/velero --tail 50"),
            ),
    )
}
